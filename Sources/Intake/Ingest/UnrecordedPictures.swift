package import Archive
internal import Decoding
package import Records
package import System
internal import SystemPackage

/// Files in the picture store without a row: either their labels were lost with a damaged history, or an intake was
/// interrupted between store and history and their originals are still in the inbox.
///
/// They are rejected like files of a drop: put into `rejected/` with the reason, recorded, and then removed from the
/// store. Anybody who knows the label can drop them again. Only for the holder of the installation's lock, while no
/// drop is being taken.
package struct UnrecordedPictures {
    /// The drop under whose name they are rejected.
    package static let drop = "lost-labels"
    /// Their reason code.
    package static let code = "label_lost"

    private let history: History
    private let ledger: Ledger
    private let store: PictureStore
    private let rejected: RejectedFolder
    private let temporary: FilePath

    /// Throws `FileFailure` if the folder for rejected files can't be opened.
    package init(
        state: StateFolder, store: PictureStore, history: History, ledger: Ledger, disk: any Disk = SystemDisk()
    ) throws {
        (self.history, self.ledger) = (history, ledger)
        self.store = store
        rejected = try RejectedFolder(state: state, disk: disk)
        temporary = state.temporary
    }

    /// Rejects these files of the store. If it is interrupted, it can be called again for the remaining files.
    package func reject(_ digests: [PictureDigest]) throws {
        guard !digests.isEmpty else { return }
        let drop = try history.beginDrop(RawPath(Self.drop), at: .now)
        for start in stride(from: 0, to: digests.count, by: Self.batchSize) {
            try reject(digests[start..<min(start + Self.batchSize, digests.count)], in: drop)
        }
        try history.finishDrop(drop, at: .now)
    }

    private func reject(_ digests: ArraySlice<PictureDigest>, in drop: DropID) throws {
        let files = try digests.map { ($0, RawPath("\($0.hex)\(try suffix(of: $0))")) }
        try rejected.keep(
            files.map { digest, name in
                // A second name instead of a copy: the file always has a name and never takes space twice.
                let link = temporary.appending("\(digest.hex).lost")
                try Files.link(store.path(of: digest), to: link)
                return RejectedFolder.Item(
                    content: .staged(link), path: RawPath(Self.drop).appending(name), reason: Self.reason)
            })
        let outcomes = try files.map { digest, name in
            FileOutcome(
                path: name,
                finding: .refused(code: Self.code, reason: Self.reason, byteCount: try store.byteCount(of: digest)))
        }
        _ = try history.recordOutcomes(outcomes, in: drop, ledger: ledger, at: .now)
        for digest in digests { try store.removeUnrecorded(digest) }
    }

    /// The suffix of the name, for programs that recognise files by it; decoders here don't.
    private func suffix(of digest: PictureDigest) throws -> String {
        let file = try store.open(digest)
        let head = try file.closeAfter {
            try file.readHead(limit: 1024)
        }
        return switch FileKind.sniff(head) {
        case .picture(.jpeg): ".jpg"
        case .picture(.png): ".png"
        default: ""
        }
    }

    private static let batchSize = 1000
    private static let reason =
        "the picture was in the store, but its label is unknown now; put it into a folder with its label and drop "
        + "it again"
}
