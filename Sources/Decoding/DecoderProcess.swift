internal import Archive
internal import CSandbox
internal import Glibc
internal import Pictures
internal import System
internal import SystemPackage
internal import Workers

/// A decoder process as the service sees it. For one thread at a time.
final class DecoderProcess: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let errno: Errno
        var description: String { "can't start a decoder process: \(errno)" }
    }

    /// Files up to the store's `PictureStore.contentsLimit` are passed through memory of this size, at most 64 at a
    /// time.
    static let sharedBytes = 4 << 20

    let identifier: pid_t
    /// The part of the sandbox that this system lacks; nil if it has everything.
    let warning: String?
    private let limits: DecodeLimits
    private let socket: Int32
    private let shared: UnsafeMutableRawBufferPointer
    private var hasEnded = false

    /// Starts the process and waits until it has confined itself. Throws ``Failure``.
    init(program: FilePath, limits: DecodeLimits, maxFileBytes: Int) throws {
        self.limits = limits
        var address: UnsafeMutableRawPointer?
        let memory = csb_shared_memory(Self.sharedBytes, &address)
        guard memory >= 0, let address else { throw Failure(errno: Self.currentErrno) }
        defer { close(memory) }
        shared = UnsafeMutableRawBufferPointer(start: address, count: Self.sharedBytes)
        let order = DecoderChild.Order(limits: limits, sharedBytes: Self.sharedBytes, maxFileBytes: maxFileBytes)
        do {
            (socket, identifier) = try Self.start(program, order: order, memory: memory)
        } catch {
            munmap(address, Self.sharedBytes)
            throw error
        }
        guard let missing = Self.greeting(from: socket) else {
            csb_end(identifier)
            close(socket)
            munmap(address, Self.sharedBytes)
            throw Failure(errno: .noChildProcess)
        }
        warning = Self.warning(missing: missing)
    }

    deinit {
        end()
        munmap(shared.baseAddress, shared.count)
    }

    /// Its findings for the files. Their number and size must fit into one request: either all are in memory, or there
    /// is a single one that isn't. Throws ``DecoderDeath`` if it gave no answer; the process has ended then.
    ///
    /// - Parameter memory: in bytes, instead of the limits' `maxMemory`, which isn't smaller.
    func judge(_ files: [StagedPicture], memory: Int, on worker: Worker) throws -> [ValidationFinding] {
        do {
            try request(files, memory: memory)
            let reply = try reply(on: worker)
            return try DecoderMessages.decode(reply, count: files.count, limits: limits)
        } catch let death as DecoderDeath {
            throw end().map { .signal($0) } ?? death
        } catch {
            end()
            throw error
        }
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

    private func request(_ files: [StagedPicture], memory: Int) throws {
        var pieces: [DecoderPiece] = []
        var offset = 0
        for file in files {
            pieces.append(DecoderPiece(memory: memory, offset: UInt32(offset), count: UInt32(file.byteCount)))
            guard let contents = file.contents else { continue }
            contents.withUnsafeBytes { shared[offset...].copyBytes(from: $0) }
            offset += contents.count
        }
        guard csb_allow_seconds(identifier, limits.maxSeconds * 2) == 0 else { throw DecoderDeath.exited }
        try pieces.withUnsafeBytes { bytes in
            guard let file = files.first, file.contents == nil else { return try send(bytes, descriptor: -1) }
            try Files.reading(file.path) { try send(bytes, descriptor: $0.rawValue) }
        }
    }

    private func send(_ bytes: UnsafeRawBufferPointer, descriptor: Int32) throws {
        guard csb_send(socket, bytes.baseAddress, bytes.count, descriptor) == bytes.count else {
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

extension DecoderProcess {
    private static func start(
        _ program: FilePath, order: DecoderChild.Order, memory: Int32
    ) throws(Failure) -> (socket: Int32, identifier: pid_t) {
        var ends: [Int32] = [-1, -1]
        guard csb_socket_pair(&ends) == 0 else { throw Failure(errno: currentErrno) }
        var identifier: pid_t = 0
        let arguments = cStrings(["cultivar"] + order.arguments)
        let environment = cStrings(childEnvironment)
        let result = program.withPlatformString {
            csb_spawn($0, arguments, environment, ends[1], memory, &identifier)
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
