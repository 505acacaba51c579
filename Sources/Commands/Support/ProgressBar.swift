internal import Foundation
internal import Status
internal import Synchronization
internal import System

/// A bar on one line of the terminal that shows a run's progress; nothing where standard error is no terminal.
final class ProgressBar: Sendable {
    let isShown = Terminal.isErrorShown
    private let width = Mutex(0)
    private let announced = Mutex<String?>(nil)
    private let nextUpdate = Mutex(ContinuousClock.now + .seconds(2))

    func show(_ status: ServiceStatus) { show(status.summary, done: status.done, of: status.total) }

    /// Says what is under way, should it still be after two seconds. For work that can't tell how far it is.
    func announce(_ text: String) {
        guard isShown else { return }
        announced.withLock { $0 = text }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2) { [self] in
            announced.withLock { if $0 == text { write("\(TerminalText.escaped(text))…") } }
        }
    }

    /// The same for work that is mostly over at once: nothing in the first two seconds, and then ten times a second.
    ///
    /// May be called as often as one likes, from any thread.
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
            // A terminal that has gone away is no reason to stop training.
            try? FileHandle.standardError.write(contentsOf: Data("\r\(line)\(rest)\(line.isEmpty ? "\r" : "")".utf8))
        }
    }

    private static let length = 24
}
