internal import Archive
internal import Intake
internal import Records
internal import Synchronization
internal import System
internal import SystemPackage
internal import Workers

/// The store's part of a check: whether every row has its file, and every file its row.
struct PictureExamination {
    let state: StateFolder
    let history: History
    let ledger: Ledger
    let store: PictureStore
    let pool: WorkerPool
    let disk: any Disk

    func findings(
        readingPictures: Bool, repairing: Bool, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws -> [Finding] {
        let sizes = try history.pictureSizes()
        let contents = try store.contents()
        let pictures = try await recorded(sizes, reading: readingPictures, progress)
        let unrecorded = contents.digests.filter { sizes[$0] == nil }.sorted()
        return try pictures + self.unrecorded(unrecorded, repairing: repairing)
            + contents.strangers.map {
                Finding(.unrecorded, .wrong, "\($0) doesn't belong to Cultivar; move it elsewhere")
            }
    }

    private func recorded(
        _ sizes: [PictureDigest: Int], reading: Bool,
        _ progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws -> [Finding] {
        let digests = Array(sizes.keys)
        let problems = Mutex<[PictureDigest: String]>([:])
        let share = 256
        let done = Atomic(0)
        try await pool.forEach((digests.count + share - 1) / share) { index, worker in
            for digest in digests[(index * share)...].prefix(share) {
                try worker.cancellation.check()
                progress(done.wrappingAdd(1, ordering: .relaxed).oldValue, digests.count)
                guard let problem = try problem(with: digest, size: sizes[digest] ?? 0, reading: reading) else {
                    continue
                }
                problems.withLock { $0[digest] = problem }
            }
        }
        let found = problems.withLock { $0 }
        guard !found.isEmpty else {
            let extent =
                reading ? "with their original bytes" : "with the right sizes"
            return [Finding(.pictures, .ok, "\(digests.count) pictures, \(extent)")]
        }
        let listed = found.sorted { $0.key < $1.key }.prefix(Self.listed)
        let known = try history.knownPictures(listed.map(\.key))
        let sentences = listed.map { digest, problem in
            let origin = known[digest].map { " (\($0.label), delivered as \($0.firstPath))" } ?? ""
            return "\(digest)\(origin) \(problem); drop the file again under the same label to restore it"
        }
        let rest = found.count - sentences.count
        return (sentences + (rest > 0 ? ["and \(rest) more"] : [])).map { Finding(.pictures, .wrong, $0) }
    }

    private func problem(with digest: PictureDigest, size: Int, reading: Bool) throws -> String? {
        guard let found = try store.byteCount(of: digest) else { return "is missing from the store" }
        guard found == size else { return "has \(found) bytes instead of \(size)" }
        guard reading else { return nil }
        do {
            try store.verify(digest)
            return nil
        } catch StoreFailure.damaged {
            return "doesn't match the SHA-256 in its name"
        } catch let failure as FileFailure where failure.errno == .ioError {
            return "can't be read from the disk"
        }
    }

    private func unrecorded(_ digests: [PictureDigest], repairing: Bool) throws -> [Finding] {
        guard !digests.isEmpty else { return [Finding(.unrecorded, .ok, "every file in the store has a row")] }
        guard repairing else {
            return [
                Finding(
                    .unrecorded, .wrong,
                    "\(digests.count) files in the store have no row: either their labels are lost, or an intake was "
                        + "interrupted and will continue; `cultivar doctor --repair` moves them to rejected/")
            ]
        }
        try UnrecordedPictures(state: state, store: store, history: history, ledger: ledger, disk: disk).reject(digests)
        let folder = state.rejected.appending(UnrecordedPictures.drop)
        return [
            Finding(
                .unrecorded, .repaired,
                "\(digests.count) pictures whose labels are lost were moved to \(folder); sort and drop them again"
            )
        ]
    }

    /// How many pictures are named individually.
    private static let listed = 20
}
