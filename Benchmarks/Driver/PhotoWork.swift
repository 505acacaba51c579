import Foundation
import Pictures
import Tensors

/// Photos on the way to a backbone: read, decode, turn upright, resize. Large JPEGs are scaled down while decoding, as
/// extraction does it: to no less than `MARGIN` times the side.
///
/// Arguments: SIDE MARGIN FILE…
struct PhotoWork: Work {
    private let pool = WorkerPool(workerCount: threadCount)
    private let side: Int
    private let atLeast: Int
    private let files: [String]

    init(_ arguments: [String]) throws {
        guard arguments.count > 2, let side = Int(arguments[0]), let margin = Int(arguments[1]) else {
            throw DriverFailure("expected SIDE MARGIN FILE…, found \(arguments)")
        }
        self.side = side
        atLeast = side * margin
        files = Array(arguments.dropFirst(2))
    }

    func run() async throws {
        let decoder = PictureDecoder()
        try await pool.forEach(files.count) { [self] index, _ in
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: files[index])))
            let picture = try decoder.decode(bytes, atLeast: atLeast).image.resized(width: side, height: side)
            precondition(picture.pixels.count == side * side * 3)
        }
    }
}
