/// Finds the orientation in a JPEG's APP1 segment or a PNG's eXIf chunk.
///
/// Whatever is missing, out of bounds or contradictory means upright: a broken tag is no reason to refuse a picture.
extension Orientation {
    static func read(from bytes: UnsafeRawBufferPointer, format: PictureFormat) -> Orientation {
        let exif =
            switch format {
            case .jpeg: exifSegment(ofJPEG: ByteReader(bytes, isBigEndian: true))
            case .png: exifChunk(ofPNG: ByteReader(bytes, isBigEndian: true))
            }
        return exif.flatMap(orientation(inTIFF:)).flatMap(Orientation.init(rawValue:)) ?? .upright
    }

    /// The TIFF structure in the first Exif segment before the first scan.
    private static func exifSegment(ofJPEG file: ByteReader) -> ByteReader? {
        var offset = 2
        while file.byte(at: offset) == 0xFF, let marker = file.byte(at: offset + 1) {
            switch marker {
            case 0xFF: offset += 1  // A fill byte.
            case 0x01, 0xD0...0xD8: offset += 2  // Markers without a segment.
            case 0xD9, 0xDA: return nil
            default:
                guard let length = file.integer(at: offset + 2, bytes: 2), length >= 2 else { return nil }
                if marker == 0xE1, let segment = file.slice(at: offset + 4, count: length - 2),
                    segment.starts(with: "Exif\0\0")
                {
                    return segment.slice(at: 6, count: segment.count - 6)
                }
                offset += 2 + length
            }
        }
        return nil
    }

    private static func exifChunk(ofPNG file: ByteReader) -> ByteReader? {
        var offset = 8
        while let length = file.integer(at: offset, bytes: 4), let name = file.slice(at: offset + 4, count: 4) {
            if name.starts(with: "eXIf") { return file.slice(at: offset + 8, count: length) }
            if name.starts(with: "IEND") { return nil }
            offset += 12 + length
        }
        return nil
    }

    /// The value of tag 0x0112 in the first directory (TIFF 6.0, section 2), of type BYTE, SHORT or LONG.
    private static func orientation(inTIFF exif: ByteReader) -> Int? {
        var exif = exif
        if exif.starts(with: "MM\0*") {
            exif.isBigEndian = true
        } else if exif.starts(with: "II*\0") {
            exif.isBigEndian = false
        } else {
            return nil
        }
        guard let directory = exif.integer(at: 4, bytes: 4), let entries = exif.integer(at: directory, bytes: 2) else {
            return nil
        }
        for index in 0..<entries {
            let entry = directory + 2 + index * 12
            guard let tag = exif.integer(at: entry, bytes: 2) else { return nil }
            if tag == 0x0112 { return value(ofEntryAt: entry, in: exif) }
        }
        return nil
    }

    private static func value(ofEntryAt entry: Int, in exif: ByteReader) -> Int? {
        guard exif.integer(at: entry + 4, bytes: 4) == 1 else { return nil }
        switch exif.integer(at: entry + 2, bytes: 2) {
        case 1: return exif.integer(at: entry + 8, bytes: 1)
        case 3: return exif.integer(at: entry + 8, bytes: 2)
        case 4: return exif.integer(at: entry + 8, bytes: 4)
        default: return nil
        }
    }
}

/// Reads of bytes that may not be there.
private struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    var isBigEndian: Bool

    init(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
    }

    var count: Int { bytes.count }

    func byte(at offset: Int) -> UInt8? { offset >= 0 && offset < bytes.count ? bytes[offset] : nil }

    /// An unsigned integer of up to 4 bytes.
    func integer(at offset: Int, bytes length: Int) -> Int? {
        guard let part = slice(at: offset, count: length) else { return nil }
        let ordered = isBigEndian ? Array(part.bytes) : part.bytes.reversed()
        return ordered.reduce(0) { $0 << 8 | Int($1) }
    }

    func slice(at offset: Int, count: Int) -> ByteReader? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        return ByteReader(
            UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]), isBigEndian: isBigEndian)
    }

    func starts(with text: StaticString) -> Bool {
        bytes.count >= text.utf8CodeUnitCount
            && text.withUTF8Buffer { bytes.prefix($0.count).elementsEqual($0) }
    }
}
