internal import Synchronization

/// The last sign of life of one part of the service.
///
/// Its loop beats about once a second while there is nothing to do. Work beats at every step: an entry scanned, a file
/// copied, a request of a decoder process, a batch recorded, a group of pictures through a backbone, a batch of rows
/// trained on. A beat costs some nanoseconds.
package final class Heartbeat: Sendable {
    /// How long a part may be silent, by far longer than its longest step takes where all is well: on a slow machine, the
    /// synchronisation of a disk that others write to as well, a VGG16 at 1024 pixels, the reading of a large backbone, of
    /// the features of a large data set, or the model that is written and tried out. systemd's own time (`WatchdogSec`)
    /// comes on top: it begins with the last ping.
    package static let allowance = Duration.seconds(900)

    /// As it is told of: "the intake".
    package let part: String
    private let start = SuspendingClock.now
    /// Nanoseconds since `start`.
    private let last = Atomic<Int64>(0)

    package init(_ part: String) { self.part = part }

    package func beat() { last.store(elapsed, ordering: .relaxed) }

    /// How long there has been none. Time in which the machine sleeps doesn't count.
    package var silence: Duration { .nanoseconds(elapsed - last.load(ordering: .relaxed)) }

    private var elapsed: Int64 { Int64(start.duration(to: .now) / .nanoseconds(1)) }
}
