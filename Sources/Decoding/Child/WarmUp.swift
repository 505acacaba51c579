/// What a decoder process does before it confines itself. Threads, tables and files that a library sets up at its first
/// picture would be forbidden later, so each format is decoded once in each way that requests may ask for.
enum WarmUp {
    static func run(limits: DecodeLimits) {
        let judge = PictureJudge(limits: limits)
        let findings: [Result<ValidationFinding, DecodeFailure>] = samples.flatMap { sample in
            sample.withUnsafeBytes { bytes in [judged(bytes, by: judge), made(bytes, by: judge)] }
        }
        _ = DecoderMessages.encode(findings)
    }

    private static func judged(
        _ bytes: UnsafeRawBufferPointer, by judge: PictureJudge
    ) -> Result<ValidationFinding, DecodeFailure> {
        Result { () throws(DecodeFailure) in try judge.finding(of: bytes) }
    }

    private static func made(
        _ bytes: UnsafeRawBufferPointer, by judge: PictureJudge
    ) -> Result<ValidationFinding, DecodeFailure> {
        let layout = PixelLayout(side: 5)
        return withUnsafeTemporaryAllocation(byteCount: layout.pictureBytes, alignment: 1) { pixels in
            Result { () throws(DecodeFailure) in
                try judge.finding(of: bytes, side: layout.side, pixels: pixels)
            }
        }
    }

    /// A picture of each format, and a file that is none.
    static let samples: [[UInt8]] = [bytes(ofHex: jpeg), bytes(ofHex: png), [0]]

    private static func bytes(ofHex text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// 8 x 8 pixels of one colour, with halved chroma.
    private static let jpeg = """
        ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d\
        283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffdb004301111212181518\
        2f1a1a2f63423842636363636363636363636363636363636363636363636363636363636363636363636363636363636363\
        6363636363636363ffc00011080008000803012200021101031101ffc4001500010100000000000000000000000000000005\
        ffc40014100100000000000000000000000000000000ffc40014010100000000000000000000000000000004ffc400141101\
        00000000000000000000000000000000ffda000c03010002110311003f00880067bfffd9
        """

    /// One pixel.
    private static let png = """
        89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da63a8b091030002\
        0200d34f2c78b70000000049454e44ae426082
        """
}
