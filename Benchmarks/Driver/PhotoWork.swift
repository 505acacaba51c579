import Decoding
import Pictures
import Settings
import SystemPackage
import Workers

/// Photos on the way to a backbone: read, decode, turn upright, resize, in decoder processes. Large JPEGs are scaled
/// down while decoding, as extraction does it: to no less than the side.
///
/// Arguments: SIDE FILE…
struct PhotoWork: Work {
    private let pool = WorkerPool(workerCount: threadCount)
    private let decoders: DecoderPool
    private let side: Int
    /// What a worker asks for at a time.
    private let groups: [ArraySlice<FilePath>]

    init(_ arguments: [String]) throws {
        guard arguments.count > 1, let side = Int(arguments[0]) else {
            throw DriverFailure("expected SIDE FILE…, found \(arguments)")
        }
        self.side = side
        let files = arguments.dropFirst().map { FilePath($0) }
        let size = min(max(files.count / (threadCount * 4), 1), DecoderPool.suggestedGroup)
        groups = stride(from: 0, to: files.count, by: size).map { files[$0..<min($0 + size, files.count)] }
        let settings = Settings()
        decoders = DecoderPool(
            limits: settings.limits, maxFileBytes: settings.drops.maxFileBytes, side: side, attempts: nil)
    }

    func run() async throws {
        try await pool.forEach(groups.count) { [self] index, worker in
            let files = try groups[index].map { path in
                let file = try FileDescriptor.open(path, .readOnly)
                return try file.closeAfter { try PictureSource(file, at: path) }
            }
            for picture in try decoders.pictures(files, on: worker) {
                let pixels = try picture.get().pixels
                precondition(pixels.count == side * side * 3)
            }
        }
    }
}
