internal import Glibc

/// Standard output and error, be they a terminal or not.
package enum Terminal {
    package static let isOutputShown = isatty(STDOUT_FILENO) == 1
    package static let isErrorShown = isatty(STDERR_FILENO) == 1

    /// How many columns the terminal of standard error has; 100 where that isn't known.
    package static var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) - 1 : 100
    }
}
