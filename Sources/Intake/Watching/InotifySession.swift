internal import CInotifyTools
internal import Glibc
internal import System
package import SystemPackage

/// Why the inbox isn't watched with inotify.
package enum WatchFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The settings say so.
    case notWanted
    case anotherWatcher
    case initialization(Errno)
    case descriptorTooHigh(Int32)
    case noWatchesLeft(folders: Int)
    case watch(path: String, Errno)
    case inboxMissing

    package var description: String {
        switch self {
        case .notWanted: "inbox.watch is poll"
        case .anotherWatcher: "another watcher in this process is using libinotifytools"
        case .initialization(let errno): "inotify can't be set up: \(errno) (see fs.inotify.max_user_instances)"
        case .descriptorTooHigh(let value):
            "inotify's descriptor is \(value), and libinotifytools can't use descriptors above 1023"
        case .noWatchesLeft(let folders):
            "no inotify watches are left after \(folders) folders (see fs.inotify.max_user_watches)"
        case .watch(let path, let errno): "can't watch \(path): \(errno)"
        case .inboxMissing: "the inbox doesn't exist"
        }
    }
}

/// libinotifytools from initialisation to clean-up. Only ever one at a time, used from one thread.
struct InotifySession {
    private let inbox: FilePath
    private let rules: NameRules
    private let box: HintBox
    private let held: FolderHandle
    /// The library's descriptor; nil if it can't be determined.
    private let descriptor: Int32?
    /// Watch descriptors and their folders, relative to the inbox, whose own path is empty.
    private var folders: [Int32: RawPath] = [:]
    /// Watches of deleted folders, which the library never frees.
    private var staleCount = 0
    private var renames = RenamesUnderWay()
    private var nextIdentityCheck = SuspendingClock.now
    /// Folders that couldn't be watched because this process may not read them.
    private var closed: Set<RawPath> = []

