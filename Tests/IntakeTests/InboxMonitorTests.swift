import Foundation
import Glibc
import Logging
import System
import SystemPackage
import TestSupport
import Testing

@testable import Intake

/// One watcher of a process can use libinotifytools, so these take turns.
@Suite("Watching the inbox", .serialized, .timeLimit(.minutes(3)))
struct InboxMonitorTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    /// Runs a monitor and `body`, which gets the settled drops one by one; each leaves the inbox.
    private func watch(
        _ settings: WatchSettings,
        _ body: (inout AsyncStream<DropCandidate>.Iterator) async throws -> Void
    ) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: DropCandidate.self)
        let monitor = InboxMonitor(inbox: workshop.inbox, settings: settings, logger: Logger(label: "test"))
        let running = Task {
            try await monitor.run { candidate, scanner in
                try FileManager.default.removeItem(atPath: monitor.inbox.appending(raw: candidate.name).string)
                continuation.yield(candidate)
                return HandledDrop()
            }
        }
        var iterator = stream.makeAsyncIterator()
        do { try await body(&iterator) } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        try await running.value
    }

    private func paths(_ candidate: DropCandidate?) -> [String]? { candidate?.snapshot.files.map(\.path.escaped) }

    @Test("A folder that is renamed in is taken at once", arguments: ["outside", "inbox/.hidden", "inbox/d.part"])
    func renamedIn(_ origin: String) async throws {
        try await watch(changing(.usual) { $0.settle = .seconds(3600) }) { drops in
            let knocking = Task {
                var index = 0
                while !Task.isCancelled {
                    index += 1
                    try workshop.folder.write(png(1), to: "knock/cat/1")
                    moveIn("knock", as: "knock\(index)")
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
            #expect(await paths(drops.next()) == ["cat/1"])
            knocking.cancel()
            _ = await knocking.result
            for index in 0..<50 { try workshop.folder.write(png(2), to: FilePath("\(origin)/cat/\(index)")) }
            moveIn(origin, as: "whole")
            while let drop = await drops.next(), drop.name != RawPath("whole") {}
        }
    }

    private func moveIn(_ origin: String, as name: String) {
        let source = workshop.folder.path.appending(FilePath(origin).components)
        #expect(rename(source.string, workshop.inbox.appending(name).string) == 0)
    }

    @Test("A slow writer's drop is taken when all of it is there", arguments: InboxWatcher.Mode.allCases)
    func slowWriter(_ mode: InboxWatcher.Mode) async throws {
        let settings = changing(WatchSettings.usual) {
            ($0.settle, $0.mode, $0.pollInterval) = (.seconds(3), mode, .milliseconds(500))
        }
        try await watch(settings) { drops in
            for index in 0..<10 {
                try workshop.drop([UInt8](repeating: 1, count: 100), at: "d/cat/\(index)")
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(await drops.next()?.snapshot.files.count == 10)
        }
    }

    @Test("A file that is written to within its settle time is taken whole", arguments: InboxWatcher.Mode.allCases)
    func growingFile(_ mode: InboxWatcher.Mode) async throws {
        try workshop.drop([0], at: "d/cat/1")
        let writer = try FileDescriptor.open(workshop.inbox.appending("d/cat/1"), .writeOnly, options: .append)
        let settings = changing(WatchSettings.usual) {
            ($0.settle, $0.mode, $0.pollInterval) = (.seconds(3), mode, .milliseconds(500))
        }
        try await watch(settings) { drops in
            for _ in 0..<10 {
                try await Task.sleep(for: .milliseconds(500))
                _ = try writer.writeAll([1, 2, 3])
            }
            #expect(await drops.next()?.snapshot.files.map(\.stamp.size) == [31])
        }
        try writer.close()
    }

    @Test("Folders made in a hurry are all seen")
    func deepFolders() async throws {
        try await watch(changing(.usual) { $0.settle = .seconds(1) }) { drops in
            try await Task.sleep(for: .seconds(1))
            for index in 0..<60 { try workshop.drop([1], at: "d\(index)/a/b/c/d/e/f/\(index)") }
            var seen: Set<RawPath> = []
            while seen.count < 60, let drop = await drops.next() { seen.insert(drop.name) }
            #expect(seen.count == 60)
        }
    }

    @Test("An inbox that is removed and made anew is watched again")
    func newInbox() async throws {
        try await watch(changing(.usual) { $0.settle = .seconds(1) }) { drops in
            try workshop.drop([1], at: "before/cat/1")
            #expect(await drops.next()?.name == RawPath("before"))
            #expect(rename(workshop.inbox.string, workshop.folder.path.appending("old").string) == 0)
            try await Task.sleep(for: .seconds(2))
            #expect(mkdir(workshop.inbox.string, 0o755) == 0)
            try workshop.drop([1], at: "after/cat/1")
            #expect(await drops.next()?.name == RawPath("after"))
        }
    }

    @Test("An inbox that is replaced while a drop is handled is looked into afterwards")
    func newInboxMeanwhile() async throws {
        try workshop.drop([1], at: "before/cat/1")
        let monitor = InboxMonitor(
            inbox: workshop.inbox, settings: changing(.usual) { $0.settle = .seconds(1) }, logger: Logger(label: "test")
        )
        let names = Recorder<RawPath>()
        let workshop = workshop
        await #expect(throws: CancellationError.self) {
            try await monitor.run { candidate, _ in
                names.add(candidate.name)
                guard names.values.count == 1 else { throw CancellationError() }
                #expect(rename(workshop.inbox.string, workshop.folder.path.appending("old").string) == 0)
                #expect(mkdir(workshop.inbox.string, 0o755) == 0)
                try workshop.drop([1], at: "after/cat/1")
                try await Task.sleep(for: .seconds(3))
                return HandledDrop()
            }
        }
        #expect(names.values == [RawPath("before"), RawPath("after")])
    }

    @Test("An inbox whose path leads elsewhere is noticed, however much happens in the one that was watched")
    func otherInbox() async throws {
        let folder = workshop.folder
        for name in ["one", "two"] { try folder.write([1], to: FilePath("\(name)/inbox/.keep")) }
        let link = folder.path.appending("now")
        #expect(symlink("one", link.string) == 0)
        let monitor = InboxMonitor(
            inbox: link.appending("inbox"), settings: changing(.usual) { $0.settle = .seconds(1) },
            logger: Logger(label: "test"))
        let seen = Recorder<String>()
        let running = Task {
            try await monitor.run { candidate, _ in
                seen.add(candidate.name.escaped)
                return HandledDrop()
            }
        }
        let knocking = Task {
            for number in 0... {
                try folder.write([1], to: FilePath("one/inbox/.knock\(number % 10)"))
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        try await Task.sleep(for: .seconds(3))
        #expect(symlink("two", folder.path.appending("next").string) == 0)
        #expect(rename(folder.path.appending("next").string, link.string) == 0)
        try folder.write(png(1), to: "two/inbox/d/cat/1")
        for _ in 0..<200 where seen.values.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        knocking.cancel()
        running.cancel()
        _ = await knocking.result
        try await running.value
        #expect(seen.values == ["d"])
    }

    @Test("The monitor beats while it waits and while it scans, but not while a drop is handled")
    func beats() async throws {
        let beats = Recorder<SuspendingClock.Instant>()
        var observer = MonitorObserver()
        observer.beat = { beats.add(.now) }
        let monitor = InboxMonitor(
            inbox: workshop.inbox, settings: changing(.usual) { $0.settle = .seconds(1) }, logger: Logger(label: "test")
        )
        let (handled, continuation) = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            try await monitor.run(
                { _, _ in
                    continuation.yield()
                    try await Task.sleep(for: .seconds(3600))
                    return HandledDrop()
                }, observer: observer)
        }
        try await Task.sleep(for: .seconds(5))
        let idle = beats.values
        #expect(idle.count >= 3)
        #expect(zip(idle, idle.dropFirst()).allSatisfy { $0.duration(to: $1) < .seconds(3) })
        for index in 0..<200 { try workshop.drop([1], at: "d/cat/\(index)") }
        for await _ in handled { break }
        let busy = beats.values.count
        #expect(busy >= idle.count + 200)
        try await Task.sleep(for: .seconds(3))
        #expect(beats.values.count == busy)
        running.cancel()
        _ = await running.result
    }

    @Test("The monitor tells of all entries at each full scan")
    func entries() async throws {
        try workshop.drop([1], at: ".hidden/cat/1")
        let monitor = InboxMonitor(
            inbox: workshop.inbox,
            settings: changing(.usual) { ($0.mode, $0.pollInterval) = (.poll, .milliseconds(200)) },
            logger: Logger(label: "test"))
        let seen = Recorder<Set<RawPath>>()
        var observer = MonitorObserver()
        observer.looked = { entries, _ in
            seen.add(Set(entries.keys))
            return nil
        }
        let running = Task { [observer] in try await monitor.run({ _, _ in HandledDrop() }, observer: observer) }
        try await Task.sleep(for: .seconds(2))
        running.cancel()
        _ = await running.result
        #expect(seen.values.count >= 2)
        #expect(seen.values.allSatisfy { $0 == [RawPath(".hidden")] })
    }

    @Test("A folder in which there is always something new keeps no other waiting, and what was seen is told")
    func busyFolder() async throws {
        for path in ["camera/.keep", "camera/0", "zoo/cat/1"] { try workshop.drop([1], at: path) }
        let monitor = InboxMonitor(
            inbox: workshop.inbox, settings: changing(.usual) { ($0.settle, $0.mode) = (.zero, .poll) },
            logger: Logger(label: "test"))
        let (handled, looks) = (Recorder<String>(), Recorder<Set<RawPath>>())
        var observer = MonitorObserver()
        observer.looked = { entries, _ in
            looks.add(Set(entries.keys))
            return nil
        }
        let running = Task { [observer, workshop] in
            try await monitor.run(
                { candidate, _ in
                    handled.add(candidate.name.escaped)
                    try workshop.drop([1], at: "camera/\(handled.values.count)")
                    try await Task.sleep(for: .milliseconds(10))
                    return HandledDrop()
                }, observer: observer)
        }
        for _ in 0..<100 where looks.values.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        running.cancel()
        _ = await running.result
        #expect(Set(handled.values) == ["camera", "zoo"])
        #expect(looks.values.first == [RawPath("camera"), RawPath("zoo")])
    }

    @Test("What couldn't be dealt with is told once more after the pause that was asked for")
    func tellingAgain() async throws {
        try workshop.drop([1], at: "d/cat/1")
        let monitor = InboxMonitor(
            inbox: workshop.inbox,
            settings: changing(.usual) {
                ($0.settle, $0.mode, $0.pollInterval) = (.zero, .poll, .milliseconds(100))
            },
            logger: Logger(label: "test"))
        let times = Recorder<SuspendingClock.Instant>()
        var observer = MonitorObserver()
        observer.looked = { entries, _ in
            #expect(Array(entries.keys) == [RawPath("d")])
            times.add(.now)
            return .seconds(2)
        }
        let running = Task { [observer] in try await monitor.run({ _, _ in HandledDrop() }, observer: observer) }
        for _ in 0..<200 where times.values.count < 3 { try await Task.sleep(for: .milliseconds(100)) }
        running.cancel()
        _ = await running.result
        let gaps = zip(times.values, times.values.dropFirst()).map { $0.duration(to: $1) }
        #expect(gaps.count >= 2 && gaps.allSatisfy { $0 >= .seconds(2) })
    }

    @Test("What waits is told of with its reason, and no longer once it is gone")
    func waiting() async throws {
        try workshop.drop(png(1), at: "d/.net/1.png")
        try workshop.drop([1], at: "d/2.jpg.part")
        let monitor = InboxMonitor(
            inbox: workshop.inbox, settings: changing(.usual) { $0.settle = .seconds(1) }, logger: Logger(label: "test")
        )
        let told = Recorder<[String]>()
        var observer = MonitorObserver()
        observer.waitingChanged = { items in told.add(items.map { "\($0.path) \($0.code.rawValue)" }) }
        let running = Task { [observer] in try await monitor.run({ _, _ in HandledDrop() }, observer: observer) }
        func wait(for items: [String]) async throws {
            for _ in 0..<300 where told.values.last != items { try await Task.sleep(for: .milliseconds(100)) }
            #expect(told.values.last == items)
        }
        try await wait(for: ["d/.net hidden", "d/2.jpg.part partial_name"])
        #expect(unlink(workshop.inbox.appending("d/2.jpg.part").string) == 0)
        try await wait(for: ["d/.net hidden"])
        running.cancel()
        try await running.value
    }

    @Test("What somebody asks for is handed over although its name hides it")
    func approved() async throws {
        try workshop.drop(png(1), at: "d/.net/1.png")
        let monitor = InboxMonitor(
            inbox: workshop.inbox, settings: changing(.usual) { $0.settle = .seconds(1) }, logger: Logger(label: "test")
        )
        let asked = Recorder<RawPath>()
        let handled = Recorder<[String]>()
        var observer = MonitorObserver()
        observer.approved = { Set(asked.values) }
        let running = Task { [observer] in
            try await monitor.run(
                { candidate, _ in
                    handled.add(candidate.snapshot.takeable.map(\.path.escaped))
                    return HandledDrop()
                }, observer: observer)
        }
        try await Task.sleep(for: .seconds(3))
        #expect(handled.values.isEmpty)
        asked.add(RawPath("d/.net"))
        for _ in 0..<100 where handled.values.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        #expect(handled.values == [[".net/1.png"]])
        running.cancel()
        try await running.value
    }

    @Test("What the handler leaves is handed over again after its pause")
    func pause() async throws {
        try workshop.drop([1], at: "d/cat/1")
        let monitor = InboxMonitor(
            inbox: workshop.inbox, settings: changing(.usual) { $0.settle = .seconds(1) }, logger: Logger(label: "test")
        )
        let times = Recorder<Duration>()
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await monitor.run { candidate, _ in
                    times.add(candidate.stillFor)
                    if times.values.count == 2 { throw CancellationError() }
                    return HandledDrop(lookAgainAfter: .seconds(2))
                }
            }
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
        #expect(times.values.count == 2)
        #expect(times.values[1] >= times.values[0] + .seconds(2))
    }

    @Test("That files are removed in two steps doesn't have what is left looked at again; that one is moved out does")
    func ownRemovals() async throws {
        let monitor = InboxMonitor(
            inbox: workshop.inbox, settings: changing(.usual) { $0.settle = .seconds(1) }, logger: Logger(label: "test")
        )
        let handled = Recorder<Int>()
        let (workshop, cat) = (workshop, workshop.inbox.appending("d/cat"))
        let watching = Recorder<Bool>()
        var observer = MonitorObserver()
        observer.pollingChanged = { watching.add($0 == nil) }
        let running = Task { [observer] in
            try await monitor.run(
                { candidate, _ in
                    handled.add(candidate.snapshot.takeable.count)
                    for number in 0..<10 {
                        let hidden = cat.appending(".cultivar~\(number)").string
                        #expect(rename(cat.appending("\(number)").string, hidden) == 0)
                        #expect(unlink(hidden) == 0)
                    }
                    return HandledDrop(lookAgainAfter: .seconds(3600))
                }, observer: observer)
        }
        for _ in 0..<100 where watching.values != [true] { try await Task.sleep(for: .milliseconds(100)) }
        for number in 0..<20 { try workshop.drop([1], at: "d/cat/\(number)") }
        for _ in 0..<100 where handled.values.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        try await Task.sleep(for: .seconds(4))
        #expect(handled.values == [20])
        #expect(rename(cat.appending("19").string, workshop.folder.path.appending("19").string) == 0)
        for number in 0..<10 { try workshop.folder.write([1], to: FilePath("more/\(number)")) }
        for number in 0..<10 {
            let source = workshop.folder.path.appending("more/\(number)").string
            #expect(rename(source, cat.appending("\(number)").string) == 0)
        }
        for _ in 0..<100 where handled.values.count < 2 { try await Task.sleep(for: .milliseconds(100)) }
        #expect(handled.values == [20, 19])
        running.cancel()
        try await running.value
    }

    @Test("A second watcher in the process polls and says so")
    func secondWatcher() async throws {
        let first = InboxWatcher(
            inbox: workshop.inbox, rules: NameRules(), mode: .inotify, pollInterval: WatchSettings.usual.pollInterval)
        for await _ in first.wakeUps where !first.takeHints().notices.isEmpty { break }
        let second = InboxWatcher(
            inbox: workshop.inbox, rules: NameRules(), mode: .inotify, pollInterval: .milliseconds(100))
        defer {
            first.stop()
            second.stop()
        }
        var notices: [WatchNotice] = []
        for await _ in second.wakeUps {
            let hints = second.takeHints()
            notices += hints.notices
            if !notices.isEmpty && hints.rescan && hints.notices.isEmpty { break }
        }
        guard case .polling = notices.first else {
            Issue.record("the second watcher says \(notices)")
            return
        }
    }
}
