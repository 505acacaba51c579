internal import Pictures

/// Finds the orientation in a JPEG's APP1 segments or a PNG's eXIf chunk.
///
/// If anything is missing, out of bounds or contradictory, the picture counts as upright: a broken tag is no reason to
/// reject a picture. Odd files that libjpeg accepts are read as libjpeg reads them, and odd tags as Pillow reads them.
extension Orientation {
    static func read(from bytes: UnsafeRawBufferPointer, format: PictureFormat) -> Orientation {
        let file = ByteReader(bytes: bytes, isBigEndian: true)
        let value =
            switch format {
            case .jpeg:
                exifContent(ofJPEG: file).withUnsafeBytes {
                    orientation(inExif: ByteReader(bytes: $0, isBigEndian: true))
                }
            case .png: exifChunk(ofPNG: file).flatMap(orientation(inExif:))
            }
        return value.flatMap(Orientation.init(rawValue:)) ?? .upright
    }

    /// More markers than any real file has before its first scan; reading this many still takes no noticeable time.
    private static let mostMarkers = 65_536
    private static let mostExifBytes = 1 << 20

    /// The Exif segments before the first scan, joined: data that is too long for one continues in the next.
    private static func exifContent(ofJPEG file: ByteReader) -> [UInt8] {
        var content: [UInt8] = []
        var offset = 2
        for _ in 0..<mostMarkers {
            guard let marker = nextMarker(in: file, from: &offset), marker != 0xD9, marker != 0xDA else { break }
            // Markers without a segment.
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            guard let length = file.integer(at: offset, bytes: 2) else { break }
            if marker == 0xE1, let segment = file.slice(at: offset + 2, count: length - 2),
                let part = segment.after("Exif\0\0"), content.count < mostExifBytes
            {
                content += part.bytes
            }
            // A length below 2 doesn't even include itself; libjpeg continues after it.
            offset += max(length, 2)
        }
        return content
    }

    /// Skips fill bytes, and bytes that belong to no segment.
    private static func nextMarker(in file: ByteReader, from offset: inout Int) -> UInt8? {
        var isBegun = false
        while let byte = file.byte(at: offset) {
            offset += 1
            if isBegun, byte != 0, byte != 0xFF { return byte }
            isBegun = byte == 0xFF
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

    /// The value of tag 0x0112 in the first directory (TIFF 6.0, section 2).
    private static func orientation(inExif exif: ByteReader) -> Int? {
        // Some programs repeat the segment's name.
        guard let tiff = tiff(exif.after("Exif\0\0") ?? exif), let directory = tiff.integer(at: 4, bytes: 4),
            let entries = tiff.integer(at: directory, bytes: 2)
        else { return nil }
        for index in 0..<entries {
            let entry = directory + 2 + index * 12
            guard let tag = tiff.integer(at: entry, bytes: 2) else { return nil }
            if tag == 0x0112 { return value(ofEntryAt: entry, in: tiff) }
        }
        return nil
    }

    /// In the byte order that it begins with. Some programs write the following number, 42, in the other order.
    private static func tiff(_ exif: ByteReader) -> ByteReader? {
        var tiff = exif
        tiff.isBigEndian = exif.starts(with: "MM")
        let isKnown = ["MM\0*", "MM*\0", "II*\0", "II\0*"].contains { exif.starts(with: $0) }
        return isKnown ? tiff : nil
    }

    /// The first value, of which there should be only one.
    private static func value(ofEntryAt entry: Int, in tiff: ByteReader) -> Int? {
        guard let type = tiff.integer(at: entry + 2, bytes: 2), let size = size(ofType: type),
            let count = tiff.integer(at: entry + 4, bytes: 4), count > 0
        else { return nil }
        // Data longer than 4 bytes is elsewhere.
        let place = size * count <= 4 ? entry + 8 : tiff.integer(at: entry + 8, bytes: 4)
        return place.flatMap { tiff.slice(at: $0, count: size * count)?.integer(at: 0, bytes: size) }
    }

    /// The bytes of an integer. Negative numbers aren't orientations, so signs don't matter. Pillow treats BYTE as
    /// text.
    private static func size(ofType type: Int) -> Int? {
        switch type {
        case 6: 1  // SBYTE
        case 3, 8: 2  // SHORT, SSHORT
        case 4, 9, 13: 4  // LONG, SLONG, IFD
        default: nil
        }
    }
}

/// Reads bytes that may not be there.
private struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    var isBigEndian: Bool

    func byte(at offset: Int) -> UInt8? { offset >= 0 && offset < bytes.count ? bytes[offset] : nil }

    /// An unsigned integer of up to 4 bytes.
    func integer(at offset: Int, bytes length: Int) -> Int? {
        guard let part = slice(at: offset, count: length) else { return nil }
        return isBigEndian
            ? part.bytes.reduce(0) { $0 << 8 | Int($1) } : part.bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    func slice(at offset: Int, count: Int) -> ByteReader? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        return ByteReader(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]), isBigEndian: isBigEndian)
    }

    func starts(with text: StaticString) -> Bool {
        bytes.count >= text.utf8CodeUnitCount
            && text.withUTF8Buffer { bytes.prefix($0.count).elementsEqual($0) }
    }

    /// The rest after `text`, if it begins with that.
    func after(_ text: StaticString) -> ByteReader? {
        starts(with: text) ? slice(at: text.utf8CodeUnitCount, count: bytes.count - text.utf8CodeUnitCount) : nil
    }
}
