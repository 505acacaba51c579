import Glibc
import System
import SystemPackage
import Testing

@testable import Archive
@testable import Records

@Suite("The lock on a state folder")
struct DaemonLockTests {
    @Test("A second taker is told which process holds the lock")
    func second() throws {
        try withStateFolder { folder in
            let lock = try DaemonLock.acquire(in: folder)
            let failure = #expect(throws: DaemonLockFailure(path: folder.lock, holder: getpid())) {
                try DaemonLock.acquire(in: folder)
            }
            #expect(failure?.description.contains("process \(getpid()) (") == true)
            #expect(try DaemonLock.holder(in: folder) == getpid())
            withExtendedLifetime(lock) {}
        }
    }

    @Test("A lock that was let go can be taken again")
    func release() throws {
        try withStateFolder { folder in
            #expect(try DaemonLock.holder(in: folder) == nil)
            _ = try DaemonLock.acquire(in: folder)
            #expect(try DaemonLock.holder(in: folder) == nil)
            _ = try DaemonLock.acquire(in: folder)
        }
    }

    @Test("Who removes or replaces the lock's file lets no second one in", arguments: [nil, "1\n"])
    func removedFile(replacement: String?) throws {
        try withStateFolder { folder in
            let lock = try DaemonLock.acquire(in: folder)
            try Files.remove(folder.lock)
            if let replacement { try write(Array(replacement.utf8), to: folder.lock) }
            #expect(throws: DaemonLockFailure(path: folder.lock, holder: nil)) { try DaemonLock.acquire(in: folder) }
            withExtendedLifetime(lock) {}
        }
    }

    @Test("Where the lock's file can't be made, nothing stays locked")
    func noFile() throws {
        try withStateFolder { folder in
            try Files.makeFolder(folder.lock, permissions: [.ownerReadWriteExecute])
            #expect(throws: FileFailure(action: "lock", path: folder.lock, errno: .isDirectory)) {
                try DaemonLock.acquire(in: folder)
            }
            #expect(rmdir(folder.lock.string) == 0)
            _ = try DaemonLock.acquire(in: folder)
        }
    }

    @Test("The process id of an earlier, longer one leaves no digits behind")
    func longerNumber() throws {
        try withStateFolder { folder in
            try write(Array("4194304999\n".utf8), to: folder.lock)
            let lock = try DaemonLock.acquire(in: folder)
            #expect(try DaemonLock.holder(in: folder) == getpid())
            withExtendedLifetime(lock) {}
        }
    }
}
