internal import Records
internal import Archive

/// The first stage of a file's way: it was copied into the store's tmp, or there was nothing to copy.
///
/// The stages are ``CopiedFile``, ``JudgedBatch``, ``CommittedBatch``, ``RemovedBatch``. Each is made of the one before
/// it alone, so that no original can be removed that isn't recorded, and nothing recorded that isn't on the disk.
enum CopiedFile: Sendable {
    /// A copy that may be a picture, to be judged by a validator.
    struct Picture: Sendable {
        let staged: StagedPicture
        let label: LabelName
        /// Nil if the drop's folders don't say.
        let split: Split?
    }

    case picture(Picture)
    /// There is nothing to decode.
    case done(JudgedFile)

    /// The copy in tmp, if there is one.
    var copy: RejectedFolder.Content? {
        switch self {
        case .picture(let picture): .staged(picture.staged.path)
        case .done(let judged): judged.copy
        }
    }
}

/// What is to be said of one file of a drop, before anything is recorded.
enum JudgedFile: Sendable {
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
