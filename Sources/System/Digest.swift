internal import CPlatform
package import SystemPackage

/// SHA-256 of bytes that come in pieces, by libcrypto.
package struct SHA256: ~Copyable {
    private let context = EVP_MD_CTX_new()

    package init() { Self.check(EVP_DigestInit_ex2(context, Self.algorithm, nil)) }

    deinit { EVP_MD_CTX_free(context) }

    /// Appends bytes to those whose digest is computed.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        Self.check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
    }

    /// The digest of all bytes so far.
    package consuming func finalize() -> Digest {
        var bytes = [UInt8](repeating: 0, count: Digest.byteCount)
        Self.check(EVP_DigestFinal_ex(context, &bytes, nil))
        return Digest(bytes: bytes)!
    }

    /// HMAC-SHA256 (RFC 2104).
    package static func authenticationCode(of message: [UInt8], key: [UInt8]) -> Digest {
        var bytes = [UInt8](repeating: 0, count: Digest.byteCount)
        guard HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &bytes, nil) != nil else {
            fatalError("libcrypto has no memory for an HMAC")
        }
        return Digest(bytes: bytes)!
    }

    /// Looked up once: that takes longer than the digest of a small file. It is never freed, and safe on any thread.
    private nonisolated(unsafe) static let algorithm: OpaquePointer = {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else { fatalError("libcrypto has no SHA-256") }
        return algorithm
    }()

    /// All that can fail with arguments like these is memory.
    private static func check(_ result: Int32) {
        guard result == 1 else { fatalError("libcrypto couldn't compute a SHA-256") }
    }
}

/// A SHA-256 digest: the content address of a picture, or the checksum of a backbone or a published file.
package struct Digest: Hashable, Sendable {
    /// Big-endian. Not a SIMD vector: Swift 6.3 writes past the frame of an async function that holds a value aligned
    /// to more than 16 bytes.
    private let first, second, third, fourth: UInt64

    /// SHA-256 has 256 bits.
    package static let byteCount = 32

    /// A digest of 32 bytes; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        func word(_ place: Int) -> UInt64 { bytes.dropFirst(8 * place).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
        (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
    }

    /// A digest of 64 hexadecimal digits; nil for any other text.
    package init?(hex: some StringProtocol) {
        let digits = hex.utf8.compactMap(Self.value(ofDigit:))
        guard digits.count == hex.utf8.count, digits.count == 2 * Self.byteCount else { return nil }
        self.init(bytes: stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    /// The 32 bytes, in the order of ``hex``.
    package var bytes: [UInt8] {
        let words = (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian)
        return withUnsafeBytes(of: words) { Array($0) }
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

extension Digest {
    package static func sha256(_ bytes: some Sequence<UInt8>) -> Digest {
        var hasher = SHA256()
        let direct: Void? = bytes.withContiguousStorageIfAvailable { hasher.update(UnsafeRawBufferPointer($0)) }
        if direct == nil { Array(bytes).withUnsafeBytes { hasher.update($0) } }
        return hasher.finalize()
    }

    /// The digest of a file's bytes, read with bounded memory. Throws ``FileFailure``.
    package static func sha256(of file: FilePath) throws -> Digest {
        try Files.reading(file, waits: true) { descriptor in
            var hasher = SHA256()
            try descriptor.readChunks { hasher.update($0) }
            return hasher.finalize()
        }
    }
}

extension Digest: Comparable {
    /// The order of the hexadecimal texts.
    package static func < (left: Digest, right: Digest) -> Bool {
        (left.first, left.second, left.third, left.fourth) < (right.first, right.second, right.third, right.fourth)
    }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}

extension Digest: Codable {
    /// Throws `DecodingError` for a text that isn't 64 hexadecimal digits.
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
