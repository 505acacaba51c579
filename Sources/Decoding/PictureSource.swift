package import Archive
package import Records
internal import System
package import SystemPackage

/// A picture file for a decoder process: its bytes, or a large file that the process is given open.
package struct PictureSource: Sendable {
    enum Contents {
        case bytes([UInt8])
        case file(FilePath, byteCount: Int)
    }

    let contents: Contents
    /// By which attempts to decode it are counted where they are recorded.
    let digest: PictureDigest?

    /// The bytes of a file.
    package init(_ bytes: [UInt8], digest: PictureDigest? = nil) {
        contents = .bytes(bytes)
        self.digest = digest
    }

    /// From an open file. A small one, and what isn't a regular file, is read to its end; a large one is opened again
    /// at `path` when it is decoded. Throws `Errno`, such as `fileTooLarge` beyond `limit` bytes.
    package init(
        _ file: FileDescriptor, at path: FilePath, digest: PictureDigest? = nil, limit: Int = .max
    ) throws {
        let size = try file.size()
        guard size <= limit else { throw Errno.fileTooLarge }
        contents =
            try size > PictureStore.contentsLimit
            ? .file(path, byteCount: size) : .bytes(file.readToEnd(limit: limit))
        self.digest = digest
    }

    /// A stored picture. Throws `StoreFailure.missing` and `FileFailure`.
    package init(_ digest: PictureDigest, in store: PictureStore) throws {
        let (file, path) = (try store.open(digest), store.path(of: digest))
        self = try Files.perform("read", path) {
            try file.closeAfter { try PictureSource(file, at: path, digest: digest) }
        }
    }

    init(_ staged: StagedPicture) {
        contents = staged.contents.map(Contents.bytes) ?? .file(staged.path, byteCount: staged.byteCount)
        digest = staged.digest
    }

    /// The size of the file.
    package var byteCount: Int {
        switch contents {
        case .bytes(let bytes): bytes.count
        case .file(_, let byteCount): byteCount
        }
    }

    /// The bytes of a file that goes through the shared memory together with others; nil for one that goes alone, as a
    /// descriptor.
    var smallBytes: [UInt8]? {
        guard case .bytes(let bytes) = contents, bytes.count <= PictureStore.contentsLimit else { return nil }
        return bytes
    }
}

/// Why a picture can't be used: what the decoder says of its bytes, or that it killed the decoder.
package struct DecodingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable, for programs: as in the history's `reason_code`.
    package let code: String
    /// A sentence for people.
    package let reason: String

    package var description: String { reason }
}
