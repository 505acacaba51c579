internal import Synchronization

/// The last sign of life of one part of the service.
///
/// Its loop beats about once a second while there is nothing to do. Work beats at every step: an entry scanned, a file
/// copied, a request to a decoder process, a batch recorded, a group of pictures passed through a backbone, a batch of
/// rows trained on. A beat costs a few nanoseconds.
package final class Heartbeat: Sendable {
    /// How long a part may be silent. This is much longer than its longest step normally takes, even on a slow machine:
    /// synchronising a disk that others write to as well, a VGG16 at 1024 pixels, reading a large backbone or the
    /// features of a large data set, or writing and testing a model. systemd's own time (`WatchdogSec`) is added: it
    /// starts with the last ping.
    package static let allowance = Duration.seconds(900)

    /// Its name in messages: "the intake".
    package let part: String
    private let start = SuspendingClock.now
    /// Nanoseconds since `start`.
    private let last = Atomic<Int64>(0)

    /// Starts as if it had just beaten.
    package init(_ part: String) { self.part = part }

    /// Notes that the part is alive now; from any thread.
    package func beat() { last.store(elapsed, ordering: .relaxed) }

    /// How long there has been no beat. Time in which the machine sleeps doesn't count.
    package var silence: Duration { .nanoseconds(elapsed - last.load(ordering: .relaxed)) }

    private var elapsed: Int64 { Int64(start.duration(to: .now) / .nanoseconds(1)) }
}
