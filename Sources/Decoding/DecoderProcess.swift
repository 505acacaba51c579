internal import CSandbox
internal import Glibc
internal import Pictures
internal import System
internal import SystemPackage
internal import Workers

/// What a decoder process says of one file.
struct DecoderAnswer {
    let finding: ValidationFinding
    /// The picture, if it was asked for and the file is valid.
    let picture: RGBImage?

    /// If it was asked for.
    var made: Result<RGBImage, DecodingFailure> {
        switch finding {
        case .invalid(let code, let reason, _): return .failure(DecodingFailure(code: code, reason: reason))
        case .valid:
            guard let picture else { preconditionFailure("a valid picture without its pixels") }
            return .success(picture)
        }
    }
}

/// A decoder process as the service sees it. For one thread at a time.
final class DecoderProcess: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let errno: Errno
        var description: String { "can't start a decoder process: \(errno)" }
    }

    let identifier: pid_t
    /// The part of the sandbox that this system lacks; nil if it has everything.
    let warning: String?
    private let limits: DecodeLimits
    private let layout: PixelLayout
    private let socket: Int32
    /// The files of a request.
    private let input: SharedMemory
    /// The pictures of an answer; nil if the process only judges.
    private let output: SharedMemory?
    private var hasEnded = false

    /// Starts the process and waits until it has confined itself. Throws ``Failure``.
    init(program: FilePath, order: DecoderOrder) throws {
        limits = order.limits
        layout = order.layout
        do throws(Errno) {
            input = try SharedMemory(input: SharedMemory.inputBytes)
            output = try order.layout.byteCount == 0 ? nil : SharedMemory(output: order.layout.byteCount)
        } catch {
            throw Failure(errno: error)
        }
        (socket, identifier) = try Self.start(
            program, order: order, input: input.descriptor, output: output?.descriptor ?? -1)
        input.closeDescriptor()
        output?.closeDescriptor()
        guard let missing = Self.greeting(from: socket) else {
            csb_end(identifier)
            close(socket)
            throw Failure(errno: .noChildProcess)
        }
        warning = Self.warning(missing: missing)
    }

    deinit { end() }

    /// Its answers about the files. They must fit into one request: either all of them are small and not more than the
    /// layout's capacity, or there is a single one. Throws ``DecoderDeath`` if it gave no answer; the process has ended
    /// then.
    ///
    /// - Parameters:
    ///   - side: of the pictures to make: the layout's, or 0 if the files are only to be judged.
    ///   - memory: in bytes, instead of the limits' `maxMemory`, which isn't smaller.
    func ask(
        about files: [PictureSource], side: Int, memory: Int, on worker: Worker
    ) throws -> [DecoderAnswer] {
        do {
            try request(files, side: side, memory: memory)
            let findings = try DecoderMessages.decode(reply(on: worker), count: files.count, limits: limits)
            return findings.enumerated().map { index, finding in
                DecoderAnswer(finding: finding, picture: finding.isValid && side > 0 ? picture(at: index) : nil)
            }
        } catch let death as DecoderDeath {
            throw end().map { .signal($0) } ?? death
        } catch {
            end()
            throw error
        }
    }

    /// Any bytes are a picture, whoever wrote them; they are copied once, so that they can't change any more.
    private func picture(at index: Int) -> RGBImage? {
        guard let output else { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: output.bytes[layout.range(of: index)])
        return RGBImage(width: layout.side, height: layout.side, pixels: [UInt8](bytes))
    }

    /// Ends it, and returns the signal that had killed it before.
    @discardableResult
    private func end() -> Int32? {
        guard !hasEnded else { return nil }
        hasEnded = true
        close(socket)
        let signal = csb_end(identifier)
        return signal > 0 && signal != SIGKILL ? signal : nil
    }

    private func request(_ files: [PictureSource], side: Int, memory: Int) throws {
        var pieces: [DecoderPiece] = []
        var offset = 0
        for file in files {
            pieces.append(DecoderPiece(memory: memory, offset: offset, count: file.byteCount, side: side))
            guard let bytes = file.smallBytes else { continue }
            input.write(bytes, at: offset)
            offset += bytes.count
        }
        guard csb_allow_seconds(identifier, limits.maxSeconds * 2) == 0 else { throw DecoderDeath.exited }
        try pieces.withUnsafeBytes { message in
            guard let file = files.first, file.smallBytes == nil else { return try send(message, descriptor: -1) }
            switch file.contents {
            case .file(let path, _): try Files.reading(path) { try send(message, descriptor: $0.rawValue) }
            case .bytes(let bytes): try send(message, with: bytes)
            }
        }
    }

    /// Many bytes get memory of their own.
    private func send(_ message: UnsafeRawBufferPointer, with bytes: [UInt8]) throws {
        let memory = try SharedMemory(input: bytes.count)
        memory.write(bytes, at: 0)
        try send(message, descriptor: memory.descriptor)
    }

    private func send(_ message: UnsafeRawBufferPointer, descriptor: Int32) throws {
        guard csb_send(socket, message.baseAddress, message.count, descriptor) == message.count else {
            throw DecoderDeath.exited
        }
    }

    /// Normally the processor time limit ends the process; this is for a process that was stopped.
    private func reply(on worker: Worker) throws -> [UInt8] {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60 + 20 * limits.maxSeconds))
        while csb_wait(socket, 200) == 0 {
            try worker.cancellation.check()
            if ContinuousClock.now > deadline { throw DecoderDeath.tooSlow }
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: DecoderMessages.replyCapacity) { buffer, count in
            count = Self.receive(into: UnsafeMutableRawBufferPointer(buffer), from: socket)
        }
        guard !bytes.isEmpty else { throw DecoderDeath.exited }
        return bytes
    }
}

