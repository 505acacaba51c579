import Pictures
import Settings
import SystemPackage
import Workers

/// Photos on the way to a backbone: read, decode, turn upright, resize. Large JPEGs are scaled down while decoding, as
/// extraction does it: to no less than the side.
///
/// Arguments: SIDE FILE…
struct PhotoWork: Work {
    private let pool = WorkerPool(workerCount: threadCount)
    private let side: Int
    private let files: [FilePath]

    init(_ arguments: [String]) throws {
        guard arguments.count > 1, let side = Int(arguments[0]) else {
            throw DriverFailure("expected SIDE FILE…, found \(arguments)")
        }
        self.side = side
        files = arguments.dropFirst().map { FilePath($0) }
    }

    func run() async throws {
        let decoder = PictureDecoder(limits: Settings().limits)
        try await pool.forEach(files.count) { [self] index, _ in
            let picture = try decoder.decode(bytes(of: files[index]), atLeast: side).image
                .resized(width: side, height: side)
            precondition(picture.pixels.count == side * side * 3)
        }
    }
}

/// A whole file, read at once.
private func bytes(of file: FilePath) throws -> [UInt8] {
    let descriptor = try FileDescriptor.open(file, .readOnly)
    return try descriptor.closeAfter {
        let size = Int(try descriptor.seek(offset: 0, from: .end))
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = try descriptor.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
            guard count == size else { throw DriverFailure("\(file) was read only in part") }
        }
    }
}
