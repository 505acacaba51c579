internal import System
package import SystemPackage

/// The folder in which people find models: `models/VERSION/` for each version, and `current`, a symbolic link to one.
///
/// A version appears complete or not at all: it is written and synchronised under a hidden name, then renamed.
/// `current` is also replaced by a rename, so readers find one version or the other.
package struct OutboxFolder: Sendable {
    package let root: FilePath

    package init(_ root: FilePath) { self.root = root }

    /// Has a folder for each version.
    package var models: FilePath { root.appending("models") }
    /// A symbolic link to the folder of the current version.
    package var current: FilePath { root.appending("current") }

    package static let modelName = "model.onnx"
    /// One label a line, in the order of the model's output.
    package static let labelsName = "labels.txt"
    package static let manifestName = "manifest.json"

    /// The folder of a version, whether or not it exists. Throws ``OutboxFailure/noVersionName(_:)``.
    package func folder(of version: String) throws -> FilePath { try folder(named: version) }

    private func stagingFolder(of version: String) throws -> FilePath {
        try folder(named: version, behind: ".staging-")
    }

    /// The names come from a history that anybody may have put there; this is the only place where they become paths.
    private func folder(named version: String, behind prefix: String = "") throws -> FilePath {
        guard VersionName.isOne(version) else { throw OutboxFailure.noVersionName(version) }
        return models.appending(prefix + version)
    }

    /// Creates missing folders, readable for all whatever the umask is. Throws `FileFailure`.
    package func prepare() throws {
        for folder in [root, models] where try Files.makeFolder(folder, permissions: Self.folderPermissions) {
            try Files.setPermissions(Self.folderPermissions, of: folder)
        }
        try Files.synchronize(folder: root)
    }

    /// Writes a complete version durably under a hidden name and returns the folder, so that its model can be tested.
    /// An earlier staged one of this name is replaced.
    ///
    /// - Returns: the staged folder, and the manifest as written, with the files' checksums.
    package func stage(_ manifest: Manifest, model: [UInt8]) throws -> (folder: FilePath, manifest: Manifest) {
        let folder = try stagingFolder(of: manifest.version)
        try Files.removeFolder(folder)
        try Files.makeFolder(folder, permissions: Self.folderPermissions)
        try Files.setPermissions(Self.folderPermissions, of: folder)
        let labels = Array(manifest.labels.map { $0 + "\n" }.joined().utf8)
        var complete = manifest
        for (name, bytes) in [(Self.modelName, model), (Self.labelsName, labels)] {
            try Files.write(bytes, to: folder.appending(name), permissions: Self.filePermissions)
            complete.files[name] = Digest.sha256(bytes).hex
        }
        try Files.write(
            complete.encoded(), to: folder.appending(Self.manifestName), permissions: Self.filePermissions)
        try Files.synchronize(folder: folder)
        try Files.synchronize(folder: models)
        return (folder, complete)
    }

    /// Gives a staged version its final name, unless it already has it, and makes `current` point to it, durably.
    ///
    /// Throws ``OutboxFailure/noSuchVersion(_:outbox:)`` if it isn't staged either, and
    /// ``OutboxFailure/damaged(path:reason:)`` if what is staged is damaged.
    package func publish(_ version: String) throws {
        let folder = try folder(of: version)
        if try !Files.exists(folder) {
            let staged = try stagingFolder(of: version)
            guard try Files.exists(staged) else { throw OutboxFailure.noSuchVersion(version, outbox: root) }
            try verify(staged)
            try SystemDisk().rename(staged, to: folder)
        }
        // Even if the name already existed: a crash may have happened between the rename and the synchronisation.
        try Files.synchronize(folder: models)
        guard currentVersion != version else { return }
        let link = root.appending(".current-\(version)")
        try Files.remove(link)
        try Files.makeLink(link, to: FilePath("models/\(version)"))
        try SystemDisk().rename(link, to: current)
        try Files.synchronize(folder: root)
    }

    /// The version that `current` points to, whether or not it exists; nil if there is no such link.
    package var currentVersion: String? {
        Files.target(ofLink: current)?.lastComponent?.string
    }

    /// Reads a version's files and throws ``OutboxFailure/damaged(path:reason:)`` if one is missing or doesn't match
    /// the manifest, which is returned.
    @discardableResult
    package func verify(_ folder: FilePath) throws -> Manifest {
        let path = folder.appending(Self.manifestName)
        guard let bytes = try? Files.read(path) else {
            throw OutboxFailure.damaged(path: path, reason: "the manifest can't be read")
        }
        let manifest: Manifest
        do {
            manifest = try Manifest.decode(bytes)
        } catch {
            throw OutboxFailure.damaged(path: path, reason: "it isn't a manifest: \(error)")
        }
        for (name, expected) in manifest.files.sorted(by: { $0.key < $1.key }) {
            let file = folder.appending(name)
            guard try Files.exists(file) else { throw OutboxFailure.damaged(path: file, reason: "it is missing") }
            let found = try Digest.sha256(of: file).hex
            guard found == expected else {
                throw OutboxFailure.damaged(
                    path: file, reason: "its SHA-256 is \(found), the manifest says \(expected)")
            }
        }
        return manifest
    }

    /// Whether a version exists, or is completely staged, undamaged, and only lacks its name.
    package func holds(_ version: String) throws -> Bool {
        if try Files.exists(folder(of: version)) { return true }
        let staged = try stagingFolder(of: version)
        guard try Files.exists(staged) else { return false }
        do {
            try verify(staged)
            return true
        } catch is OutboxFailure {
            return false
        }
    }

    /// The names of all versions, in no particular order: every name that isn't hidden, even if others have put it
    /// there.
    package func versions() throws -> [String] {
        try Files.names(in: models).map(\.string).filter { !$0.hasPrefix(".") }
    }

    /// Removes what interrupted publications left behind: staged versions, and half-made links. Not while a version is
    /// being staged.
    package func removeLeftovers() throws {
        for name in try Files.names(in: models) where name.string.hasPrefix(".staging-") {
            try Files.removeFolder(models.appending(name))
        }
        for name in try Files.names(in: root) where name.string.hasPrefix(".current-") {
            try Files.remove(root.appending(name))
        }
    }

    private static let folderPermissions: FilePermissions = [
        .ownerReadWriteExecute, .groupReadExecute, .otherReadExecute,
    ]
    private static let filePermissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
}
