internal import Archive
internal import Records

/// The state of one file of a drop after copying.
enum CopiedFile: Sendable {
    /// A copy that may be a picture, for a validator to judge.
    struct Picture: Sendable {
        let staged: StagedPicture
        let label: LabelName
        let split: DropLayout.Split?
    }

    case picture(Picture)
    /// Nothing needs to be decoded.
    case done(PreparedFile)

    /// The copy in tmp, if there is one.
    var copy: RejectedFolder.Content? {
        switch self {
        case .picture(let picture): .staged(picture.staged.path)
        case .done(let prepared): prepared.copy
        }
    }
}

/// The result for one file of a drop before anything is recorded.
enum PreparedFile: Sendable {
    /// A valid picture, staged in the store's tmp.
    case picture(StagedPicture, NewPicture)
    case refused(RejectedFolder.Content, code: String, reason: String, byteCount: Int?, digest: PictureDigest? = nil)
    case deferred(Deferral)
    /// No longer there: somebody has removed it.
    case vanished

    /// The copy in tmp, if there is one.
    var copy: RejectedFolder.Content? {
        switch self {
        case .picture(let staged, _): .staged(staged.path)
        case .refused(let content, _, _, _, _): content
        case .deferred, .vanished: nil
        }
    }
}

/// Why a file stays in the inbox for now.
package enum Deferral: String, Sendable, CustomStringConvertible {
    /// It was written to or replaced since the drop settled.
    case changed
    /// Somebody has it open for writing.
    case openForWriting
    /// It ends too early, and was written a short while ago.
    case incomplete
    /// This process may not read it.
    case unreadable
    /// The disk has no room for a copy of it.
    case noSpace
    /// It is larger than the settings allow, and stays.
    case tooLarge

    /// Whether it will never be taken unless somebody does something.
    package var needsSomebody: Bool { [.unreadable, .noSpace, .tooLarge].contains(self) }

    package var description: String {
        switch self {
        case .changed: "it has just changed"
        case .openForWriting: "somebody is still writing to it"
        case .incomplete: "it ends too early and may still be incomplete"
        case .unreadable: "it can't be read with this user's permissions"
        case .noSpace: "the disk has no room for a copy of it"
        case .tooLarge: "it is larger than limits.max_file_bytes allows"
        }
    }
}
