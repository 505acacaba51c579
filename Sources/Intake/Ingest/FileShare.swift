internal import Archive
internal import Decoding
internal import Workers

/// A few files of a batch, which one worker copies one by one and then has judged together.
struct FileShare: Sendable {
    let files: ArraySlice<SourceFile>

    /// Divides a batch so that every worker gets several shares, but a judge still gets many files at once.
    static func shares(of files: [SourceFile], workers: Int) -> [FileShare] {
        let size = min(max(files.count / (workers * 4), 1), 64)
        return stride(from: 0, to: files.count, by: size).map {
            FileShare(files: files[$0..<min($0 + size, files.count)])
        }
    }

    /// What happened to the files, in their order. If it throws, no copy is left.
    func copyAndJudge(with tools: IngestTools, on worker: Worker) throws -> [JudgedFile] {
        var copies: [CopiedFile] = []
        do {
            for file in files {
                try worker.cancellation.check()
                copies.append(try file.copy(with: tools, on: worker))
            }
            return try judge(copies, with: tools, on: worker)
        } catch {
            try JudgedBatch.discard(copies.compactMap(\.copy))
            throw error
        }
    }

    /// Has the copies judged by their bytes. This is the one place where the intake asks whether a file is a picture;
    /// docs/architecture.md, "Who decides on a file", names the others who have a say.
    private func judge(_ copies: [CopiedFile], with tools: IngestTools, on worker: Worker) throws -> [JudgedFile] {
        let staged = copies.compactMap { if case .picture(let picture) = $0 { picture.staged } else { nil } }
        let found = try tools.validator.validate(staged, in: tools.store, on: worker)
        precondition(found.count == staged.count, "\(found.count) findings for \(staged.count) files")
        var findings = found.makeIterator()
        return try zip(files, copies).map { file, copy in
            switch copy {
            case .done(let judged): return judged
            case .picture(let picture):
                guard let finding = findings.next() else { preconditionFailure("a finding is missing") }
                let judged = file.result(for: picture, finding: finding, tools: tools)
                if case .deferred = judged { try tools.store.discard([picture.staged]) }
                return judged
            }
        }
    }
}
