internal import CImageCodecs
internal import Pictures

/// A picture with the information from its file.
struct DecodedPicture: Sendable {
    /// Upright; smaller than `info` says if it was scaled down while decoding.
    let image: RGBImage
    let info: PictureInfo
}

/// What a file says about its picture.
struct PictureInfo: Equatable, Sendable {
    let format: PictureFormat
    /// The full size, upright.
    let width: Int
    /// In pixels, like `width`.
    let height: Int
    /// How the pixels are stored in the file; `width` and `height` already take it into account.
    let orientation: Orientation
    /// Oddities of the file without loss of data, in plain words.
    let notes: [String]
}

/// Decodes JPEG and PNG, recognised by content, into upright RGB, with the same pixels as Pillow's `convert("RGB")`.
///
/// JPEG: baseline, extended and progressive Huffman coding with 8 bits a sample; grayscale, YCbCr, RGB, CMYK and YCCK.
/// PNG: all colour types and depths; alpha and transparent colours are dropped, 16 bits cut to their upper 8. The size
/// that a file claims is checked against the limits before memory is allocated for it.
///
/// Only for what runs in decoder processes: strangers' bytes meet it nowhere else.
struct PictureDecoder: Sendable {
    let limits: DecodeLimits
    private let path: JPEGPath

    init(limits: DecodeLimits) { self.init(limits: limits, path: .automatic) }

    init(limits: DecodeLimits, path: JPEGPath) {
        self.limits = limits
        self.path = path
    }

    /// - Parameter atLeast: a JPEG is scaled down by 2, 4 or 8 while it is decoded as far as both of its sides keep at
    ///   least this many pixels, as Pillow's `draft` does. `nil` means the full size, which the limits don't restrict.
    func decode(_ bytes: UnsafeRawBufferPointer, atLeast: Int? = nil) throws(DecodeFailure) -> DecodedPicture {
        let codec = try Codec(bytes, limits: limits, path: path, atLeast: atLeast)
        let size = try codec.measure()
        let stored = try RGBImage(width: size.outputWidth, height: size.outputHeight) {
            (pixels) throws(DecodeFailure) in
            try codec.decode(into: pixels, count: size.outputWidth * size.outputHeight * 3)
        }
        let info = codec.info()
        return DecodedPicture(image: stored.upright(from: info.orientation), info: info)
    }

    /// The same for an array.
    func decode(_ bytes: [UInt8], atLeast: Int? = nil) throws(DecodeFailure) -> DecodedPicture {
        try withBytes(of: bytes) { (buffer) throws(DecodeFailure) in try decode(buffer, atLeast: atLeast) }
    }

    /// Decodes all data without keeping pixels: succeeds exactly when `decode` does, with little memory and time.
    func check(_ bytes: UnsafeRawBufferPointer) throws(DecodeFailure) -> PictureInfo {
        let codec = try Codec(bytes, limits: limits, path: path, atLeast: 1)
        _ = try codec.measure()
        try codec.decode(into: nil, count: 0)
        return codec.info()
    }

    /// The same for an array.
    func check(_ bytes: [UInt8]) throws(DecodeFailure) -> PictureInfo {
        try withBytes(of: bytes) { (buffer) throws(DecodeFailure) in try check(buffer) }
    }