extension DecoderProcess.Failure: MachineProblem {
    var isOfMachine: Bool { true }
}

extension ValidationFinding {
    fileprivate var isValid: Bool {
        if case .valid = self { true } else { false }
    }
}

extension DecoderProcess {
    private static func start(
        _ program: FilePath, order: DecoderOrder, input: Int32, output: Int32
    ) throws(Failure) -> (socket: Int32, identifier: pid_t) {
        var ends: [Int32] = [-1, -1]
        guard csb_socket_pair(&ends) == 0 else { throw Failure(errno: currentErrno) }
        var identifier: pid_t = 0
        let arguments = cStrings(["cultivar", DecoderChild.command] + order.arguments)
        let environment = cStrings(childEnvironment)
        let result = program.withPlatformString {
            csb_spawn($0, arguments, environment, ends[1], input, output, &identifier)
        }
        let failure = Failure(errno: currentErrno)
        for string in arguments + environment { free(string) }
        close(ends[1])
        guard result == 0 else {
            close(ends[0])
            throw failure
        }
        return (ends[0], identifier)
    }

    /// What the process sends when it is ready; nil if it sends nothing.
    private static func greeting(from socket: Int32) -> Int32? {
        guard csb_wait(socket, 30_000) == 1 else { return nil }
        var byte: UInt8 = 0
        let count = withUnsafeMutableBytes(of: &byte) { receive(into: $0, from: socket) }
        return count == 1 ? Int32(byte) : nil
    }

    /// How many bytes were received; 0 if there are no more.
    private static func receive(into buffer: UnsafeMutableRawBufferPointer, from socket: Int32) -> Int {
        var descriptor: Int32 = -1
        let count = csb_receive(socket, buffer.baseAddress, buffer.count, &descriptor)
        // The child should never send a descriptor.
        if descriptor >= 0 { close(descriptor) }
        return max(count, 0)
    }

    /// One thread, and the libraries of the service.
    private static var childEnvironment: [String] {
        let path = getenv("LD_LIBRARY_PATH").map { ["LD_LIBRARY_PATH=" + String(cString: $0)] } ?? []
        return path + ["OPENBLAS_NUM_THREADS=1", "SWIFT_BACKTRACE=enable=no"]
    }

    private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }

    private static func warning(missing: Int32) -> String? {
        if missing & Int32(CSB_NO_FILTER.descriptor) != 0 {
            return "this system has no system call filters: a picture that takes over the decoder isn't confined"
        }
        return missing == 0 ? nil : "not all resource limits of the decoder could be set"
    }

    private static var currentErrno: Errno { Errno(rawValue: errno) }
}
