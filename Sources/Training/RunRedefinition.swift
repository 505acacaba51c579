internal import Archive
internal import Installation
internal import Logging
internal import Records
internal import Settings

/// Pictures of a run proved unusable when they were read. Nothing of that is recorded yet.
struct UnusablePictures: Error {
    let pictures: [UnusablePicture]

    /// Throws if there are any.
    static func check(_ pictures: [UnusablePicture]) throws(UnusablePictures) {
        if !pictures.isEmpty { throw UnusablePictures(pictures: pictures) }
    }
}

extension ExtractionResult {
    /// How many images were computed, if all pictures could be used; otherwise throws those that can't.
    @discardableResult
    func usable() throws(UnusablePictures) -> Int {
        try UnusablePictures.check(unusable)
        return computed
    }
}

/// Lets a run go on without pictures that proved unusable, as if it had started without them.
struct RunRedefinition: Sendable {
    let installation: Installation

    private var history: History { installation.history }

    /// Sets the pictures aside, and changes the run's rows; whoever goes on with the run reads them again. If too few
    /// pictures remain, the run has ended as skipped.
    ///
    /// If this is interrupted between its two transactions, the run finds the pictures once more.
    func leaveOut(_ unusable: [UnusablePicture], of run: UnfinishedRun) throws {
        try setAside(unusable, of: run.id)
        var start = run.start
        let before = try history.dataset(upTo: start.lastPicture, leavingOut: start.leftOutPictures)
        let digests = Set(unusable.map(\.digest))
        let found = Set(before.pictures.filter { digests.contains($0.digest) }.map(\.id))
        precondition(!found.isEmpty, "run \(run.id) read pictures that aren't its own")
        let after = before.without(found)
        start.leftOutPictures.formUnion(found)
        let settings: Settings = try start.settings.decoded()
        let readiness = Readiness(settings: settings.train, labels: after.labelCounts, newPictures: nil)
        if let reason = readiness.reasonToSkip { return try skip(run.id, reason, after) }
        try start.leaveOutShortClasses(readiness, champion: history.champion())
        let hasSameTraining = RunPlan.training(run.start, before) == RunPlan.training(start, after)
        try history.redefine(run.id, as: start, forgettingTrials: !hasSameTraining)
    }

    private func setAside(_ unusable: [UnusablePicture], of run: RunID) throws {
        for picture in try history.setAside(unusable, at: .now) {
            installation.logger.warning(
                "picture set aside",
                metadata: [
                    "run.id": "\(run)", "picture.digest": "\(picture.digest)", "picture.label": "\(picture.label)",
                    "picture.path": "\(picture.path)", "picture.reason": "\(picture.reason)",
                ])
        }
    }

    private func skip(_ run: RunID, _ reason: RunReason, _ rest: Dataset) throws {
        let tests = rest.pictures.count { $0.split == .test }
        let result = RunResult(
            reason: reason, trainPictures: rest.pictures.count - tests, testPictures: tests)
        try history.finishRun(run, as: .skipped, result, at: .now)
    }
}