    private func withBytes<Result>(
        of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(DecodeFailure) -> Result
    ) throws(DecodeFailure) -> Result {
        try bytes.withUnsafeBufferPointer { (buffer) throws(DecodeFailure) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}

/// What decodes a JPEG's data; tests compare them. Verdicts and pixels are the same.
enum JPEGPath {
    /// The decoder for an eighth of the size if it can be used and is worthwhile, otherwise libjpeg.
    case automatic
    case libjpeg
    /// The decoder for an eighth of the size, even if it isn't worthwhile; files that it can't handle are rejected as
    /// unsupported.
    case reduced

    fileprivate var forC: cic_jpeg_path {
        switch self {
        case .automatic: .automatic
        case .libjpeg: .libjpeg
        case .reduced: .reduced
        }
    }
}

/// The C decoder of one file's format, with the report it fills.
private final class Codec {
    private let bytes: UnsafeRawBufferPointer
    private let format: PictureFormat
    private let limits: DecodeLimits
    private let path: cic_jpeg_path
    private let atLeast: UInt32
    private var report = cic_report()

    init(
        _ bytes: UnsafeRawBufferPointer, limits: DecodeLimits, path: JPEGPath, atLeast: Int?
    ) throws(DecodeFailure) {
        switch FileKind.sniff(bytes) {
        case .picture(let format): self.format = format
        case .changed(let format, let change): throw .corrupt(format, change.description)
        case .other(let name): throw .unsupportedFormat(name)
        case .empty: throw .empty
        case .unknown: throw .notAPicture
        }
        self.bytes = bytes
        self.limits = limits
        self.path = path.forC
        self.atLeast = UInt32(clamping: atLeast ?? 0)
    }

    func measure() throws(DecodeFailure) -> (outputWidth: Int, outputHeight: Int) {
        var limits = self.limits.forC
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        switch format {
        case .jpeg: try check(cic_jpeg_measure(start, bytes.count, &limits, atLeast, &report))
        case .png: try check(cic_png_measure(start, bytes.count, &limits, &report))
        }
        return (Int(report.output_width), Int(report.output_height))
    }

    /// If `pixels` is nil, the data are decoded and dropped.
    func decode(into pixels: UnsafeMutablePointer<UInt8>?, count: Int) throws(DecodeFailure) {
        var limits = self.limits.forC
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        switch format {
        case .jpeg: try check(cic_jpeg_decode(start, bytes.count, &limits, atLeast, path, pixels, count, &report))
        case .png: try check(cic_png_decode(start, bytes.count, &limits, pixels, count, &report))
        }
    }

    func info() -> PictureInfo {
        let orientation = Orientation.read(from: bytes, format: format)
        let (width, height) = (Int(report.width), Int(report.height))
        return PictureInfo(
            format: format, width: orientation.swapsSides ? height : width,
            height: orientation.swapsSides ? width : height, orientation: orientation, notes: notes)
    }

    private var notes: [String] {
        let known: [(Int, String)] = [
            (CIC_NOTE_EXTRANEOUS_DATA, "extraneous bytes before a marker"),
            (CIC_NOTE_NOT_SEQUENTIAL, "scan parameters that don't fit a sequential JPEG"),
            (CIC_NOTE_JFIF_MAJOR, "unknown JFIF version"),
            (CIC_NOTE_ADOBE_TRANSFORM, "unknown Adobe colour transform"),
            (CIC_NOTE_PROGRESSION, "scans of a progressive JPEG that are out of order"),
            (CIC_NOTE_OTHER, message),
        ]
        return known.filter { Int(report.notes) & $0.0 != 0 }.map(\.1)
    }

    private var message: String {
        withUnsafeBytes(of: report.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private func check(_ status: cic_status) throws(DecodeFailure) {
        switch status {
        case .ok: return
        case .truncated: throw .truncated(format)
        case .corrupt: throw .corrupt(format, message)
        case .unsupportedProcess: throw .unsupportedVariant(Self.processName(Int(report.detail)))
        case .unsupportedPrecision: throw .unsupportedVariant("\(report.detail)-bit JPEG")
        case .unsupportedComponents: throw .unsupportedVariant("JPEG with \(report.detail) components")
        case .unsupportedSampling: throw .unsupportedVariant("JPEG with fractional sampling")
        case .tooLarge:
            throw .tooLarge(
                width: Int(report.width), height: Int(report.height), maxSide: limits.maxSide,
                maxPixels: limits.maxPixels)
        case .tooManyScans: throw .tooManyScans(limit: limits.maxScans)
        case .tooMuchMemory: throw .tooMuchMemory(needed: Int(report.needed_memory), limit: limits.maxMemory)
        case .tooSlow: throw .tooSlow(limit: limits.maxSeconds)
        case .outOfMemory: throw .outOfMemory
        case .notHandled: throw .unsupportedVariant(Self.notReduced)
        }
    }

    /// This only happens with ``JPEGPath/reduced``.
    private static let notReduced = "JPEG that needs libjpeg"

    /// The JPEG process that a frame's marker (SOFn; ITU-T T.81, table B.1) announces.
    private static func processName(_ marker: Int) -> String {
        switch marker {
        case 0xC3: "lossless JPEG"
        case 0xC5, 0xC6, 0xC7: "hierarchical JPEG"
        case 0xC9, 0xCA: "arithmetic-coded JPEG"
        case 0xCB: "lossless arithmetic-coded JPEG"
        case 0xCD, 0xCE, 0xCF: "hierarchical arithmetic-coded JPEG"
        case 0xF7: "JPEG-LS"
        default: "JPEG with frame marker 0x\(String(marker, radix: 16, uppercase: true))"
        }
    }
}

extension DecodeLimits {
    fileprivate var forC: cic_limits {
        cic_limits(
            max_side: UInt32(clamping: maxSide), max_pixels: UInt64(clamping: maxPixels),
            max_scans: UInt32(clamping: maxScans), max_seconds: maxSeconds, max_memory: UInt64(clamping: maxMemory),
            is_lenient: isLenient)
    }
}
