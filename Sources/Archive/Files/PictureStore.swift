package import Records
import Synchronization
package import System
package import SystemPackage

/// The files of the accepted pictures, named by the SHA-256 of their bytes: `pictures/ab/abcdef…`.
///
/// This order loses nothing: ``stage(_:size:check:)`` copies a file into the store's tmp; ``commit(_:)`` makes a
/// batch of copies durable under their content addresses. Only when it has returned may the rows be committed, and only
/// then may the originals be removed. A file in the store proves nothing: a picture is accepted when it has a row. A
/// file without a row was left by a crash between the two, and the next commit overwrites it.
///
/// Needs Linux 5.8 or later, where syncfs reports write errors. All calls block; they may come from several threads.
package final class PictureStore: Sendable {
    /// Files up to this size are kept in memory while they are staged.
    package static let contentsLimit = 256 << 10
    /// Free space that large copies must leave on the disk, in bytes, for the history and for small files.
    static let reserve = 16 << 20
    /// From this many pictures on, a batch is synchronised with the whole file system rather than file by file.
    static let wholeSystemCount = 8

    private let folder: StateFolder
    private let disk: any Disk
    /// Kept open from the start, so that the system doesn't forget a write error before syncfs asks for it.
    private let temporary: FileDescriptor
    private let counter = Atomic<Int>(0)
    private let temporaryPath: String
    private let picturesPath: String

    /// The store in a prepared state folder. Throws `FileFailure` if its tmp can't be opened.
    package init(_ folder: StateFolder, disk: any Disk = SystemDisk()) throws {
        self.folder = folder
        self.disk = disk
        (temporaryPath, picturesPath) = (folder.temporary.string, folder.pictures.string)
        temporary = try Files.perform("open", folder.temporary) { try Files.open(folder.temporary) }
    }

    deinit { try? temporary.close() }

    /// Copies the rest of an open file into tmp and hashes it at the same time, with bounded memory.
    ///
    /// Throws ``StoreFailure`` if the file is empty or becomes longer, `Errno` if the source can't be read, and
    /// `FileFailure` if the copy can't be written. Then nothing is left in tmp.
    ///
    /// - Parameters:
    ///   - size: the source's size in bytes.
    ///   - check: called from time to time while a large file is copied; copying stops if it throws.
    package func stage(
        _ source: FileDescriptor, size: Int, check: () throws -> Void = {}
    ) throws -> StagedPicture {
        let path = FilePath("\(temporaryPath)/\(counter.add(1, ordering: .relaxed).newValue).picture")
        return try Files.writingNew(path, permissions: [.ownerRead, .groupRead]) { copy in
            try withoutActuallyEscaping(check) { check in
                try StagingCopy(path: path, copy: copy, size: size, check: check).run(from: source)
            }
        }
    }

    /// Whether the disk has room for a copy of this many bytes; for small files it isn't asked. Just trying could take
    /// the last space from the history.
    package func hasRoom(forBytes count: Int) throws -> Bool {
        guard count > Self.contentsLimit else { return true }
        return try temporary.freeBytes() - Self.reserve > count
    }

    /// Makes a batch durable: the copies' data first, then their names in the store. All of it is on the disk when this
    /// returns.
    ///
    /// If it throws, nothing may be recorded: the copies that are still in tmp are removed, and the pictures must be
    /// staged again from their sources, because after a failed synchronisation the system may have dropped data that a
    /// second attempt would report as written.
    package func commit(_ staged: [StagedPicture]) throws {
        guard !staged.isEmpty else { return }
        do {
            try synchronize(staged.map(\.path))
            var touched: Set<FilePath> = []
            for picture in staged { try move(picture, touched: &touched) }
            try synchronize(folders: touched)
        } catch {
            try discard(staged)
            throw error
        }
    }

    /// Removes staged copies that aren't wanted; it is no error if some are already gone.
    package func discard(_ staged: [StagedPicture]) throws {
        for picture in staged { try Files.remove(picture.path) }
    }

    /// What an earlier process left in tmp, in no particular order. Folders don't belong to the store and are left
    /// alone; links to folders aren't.
    package func leftovers() throws -> [FilePath] {
        try Files.names(in: folder.temporary).map { folder.temporary.appending($0) }
            .filter { try Files.status(of: $0)?.kind != .directory }
    }

    /// Empties tmp of what an earlier process left there and returns how many files that were. Call it at start, before
    /// anything is staged.
    @discardableResult
    package func removeLeftovers() throws -> Int {
        let leftovers = try leftovers()
        for leftover in leftovers { try Files.remove(leftover) }
        return leftovers.count
    }
}

