package import Records
package import System
package import SystemPackage

/// A copy in the store's tmp, already hashed, that isn't part of the store yet.
package struct StagedPicture: Sendable {
    package let digest: PictureDigest
    /// The size in bytes.
    package let byteCount: Int
    /// Where the copy is until ``PictureStore/commit(_:)`` or ``PictureStore/discard(_:)``.
    package let path: FilePath
    /// The bytes that were written, kept for small files so that a validator needn't read them again. Set it to nil
    /// as soon as they aren't needed.
    package var contents: [UInt8]?
}

/// Why the store refuses a picture or can't return one.
package enum StoreFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    /// It became longer while it was copied.
    case grown
    /// The store has no such file.
    case missing(PictureDigest, path: FilePath)
    /// ``PictureStore/verify(_:)`` found other bytes in the file; `found` is their digest.
    case damaged(PictureDigest, path: FilePath, found: Digest)

    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .grown: "the file became longer while it was copied"
        case .missing(let digest, let path): "the picture \(digest) is not in the store (\(path))"
        case .damaged(let digest, let path, let found):
            "the stored picture \(path) is damaged: its SHA-256 is \(found), not \(digest)"
        }
    }
}
