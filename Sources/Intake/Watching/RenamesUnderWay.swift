internal import System

/// First halves of renames, as inotify tells them, until the second half says what they are or doesn't come: a value
/// without I/O.
struct RenamesUnderWay {
    typealias Instant = SuspendingClock.Instant

    struct Origin: Equatable {
        let path: RawPath
        let isFolder: Bool

        /// Whether the intake itself renames a file that it removes, or gives one its name back.
        func isPartOfRemoval(to path: RawPath) -> Bool {
            !isFolder && [self.path, path].contains { NameRules.isBeingRemoved($0.last.bytes) }
        }
    }

    /// Both halves come one after the other, but for what other threads rename meanwhile.
    static let patience = Duration.seconds(1)

    private var origins: [UInt32: (origin: Origin, since: Instant)] = [:]
    private var oldest: Instant?

    /// Something has lost its name.
    mutating func begin(_ cookie: UInt32, from path: RawPath, isFolder: Bool, at now: Instant) {
        origins[cookie] = (Origin(path: path, isFolder: isFolder), now)
        oldest = oldest ?? now
    }

    /// What has got another name by this; nil where it comes from elsewhere.
    mutating func end(_ cookie: UInt32) -> Origin? { origins.removeValue(forKey: cookie)?.origin }

    /// What has gone elsewhere, as no second half has come. It is given once.
    mutating func departed(by now: Instant) -> [Origin] {
        guard let oldest, oldest.advanced(by: Self.patience) <= now else { return [] }
        let gone = origins.filter { $0.value.since.advanced(by: Self.patience) <= now }
        for cookie in gone.keys { origins[cookie] = nil }
        self.oldest = origins.values.map(\.since).min()
        return gone.values.map(\.origin)
    }
}
