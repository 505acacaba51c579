import Glibc
import Testing

@testable import Archive

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
