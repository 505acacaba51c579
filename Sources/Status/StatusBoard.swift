package import Foundation
internal import Synchronization
package import SystemPackage

/// Holds the service's status: others change it, from any thread. Progress is passed on at most once per `interval`,
/// and other changes immediately.
///
/// Readers find it in the state folder as a JSON file that is replaced as a whole. It isn't a history: nothing is lost
/// if a power cut destroys it.
package final class StatusBoard: Sendable {
    private struct State {
        var status: ServiceStatus
        var published = Date.distantPast
        var phaseStarted = Date()
        /// What an earlier process had done of this phase.
        var doneBefore = 0
        var faults: [Part: ServiceFault] = [:]

        /// What stops the service from working: the sentences of all parts, in their order; nil if nothing does.
        var degraded: String? {
            let sentences = Part.allCases.compactMap { faults[$0]?.text }
            return sentences.isEmpty ? nil : sentences.joined(separator: "; ")
        }
    }

    /// The parts that can be blocked, independently of each other.
    package enum Part: CaseIterable, Sendable {
        case progress, inbox, watch, intake, training, run, outbox, features, backup
    }

    private let state: Mutex<State>
    private let file: FilePath?
    private let interval: TimeInterval
    private let listener: @Sendable (ServiceStatus) -> Void

    /// - Parameters:
    ///   - file: where readers find the status; nil keeps it in memory.
    ///   - interval: seconds between two publications of progress.
    ///   - listener: called with each published status, on the thread that changed it.
    package init(
        file: FilePath?, interval: TimeInterval = 0.5, listener: @escaping @Sendable (ServiceStatus) -> Void = { _ in }
    ) {
        let processID = ProcessInfo.processInfo.processIdentifier
        state = Mutex(State(status: ServiceStatus(processID: processID, updated: Date())))
        self.file = file
        self.interval = interval
        self.listener = listener
    }

    /// The latest status, which may not have been published yet.
    package var status: ServiceStatus { state.withLock { $0.status } }

    /// Begins a phase of a run: information on the previous phase is cleared. It is published immediately.
    ///
    /// - Parameter done: what an earlier process has done of it; this isn't used for the speed.
    package func begin(_ phase: ServiceStatus.Phase, run: Int64?, done: Int = 0, total: Int = 0) {
        update(immediately: true) { state in
            state.phaseStarted = Date()
            state.status.phase = phase
            state.status.run = run
            state.doneBefore = done
            state.status.done = done
            state.status.total = total
            state.status.detail = nil
            state.status.secondsLeft = nil
            if phase == .idle || phase == .extracting { state.status.bestAccuracy = nil }
        }
    }

    /// Records progress within the phase; the remaining time is estimated from the speed so far. What is nil stays as
    /// it is.
    package func advance(to done: Int, of total: Int? = nil, detail: String? = nil, bestAccuracy: Double? = nil) {
        update(immediately: false) { state in
            state.status.done = done
            if let total { state.status.total = total }
            state.status.detail = detail ?? state.status.detail
            state.status.bestAccuracy = bestAccuracy ?? state.status.bestAccuracy
            let elapsed = Date().timeIntervalSince(state.phaseStarted)
            let speed = Double(done - state.doneBefore) / elapsed
            state.status.secondsLeft =
                speed > 0 && elapsed > 1 ? Double(max(0, state.status.total - done)) / speed : nil
        }
    }

    /// Sets the sentence about the last drop.
    package func noteDrop(_ text: String) { update(immediately: true) { $0.status.lastDrop = text } }

    /// Sets the sentence about what keeps decoder processes from being confined. It stays: the system won't change.
    package func noteWeakSandbox(_ text: String) { update(immediately: true) { $0.status.weakSandbox = text } }

    /// Sets what stops a part of the service from working, nil if nothing does any more; returns what did before.
    /// It is published if the sentences change.
    @discardableResult
    package func setDegraded(_ fault: ServiceFault?, in part: Part) -> ServiceFault? {
        let (before, isNews) = state.withLock { state in
            let before = state.faults[part]
            state.faults[part] = fault
            return (before, state.degraded != state.status.degraded)
        }
        if isNews { update(immediately: true) { $0.status.degraded = $0.degraded } }
        return before
    }

    /// What the process that owns `file` last published; nil if there is nothing, or nothing that this user and this
    /// release can read.
    package static func read(from file: FilePath) -> ServiceStatus? {
        guard let data = StatusFile.read(file) else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        return try? decoder.decode(ServiceStatus.self, from: data)
    }

    private func update(immediately: Bool, _ change: (inout State) -> Void) {
        let due: ServiceStatus? = state.withLock { state in
            change(&state)
            let now = Date()
            state.status.updated = now
            guard immediately || now.timeIntervalSince(state.published) >= interval else { return nil }
            state.published = now
            write(state.status)
            return state.status
        }
        if let due { listener(due) }
    }

    /// If a status can't be written, that must not stop the work: the listener still gets it.
    private func write(_ status: ServiceStatus) {
        guard let file else { return }
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        guard let data = try? encoder.encode(status) else { return }
        StatusFile.write(data, to: file)
    }
}
