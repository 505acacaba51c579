/// The supported formats.
package enum PictureFormat: String, Codable, Sendable {
    case jpeg
    case png
}

/// What a file is according to its first bytes, whatever its name says.
package enum FileKind: Equatable, Sendable {
    case picture(PictureFormat)
    /// A picture that a program has treated as text.
    case changed(PictureFormat, TextChange)
    /// A known format that isn't supported, by name.
    case other(String)
    case empty
    case unknown

    /// Looks at no more than the first kilobyte.
    package static func sniff(_ bytes: UnsafeRawBufferPointer) -> FileKind {
        if bytes.isEmpty { return .empty }
        let head = Array(bytes.prefix(1024))
        if let known = signatures.first(where: { $0.matches(head) }) { return known.kind }
        if let changed = changedSignatures.first(where: { $0.matches(head) }) { return changed.kind }
        // A file that is still being written may not be complete beyond its signature yet.
        if head.count >= 2, let begun = signatures.first(where: { $0.isBegun(by: head) }) { return begun.kind }
        if let name = mediaContainerName(head) ?? looseName(head) ?? markupName(head) { return .other(name) }
        return .unknown
    }

    /// The same for an array.
    package static func sniff(_ bytes: [UInt8]) -> FileKind { bytes.withUnsafeBytes { sniff($0) } }
}

/// What a program does to a picture's bytes when it treats them as text.
package enum TextChange: Equatable, Sendable, CustomStringConvertible {
    /// The text says which ends became which: `LF to CR LF`.
    case lineEnds(String)
    /// Each byte lost its highest bit.
    case eighthBit
    /// Bytes above 127 became other characters when they were written as UTF-8 or ASCII.
    case characters

    package var description: String {
        switch self {
        case .lineEnds(let change): "line ends were changed in transfer (\(change)): send it in binary mode"
        case .eighthBit: "the eighth bit of its bytes was cut off in transfer: send it in binary mode"
        case .characters: "it was read as text, and its bytes above 127 were replaced: copy it as a binary file"
        }
    }
}

/// Bytes that files of a format have at fixed positions.
private struct Signature: Sendable {
    let kind: FileKind
    let parts: [(offset: Int, bytes: [UInt8])]

    init(_ name: String, _ bytes: [UInt8], at offset: Int = 0, and second: (offset: Int, bytes: [UInt8])? = nil) {
        self.init(.other(name), bytes, at: offset, and: second)
    }

    init(_ kind: FileKind, _ bytes: [UInt8], at offset: Int = 0, and second: (offset: Int, bytes: [UInt8])? = nil) {
        self.kind = kind
        parts = [(offset, bytes)] + (second.map { [$0] } ?? [])
    }

    func matches(_ head: [UInt8]) -> Bool {
        parts.allSatisfy { head.dropFirst($0.offset).starts(with: $0.bytes) }
    }

    /// Whether the file ends within its signature.
    func isBegun(by head: [UInt8]) -> Bool {
        parts.count == 1 && parts[0].offset == 0 && parts[0].bytes.starts(with: head)
    }
}

private func ascii(_ text: StaticString) -> [UInt8] { Array(text.description.utf8) }

