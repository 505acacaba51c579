internal import Foundation
internal import Synchronization
internal import System
package import SystemPackage

/// Reports where in the inbox something happens. It may report too much and, without inotify, knows only that time
/// passes; what counts is what an ``InboxScanner`` sees.
///
/// libinotifytools keeps its state in static variables, so only one watcher at a time uses it, from its own thread; a
/// second watcher in the same process polls.
package final class InboxWatcher: Sendable {
    /// Where hints come from.
    package enum Mode: String, Sendable, CaseIterable {
        case inotify
        /// Scan regularly; for network file systems, which report nothing.
        case poll
    }

    /// Yields about once a second and whenever there are hints; ends after `stop()`.
    package let wakeUps: AsyncStream<Void>
    private let box: HintBox

    /// Starts watching immediately.
    /// - Parameter pollInterval: the time between two hints to rescan if inotify isn't used.
    package init(inbox: FilePath, rules: NameRules, mode: Mode, pollInterval: Duration) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wakeUps = stream
        let box = HintBox(continuation: continuation)
        self.box = box
        let thread = Thread {
            WatchLoop(inbox: inbox, rules: rules, mode: mode, pollInterval: pollInterval, box: box).run()
        }
        thread.name = "inbox-watch"
        thread.start()
    }

    deinit { stop() }

    /// What is known about writers; nothing if inotify isn't used.
    var beingWritten: FilesBeingWritten { box.beingWritten }

    /// What was noticed since the last call.
    package func takeHints() -> InboxHints { box.take() }

    /// Stops watching; the thread ends within about two seconds.
    package func stop() { box.stop() }
}

/// The watching thread: one inotify session after another, polling in between.
private struct WatchLoop {
    let inbox: FilePath
    let rules: NameRules
    let mode: InboxWatcher.Mode
    let pollInterval: Duration
    let box: HintBox

    private static let isClaimed = Atomic(false)
    /// How long to poll before inotify is tried again.
    private static let retryInterval = Duration.seconds(60)

    func run() {
        box.post { $0.rescan = true }
        guard mode == .inotify else { return poll(because: .notWanted, for: nil) }
        guard claim() else { return poll(because: .anotherWatcher, for: nil) }
        defer { Self.isClaimed.store(false, ordering: .releasing) }
        while !box.isStopped {
            do throws(WatchFault) {
                var session = try InotifySession(inbox: inbox, rules: rules, box: box)
                try session.run()
            } catch {
                if case .inboxMissing = error {
                    box.post { $0.notices.append(.inboxMissing) }
                    waitForInbox()
                } else {
                    poll(because: error, for: Self.retryInterval)
                }
            }
        }
    }

    /// Waits a little for an earlier watcher to end.
    private func claim() -> Bool {
        for _ in 0..<50 where !box.isStopped {
            let claim = Self.isClaimed.compareExchange(expected: false, desired: true, ordering: .acquiring)
            if claim.exchanged { return true }
            Thread.sleep(forTimeInterval: 0.1)
        }
        return false
    }

    private func poll(because reason: WatchFault, for period: Duration?) {
        box.post {
            $0.notices.append(.polling(reason))
            $0.rescan = true
        }
        let start = SuspendingClock.now
        var last = start
        while !box.isStopped && period.map({ start.duration(to: .now) < $0 }) ?? true {
            Thread.sleep(forTimeInterval: 0.25)
            if last.duration(to: .now) >= pollInterval {
                last = .now
                box.post { $0.rescan = true }
            } else {
                box.tick()
            }
        }
    }

    private func waitForInbox() {
        while !box.isStopped && (try? FolderHandle.open(inbox)) == nil {
            Thread.sleep(forTimeInterval: 0.5)
            box.tick()
        }
        box.post { $0.rescan = true }
    }
}
