import TestSupport

/// A sequential JPEG of random coefficients, with sampling factors and code lengths that encoders hardly ever choose.
struct HandmadeJPEG {
    var width = 1
    var height = 1
    /// (horizontal, vertical) for each component.
    var sampling = [(1, 1)]
    var restartInterval = 0
    /// Adobe's colour transform: 0 for RGB.
    var transform: UInt8?
    /// A larger one makes more and larger coefficients.
    var detail = 3

    func bytes(seed: UInt64) -> [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8]
        if let transform { bytes += Self.segment(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, transform]) }
        bytes += Self.segment(0xDB, [0] + (0..<64).map { UInt8(8 + $0 / 4) })
        bytes += Self.segment(0xC0, frame)
        bytes += Self.segment(0xC4, [0] + Self.dcCounts + Self.dcSymbols)
        bytes += Self.segment(0xC4, [0x10] + Self.acCounts + Self.acSymbols)
        bytes += Self.segment(0xDD, Self.twoBytes(restartInterval))
        bytes += Self.segment(0xDA, scan)
        return bytes + data(seed: seed) + [0xFF, 0xD9]
    }

    private var frame: [UInt8] {
        var body: [UInt8] = [8] + Self.twoBytes(height) + Self.twoBytes(width) + [UInt8(sampling.count)]
        for (index, factors) in sampling.enumerated() { body += [UInt8(index), UInt8(factors.0 << 4 | factors.1), 0] }
        return body
    }

    private var scan: [UInt8] {
        var body = [UInt8(sampling.count)]
        for index in sampling.indices { body += [UInt8(index), 0] }
        return body + [0, 63, 0]
    }

    private static func twoBytes(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker] + twoBytes(body.count + 2) + body
    }

    // Codes of the same length are numbered in order; the rare symbols' codes have 16 bits.
    private static let dcSymbols = (0...11).map { UInt8($0) }
    private static let dcCounts: [UInt8] = [0, 0, 0, 12] + [UInt8](repeating: 0, count: 12)
    private static let common: [UInt8] = [0x00, 0x01, 0x02, 0x11, 0x03]
    private static let acSymbols =
        common + (0...15).flatMap { run in (1...10).map { UInt8(run << 4 | $0) } }.filter { !common.contains($0) } + [
            0xF0
        ]
    private static let acCounts: [UInt8] =
        [0, 1, 1, 1, 1, 1] + [UInt8](repeating: 0, count: 9) + [UInt8(acSymbols.count - common.count)]

    private static func codes(_ counts: [UInt8], _ symbols: [UInt8]) -> [UInt8: (code: Int, length: Int)] {
        var codes: [UInt8: (code: Int, length: Int)] = [:]
        var (code, next) = (0, 0)
        for (index, count) in counts.enumerated() {
            for symbol in symbols[next..<next + Int(count)] {
                codes[symbol] = (code, index + 1)
                code += 1
            }
            next += Int(count)
            code <<= 1
        }
        return codes
    }

    private func data(seed: UInt64) -> [UInt8] {
        var writer = Writer(
            dc: Self.codes(Self.dcCounts, Self.dcSymbols), ac: Self.codes(Self.acCounts, Self.acSymbols))
        var random = SplitMix64(state: seed)
        let isAlone = sampling.count == 1
        let across = isAlone ? 8 : 8 * sampling.map(\.0).max()!
        let down = isAlone ? 8 : 8 * sampling.map(\.1).max()!
        var last = [Int](repeating: 0, count: sampling.count)
        for mcu in 0..<((width + across - 1) / across) * ((height + down - 1) / down) {
            if restartInterval > 0, mcu > 0, mcu % restartInterval == 0 {
                writer.endSegment(marker: UInt8(0xD0 + (mcu / restartInterval - 1) % 8))
                last = last.map { _ in 0 }
            }
            for (component, factors) in sampling.enumerated() {
                for _ in 0..<(isAlone ? 1 : factors.0 * factors.1) {
                    let dc = Int(random.next() % 240) - 120
                    writer.writeBlock(difference: dc - last[component], detail: detail, random: &random)
                    last[component] = dc
                }
            }
        }
        writer.endSegment(marker: nil)
        return writer.bytes
    }
}

private struct Writer {
    let dc: [UInt8: (code: Int, length: Int)]
    let ac: [UInt8: (code: Int, length: Int)]
    private(set) var bytes: [UInt8] = []
    private var pending = 0
    private var count = 0

    init(dc: [UInt8: (code: Int, length: Int)], ac: [UInt8: (code: Int, length: Int)]) {
        self.dc = dc
        self.ac = ac
    }

    mutating func writeBlock(difference: Int, detail: Int, random: inout SplitMix64) {
        write(value: difference, run: 0, codes: dc)
        var index = 1
        while random.next() % UInt64(detail + 1) != 0 {
            let run = Int(random.next() % 3 == 0 ? random.next() % 34 : 0)
            guard index + run < 64 else { break }
            for _ in 0..<run / 16 { write(0xF0, codes: ac) }
            let value = 1 + Int(random.next() % UInt64(1 << min(detail, 6)))
            write(value: random.next() % 2 == 0 ? value : -value, run: run % 16, codes: ac)
            index += run + 1
        }
        if index < 64 { write(0, codes: ac) }
    }

    /// The code of a run and a size, then the value in as many bits (T.81, F.1.2.1).
    private mutating func write(value: Int, run: Int, codes: [UInt8: (code: Int, length: Int)]) {
        let size = Int.bitWidth - abs(value).leadingZeroBitCount
        write(UInt8(run << 4 | size), codes: codes)
        append(value < 0 ? value + (1 << size) - 1 : value, length: size)
    }

    private mutating func write(_ symbol: UInt8, codes: [UInt8: (code: Int, length: Int)]) {
        let (code, length) = codes[symbol]!
        append(code, length: length)
    }

    private mutating func append(_ value: Int, length: Int) {
        for bit in stride(from: length - 1, through: 0, by: -1) {
            pending = pending << 1 | (value >> bit & 1)
            count += 1
            guard count == 8 else { continue }
            bytes += pending == 0xFF ? [0xFF, 0] : [UInt8(pending)]
            (pending, count) = (0, 0)
        }
    }

    /// Fills the last byte with ones.
    mutating func endSegment(marker: UInt8?) {
        if count > 0 { append((1 << (8 - count)) - 1, length: 8 - count) }
        if let marker { bytes += [0xFF, marker] }
    }
}
