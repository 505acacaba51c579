import Foundation
import SystemPackage
import TestSupport

@testable import Decoding

extension PictureDecoder {
    /// With the usual limits.
    init(path: JPEGPath = .automatic) { self.init(limits: .usual, path: path) }
}

func resourceBytes(_ name: String) throws -> [UInt8] {
    try Locations.bytes(of: Locations.resources(besides: #filePath).appending(name))
}

/// A JSON file of Resources, with base64 for data.
func resource<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(resourceBytes("\(name).json")))
}

/// A PNG of one row of 16-bit gray samples, which `PNGFile` doesn't write; the header may claim another size.
struct HandmadePNG {
    let bytes: [UInt8]

    init(width: Int? = nil, height: Int = 1, samples: [UInt16]) {
        let data: [UInt8] = [0] + samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let header = Self.bigEndian(width ?? samples.count) + Self.bigEndian(height) + [16, 0, 0, 0, 0]
        bytes =
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.chunk("IHDR", header)
            + Self.chunk("IDAT", Self.stored(data)) + Self.chunk("IEND", [])
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        return bigEndian(data.count) + body + bigEndian(checksum(body))
    }

    /// A zlib stream of one stored block (RFC 1950, RFC 1951).
    private static func stored(_ data: [UInt8]) -> [UInt8] {
        let (low, high) = (UInt8(data.count & 255), UInt8(data.count >> 8))
        var (a, b) = (1, 0)
        for byte in data {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        return [0x78, 0x01, 0x01, low, high, ~low, ~high] + data + bigEndian(b << 16 | a)
    }

    /// CRC-32 as PNG has it.
    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return Int(~sum)
    }
}
