import GRDB

extension History {
    /// The key of this installation's ``SplitRule``: 32 random bytes, made with the history.
    package func splitKey() throws -> [UInt8] { fatalError() }

    /// Begins a drop, or goes on with the one of the same name that a stopped daemon has left unfinished.
    package func beginDrop(_ name: RawName, at time: Timestamp) throws -> DropID { fatalError() }

    /// Records what has become of a batch of a drop's files, in one transaction.
    ///
    /// Duplicates and contradictions are decided here, among the files of the batch too, in their order; call it only
    /// when ``PictureStore/commit(_:)`` has returned for all of the batch's pictures. A file that is already recorded
    /// with the same path and content (the daemon was stopped before it could remove the original) keeps its first
    /// row and verdict.
    package func recordOutcomes(_ outcomes: [FileOutcome], in drop: DropID, at time: Timestamp) throws
        -> RecordedOutcomes
    { fatalError() }

    package func finishDrop(_ drop: DropID, at time: Timestamp) throws { fatalError() }

    /// Those of the digests that are recorded, with label and split.
    package func knownPictures(_ digests: some Collection<PictureDigest>) throws -> [PictureDigest: KnownPicture] {
        fatalError()
    }

    /// The drops that were begun and not finished, the oldest first.
    package func unfinishedDrops() throws -> [(id: DropID, name: RawName)] { fatalError() }
}
