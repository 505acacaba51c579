internal import CSandbox
internal import Glibc

/// The inside of a decoder process: the same program, started again with nothing but a socket, a piece of memory that
/// the service writes, and one that it writes itself.
///
/// It decodes the bytes that the service gives it, and can do nothing else: before it reads any of them, it gives up
/// opening files, starting processes and programs, and every system call except those for memory, the clock and its
/// socket.
package enum DecoderChild {
    /// The first argument that makes a process a decoder.
    static let command = "decode-pictures"

    /// Whether this process was started to decode pictures.
    package static var isWanted: Bool { CommandLine.argc > 1 && CommandLine.arguments[1] == command }

    /// Decodes files until the service closes the socket.
    package static func run() -> Never {
        guard let order = DecoderOrder(arguments: Array(CommandLine.arguments.dropFirst(2))), let desk = Desk(order)
        else { _exit(64) }
        WarmUp.run(limits: order.limits)
        let missing = csb_lock_down(order.addressSpace)
        guard missing >= 0, send([UInt8(truncatingIfNeeded: missing)]) else { _exit(65) }
        while desk.serve() {}
        _exit(0)
    }

    fileprivate static func send(_ bytes: [UInt8]) -> Bool {
        csb_send(CSB_SOCKET.descriptor, bytes, bytes.count, -1) == bytes.count
    }
}

/// A decoder process with its memory.
private struct Desk {
    let limits: DecodeLimits
    /// The files of a request.
    let input: UnsafeRawBufferPointer
    /// The pictures of an answer.
    let output: UnsafeMutableRawBufferPointer

    /// Nil if the memory isn't there.
    init?(_ order: DecoderOrder) {
        let layout = order.layout
        let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        guard let input = Self.map(CSB_INPUT.descriptor, count: SharedMemory.inputBytes, PROT_READ),
            let output = layout.byteCount == 0
                ? nothing : Self.map(CSB_OUTPUT.descriptor, count: layout.byteCount, PROT_READ | PROT_WRITE)
        else { return nil }
        limits = order.limits
        self.input = UnsafeRawBufferPointer(input)
        self.output = output
    }

    /// Answers one request; false at the end.
    func serve() -> Bool {
        var file: Int32 = -1
        let pieces = receive(&file)
        guard !pieces.isEmpty else { return false }
        var findings: [Result<ValidationFinding, DecodeFailure>] = []
        for (index, piece) in pieces.enumerated() {
            findings.append(Result { () throws(DecodeFailure) in try finding(on: piece, file: file, index: index) })
        }
        if file >= 0 { close(file) }
        return DecoderChild.send(DecoderMessages.encode(findings))
    }

    private func receive(_ file: inout Int32) -> [DecoderPiece] {
        withUnsafeTemporaryAllocation(of: DecoderPiece.self, capacity: DecoderMessages.filesLimit) { buffer in
            let count = csb_receive(
                CSB_SOCKET.descriptor, buffer.baseAddress, buffer.count * MemoryLayout<DecoderPiece>.stride, &file)
            return Array(buffer.prefix(max(count, 0) / MemoryLayout<DecoderPiece>.stride))
        }
    }

    private func finding(
        on piece: DecoderPiece, file: Int32, index: Int
    ) throws(DecodeFailure) -> ValidationFinding {
        guard file >= 0 else {
            let bytes = UnsafeRawBufferPointer(rebasing: input[piece.offset...].prefix(piece.count))
            return try finding(on: piece, bytes: bytes, index: index)
        }
        guard let bytes = Self.map(file, count: piece.count, PROT_READ) else { throw .outOfMemory }
        defer { munmap(bytes.baseAddress, bytes.count) }
        return try finding(on: piece, bytes: UnsafeRawBufferPointer(bytes), index: index)
    }

    private func finding(
        on piece: DecoderPiece, bytes: UnsafeRawBufferPointer, index: Int
    ) throws(DecodeFailure) -> ValidationFinding {
        var limits = limits
        limits.maxMemory = piece.memory
        let judge = PictureJudge(limits: limits)
        guard piece.side > 0 else { return try judge.finding(of: bytes) }
        let range = PixelLayout(side: piece.side).range(of: index)
        return try judge.finding(
            of: bytes, side: piece.side, pixels: UnsafeMutableRawBufferPointer(rebasing: output[range]))
    }

    private static func map(_ descriptor: Int32, count: Int, _ protection: Int32) -> UnsafeMutableRawBufferPointer? {
        let address = mmap(nil, count, protection, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else { return nil }
        return UnsafeMutableRawBufferPointer(start: address, count: count)
    }
}

extension RawRepresentable where RawValue: BinaryInteger {
    /// An enumeration's constant as the number of a descriptor.
    var descriptor: Int32 { Int32(rawValue) }
}

extension BinaryInteger {
    /// The same, if the constant is imported as a plain integer.
    var descriptor: Int32 { Int32(self) }
}
