import Foundation
import System
import SystemPackage
import Testing

@testable import Archive
@testable import Records

@Suite("The picture store")
struct PictureStoreTests {
    private func withStore<R>(_ body: (PictureStore, StateFolder) throws -> R) throws -> R {
        try withStateFolder { folder in try body(try PictureStore(folder), folder) }
    }

    @Test("A picture that was staged and committed is read back under its digest")
    func roundTrip() throws {
        try withStore { store, folder in
            let staged = try store.stage([1, 2, 3], in: folder)
            #expect(staged.digest == .sha256([1, 2, 3]))
            #expect(staged.byteCount == 3)
            #expect(staged.contents == [1, 2, 3])
            #expect(try store.byteCount(of: staged.digest) == nil)
            try store.commit([staged])
            #expect(try store.byteCount(of: staged.digest) == 3)
            #expect(try store.read(staged.digest) == [1, 2, 3])
            #expect(try !Files.exists(staged.path))
        }
    }

    @Test("A large file's bytes aren't kept in memory")
    func largeFile() throws {
        try withStore { store, folder in
            let bytes = (0..<PictureStore.contentsLimit + 1).map { UInt8(truncatingIfNeeded: $0 / 7) }
            let staged = try store.stage(bytes, in: folder)
            #expect(staged.contents == nil)
            #expect(staged.digest == .sha256(bytes))
            #expect(try Files.read(staged.path) == bytes)
        }
    }

    @Test("An empty file is refused and leaves nothing behind")
    func empty() throws {
        try withStore { store, folder in
            #expect(throws: StoreFailure.empty) { try store.stage([], in: folder) }
            let left = try Files.names(in: folder.temporary)
            #expect(left.isEmpty)
        }
    }

    @Test("The same picture twice in a batch is one file")
    func twice() throws {
        try withStore { store, folder in
            let staged = try [store.stage([7], in: folder), store.stage([7], in: folder)]
            try store.commit(staged)
            #expect(try store.read(staged[0].digest) == [7])
            #expect(try Files.names(in: folder.temporary).isEmpty)
        }
    }

    @Test("Discarded copies and those of an earlier process go away")
    func leftovers() throws {
        try withStore { store, folder in
            try store.discard([try store.stage([1], in: folder)])
            #expect(try Files.names(in: folder.temporary).isEmpty)
            _ = try store.stage([2], in: folder)
            _ = try store.stage([3], in: folder)
            #expect(try PictureStore(folder).removeLeftovers() == 2)
            #expect(try Files.names(in: folder.temporary).isEmpty)
        }
    }

    @Test("A folder in tmp, with whatever is in it, keeps nobody from working, and stays")
    func folderAmongLeftovers() throws {
        try withStore { store, folder in
            let stranger = folder.temporary.appending("notes")
            try Files.makeFolder(stranger, permissions: [.ownerReadWriteExecute])
            try write([1], to: stranger.appending("note"))
            _ = try store.stage([2], in: folder)
            #expect(try store.leftovers().count == 1)
            #expect(try store.removeLeftovers() == 1)
            #expect(try Files.names(in: folder.temporary).map(\.string) == ["notes"])
            #expect(try Files.exists(stranger.appending("note")))
        }
    }

    @Test("A link that leads to itself is a leftover in tmp, and doesn't belong among the pictures")
    func linkLoops() throws {
        try withStore { store, folder in
            let staged = try store.stage([1], in: folder)
            try store.commit([staged])
            let (leftover, stranger) = (folder.temporary.appending("loop"), folder.pictures.appending("loop"))
            for loop in [leftover, stranger] { try Files.makeLink(loop, to: loop) }
            #expect(try store.leftovers() == [leftover])
            #expect(try store.removeLeftovers() == 1)
            #expect(try Files.names(in: folder.temporary).isEmpty)
            let contents = try store.contents()
            #expect(contents.digests == [staged.digest] && contents.strangers == [stranger])
        }
    }

    @Test("A link to a folder in tmp goes, and what is in the folder stays")
    func linkToFolder() throws {
        try withStore { store, folder in
            let elsewhere = folder.root.appending("elsewhere")
            try Files.makeFolder(elsewhere, permissions: [.ownerReadWriteExecute])
            try write([1], to: elsewhere.appending("note"))
            try Files.makeLink(folder.temporary.appending("link"), to: elsewhere)
            #expect(try store.removeLeftovers() == 1)
            #expect(try Files.names(in: folder.temporary).isEmpty)
            #expect(try Files.exists(elsewhere.appending("note")))
        }
    }

    @Test("A picture that isn't there is named by its digest")
    func missing() throws {
        try withStore { store, _ in
            let path = store.path(of: digest(1))
            #expect(throws: StoreFailure.missing(digest(1), path: path)) { try store.read(digest(1)) }
        }
    }

    @Test("A picture whose bytes have changed on the disk is found out")
    func damage() throws {
        try withStore { store, folder in
            let staged = try store.stage([1, 2, 3], in: folder)
            try store.commit([staged])
            try store.verify(staged.digest)
            let path = store.path(of: staged.digest)
            try FileManager.default.removeItem(atPath: path.string)
            try write([1, 2, 4], to: path)
            let failure = StoreFailure.damaged(staged.digest, path: path, found: .sha256([1, 2, 4]))
            #expect(throws: failure) { try store.verify(staged.digest) }
        }
    }
}

extension PictureStore {
    /// Stages a file of these bytes.
    func stage(_ bytes: [UInt8], in folder: StateFolder) throws -> StagedPicture {
        let path = folder.root.appending("source")
        try write(bytes, to: path)
        let source = try FileDescriptor.open(path, .readOnly)
        return try source.closeAfter { try stage(source, size: bytes.count) }
    }
}
