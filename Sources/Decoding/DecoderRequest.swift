internal import Records

/// What a decoder process needs to know when it starts: its arguments.
struct DecoderOrder {
    var limits: DecodeLimits
    /// The largest file that it is given, in bytes.
    var maxFileBytes: Int
    /// How large the pictures are that it makes.
    var layout: PixelLayout

    init(limits: DecodeLimits, maxFileBytes: Int, layout: PixelLayout) {
        (self.limits, self.maxFileBytes, self.layout) = (limits, maxFileBytes, layout)
    }

    var arguments: [String] {
        [
            "\(limits.maxSide)", "\(limits.maxPixels)", "\(limits.maxScans)", "\(limits.maxMemory)",
            "\(limits.isLenient ? 1 : 0)", "\(maxFileBytes)", "\(layout.side)", "\(limits.maxSeconds)",
        ]
    }

    /// Nil for arguments that aren't those of a decoder process.
    init?(arguments: [String]) {
        let numbers = arguments.dropLast().compactMap { Int($0) }
        guard arguments.count == 8, numbers.count == 7, let seconds = arguments.last.flatMap({ Double($0) }) else {
            return nil
        }
        limits = DecodeLimits(
            maxSide: numbers[0], maxPixels: numbers[1], maxScans: numbers[2], maxSeconds: seconds,
            maxMemory: numbers[3], isLenient: numbers[4] == 1)
        maxFileBytes = numbers[5]
        layout = PixelLayout(side: numbers[6])
    }

    /// How many bytes of address space decoding may take.
    var addressSpace: UInt64 {
        UInt64(
            limits.maxMemory.saturatingSum(maxFileBytes).saturatingSum(pixelBytes).saturatingSum(Self.slack))
    }

    /// In addition to libjpeg's memory, the file and the pixels: rows, tables, this program's own memory.
    private static let slack = 96 << 20

    /// A picture as it is stored and the same upright, with 3 bytes a pixel each; none if files are only judged. A JPEG
    /// that isn't scaled down to an eighth has a side that is shorter than twice the one that is asked for.
    private var pixelBytes: Int {
        guard layout.side > 0 else { return 0 }
        let (bytes, isTooMuch) = max(limits.maxPixels, 2 * layout.side * limits.maxSide)
            .multipliedReportingOverflow(by: 6)
        return isTooMuch ? .max : bytes
    }
}

/// How pictures lie in the memory that a decoder process writes: one after the other, each side x side x 3 bytes.
struct PixelLayout: Sendable {
    /// Height and width of each picture in pixels; 0 if there are no pictures.
    let side: Int

    /// The sizes that can be asked for: those of networks' inputs.
    static let sides = 1...4096

    /// What the pictures of a request take, unless a single one takes more.
    private static let usualBytes = 16 << 20

    /// The bytes of one picture.
    var pictureBytes: Int { side * side * 3 }

    /// How many pictures a request may ask for, at least 1.
    var capacity: Int {
        side == 0 ? DecoderMessages.filesLimit : min(DecoderMessages.filesLimit, max(1, Self.usualBytes / pictureBytes))
    }

    /// The bytes of all pictures of a request.
    var byteCount: Int { capacity * pictureBytes }

    /// Where the picture of a request's file with this number is.
    func range(of index: Int) -> Range<Int> { index * pictureBytes..<(index + 1) * pictureBytes }
}

/// One file of a request. Its bytes are in the memory that the service writes, or from 0 on in the descriptor that is
/// sent with it.
struct DecoderPiece {
    /// The memory limit for decoding it, in bytes.
    var memory: Int
    var offset: Int
    var count: Int
    /// Height and width of the picture to make, in pixels; 0 if the file is only to be judged.
    var side: Int
}
