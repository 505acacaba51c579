internal import Foundation
internal import Status
internal import Synchronization
internal import System

/// A bar on one line of the terminal that shows a run's progress; nothing if standard error isn't a terminal.
final class ProgressBar: Sendable {
    let isShown = Terminal.isErrorShown
    private let width = Mutex(0)
    private let announced = Mutex<String?>(nil)
    private let nextUpdate = Mutex(ContinuousClock.now + .seconds(2))

    func show(_ status: ServiceStatus) { show(status.summary, done: status.done, of: status.total) }

    /// Shows what is in progress if it isn't done after two seconds. For work that can't report its progress.
    func announce(_ text: String) {
        guard isShown else { return }
        announced.withLock { $0 = text }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2) { [self] in
            announced.withLock { if $0 == text { write("\(TerminalText.escaped(text))…") } }
        }
    }

    /// The same for work that is usually quick: shows nothing in the first two seconds, then updates ten times a
    /// second.
    ///
    /// May be called any number of times, from any thread.
    func showWhenLong(_ text: @autoclosure () -> String, done: Int, of total: Int) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let isDue = nextUpdate.withLock { next in
            guard now >= next else { return false }
            next = now + .milliseconds(100)
            return true
        }
        guard isDue else { return }
        announced.withLock { $0 = nil }
        show(text(), done: done, of: total)
    }

    private func show(_ text: String, done: Int, of total: Int) {
        guard isShown else { return }
        let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
        let filled = Int(share * Double(Self.length))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.length - filled)
        write("\(bar) \(TerminalText.escaped(text))")
    }

    func clear() {
        guard isShown else { return }
        announced.withLock { $0 = nil }
        write("")
    }

    private func write(_ text: String) {
        let line = String(text.prefix(Terminal.columns))
        width.withLock { width in
            let rest = String(repeating: " ", count: max(0, width - line.count))
            width = line.count
            // If the terminal is gone, training must go on.
            try? FileHandle.standardError.write(contentsOf: Data("\r\(line)\(rest)\(line.isEmpty ? "\r" : "")".utf8))
        }
    }

    private static let length = 24
}