extension PictureStore {
    /// Where a picture's file is, whether or not it exists.
    package func path(of digest: PictureDigest) -> FilePath {
        let hex = digest.hex
        return FilePath("\(picturesPath)/\(hex.prefix(2))/\(hex)")
    }

    /// Opens a picture's file for reading; the caller closes it. Throws ``StoreFailure/missing(_:path:)`` or
    /// `FileFailure`.
    package func open(_ digest: PictureDigest) throws -> FileDescriptor {
        let path = path(of: digest)
        do {
            return try Files.open(path)
        } catch Errno.noSuchFileOrDirectory {
            throw StoreFailure.missing(digest, path: path)
        } catch let errno as Errno {
            throw FileFailure(action: "open", path: path, errno: errno)
        }
    }

    /// A picture's bytes. Throws ``StoreFailure/missing(_:path:)`` or `FileFailure`.
    package func read(_ digest: PictureDigest) throws -> [UInt8] {
        let descriptor = try open(digest)
        return try Files.perform("read", path(of: digest)) { try descriptor.closeAfter { try descriptor.readToEnd() } }
    }

    /// Reads a picture's file and throws ``StoreFailure/damaged(_:path:found:)`` if its digest doesn't match its name,
    /// and otherwise as ``read(_:)`` does.
    package func verify(_ digest: PictureDigest) throws {
        let descriptor = try open(digest)
        try descriptor.close()
        let found = try Digest.sha256(of: path(of: digest))
        if found != digest { throw StoreFailure.damaged(digest, path: path(of: digest), found: found) }
    }
}

extension PictureStore {
    /// What is in the store's folders, in no particular order: the files by digest, and the paths of everything that
    /// doesn't belong to the store, such as links among the folders.
    package func contents() throws -> (digests: [PictureDigest], strangers: [FilePath]) {
        var digests: [PictureDigest] = []
        var strangers: [FilePath] = []
        for shard in try Files.names(in: folder.pictures) {
            let path = folder.pictures.appending(shard)
            guard try Files.status(of: path)?.kind == .directory else {
                strangers.append(path)
                continue
            }
            for name in try Files.names(in: path) {
                if let digest = Digest(hex: name.string), self.path(of: digest) == path.appending(name) {
                    digests.append(digest)
                } else {
                    strangers.append(path.appending(name))
                }
            }
        }
        return (digests, strangers)
    }

    /// The size of a picture's file in bytes; nil if there is none. Only the row decides whether a picture is accepted.
    package func byteCount(of digest: PictureDigest) throws -> Int? { try Files.size(of: path(of: digest)) }

    /// Removes a file that, as the caller has made sure, has no row and is safe elsewhere. The removal isn't
    /// synchronised.
    package func removeUnrecorded(_ digest: PictureDigest) throws { try Files.remove(path(of: digest)) }
}

extension PictureStore {
    /// An error that nobody has seen yet is also reported to a descriptor that is opened later, so the copies needn't
    /// stay open.
    private func synchronize(_ files: [FilePath]) throws {
        guard files.count < Self.wholeSystemCount else { return try synchronizeAll() }
        for file in files {
            try Files.reading(file, action: "open") { try disk.synchronize($0, path: file) }
        }
    }

    private func move(_ picture: StagedPicture, touched: inout Set<FilePath>) throws {
        let target = path(of: picture.digest)
        let shard = target.removingLastComponent()
        if !touched.contains(shard) {
            if try Files.makeFolder(shard, permissions: [.ownerReadWriteExecute, .groupReadExecute]) {
                touched.insert(folder.pictures)
            }
            touched.insert(shard)
        }
        try disk.rename(picture.path, to: target)
    }

    private func synchronize(folders: Set<FilePath>) throws {
        guard folders.count < Self.wholeSystemCount else { return try synchronizeAll() }
        for folder in folders.sorted(by: { $0.string < $1.string }) {
            try Files.reading(folder, action: "open") { try disk.synchronize($0, path: folder) }
        }
    }

    private func synchronizeAll() throws {
        try disk.synchronizeFileSystem(temporary, path: folder.temporary)
    }
}
