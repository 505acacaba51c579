import Synchronization
import System
import SystemPackage
import Testing

@testable import Archive
@testable import Records

/// Notes the calls that make files durable, and lets one of them fail.
private final class WatchedDisk: Disk {
    enum Call: Hashable { case synchronize(FilePath), synchronizeAll, rename(to: FilePath) }

    private let log = Mutex<[Call]>([])
    private let failing: @Sendable (Call) -> Bool

    init(failing: @escaping @Sendable (Call) -> Bool = { _ in false }) { self.failing = failing }

    var calls: [Call] { log.withLock { $0 } }

    func synchronize(_ descriptor: FileDescriptor, path: FilePath) throws {
        try note(.synchronize(path)) { try SystemDisk().synchronize(descriptor, path: path) }
    }

    func synchronizeFileSystem(_ descriptor: FileDescriptor, path: FilePath) throws {
        try note(.synchronizeAll) { try SystemDisk().synchronizeFileSystem(descriptor, path: path) }
    }

    func rename(_ source: FilePath, to target: FilePath) throws {
        try note(.rename(to: target)) { try SystemDisk().rename(source, to: target) }
    }

    private func note(_ call: Call, _ body: () throws -> Void) throws {
        log.withLock { $0.append(call) }
        if failing(call) { throw Errno.ioError }
        try body()
    }
}

@Suite("The store's durability")
struct StoreDurabilityTests {
    @Test("A file is on the disk before it gets its name, and the name before the commit returns")
    func order() throws {
        try withStateFolder { folder in
            let disk = WatchedDisk()
            let store = try PictureStore(folder, disk: disk)
            let staged = try store.stage([1], in: folder)
            try store.commit([staged])
            let target = store.path(of: staged.digest)
            #expect(
                disk.calls == [
                    .synchronize(staged.path), .rename(to: target), .synchronize(folder.pictures),
                    .synchronize(target.removingLastComponent()),
                ])
        }
    }

    @Test("A folder that was there already is synchronised alone")
    func knownFolder() throws {
        try withStateFolder { folder in
            try PictureStore(folder).commit([try PictureStore(folder).stage([1], in: folder)])
            let disk = WatchedDisk()
            let store = try PictureStore(folder, disk: disk)
            let staged = try store.stage([1], in: folder)
            try store.commit([staged])
            #expect(disk.calls.last == .synchronize(store.path(of: staged.digest).removingLastComponent()))
            #expect(!disk.calls.contains(.synchronize(folder.pictures)))
        }
    }

    @Test("A large batch is synchronised as a whole, before the names and after them")
    func largeBatch() throws {
        try withStateFolder { folder in
            let disk = WatchedDisk()
            let store = try PictureStore(folder, disk: disk)
            let staged = try (0..<40).map { try store.stage([UInt8($0)], in: folder) }
            try store.commit(staged)
            #expect(
                disk.calls
                    == [.synchronizeAll] + staged.map { .rename(to: store.path(of: $0.digest)) } + [.synchronizeAll])
        }
    }

    @Test("When the data can't be written, no name appears and no copy stays", arguments: [1, 40])
    func failedData(count: Int) throws {
        try withStateFolder { folder in
            let disk = WatchedDisk { call in
                if case .rename = call { false } else { true }
            }
            let store = try PictureStore(folder, disk: disk)
            let staged = try (0..<count).map { try store.stage([UInt8($0)], in: folder) }
            let failure = #expect(throws: (any Error).self) { try store.commit(staged) }
            #expect(failure?.isProblemOfMachine == true)
            #expect(try staged.allSatisfy { try store.byteCount(of: $0.digest) == nil && !Files.exists($0.path) })
        }
    }

    @Test("When a name can't be written, the commit fails and no copy stays in tmp")
    func failedName() throws {
        try withStateFolder { folder in
            let store = try PictureStore(folder, disk: WatchedDisk { $0 == .synchronize(folder.pictures) })
            let staged = try store.stage([1], in: folder)
            let failure = #expect(throws: FileFailure.self) { try store.commit([staged]) }
            #expect(failure?.errno == .ioError)
            #expect(try !Files.exists(staged.path))
        }
    }
}
