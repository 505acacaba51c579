internal import Synchronization
internal import System

/// The files of the inbox that, according to inotify, somebody has written to and not closed since.
///
/// For another user's files, this is the only way to find out. It doesn't know what happened before a folder was
/// watched or while events were lost, and if one of two writers closes the file, it believes that both have. A writer
/// who is silent for an hour is considered gone: not every write ends with a close (truncate(2) doesn't).
package final class FilesBeingWritten: Sendable {
    static let patience = Duration.seconds(3600)

    private struct Writing {
        var hasData: Bool
        var lastHeard: SuspendingClock.Instant
    }

    private struct State {
        var files: [RawPath: Writing] = [:]
        /// Files whose writers are gone are only searched for when there are this many.
        var pruningCount = 4096
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether a file, given by its path in the inbox, is being written. A new name may also be a link, which nobody
    /// closes; so for files with data, only writes count.
    func contains(_ path: RawPath, isEmpty: Bool) -> Bool {
        state.withLock { state in
            guard let writing = state.files[path], writing.hasData || isEmpty else { return false }
            return writing.lastHeard.duration(to: .now) < Self.patience
        }
    }

    func noteCreation(of path: RawPath) { note(path, hasData: false) }

    func noteWriting(to path: RawPath) { note(path, hasData: true) }

    /// It was closed, or another file has its name now.
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
