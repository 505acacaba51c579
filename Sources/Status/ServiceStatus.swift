package import Foundation

/// What the service is doing now, as `cultivar status` and systemd show it.
package struct ServiceStatus: Codable, Sendable, Equatable {
    package enum Phase: String, Codable, Sendable {
        case idle, extracting, searching, refitting, evaluating, publishing
    }

    package var processID: Int32
    /// When it last changed.
    package var updated: Date
    package var phase: Phase = .idle
    /// The number of the run in progress; nil if there is none.
    package var run: Int64?
    /// Work done in this phase: pictures while extracting, trials while searching, epochs in the refit, else 0.
    package var done = 0
    /// All work of this phase, in the same unit; 0 if it isn't counted.
    package var total = 0
    /// The progress in words, such as "trial 5 of 18, candidate 2, fold 2, epoch 7 of 30"; nil if the phase has none.
    package var detail: String?
    /// The best mean accuracy, 0...1, of the candidates finished so far.
    package var bestAccuracy: Double?
    /// Until the end of the phase, estimated from the speed so far; nil if that isn't known.
    package var secondsLeft: Double?
    /// The last drop that was taken, as a sentence.
    package var lastDrop: String?
    /// What stops the service from working, as a sentence; nil if nothing does.
    package var degraded: String?
    /// What keeps pictures from being decoded in full confinement on this system, as a sentence; nil if nothing does, or
    /// if none has been decoded yet.
    package var weakSandbox: String?

    /// One line for `systemctl status` and logs.
    package var summary: String {
        var parts: [String] = []
        if let degraded { parts.append("degraded: \(degraded)") }
        if let run, phase != .idle {
            parts.append("run \(run): \(phase.rawValue)")
        } else {
            parts.append("watching the inbox")
        }
        if let bestAccuracy { parts.append("best \(Self.percent(bestAccuracy))") }
        if let secondsLeft { parts.append("about \(Self.timeSpan(secondsLeft)) left") }
        if let detail { parts.append(detail) } else if phase != .idle, total > 0 { parts.append("\(done) of \(total)") }
        if phase == .idle, let lastDrop { parts.append(lastDrop) }
        return parts.joined(separator: ", ")
    }

    /// A share (0...1) in percent with one decimal, such as "84.6 %".
    package static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

    /// A number of bytes with a unit, such as "1.2 GB".
    package static func size(_ bytes: Int) -> String {
        let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        guard let (size, name) = units.first(where: { Double(bytes) >= $0.0 }) else { return "\(bytes) bytes" }
        return String(format: "%.1f ", Double(bytes) / size) + name
    }

    /// A number of seconds, rounded up, in its largest two units, such as "3 min 20 s".
    package static func timeSpan(_ seconds: Double) -> String {
        let whole = Int(exactly: seconds.rounded(.up)) ?? .max
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
