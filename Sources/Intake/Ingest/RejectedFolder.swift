internal import Archive
internal import Synchronization
internal import System
internal import SystemPackage

/// The rejected files, each with its reason beside it: `rejected/DROP/PATH` and `rejected/DROP/PATH.reason.txt`.
///
/// Existing files are never overwritten by other content: a second file with the same path gets a number. The same
/// content is replaced by the new copy, because a file from an interrupted intake may never have reached the disk
/// although it can be read. Long names are shortened, and so are long paths; the reason contains the full path. Not for
/// use from two threads at once.
final class RejectedFolder: Sendable {
    /// Where a rejected file's bytes come from.
    enum Content: Sendable {
        /// A copy in the state folder's tmp, which is moved.
        case staged(FilePath)
        /// A file of the picture store, which stays there.
        case stored(FilePath)
        case empty
        /// A link, a pipe and so on: only the reason can be kept.
        case none
    }

    struct Item: Sendable {
        let content: Content
        /// The drop's name and the path below it.
        let path: RawPath
        let reason: String
    }

    private let state: StateFolder
    private let disk: any Disk
    /// Held open from the start, so that the system reports every write error to it.
    private let descriptor: FileDescriptor
    private let counter = Atomic(0)

    init(state: StateFolder, disk: any Disk) throws {
        self.state = state
        self.disk = disk
        descriptor = try Files.perform("open", state.rejected) { try Files.open(state.rejected) }
    }

    deinit { try? descriptor.close() }

    /// Stores the files, and returns once they are on the disk.
    func keep(_ items: [Item]) throws {
        guard !items.isEmpty else { return }
        for item in items { try place(item) }
        try disk.synchronizeFileSystem(descriptor, path: state.rejected)
    }

    private func place(_ item: Item) throws {
        let folder = try makeFolders(item.path.parent)
        let text = "\(item.path.escaped): \(item.reason)\n"
        guard let copy = try source(of: item.content) else {
            return try placeReason(text, in: folder, name: item.path.last)
        }
        let target = try target(for: copy, in: folder, name: item.path.last)
        try disk.rename(copy, to: target)
        // Renaming does nothing if both are already names of the same file.
        try Files.remove(copy)
        try Files.overwrite(Self.reasonPath(of: target), with: Array(text.utf8))
    }

    /// For things without bytes, only the reason; an identical one may already be there from an interrupted intake.
    private func placeReason(_ text: String, in folder: FilePath, name: RawPath) throws {
        let copy = nextCopy()
        try Files.overwrite(copy, with: Array(text.utf8))
        for number in 1... {
            let target = folder.appending(raw: Self.numbered(name, number))
            let reason = Self.reasonPath(of: target)
            if try Files.status(of: target) != nil { continue }
            if try Files.status(of: reason) == nil || Files.haveSameBytes(copy, reason) {
                return try disk.rename(copy, to: reason)
            }
        }
    }

    /// A copy in tmp that may be moved away.
    private func source(of content: Content) throws -> FilePath? {
        switch content {
        case .staged(let path): return path
        case .none: return nil
        case .empty:
            let copy = nextCopy()
            try Files.overwrite(copy, with: [])
            return copy
        case .stored(let path):
            let copy = nextCopy()
            try Files.copy(path, to: copy)
            return copy
        }
    }

    private func nextCopy() -> FilePath {
        state.temporary.appending("\(counter.add(1, ordering: .relaxed).newValue).rejected")
    }

    /// The path for a file with this name: unused, or used by the same bytes from an interrupted intake.
    private func target(for copy: FilePath, in folder: FilePath, name: RawPath) throws -> FilePath {
        var number = 1
        while true {
            let target = folder.appending(raw: Self.numbered(name, number))
            if try Files.status(of: target) != nil {
                if try Files.haveSameBytes(copy, target) { return target }
            } else if try Files.status(of: Self.reasonPath(of: target)) == nil {
                return target
            }
            number += 1
        }
    }

    /// Creates the folders of a path below `rejected`; if a file has a folder's name, the folder gets a number.
    private func makeFolders(_ path: RawPath) throws -> FilePath {
        var folder = state.rejected
        for component in Self.shortened(path).components {
            var number = 1
            while !(try isFolder(making: folder.appending(raw: Self.numbered(component, number)))) { number += 1 }
            folder = folder.appending(raw: Self.numbered(component, number))
        }
        return folder
    }

    /// Creates a folder; false if something else has its name.
    private func isFolder(making path: FilePath) throws -> Bool {
        if let known = try Files.status(of: path) { return known.kind == .directory }
        return try Files.makeFolder(path, permissions: [.ownerReadWriteExecute, .groupReadExecute])
    }

    private static func reasonPath(of target: FilePath) -> FilePath {
        var path = target
        let name = target.lastComponent.map { RawPath($0) } ?? RawPath([])
        path.removeLastComponent()
        return path.appending(raw: RawPath(name.bytes + Array(".reason.txt".utf8)))
    }

    /// Leaves room for the state folder's path, numbers and a name in the 4,096 bytes of a path.
    private static let longestPath = 2048

    /// The folders of a path that is too long, replaced by one folder with a unique name, below that of the drop.
    private static func shortened(_ path: RawPath) -> RawPath {
        guard path.bytes.count > longestPath else { return path }
        return path.first.appending(RawPath(Array("~\(Digest.sha256(path.bytes).hex.prefix(12))".utf8)))
    }

    /// The longest name that leaves room for a number and the suffix of the reason file in the 255 bytes of a name.
    private static let longestName = 236

    private static func numbered(_ name: RawPath, _ number: Int) -> RawPath {
        guard name.bytes.count > longestName else { return name.numbered(number) }
        let unique = Array("~\(Digest.sha256(name.bytes).hex.prefix(12))".utf8)
        return RawPath(name.bytes.prefix(longestName - 13) + unique).numbered(number)
    }
}