/// In order: the first match names the file.
private let signatures: [Signature] = [
    Signature(.picture(.jpeg), [0xFF, 0xD8, 0xFF]),
    Signature(.picture(.png), [0x89] + ascii("PNG\r\n") + [0x1A, 0x0A]),
    Signature("WebP", ascii("RIFF"), and: (8, ascii("WEBP"))),
    Signature("GIF", ascii("GIF8")),
    Signature("JPEG 2000", [0, 0, 0, 12] + ascii("jP  ")),
    Signature("JPEG 2000", [0xFF, 0x4F, 0xFF, 0x51]),
    Signature("JPEG XL", [0, 0, 0, 12] + ascii("JXL ")),
    Signature("JPEG XL", [0xFF, 0x0A]),
    Signature("Canon raw (CR2)", ascii("II") + [42, 0], and: (8, ascii("CR") + [2])),
    Signature("TIFF", ascii("II") + [42, 0]),
    Signature("TIFF", ascii("MM") + [0, 42]),
    Signature("BigTIFF", ascii("II") + [43, 0]),
    Signature("BigTIFF", ascii("MM") + [0, 43]),
    Signature("BMP", ascii("BM"), and: (15, [0, 0, 0])),
    Signature("Photoshop (PSD)", ascii("8BPS")),
    Signature("PDF", ascii("%PDF-")),
    Signature("PostScript (EPS)", ascii("%!PS")),
    Signature("PostScript (EPS)", [0xC5, 0xD0, 0xD3, 0xC6]),
    Signature("MNG", [0x8A] + ascii("MNG")),
    Signature("JNG", [0x8B] + ascii("JNG")),
    Signature("JPEG XR", ascii("II") + [0xBC]),
    Signature("OpenEXR", [0x76, 0x2F, 0x31, 0x01]),
    Signature("QOI", ascii("qoif")),
    Signature("SGI", [1, 0xDA, 0]),
    Signature("SGI", [1, 0xDA, 1]),
    Signature("DDS", ascii("DDS ")),
    Signature("ICNS", ascii("icns")),
    Signature("GIMP (XCF)", ascii("gimp xcf")),
    Signature("Radiance HDR", ascii("#?RADIANCE")),
    Signature("Radiance HDR", ascii("#?RGBE")),
    Signature("DICOM", ascii("DICM"), at: 128),
    Signature("DjVu", ascii("AT&TFORM")),
    Signature("Windows metafile (WMF)", [0xD7, 0xCD, 0xC6, 0x9A]),
    Signature("Windows metafile (EMF)", [1, 0, 0, 0], and: (40, ascii(" EMF"))),
    Signature("FLIF", ascii("FLIF")),
    Signature("BPG", ascii("BPG") + [0xFB]),
    Signature("farbfeld", ascii("farbfeld")),
    Signature("Olympus raw (ORF)", ascii("IIRO")),
    Signature("Olympus raw (ORF)", ascii("IIRS")),
    Signature("Olympus raw (ORF)", ascii("MMOR")),
    Signature("Panasonic raw (RW2)", ascii("IIU") + [0]),
    Signature("Fujifilm raw (RAF)", ascii("FUJIFILMCCD-RAW")),
    Signature("Sigma raw (X3F)", ascii("FOVb")),
    Signature("AVI (video)", ascii("RIFF"), and: (8, ascii("AVI "))),
    Signature("WAV (sound)", ascii("RIFF"), and: (8, ascii("WAVE"))),
    Signature("Matroska (video)", [0x1A, 0x45, 0xDF, 0xA3]),
    Signature("gzip", [0x1F, 0x8B]),
    Signature("ZIP", ascii("PK") + [3, 4]),
    Signature("RAR", ascii("Rar!") + [0x1A, 7]),
    Signature("7-Zip", ascii("7z") + [0xBC, 0xAF, 0x27, 0x1C]),
    Signature("xz", [0xFD] + ascii("7zXZ") + [0]),
    Signature("bzip2", ascii("BZh"), and: (4, ascii("1AY&SY"))),
    Signature("Zstandard", [0x28, 0xB5, 0x2F, 0xFD]),
    Signature("tar", ascii("ustar"), at: 257),
    Signature("AppleDouble", [0, 5, 22, 7]),
    Signature("Git LFS pointer", ascii("version https://git-lfs")),
]

/// The beginnings of pictures that were changed as text. PNG's signature was designed to show this: it has a byte above
/// 127, CR LF, and an LF without a CR before it. A JPEG's signature only shows changed characters.
private let changedSignatures: [Signature] = {
    func png(_ change: TextChange, _ first: [UInt8], _ rest: [UInt8] = []) -> Signature {
        Signature(.changed(.png, change), first + ascii("PNG") + rest)
    }
    func jpeg(_ change: TextChange, _ bytes: [UInt8]) -> Signature { Signature(.changed(.jpeg, change), bytes) }
    let (cr, lf, end): (UInt8, UInt8, UInt8) = (0x0D, 0x0A, 0x1A)
    let unknown: [UInt8] = [0xEF, 0xBF, 0xBD]
    return [
        png(.lineEnds("LF to CR LF"), [0x89], [cr, cr, lf]),
        png(.lineEnds("LF to CR LF"), [0x89], [cr, lf, end, cr]),
        png(.lineEnds("CR LF to LF"), [0x89], [lf, end]),
        png(.lineEnds("CR to LF"), [0x89], [lf, lf]),
        png(.lineEnds("LF to CR"), [0x89], [cr, cr, end]),
        png(.eighthBit, [0x09]),
        png(.characters, unknown),
        png(.characters, [0xC2, 0x89]),
        png(.characters, [0xE2, 0x80, 0xB0]),
        png(.characters, ascii("?")),
        jpeg(.eighthBit, [0x7F, 0x58, 0x7F]),
        jpeg(.characters, unknown + unknown + unknown),
        jpeg(.characters, [0xC3, 0xBF, 0xC3, 0x98, 0xC3, 0xBF]),
        Signature(.changed(.jpeg, .characters), ascii("????"), and: (6, ascii("JFIF"))),
        Signature(.changed(.jpeg, .characters), ascii("????"), and: (6, ascii("Exif"))),
        Signature(.changed(.jpeg, .characters), ascii("????"), and: (6, ascii("Adobe"))),
    ]
}()

