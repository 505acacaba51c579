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
    /// Nil if nothing is to be repaired, or if it can't be used.
    let ledger: Ledger?
    let store: PictureStore
    let pool: WorkerPool
    let disk: any Disk

    func findings(
        readingPictures: Bool, repairing: Bool, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws -> [Finding] {
        let sizes = try history.pictureSizes()
        let contents = try store.contents()
        let setAside = try history.setAsidePictures()
        let problems = try await problems(
            sizes, setAside: Set(setAside.map(\.digest)), reading: readingPictures, progress)
        let pictures =
            try recorded(sizes.count, problems, reading: readingPictures)
            + self.setAside(setAside.filter { problems[$0.digest] == nil })
        let unrecorded = contents.digests.filter { sizes[$0] == nil }.sorted()
        return try pictures + self.unrecorded(unrecorded, repairing: repairing)
            + contents.strangers.map {
                Finding(.unrecorded, .wrong, "\($0) doesn't belong to Cultivar; move it elsewhere")
            }
    }

    /// What is wrong with the files of the pictures. Those that are set aside are always read: few are, and people need
    /// to know whether their bytes or the decoder are at fault.
    private func problems(
        _ sizes: [PictureDigest: Int], setAside: Set<PictureDigest>, reading: Bool,
        _ progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws -> [PictureDigest: String] {
        let digests = Array(sizes.keys)
        let problems = Mutex<[PictureDigest: String]>([:])
        let share = 256
        let done = Atomic(0)
        try await pool.forEach((digests.count + share - 1) / share) { index, worker in
            for digest in digests[(index * share)...].prefix(share) {
                try worker.cancellation.check()
                progress(done.wrappingAdd(1, ordering: .relaxed).oldValue, digests.count)
                let isAside = setAside.contains(digest)
                guard let problem = try problem(with: digest, size: sizes[digest] ?? 0, reading: reading || isAside)
                else { continue }
                problems.withLock { $0[digest] = problem + (isAside ? " and is set aside" : "") }
            }
        }
        return problems.withLock { $0 }
    }

    private func recorded(_ count: Int, _ found: [PictureDigest: String], reading: Bool) throws -> [Finding] {
        guard !found.isEmpty else {
            let extent =
                reading ? "with their original bytes" : "with the right sizes"
            return [Finding(.pictures, .ok, "\(count) pictures, \(extent)")]
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

    /// Pictures that can't be used although their bytes are those that were accepted: nothing can be repaired.
    private func setAside(_ pictures: [SetAsidePicture]) -> [Finding] {
        let sentences = pictures.prefix(Self.listed).map {
            "\($0.digest) (\($0.label), delivered as \($0.path)) is set aside: \($0.reason); its bytes are those that "
                + "were accepted, and runs do without it until you drop the file again"
        }
        let rest = pictures.count - sentences.count
        return (sentences + (rest > 0 ? ["and \(rest) more are set aside"] : [])).map { Finding(.pictures, .ok, $0) }
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
        guard repairing, let ledger else {
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
