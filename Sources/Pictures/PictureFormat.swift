/// The formats that are decoded.
package enum PictureFormat: String, Codable, Sendable {
    case jpeg
    case png
}

/// What a file is by its first bytes, whatever its name says.
package enum FileKind: Equatable, Sendable {
    case picture(PictureFormat)
    /// A known format that isn't decoded, by its name.
    case other(String)
    case empty
    case unknown

    /// Looks at no more than the first kilobyte.
    package static func sniff(_ bytes: UnsafeRawBufferPointer) -> FileKind {
        if bytes.isEmpty { return .empty }
        let head = Array(bytes.prefix(1024))
        if let known = signatures.first(where: { $0.matches(head) }) { return known.kind }
        // A file that is still being written may not have got beyond its signature.
        if head.count >= 2, let begun = signatures.first(where: { $0.isBegun(by: head) }) { return begun.kind }
        if let name = mediaContainerName(head) ?? markupName(head) { return .other(name) }
        return .unknown
    }

    package static func sniff(_ bytes: [UInt8]) -> FileKind { bytes.withUnsafeBytes { sniff($0) } }
}

/// Bytes that a format's files have at fixed places.
private struct Signature: Sendable {
    let kind: FileKind
    let parts: [(offset: Int, bytes: [UInt8])]

    init(_ kind: FileKind, _ bytes: [UInt8], at offset: Int = 0, and second: (offset: Int, bytes: [UInt8])? = nil) {
        self.kind = kind
        parts = [(offset, bytes)] + (second.map { [$0] } ?? [])
    }

    func matches(_ head: [UInt8]) -> Bool {
        parts.allSatisfy { head.dropFirst($0.offset).starts(with: $0.bytes) }
    }

    /// Whether the file ends within its signature.
    func isBegun(by head: [UInt8]) -> Bool { parts.count == 1 && parts[0].bytes.starts(with: head) }
}

private func ascii(_ text: StaticString) -> [UInt8] { Array(text.description.utf8) }

/// In order: the first that matches names the file.
private let signatures: [Signature] = [
    Signature(.picture(.jpeg), [0xFF, 0xD8, 0xFF]),
    Signature(.picture(.png), [0x89] + ascii("PNG\r\n") + [0x1A, 0x0A]),
    Signature(.other("WebP"), ascii("RIFF"), and: (8, ascii("WEBP"))),
    Signature(.other("GIF"), ascii("GIF8")),
    Signature(.other("JPEG 2000"), [0, 0, 0, 12] + ascii("jP  ")),
    Signature(.other("JPEG 2000"), [0xFF, 0x4F, 0xFF, 0x51]),
    Signature(.other("JPEG XL"), [0, 0, 0, 12] + ascii("JXL ")),
    Signature(.other("JPEG XL"), [0xFF, 0x0A]),
    Signature(.other("TIFF"), ascii("II") + [42, 0]),
    Signature(.other("TIFF"), ascii("MM") + [0, 42]),
    Signature(.other("BigTIFF"), ascii("II") + [43, 0]),
    Signature(.other("BigTIFF"), ascii("MM") + [0, 43]),
    Signature(.other("BMP"), ascii("BM"), and: (15, [0, 0, 0])),
    Signature(.other("Photoshop (PSD)"), ascii("8BPS")),
    Signature(.other("PDF"), ascii("%PDF-")),
    Signature(.other("ICO"), [0, 0, 1, 0]),
    Signature(.other("Windows cursor"), [0, 0, 2, 0]),
    Signature(.other("MNG"), [0x8A] + ascii("MNG")),
    Signature(.other("JPEG XR"), ascii("II") + [0xBC]),
    Signature(.other("OpenEXR"), [0x76, 0x2F, 0x31, 0x01]),
    Signature(.other("gzip"), [0x1F, 0x8B]),
    Signature(.other("ZIP"), ascii("PK") + [3, 4]),
    Signature(.other("AppleDouble"), [0, 5, 22, 7]),
    Signature(.other("Git LFS pointer"), ascii("version https://git-lfs")),
]

/// The name of a file in the ISO base media format (ISO 14496-12): its major and compatible brands say what it holds.
private func mediaContainerName(_ head: [UInt8]) -> String? {
    guard head.dropFirst(4).starts(with: ascii("ftyp")), head.count >= 12 else { return nil }
    let boxSize = head[0..<4].reduce(0) { $0 << 8 | Int($1) }
    let end = min(max(boxSize, 12), head.count)
    let brands = stride(from: 8, to: end - 3, by: 4).filter { $0 != 12 }
        .map { String(decoding: head[$0..<$0 + 4], as: UTF8.self) }
    if brands.contains(where: { ["avif", "avis"].contains($0) }) { return "AVIF" }
    let heic = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1"]
    if brands.contains(where: { heic.contains($0) }) { return "HEIC" }
    return brands[0] == "crx " ? "Canon raw (CR3)" : "ISO media (video)"
}

/// The name of a file of text with tags.
private func markupName(_ head: [UInt8]) -> String? {
    let text = String(decoding: head, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    guard text.hasPrefix("<") else { return nil }
    if text.contains("<svg") { return "SVG" }
    if text.hasPrefix("<!doctype html") || text.contains("<html") { return "HTML" }
    return text.hasPrefix("<?xml") ? "XML" : nil
}