    private static let staleLimit = 4096
    private static let depthLimit = 64
    private static let mask = Int32(
        bitPattern: UInt32(IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO)
            | UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_EXCL_UNLINK | IN_ONLYDIR | IN_DONT_FOLLOW))

    init(inbox: FilePath, rules: NameRules, box: HintBox) throws(WatchFault) {
        self.inbox = inbox
        self.rules = rules
        self.box = box
        do { held = try FolderHandle.open(inbox) } catch {
            throw error.isAboutChange ? .inboxMissing : .watch(path: error.path.escaped, error.errno)
        }
        let before = Self.inotifyDescriptors()
        guard inotifytools_initialize() != 0 else { throw .initialization(Errno(rawValue: inotifytools_error())) }
        descriptor = Self.inotifyDescriptors().subtracting(before).first
        guard let descriptor else { return }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard descriptor < 1024 else {
            inotifytools_cleanup()
            throw .descriptorTooHigh(descriptor)
        }
    }

    /// Watches until the box is stopped, the inbox is another folder, or too many watches are stale.
    mutating func run() throws(WatchFault) {
        defer { end() }
        box.beingWritten.forgetAll()
        try watchTree(RawPath([]), depth: 0)
        announceStart()
        while !box.isStopped {
            if let event = nextEvent() {
                guard try handle(event) else { return }
            } else {
                box.tick()
            }
            noteDepartures()
            guard isInboxTheSame() else {
                return box.post {
                    $0.notices.append(.inboxReplaced)
                    $0.rescan = true
                }
            }
            if staleCount > Self.staleLimit { return box.post { $0.rescan = true } }
        }
    }

    private func announceStart() {
        let count = folders.count
        box.post {
            $0.notices.append(.watching(folders: count))
            $0.rescan = true
        }
    }

    private struct Event {
        let watch: Int32
        let mask: UInt32
        let cookie: UInt32
        let name: RawPath?

        func has(_ bits: Int32) -> Bool { mask & UInt32(bitPattern: bits) != 0 }
    }

    /// The next event, copied, or nil after a second without one.
    private func nextEvent() -> Event? {
        guard let event = inotifytools_next_events(1, 1) else { return nil }
        let name = cultivar_event_name(event).map { RawPath(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        return Event(watch: event.pointee.wd, mask: event.pointee.mask, cookie: event.pointee.cookie, name: name)
    }

    /// Processes an event and returns whether the session can continue.
    private mutating func handle(_ event: Event) throws(WatchFault) -> Bool {
        if event.has(Int32(IN_Q_OVERFLOW)) {
            box.beingWritten.forgetAll()
            try watchTree(RawPath([]), depth: 0)
            box.post {
                $0.notices.append(.overflow)
                $0.rescan = true
            }
            return true
        }
        guard let folder = folder(of: event.watch) else {
            box.post { $0.rescan = true }
            return true
        }
        if folder.bytes.isEmpty && event.has(Int32(IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) {
            box.post { $0.rescan = true }
            return false
        }
        if event.has(Int32(IN_IGNORED)) {
            folders[event.watch] = nil
            staleCount += 1
        }
        try note(event, in: folder)
        return true
    }

    private mutating func note(_ event: Event, in folder: RawPath) throws(WatchFault) {
        let path = event.name.map(folder.appending) ?? folder
        guard !path.bytes.isEmpty else { return }
        let isFolder = event.has(Int32(IN_ISDIR))
        if event.has(Int32(IN_MOVED_FROM)) {
            return renames.begin(event.cookie, from: path, isFolder: isFolder, at: .now)
        }
        let origin = event.has(Int32(IN_MOVED_TO)) ? renames.end(event.cookie) : nil
        noteWriter(event, of: path, from: origin?.path)
        let isNew = event.has(Int32(IN_CREATE | IN_MOVED_TO))
        if isFolder, isNew || (event.has(Int32(IN_ATTRIB)) && closed.remove(path) != nil) {
            try watchTree(path, depth: path.components.count)
        }
        // Our own removing of files is no news, and would have what stays in a drop looked at once more.
        guard isFolder || !NameRules.isBeingRemoved(path.last.bytes), origin?.isPartOfRemoval(to: path) != true else {
            return
        }
        let isFromOutside = origin.map { rules.isHeldBack($0.path.first) } ?? true
        let isArrival = event.has(Int32(IN_MOVED_TO)) && folder.bytes.isEmpty && isFromOutside
        box.post { hints in
            if let origin { hints.noteChange(origin.path.first) }
            if isArrival { hints.noteArrival(path.first) } else { hints.noteChange(path.first) }
        }
    }

    /// What has left the inbox is a change of the entry that it was in.
    private mutating func noteDepartures() {
        let departed = renames.departed(by: .now)
        guard !departed.isEmpty else { return }
        box.post { hints in
            for origin in departed { hints.noteChange(origin.path.first) }
        }
    }

    /// - Parameter origin: the path that it had before, where it was renamed within the inbox.
    private func noteWriter(_ event: Event, of path: RawPath, from origin: RawPath?) {
        let record = box.beingWritten
        if let origin {
            record.noteMove(from: origin, to: path)
        } else if event.has(Int32(IN_MOVED_TO)) {
            record.noteEnd(of: path)
        } else if event.name == nil || event.has(Int32(IN_ISDIR)) {
            return
        } else if event.has(Int32(IN_CLOSE_WRITE)) {
            record.noteEnd(of: path)
        } else if event.has(Int32(IN_MODIFY)) {
            record.noteWriting(to: path)
        } else if event.has(Int32(IN_CREATE)) {
            record.noteCreation(of: path)
        }
    }

    /// The folder of a watch; the library's own record helps if a name has been used twice.
    private mutating func folder(of watch: Int32) -> RawPath? {
        if let known = folders[watch] { return known }
        guard watch > 0, let name = inotifytools_filename_from_wd(watch) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
        let prefix = absolute(RawPath([])).bytes
        guard bytes.starts(with: prefix) else { return nil }
        let names = RawPath(bytes.dropFirst(prefix.count)).components
        let path = names.reduce(RawPath([])) { $0.appending($1) }
        folders[watch] = path
        return path
    }

    /// Watches a folder, then lists it, then continues with the folders in it, so that none can appear unnoticed.
    private mutating func watchTree(_ path: RawPath, depth: Int) throws(WatchFault) {
        guard depth <= Self.depthLimit, rules.isOfInterest(path), try watch(path) else { return }
        // A tree with many folders takes long, and the monitor must know that work is in progress.
        box.tick()
        let children: [RawPath]
        do { children = try Files.possibleFolders(in: FilePath(absolute(path))) } catch {
            return try checkFault(error.errno, at: path)
        }
        for child in children { try watchTree(path.appending(child), depth: depth + 1) }
    }

    /// Watches one folder and returns whether it exists.
    private mutating func watch(_ path: RawPath) throws(WatchFault) -> Bool {
        let full = absolute(path)
        guard full.withCString({ inotifytools_watch_file($0, Self.mask) }) != 0 else {
            try checkFault(Errno(rawValue: inotifytools_error()), at: path)
            return false
        }
        let watch = RawPath(full.bytes + [UInt8(ascii: "/")]).withCString { inotifytools_wd_from_filename($0) }
        if watch > 0 { folders[watch] = path }
        return true
    }

    /// Throws errors that prevent watching altogether; a folder that is gone or can't be opened is skipped.
    private mutating func checkFault(_ errno: Errno, at path: RawPath) throws(WatchFault) {
        if errno == .permissionDenied { closed.insert(path) }
        switch errno {
        case .noSpace: throw .noWatchesLeft(folders: folders.count)
        case .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels, .permissionDenied, .fileNameTooLong:
            if path.bytes.isEmpty { throw .inboxMissing }
        default: throw .watch(path: absolute(path).escaped, errno)
        }
    }

    private func absolute(_ path: RawPath) -> RawPath {
        let root = RawPath(inbox)
        return path.bytes.isEmpty ? root : root.appending(path)
    }

    /// Looked up at most once a second, however much happens. If it can't be looked up because descriptors ran out,
    /// that means nothing.
    private mutating func isInboxTheSame() -> Bool {
        guard nextIdentityCheck <= .now else { return true }
        nextIdentityCheck = .now.advanced(by: .seconds(1))
        do {
            let (now, then) = (try FolderHandle.open(inbox).status().stamp, try held.status().stamp)
            return now.device == then.device && now.inode == then.inode
        } catch {
            return !error.isAboutChange
        }
    }

    /// Clears the library's buffer, which outlives a session, and cleans up.
    ///
    /// In a busy inbox events never stop, so the library first gets a descriptor that delivers nothing any more.
    private func end() {
        var ends: [Int32] = [-1, -1]
        if let descriptor, pipe(&ends) == 0 { dup2(ends[0], descriptor) }
        let deadline = SuspendingClock.now.advanced(by: .seconds(5))
        while inotifytools_next_events(1, 1) != nil && deadline > .now {}
        inotifytools_cleanup()
        for end in ends where end >= 0 { close(end) }
    }

    /// The descriptors of this process that are inotify instances.
    private static func inotifyDescriptors() -> Set<Int32> {
        guard let folder = try? FolderHandle.open("/proc/self/fd"), let names = try? folder.names() else { return [] }
        let found = names.filter { folder.target(ofLink: $0) == RawPath("anon_inode:inotify") }
        return Set(found.compactMap { Int32($0.escaped) })
    }
}
