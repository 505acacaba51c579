import Crypto
import SystemPackage

/// One copy into the store's tmp, hashed while it is written.
struct StagingCopy {
    let path: FilePath
    let copy: FileDescriptor
    let limit: Int

    /// Copies the rest of `source`; a source that grows beyond the limit meanwhile is refused too.
    func run(from source: FileDescriptor) throws -> StagedPicture {
        var hasher = SHA256()
        var count = 0
        var contents: [UInt8]? = []
        try source.readChunks { chunk in
            count += chunk.count
            guard count <= limit else { throw StoreFailure.tooLarge(bytes: count, limit: limit) }
            hasher.update(bufferPointer: chunk)
            try Files.perform("write", path) { _ = try copy.writeAll(chunk) }
            if count <= PictureStore.contentsLimit { contents?.append(contentsOf: chunk) } else { contents = nil }
        }
        guard count > 0 else { throw StoreFailure.empty }
        return StagedPicture(digest: Digest(hasher.finalize()), byteCount: count, path: path, contents: contents)
    }
}

extension FileDescriptor {
    /// The rest of the file.
    func readAll() throws -> [UInt8] {
        let size = try Files.size(of: self)
        var bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = try read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        try readChunks { bytes.append(contentsOf: $0) }
        return bytes
    }
}
