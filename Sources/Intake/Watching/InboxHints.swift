internal import Synchronization
package import System

/// Where to look: what the watcher has noticed since it was last asked.
package struct InboxHints: Sendable, Equatable {
    /// Top-level entries that were renamed in from outside, without events since.
    package var arrived: Set<RawPath> = []
    /// Top-level entries in or below which something happened.
    package var changed: Set<RawPath> = []
    /// Anything may have happened: scan the whole inbox.
    package var rescan = false
    /// What an administrator should know, oldest first.
    package var notices: [WatchNotice] = []

    package init() {}

    /// It was renamed in as a whole: what was noticed before no longer counts.
    package mutating func noteArrival(_ name: RawPath) {
        changed.remove(name)
        arrived.insert(name)
    }

    /// Something happened in or below it, so it no longer counts as renamed in as a whole.
    package mutating func noteChange(_ name: RawPath) {
        arrived.remove(name)
        changed.insert(name)
    }
}

/// News about the watching itself.
package enum WatchNotice: Sendable, Equatable, CustomStringConvertible {
    /// By inotify, and how many.
    case watching(folders: Int)
    case polling(WatchFault)
    case overflow
    case inboxReplaced
    case inboxMissing

    package var description: String {
        switch self {
        case .watching(let folders): "watching \(folders) folders with inotify"
        case .polling(let reason): "polling the inbox: \(reason)"
        case .overflow: "too much happened at once for inotify's queue; scanning the whole inbox"
        case .inboxReplaced: "the inbox has been replaced by another folder; watching that one"
        case .inboxMissing: "the inbox doesn't exist; waiting for it"
        }
    }
}

/// What the watching thread and the monitor share.
final class HintBox: Sendable {
    let beingWritten = FilesBeingWritten()
    private let hints = Mutex(InboxHints())
    private let stopped = Atomic(false)
    private let continuation: AsyncStream<Void>.Continuation

    init(continuation: AsyncStream<Void>.Continuation) { self.continuation = continuation }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        continuation.finish()
    }

    /// Changes the hints and wakes the monitor.
    func post(_ change: (inout InboxHints) -> Void) {
        hints.withLock { change(&$0) }
        continuation.yield()
    }

    /// Wakes the monitor without news, so that it can check the time.
    func tick() { continuation.yield() }

    func take() -> InboxHints {
        hints.withLock { hints in
            defer { hints = InboxHints() }
            return hints
        }
    }
}
