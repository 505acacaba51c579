package import Archive
package import Pictures
internal import Synchronization
package import SystemPackage
package import Workers

/// Decodes pictures in separate processes, so that a hostile file can crash a process but not the service: judges the
/// files of drops, and gives the pixels of pictures. There is at most one process for each call at a time, and a
/// process serves many requests of up to 64 files. They end when the pool is released.
///
/// If a process dies, a new one is asked about the files of the request again, one at a time; each attempt is committed
/// to the history, if there is one, before it starts. A file is given up after two attempts alone that never ended,
/// whether the process or the whole service died. One death alone doesn't count: the system may have killed the process
/// for other reasons.
///
/// Each process may use `share` bytes of the memory that the limits allow. A file that needs more is decoded again with
/// all of it, one such file at a time, so that all processes together stay small.
package final class DecoderPool: PictureValidator {
    /// What an administrator should know.
    package enum Notice: Sendable, Hashable, CustomStringConvertible {
        /// Processes run without the filter of system calls; the text says why.
        case weakSandbox(String)
        /// A process ended while it decoded that many files.
        case died(files: Int, cause: String)

        package var description: String {
            switch self {
            case .weakSandbox(let problem): problem
            case .died(let files, let cause): "a decoder process died while decoding \(files) files: \(cause)"
            }
        }
    }

    /// How many pictures to ask for at a time: so many small ones fit into one request in any case.
    package static let suggestedGroup = SharedMemory.inputBytes / PictureStore.contentsLimit

    /// In bytes; a progressive photo of 12 megapixels needs 36 MB with the usual sampling.
    static let share = 40 << 20

    private let order: DecoderOrder
    private let attempts: (any DecodingAttempts)?
    private let program: FilePath
    private let notify: @Sendable (Notice) -> Void
    private let idle = Mutex<[DecoderProcess]>([])
    private let living = Mutex<Set<Int32>>([])
    /// Held for a file that needs more than its share of memory.
    private let large = Mutex(())
    private let hasWarned = Atomic(false)

    private var limits: DecodeLimits { order.limits }

    /// Starts no process yet.
    ///
    /// - Parameters:
    ///   - maxFileBytes: larger files can't be decoded.
    ///   - side: height and width of the pictures that ``pictures(_:on:)`` makes, in pixels; nil if files are only
    ///     judged.
    ///   - attempts: where attempts to decode a file alone are recorded; nil for files of which nothing is recorded.
    ///   - program: cultivar itself.
    package init(
        limits: DecodeLimits, maxFileBytes: Int, side: Int? = nil, attempts: (any DecodingAttempts)?,
        program: FilePath = "/proc/self/exe", notify: @escaping @Sendable (Notice) -> Void = { _ in }
    ) {
        order = DecoderOrder(limits: limits, maxFileBytes: maxFileBytes, layout: PixelLayout(side: side ?? 0))
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
        try answers(about: files.map { PictureSource($0) }, side: 0, on: worker).map(\.finding)
    }

    /// The pictures in some files, upright, at the pool's `side` x `side` pixels, in the order of the files. A large
    /// JPEG is scaled down while it is decoded, as long as both of its sides stay at least that long; the rest is
    /// resized as `RGBImage.resized` does it.
    ///
    /// - Throws: ``PictureSizeFailure``, `CancellationError` and problems of the machine: no process can be started, or
    ///   a file can't be read. What is wrong with a picture is its failure.
    package func pictures(
        _ files: [PictureSource], on worker: Worker
    ) throws -> [Result<RGBImage, DecodingFailure>] {
        let side = order.layout.side
        guard PixelLayout.sides.contains(side) else { throw PictureSizeFailure(side: side) }
        return try answers(about: files, side: side, on: worker).map(\.made)
    }

    private func answers(
        about files: [PictureSource], side: Int, on worker: Worker
    ) throws -> [DecoderAnswer] {
        var answers: [DecoderAnswer] = []
        for request in requests(for: files, side: side) {
            try worker.cancellation.check()
            do {
                answers += try ask(about: request, side: side, on: worker)
            } catch let death as DecoderDeath {
                notify(.died(files: request.count, cause: death.description))
                for file in request { answers.append(try askAlone(about: file, side: side, on: worker)) }
            }
        }
        return answers
    }

    /// As many files per request as fit into the memory that is shared; a file that isn't small gets its own request.
    private func requests(for files: [PictureSource], side: Int) -> [[PictureSource]] {
        let most = side == 0 ? DecoderMessages.filesLimit : order.layout.capacity
        var requests: [[PictureSource]] = []
        var room = 0
        for file in files {
            let size = file.smallBytes?.count
            if size ?? .max > room || requests.last.map({ $0.count >= most }) ?? true {
                requests.append([])
                room = SharedMemory.inputBytes
            }
            requests[requests.count - 1].append(file)
            room = size.map { room - $0 } ?? -1
        }
        return requests
    }

    private func askAlone(about file: PictureSource, side: Int, on worker: Worker) throws -> DecoderAnswer {
        var attempt = Attempt(record: attempts, digest: file.digest)
        while true {
            try worker.cancellation.check()
            // If no process can be started, that doesn't count as an attempt.
            keep(try process())
            guard try attempt.begin() else { return try attempt.refuse(because: "the service died each time") }
            do {
                let answers = try ask(about: [file], side: side, on: worker)
                try attempt.end()
                return answers[0]
            } catch let death as DecoderDeath {
                notify(.died(files: 1, cause: death.description))
                if death == .outOfMemory, limits.leaveMemoryToMachine {
                    try attempt.cancel()
                    throw DecodeFailure.outOfMemory
                }
                if attempt.isLast { return try attempt.refuse(because: death.description) }
            } catch {
                // The service has been asked to stop, or no process can be started.
                try attempt.cancel()
                throw error
            }
        }
    }

    private func ask(about files: [PictureSource], side: Int, on worker: Worker) throws -> [DecoderAnswer] {
        var answers = try ask(about: files, side: side, memory: min(Self.share, limits.maxMemory), on: worker)
        guard Self.share < limits.maxMemory else { return answers }
        for index in answers.indices where answers[index].finding.isOfMemory {
            try large.withLock { _ in
                answers[index] = try ask(
                    about: [files[index]], side: side, memory: limits.maxMemory, on: worker)[0]
            }
        }
        return answers
    }

    private func ask(
        about files: [PictureSource], side: Int, memory: Int, on worker: Worker
    ) throws -> [DecoderAnswer] {
        let process = try process()
        do {
            let answers = try process.ask(about: files, side: side, memory: memory, on: worker)
            keep(process)
            return answers
        } catch {
            drop([process])
            // What has killed it may have killed idle ones; these must not count as deaths of a file alone.
            if error is DecoderDeath {
                drop(
                    idle.withLock { idle in
                        defer { idle = [] }
                        return idle
                    })
            }
            throw error
        }
    }

    /// An idle process, or a new one. Nobody else has it until it is kept again.
    private func process() throws -> DecoderProcess {
        if let process = idle.withLock({ $0.popLast() }) { return process }
        let process = try DecoderProcess(program: program, order: order)
        living.withLock { _ = $0.insert(process.identifier) }
        if let warning = process.warning, !hasWarned.exchange(true, ordering: .relaxed) {
            notify(.weakSandbox(warning))
        }
        return process
    }

    private func keep(_ process: DecoderProcess) { idle.withLock { $0.append(process) } }

    /// They end when nobody holds them any more.
    private func drop(_ processes: [DecoderProcess]) {
        living.withLock { living in
            for process in processes { living.remove(process.identifier) }
        }
    }
}

/// Pictures of this size can't be asked for.
package struct PictureSizeFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// In pixels.
    package let side: Int

    package var description: String {
        "pictures of \(side) x \(side) pixels can't be made, only \(PixelLayout.sides.lowerBound) to "
            + "\(PixelLayout.sides.upperBound)"
    }
}

extension DecodeLimits {
    /// Whether memory is limited by the machine alone, as it is for stored pictures.
    fileprivate var leaveMemoryToMachine: Bool { maxMemory >= Self.ofStored.maxMemory }
}

extension ValidationFinding {
    /// Whether more memory might have led to another finding.
    fileprivate var isOfMemory: Bool {
        if case .invalid(code: ReasonCode.tooMuchMemory.rawValue, _, _) = self { true } else { false }
    }
}
