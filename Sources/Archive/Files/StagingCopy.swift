import System
import SystemPackage

/// A copy into the store's tmp, hashed while it is written.
struct StagingCopy {
    let path: FilePath
    let copy: FileDescriptor
    /// The source's size in bytes when it was opened.
    let size: Int
    /// Called before each piece; copying stops if it throws.
    let check: () throws -> Void

    /// Copies the rest of `source`. If the source grows meanwhile, it is refused; otherwise it could fill the disk.
    func run(from source: FileDescriptor) throws -> StagedPicture {
        size <= PictureStore.contentsLimit ? try copySmall(source) : try copyLarge(source)
    }

    /// Reads one byte more than expected, so that no second read is needed to find the end.
    private func copySmall(_ source: FileDescriptor) throws -> StagedPicture {
        var isAtEnd = false
        let contents = try [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            while count < buffer.count, !isAtEnd {
                let piece = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
                count += piece
                isAtEnd = piece == 0 || count == size
            }
        }
        guard contents.count <= size else { throw StoreFailure.grown }
        guard !contents.isEmpty else { throw StoreFailure.empty }
        try Files.perform("write", path) { _ = try copy.writeAll(contents) }
        return StagedPicture(
            digest: .sha256(contents), byteCount: contents.count, path: path, contents: contents)
    }

    private func copyLarge(_ source: FileDescriptor) throws -> StagedPicture {
        var hasher = SHA256()
        var count = 0
        try source.readChunks { chunk in
            try check()
            count += chunk.count
            guard count <= size else { throw StoreFailure.grown }
            hasher.update(chunk)
            try Files.perform("write", path) { _ = try copy.writeAll(chunk) }
        }
        guard count > 0 else { throw StoreFailure.empty }
        return StagedPicture(digest: hasher.finalize(), byteCount: count, path: path, contents: nil)
    }
}
