internal import Synchronization
internal import System

/// The files of the inbox that somebody has been seen to write to and not to close since, as inotify tells it.
///
/// It is the only way to know of a file of another user's. It doesn't know what happened before its folder was watched or
/// while events were lost, and of two writers it takes the first one's closing for both. One of whom nothing is heard for
/// ``patience`` is taken for gone: not every write ends with a closing (truncate(2) doesn't).
package final class FilesBeingWritten: Sendable {
    static let patience = Duration.seconds(3600)

    private struct Writing {
        var hasData: Bool
        var lastHeard: SuspendingClock.Instant
    }

    private struct State {
        var files: [RawPath: Writing] = [:]
        /// The files whose writers are gone are only looked for when there are so many.
        var pruningCount = 4096
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether a file, by its path in the inbox, is being written. An empty one may have been made by a link, which nobody
    /// closes, as well; so only what is done to it counts where it has data.
    func contains(_ path: RawPath, isEmpty: Bool) -> Bool {
        state.withLock { state in
            guard let writing = state.files[path], writing.hasData || isEmpty else { return false }
            return writing.lastHeard.duration(to: .now) < Self.patience
        }
    }

    func noteCreation(of path: RawPath) { note(path, hasData: false) }

    func noteWriting(to path: RawPath) { note(path, hasData: true) }

    /// It is closed, or another file has its name now.
    func noteEnd(of path: RawPath) { state.withLock { $0.files[path] = nil } }

    /// A file or a folder has another name.
    func noteMove(from old: RawPath, to new: RawPath) {
        state.withLock { state in
            state.files[new] = nil
            for (path, writing) in state.files where path == old || path.isBelow(old) {
                state.files[path] = nil
                state.files[RawPath(new.bytes + path.bytes.dropFirst(old.bytes.count))] = writing
            }
        }
    }

    /// Events were lost: nothing is known any more.
    func forgetAll() { state.withLock { $0 = State() } }

    private func note(_ path: RawPath, hasData: Bool) {
        state.withLock { state in
            state.files[path] = Writing(hasData: hasData, lastHeard: .now)
            guard state.files.count > state.pruningCount else { return }
            state.files = state.files.filter { $0.value.lastHeard.duration(to: .now) < Self.patience }
            state.pruningCount = 2 * state.files.count
        }
    }
}
