package import Archive
package import Pictures
internal import Records
internal import Synchronization
package import SystemPackage
package import Workers

/// Judges pictures in separate processes, one per worker, so that a hostile file can crash a process but not the
/// service. A process judges many files, up to 64 per request.
///
/// If a process dies, a new one judges the files of the request again, one at a time; each attempt is committed to the
/// history before it starts. A file is rejected after two attempts alone that never ended, whether the process or the
/// whole service died. One death alone doesn't count: the system may have killed the process for other reasons.
///
/// Each process may use `share` bytes of the memory that the limits allow. A file that needs more is judged again with
/// all of it, one such file at a time, so that all processes together stay small.
package final class DecoderPool: PictureValidator {
    /// What an administrator should know.
    package enum Notice: Sendable, Hashable, CustomStringConvertible {
        /// Processes run without the filter of system calls; the text says why.
        case weakSandbox(String)
        /// A process ended while it judged that many files.
        case died(files: Int, cause: String)

        package var description: String {
            switch self {
            case .weakSandbox(let problem): problem
            case .died(let files, let cause): "a decoder process died while judging \(files) files: \(cause)"
            }
        }
    }

    private static let attemptLimit = 2
    /// In bytes; a progressive photo of 12 megapixels needs 36 MB with the usual sampling.
    static let share = 40 << 20

    private let limits: DecodeLimits
    private let maxFileBytes: Int
    private let attempts: any DecodingAttempts
    private let program: FilePath
    private let notify: @Sendable (Notice) -> Void
    /// The idle processes, by worker.
    private let idle = Mutex<[Int: DecoderProcess]>([:])
    private let living = Mutex<Set<Int32>>([])
    /// Held by the worker whose file needs more than its share of memory.
    private let large = Mutex(())
    private let hasWarned = Atomic(false)

    /// - Parameters:
    ///   - maxFileBytes: larger files aren't judged.
    ///   - program: cultivar itself.
    package init(
        limits: DecodeLimits, maxFileBytes: Int,
        attempts: any DecodingAttempts, program: FilePath = "/proc/self/exe",
        notify: @escaping @Sendable (Notice) -> Void = { _ in }
    ) {
        self.limits = limits
        self.maxFileBytes = maxFileBytes
        self.attempts = attempts
        self.program = program
        self.notify = notify
    }

    /// The existing processes.
    package var processes: Set<Int32> { living.withLock { $0 } }

    /// - Throws: `CancellationError` and problems of the machine. What is wrong with a file is a finding.
    package func validate(
        _ files: [StagedPicture], in store: PictureStore, on worker: Worker
    ) throws -> [ValidationFinding] {
        var findings: [ValidationFinding] = []
        for request in Self.requests(for: files) {
            try worker.cancellation.check()
            do {
                findings += try ask(about: request, on: worker)
            } catch let death as DecoderDeath {
                notify(.died(files: request.count, cause: death.description))
                for file in request { findings.append(try askAlone(about: file, on: worker)) }
            }
        }
        return findings
    }

    /// As many files per request as fit into the shared memory; a large file, which isn't in memory, gets its own
    /// request.
    private static func requests(for files: [StagedPicture]) -> [[StagedPicture]] {
        var requests: [[StagedPicture]] = []
        var room = 0
        for file in files {
            let isLarge = file.contents == nil
            if isLarge || file.byteCount > room || requests.last.map({ $0.count >= DecoderMessages.filesLimit }) ?? true
            {
                requests.append([])
                room = DecoderProcess.sharedBytes
            }
            requests[requests.count - 1].append(file)
            room = isLarge ? 0 : room - file.byteCount
        }
        return requests
    }

    private func askAlone(about file: StagedPicture, on worker: Worker) throws -> ValidationFinding {
        while true {
            try worker.cancellation.check()
            // If no process can be started, that doesn't count as an attempt.
            if idle.withLock({ $0[worker.index] == nil }) {
                let process = try start()
                idle.withLock { $0[worker.index] = process }
            }
            let earlier = try attempts.beginAttempt(on: file.digest, at: .now)
            guard earlier < Self.attemptLimit else { return try refuse(file, because: "the service died each time") }
            do {
                let finding = try ask(about: [file], on: worker)
                try attempts.endAttempt(on: file.digest)
                return finding[0]
            } catch let death as DecoderDeath {
                notify(.died(files: 1, cause: death.description))
                if earlier + 1 == Self.attemptLimit { return try refuse(file, because: death.description) }
            } catch {
                // The service has been asked to stop, or no process can be started.
                try attempts.cancelAttempt(on: file.digest)
                throw error
            }
        }
    }

    /// If the same file is dropped again, counting starts again.
    private func refuse(_ file: StagedPicture, because cause: String) throws -> ValidationFinding {
        try attempts.endAttempt(on: file.digest)
        return .invalid(
            code: "killed_decoder", reason: "it killed the decoder, even alone: \(cause)", mayBeIncomplete: false)
    }

    private func ask(about files: [StagedPicture], on worker: Worker) throws -> [ValidationFinding] {
        var findings = try ask(about: files, memory: min(Self.share, limits.maxMemory), on: worker)
        guard Self.share < limits.maxMemory else { return findings }
        for index in findings.indices where findings[index].isOfMemory {
            try large.withLock { _ in
                findings[index] = try ask(about: [files[index]], memory: limits.maxMemory, on: worker)[0]
            }
        }
        return findings
    }

    private func ask(about files: [StagedPicture], memory: Int, on worker: Worker) throws -> [ValidationFinding] {
        let process = try idle.withLock { $0.removeValue(forKey: worker.index) } ?? start()
        do {
            let findings = try process.judge(files, memory: memory, on: worker)
            idle.withLock { $0[worker.index] = process }
            return findings
        } catch {
            living.withLock { _ = $0.remove(process.identifier) }
            throw error
        }
    }

    private func start() throws -> DecoderProcess {
        let process = try DecoderProcess(program: program, limits: limits, maxFileBytes: maxFileBytes)
        living.withLock { _ = $0.insert(process.identifier) }
        if let warning = process.warning, !hasWarned.exchange(true, ordering: .relaxed) {
            notify(.weakSandbox(warning))
        }
        return process
    }
}
