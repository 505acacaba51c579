internal import CSandbox
internal import Glibc
internal import Pictures

/// The inside of a decoder process: the same program, started again with nothing but a socket and a piece of memory.
///
/// It judges the bytes that the service puts there, and can do nothing else: before it reads any of them, it gives up
/// opening files, starting processes and programs, and every system call except those for memory, the clock and its
/// socket.
package enum DecoderChild {
    /// The first argument that makes a process a decoder.
    static let command = "decode-pictures"

    /// Whether this process was started to decode pictures.
    package static var isWanted: Bool { CommandLine.argc > 1 && CommandLine.arguments[1] == command }

    /// What the process needs to know: the rest of its arguments.
    struct Order {
        var limits: DecodeLimits
        /// The size of the shared memory in bytes.
        var sharedBytes: Int
        /// The largest file that is passed as a descriptor, in bytes.
        var maxFileBytes: Int

        var arguments: [String] {
            [
                command, "\(limits.maxSide)", "\(limits.maxPixels)", "\(limits.maxScans)", "\(limits.maxSeconds)",
                "\(limits.maxMemory)", "\(sharedBytes)", "\(maxFileBytes)",
            ]
        }

        init(limits: DecodeLimits, sharedBytes: Int, maxFileBytes: Int) {
            (self.limits, self.sharedBytes, self.maxFileBytes) = (limits, sharedBytes, maxFileBytes)
        }

        fileprivate init?(arguments: [String]) {
            let numbers = arguments.compactMap { Double($0) }
            guard numbers.count == 7, arguments.count == 7 else { return nil }
            limits = DecodeLimits(
                maxSide: Int(numbers[0]), maxPixels: Int(numbers[1]), maxScans: Int(numbers[2]),
                maxSeconds: numbers[3], maxMemory: Int(numbers[4]))
            (sharedBytes, maxFileBytes) = (Int(numbers[5]), Int(numbers[6]))
        }
    }

    /// In addition to libjpeg's memory and the file itself: rows, tables, this program's own memory.
    private static let slack = 96 << 20

    /// Judges files until the service closes the socket.
    package static func run() -> Never {
        guard let order = Order(arguments: Array(CommandLine.arguments.dropFirst(2))),
            let shared = map(CSB_MEMORY.descriptor, count: order.sharedBytes)
        else { _exit(64) }
        let judge = PictureJudge(limits: order.limits)
        // What a process sets up at its first picture may be forbidden later.
        _ = DecoderMessages.encode([
            Result { () throws(DecodeFailure) in try judge.finding(of: .init(rebasing: shared[..<1])) }
        ])
        let missing = csb_lock_down(UInt64(order.limits.maxMemory + order.maxFileBytes + slack))
        guard missing >= 0, send([UInt8(truncatingIfNeeded: missing)]) else { _exit(65) }
        while serve(order.limits, shared: shared) {}
        _exit(0)
    }

    /// Answers one request; false at the end.
    private static func serve(_ limits: DecodeLimits, shared: UnsafeRawBufferPointer) -> Bool {
        var file: Int32 = -1
        let pieces = withUnsafeTemporaryAllocation(of: DecoderPiece.self, capacity: DecoderMessages.filesLimit) {
            buffer in
            let count = csb_receive(
                CSB_SOCKET.descriptor, buffer.baseAddress, buffer.count * MemoryLayout<DecoderPiece>.stride, &file)
            return Array(buffer.prefix(max(count, 0) / MemoryLayout<DecoderPiece>.stride))
        }
        guard !pieces.isEmpty else { return false }
        let findings = pieces.map { piece in
            Result { () throws(DecodeFailure) in
                var limits = limits
                limits.maxMemory = piece.memory
                let judge = PictureJudge(limits: limits)
                guard file < 0 else { return try finding(ofFile: file, count: Int(piece.count), judge: judge) }
                let bytes = UnsafeRawBufferPointer(rebasing: shared[Int(piece.offset)...].prefix(Int(piece.count)))
                return try judge.finding(of: bytes)
            }
        }
        if file >= 0 { close(file) }
        return send(DecoderMessages.encode(findings))
    }

    private static func finding(
        ofFile file: Int32, count: Int, judge: PictureJudge
    ) throws(DecodeFailure) -> ValidationFinding {
        guard let bytes = map(file, count: count) else { throw .outOfMemory }
        defer { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), count) }
        return try judge.finding(of: bytes)
    }

    private static func map(_ descriptor: Int32, count: Int) -> UnsafeRawBufferPointer? {
        let address = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else { return nil }
        return UnsafeRawBufferPointer(start: address, count: count)
    }

    private static func send(_ bytes: [UInt8]) -> Bool {
        csb_send(CSB_SOCKET.descriptor, bytes, bytes.count, -1) == bytes.count
    }
}

/// Where the bytes of a file in a request are: in the shared memory, or from 0 on in the descriptor that is sent with
/// it.
struct DecoderPiece {
    /// The memory limit for decoding it, in bytes.
    var memory: Int
    var offset: UInt32
    var count: UInt32
}

extension RawRepresentable where RawValue: BinaryInteger {
    /// An enumeration's constant as the number of a descriptor.
    var descriptor: Int32 { Int32(rawValue) }
}

extension BinaryInteger {
    /// The same, if the constant is imported as a plain integer.
    var descriptor: Int32 { Int32(self) }
}
