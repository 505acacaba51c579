import Crypto
package import SystemPackage

/// A SHA-256 digest: the content address of a picture, or the checksum of a backbone or a published file.
package struct Digest: Hashable, Sendable {
    private let words: SIMD4<UInt64>

    package static let byteCount = 32

    /// A digest of 32 bytes; nil for another count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words = SIMD4<UInt64>()
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
        self.words = words
    }

    /// A digest of 64 hexadecimal digits; nil for any other text.
    package init?(hex: some StringProtocol) {
        let digits = hex.utf8.compactMap(Self.value(ofDigit:))
        guard digits.count == hex.utf8.count, digits.count == 2 * Self.byteCount else { return nil }
        self.init(bytes: stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    init(_ digest: SHA256.Digest) {
        words = digest.withUnsafeBytes { raw in
            SIMD4((0..<4).map { UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) })
        }
    }

    package var bytes: [UInt8] {
        (0..<Self.byteCount).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> (56 - 8 * UInt64($0 % 8))) }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        String(unsafeUninitializedCapacity: 2 * Self.byteCount) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[2 * index] = Self.digits[Int(byte >> 4)]
                buffer[2 * index + 1] = Self.digits[Int(byte & 15)]
            }
            return 2 * Self.byteCount
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// The content address of a picture: the SHA-256 of its file's bytes.
package typealias PictureDigest = Digest

extension Digest {
    package static func sha256(_ bytes: some Sequence<UInt8>) -> Digest {
        var hasher = SHA256()
        let direct: Void? = bytes.withContiguousStorageIfAvailable { hasher.update(bufferPointer: .init($0)) }
        if direct == nil { hasher.update(data: Array(bytes)) }
        return Digest(hasher.finalize())
    }

    /// The digest of a file's bytes, read with bounded memory. Throws ``FileFailure``.
    package static func sha256(of file: FilePath) throws -> Digest {
        try Files.perform("read", file) {
            let descriptor = try FileDescriptor.open(file, .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter {
                var hasher = SHA256()
                try descriptor.readChunks { hasher.update(bufferPointer: $0) }
                return Digest(hasher.finalize())
            }
        }
    }
}

extension FileDescriptor {
    /// Gives `body` the rest of the file in pieces of at most 256 KiB.
    func readChunks(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

extension Digest: Comparable {
    /// The order of the hexadecimal texts.
    package static func < (left: Digest, right: Digest) -> Bool {
        for place in 0..<4 where left.words[place] != right.words[place] {
            return left.words[place] < right.words[place]
        }
        return false
    }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(hex: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "“\(text)” is no SHA-256 digest")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
