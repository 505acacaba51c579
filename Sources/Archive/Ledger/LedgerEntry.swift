package import Records
package import System

/// One line of the ledger: what somebody has given, in words that need no database to be understood.
package enum LedgerEntry: Sendable, Hashable {
    /// Whose ledger it is. The first line of every file.
    case installation(LedgerInstallation)
    case label(LedgerLabel)
    case drop(LedgerDrop)
    case picture(LedgerPicture)
    /// A kind that a later release writes. It stays in the file, and nothing is made of it.
    case unknown(kind: String)
}

/// The installation's key. A ledger without it couldn't give a picture the split that it had.
package struct LedgerInstallation: Sendable, Hashable {
    /// The 32 bytes of ``Records/SplitRule``'s key.
    package var splitKey: [UInt8]
    /// When the file was begun.
    package var at: Timestamp
}

/// A label that is new, or spellings of it that are.
package struct LedgerLabel: Sendable, Hashable {
    /// The label's name, its first spelling.
    package var name: String
    /// How the names of folders spell it.
    package var spellings: [String]
    package var at: Timestamp
}

/// A drop whose first file has been recorded.
package struct LedgerDrop: Sendable, Hashable {
    package var id: DropID
    package var name: RawPath
    /// When Cultivar began to take it.
    package var at: Timestamp
}

/// An accepted picture. It repeats the names of its label and its drop, so that it needs no other line.
package struct LedgerPicture: Sendable, Hashable {
    package var digest: PictureDigest
    package var byteCount: Int
    /// "jpeg" or "png".
    package var format: String
    /// Width and height in pixels, upright.
    package var width: Int
    package var height: Int
    /// What the decoder found unusual but acceptable.
    package var notes: String?
    /// The label's name.
    package var label: String
    package var split: Split
    package var splitOrigin: SplitOrigin
    package var drop: DropID
    package var dropName: RawPath
    /// Relative to the drop; nil if the ledger doesn't keep paths.
    package var path: RawPath?
    /// When it was accepted.
    package var at: Timestamp
}
