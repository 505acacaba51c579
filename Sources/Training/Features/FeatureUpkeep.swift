internal import Records
internal import Learning
internal import Archive
package import Installation
internal import Logging
internal import Networks
internal import Settings
package import Status
internal import Workers

/// Keeps the feature cache small: what nothing uses any more is removed after a while, or earlier if the cache is
/// larger than `features.max_size`.
///
/// In use are the features that runs with the current settings read, those of an unfinished run, and those of the test
/// pictures by which the champion is scored.
package struct FeatureUpkeep: Sendable {
    private let installation: Installation
    private let status: StatusBoard

    package init(_ installation: Installation, status: StatusBoard) {
        self.installation = installation
        self.status = status
    }

    /// How long features are kept after their last use: 30 days.
    private static let unusedTime = Duration.seconds(30 * 86_400)

    /// Removes what nothing uses, on a worker of the installation's pool. Only while no run is in progress in this
    /// process.
    ///
    /// What goes wrong is logged: the cache is only larger than necessary then. If the task is cancelled, the next call
    /// continues.
    package func tidy() async {
        do {
            let size = try await installation.pool.run { worker in
                try trim(now: .now) { try worker.cancellation.check() }
            }
            note(size: size)
        } catch is CancellationError {
            return
        } catch {
            installation.logger.warning("feature cache not tidied", metadata: ["features.error": "\(error)"])
        }
    }

    /// Returns the bytes that the cache needs.
    func trim(now: Timestamp, check: @escaping () throws -> Void) throws -> Int {
        try installation.cache.trim(
            FeatureRule(usedSince: now - Self.unusedTime, maxBytes: maxSize), inUse: inUse, check: check
        ) { removal in
            installation.logger.info(
                "unused features removed",
                metadata: [
                    "features.space": "\(removal.part)", "features.rows": "\(removal.rows)",
                    "features.bytes": "\(removal.bytes)",
                ])
        }
    }

    private var maxSize: Int? {
        let size = installation.settings.features.maxSize
        return size > 0 ? size : nil
    }

    /// Throws if that can't be said, for example because a backbone is missing: nothing is removed then.
    private func inUse() throws -> FeaturesInUse {
        let history = installation.history
        var settings = installation.settings
        settings.search.space.backbone = try installation.library.resolved(settings.search.space.backbone)
        var parts = try parts(of: settings)
        if let run = try history.unfinishedRun() { parts += try self.parts(of: run.start.settings.decoded()) }
        if let champion = try history.champion(),
            let source = try ChampionScoring.source(of: champion, in: installation.library)
        {
            parts += source.space.parts(.test)
        }
        let tests = try history.dataset(leavingOut: []).pictures.filter { $0.split == .test }
        return FeaturesInUse(parts: Set(parts), testPictures: Set(tests.map(\.digest)))
    }

    private func parts(of settings: Settings) throws -> [FeaturePart] {
        try settings.search.space.backbone.flatMap { name in
            func space(_ precision: Precision) throws -> FeatureSpace {
                try FeatureSource(
                    name, in: installation.library, precision: precision, augmentation: settings.augment.transforms
                ).space
            }
            return try space(settings.search.precision).parts(.train, copies: settings.augment.copies)
                + space(.float32).parts(.test)
        }
    }

    /// Says once that the limit can't be kept, until it can.
    private func note(size: Int) {
        let excess = maxSize.flatMap { size > $0 ? ServiceFault.features(bytes: size, limit: $0) : nil }
        if status.setDegraded(excess, in: .features) == nil, let excess {
            installation.logger.warning("feature cache too large", metadata: ["features.problem": "\(excess.text)"])
        }
    }
}