/// The name of a file whose first bytes have a range of values.
private func looseName(_ head: [UInt8]) -> String? {
    func has(_ values: [ClosedRange<UInt8>]) -> Bool {
        head.count >= values.count && zip(head, values).allSatisfy { $1.contains($0) }
    }
    let any: ClosedRange<UInt8> = 0...255
    if has([0x50...0x50, 0x31...0x37]), head.count > 2, [0x09, 0x0A, 0x0D, 0x20].contains(head[2]) { return "PNM" }
    if has([0x0A...0x0A, 0...5, 1...1, 1...8]), head.count > 64, head[64] == 0 { return "PCX" }
    // The number of pictures, then the first one's width, height, colours and a reserved byte. Without pictures, it is
    // something else: an uncompressed TGA begins like this.
    guard has([0...0, 0...0, 1...2, 0...0, any, any, any, any, any, 0...0]), head[4] | head[5] > 0 else { return nil }
    return head[2] == 1 ? "ICO" : "Windows cursor"
}

/// The names of files in the ISO base media format (ISO 14496-12) by their brands; the first that has one counts.
private let mediaBrands: [(name: String, brands: [String])] = [
    ("AVIF", ["avif", "avis"]),
    ("HEIC", ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"]),
    ("HEIF (JPEG 2000)", ["j2ki", "j2is"]),
    ("HEIF", ["heif", "mif1", "mif2", "msf1", "miaf", "avci", "avcs", "jpeg", "jpgs", "vvic", "vvis"]),
    ("JPEG 2000", ["jp2 ", "jpx ", "jpm ", "jph "]),
    ("Canon raw (CR3)", ["crx "]),
]

private func mediaContainerName(_ head: [UInt8]) -> String? {
    guard head.dropFirst(4).starts(with: ascii("ftyp")), head.count >= 12 else { return nil }
    let brands = brands(ofMediaContainer: head)
    return mediaBrands.first { $0.brands.contains(where: brands.contains) }?.name ?? "ISO media (video)"
}

/// The major brand and the compatible ones; a version is between them.
private func brands(ofMediaContainer head: [UInt8]) -> [String] {
    let size = head[0..<4].reduce(0) { $0 << 8 | Int($1) }
    // Size 1 means that the size follows as 8 bytes after the box's name, 0 that the box ends with the file.
    let start = size == 1 ? 16 : 8
    let end = size < 2 ? head.count : min(max(size, 12), head.count)
    return stride(from: start, through: end - 4, by: 4).filter { $0 != start + 4 }
        .map { String(decoding: head[$0..<$0 + 4], as: UTF8.self) }
}

/// The name for a text file with tags, or for text that needs no closer look.
private func markupName(_ head: [UInt8]) -> String? {
    let wide = wideText(head)
    let text = (wide ?? String(decoding: head, as: UTF8.self)).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    let other = wide.map { _ in "UTF-16 text" }
    guard text.hasPrefix("<") else { return other }
    if text.contains("<svg") { return "SVG" }
    if text.hasPrefix("<!doctype html") || text.contains("<html") { return "HTML" }
    return text.hasPrefix("<?xml") ? "XML" : other
}

/// Text in UTF-16, which begins with a byte order mark.
private func wideText(_ head: [UInt8]) -> String? {
    let isBigEndian = head.starts(with: [0xFE, 0xFF])
    guard isBigEndian || head.starts(with: [0xFF, 0xFE]) else { return nil }
    let (high, low) = isBigEndian ? (0, 1) : (1, 0)
    let units = stride(from: 2, to: head.count - 1, by: 2).map { UInt16(head[$0 + high]) << 8 | UInt16(head[$0 + low]) }
    return String(decoding: units, as: UTF16.self)
}
