internal import Glibc

/// The wall clock.
package enum SystemTime {
    /// Since 1970. It jumps when somebody sets the clock.
    package static var nowInNanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
