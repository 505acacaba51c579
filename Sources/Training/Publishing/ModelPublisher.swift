package import Archive
package import Installation
internal import Learning
internal import ONNX
package import Outbox
internal import Pictures
internal import Records
internal import System
internal import SystemPackage

/// Publishes models in the outbox, and keeps the outbox in agreement with the history, even after interruptions.
///
/// The history decides: a complete version is staged first, then the decision is committed, then the version gets its
/// name and `current` points to it, then the history records that the outbox agrees. ``agree()`` does the last two
/// steps; it is also called at start. All calls block.
package struct ModelPublisher: Sendable {
    private let history: History
    private let outbox: OutboxFolder
    private let library: BackboneLibrary

    package init(history: History, outbox: OutboxFolder, library: BackboneLibrary) {
        self.history = history
        self.outbox = outbox
        self.library = library
    }

    /// Makes the outbox show the version that the latest decision names, and removes what interrupted publications have
    /// left. Returns the version; nil if there is none yet. Only for the holder of the installation's lock.
    ///
    /// The version is on the disk when this returns. One that somebody has deleted is created again. Throws
    /// ``RollbackFailure/noBackbone(version:backbone:checksum:)`` if its backbone is gone, too, and errors of the
    /// outbox, the library and the history.
    @discardableResult
    package func agree() throws -> String? {
        let version = try follow()
        try outbox.removeLeftovers()
        return version
    }

    private func follow() throws -> String? {
        while let decision = try history.currentPublication() {
            try hold(decision.version)
            try outbox.publish(decision.version)
            if decision.publishedAt == nil { try history.markPublished(decision.id, at: .now) }
            if try history.currentPublication()?.id == decision.id { return decision.version }
        }
        return nil
    }

    /// Makes an earlier model the champion again, without training, even while a daemon runs.
    ///
    /// - Parameter version: the version; nil means the champion before the present one was promoted.
    /// - Returns: the version that is current now.
    /// - Throws: ``RollbackFailure``, `HistoryFailure.noSuchVersion`, `OutboxFailure` for a damaged version. In these
    ///   cases, nothing is decided.
    package func rollback(to version: String?) throws -> String {
        guard let current = try history.currentPublication()?.version else { throw RollbackFailure.noModel }
        let target = try version ?? predecessor(of: current)
        guard target != current else { throw RollbackFailure.isCurrent(target) }
        _ = try history.model(target)
        try hold(target)
        let folder = try outbox.folder(of: target)
        if try Files.exists(folder) { try outbox.verify(folder) }
        _ = try history.recordRollback(to: target, at: .now)
        return try follow() ?? target
    }

    /// The previous champion according to the decisions: a version that was rolled back from is skipped.
    private func predecessor(of current: String) throws -> String {
        var line: [String] = []
        for decision in try history.publications() {
            if let place = line.firstIndex(of: decision.version) {
                line.removeSubrange((place + 1)...)
            } else {
                line.append(decision.version)
            }
        }
        guard let earlier = line.dropLast().last else { throw RollbackFailure.noEarlier(current) }
        return earlier
    }

    /// A version that neither the history nor the outbox has: `v0001` and so on.
    func nextVersion() throws -> String {
        let known = try Set(history.models(limit: .max).map(\.version) + outbox.versions())
        var number = (known.compactMap(VersionName.number).max() ?? 0) + 1
        // Names above the highest number aren't counted any more, but may exist nevertheless.
        while known.contains(VersionName.text(number)) { number += 1 }
        return VersionName.text(number)
    }

    /// Stages a version; returns the path of its `model.onnx`, so that it can be tested, and its manifest with
    /// checksums.
    func stage(_ manifest: Manifest, head: Head, source: FeatureSource) throws -> (model: FilePath, manifest: Manifest)
    {
        let model = try ClassifierExport.model(
            backbone: source.loaded.backbone, inputSize: source.inputSize, head: head, labels: manifest.labels,
            version: manifest.version)
        let staged = try outbox.stage(manifest, model: ModelFile.encode(model))
        return (staged.folder.appending(OutboxFolder.modelName), staged.manifest)
    }

    /// Stages a model of the history again if the outbox lacks it, because somebody has deleted it or the disk has
    /// damaged it.
    private func hold(_ version: String) throws {
        if try !outbox.holds(version) { try stage(history.model(version)) }
    }

    private func stage(_ model: ModelRecord) throws {
        guard let loaded = try library.find(model.backboneChecksum, name: model.backbone) else {
            throw RollbackFailure.noBackbone(
                version: model.version, backbone: model.backbone, checksum: model.backboneChecksum.hex)
        }
        let source = try FeatureSource(loaded: loaded, inputSize: model.inputSize, augmentation: .off)
        _ = try stage(model.manifest.decoded(), head: Head(serialized: model.head), source: source)
    }
}

/// Why a version can't become the current one, or can't be created again. Checksums are SHA-256 in hexadecimal.
package enum RollbackFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case noModel
    case isCurrent(String)
    case noEarlier(String)
    case noBackbone(version: String, backbone: String, checksum: String)

    package var description: String {
        switch self {
        case .noModel: "no model has been promoted yet"
        case .isCurrent(let version): "\(version) is already the current version"
        case .noEarlier(let version): "there is no version before \(version)"
        case .noBackbone(let version, let backbone, let checksum):
            "\(version) is no longer in the outbox, and creating it again needs its backbone \(backbone), "
                + "the file with the SHA-256 \(checksum)"
        }
    }
}
