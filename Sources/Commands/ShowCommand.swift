internal import Archive
internal import ArgumentParser
internal import Records

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show everything about a run: candidates, folds, curves, matrices.",
        discussion: "CSV has one row for each epoch of each fit; JSON has everything.")

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    @Argument(help: "The number of the run in the history (default: the newest).")
    var run: Int64?

    func run() async throws {
        let history = try await installation.history()
        guard let number = try run ?? history.runs(limit: 1).first?.run else {
            throw CommandFailure("there are no runs yet")
        }
        let details = try history.runDetails(number)
        switch output.format {
        case .table: print(RunReport(details).text)
        case .json: try print(JSONOutput.of(RunDocument(details: details)))
        case .csv: try print(CurveRow.listing(of: details).rendered(as: .csv))
        }
    }
}

/// Everything that is known about a run, and what follows from it.
private struct RunDocument: Encodable {
    let details: RunDetails

    private enum Key: String, CodingKey {
        case undrawnBackbones = "undrawn_backbones"
    }

    func encode(to encoder: any Encoder) throws {
        try details.encode(to: encoder)
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(details.undrawnBackbones, forKey: .undrawnBackbones)
    }
}

/// One epoch of one fit.
private struct CurveRow: Encodable {
    let candidate: Int
    /// nil is the refit on all training pictures.
    let fold: Int?
    let epoch: EpochRecord

    static func listing(of details: RunDetails) -> Listing<CurveRow> {
        let trials = details.candidates.flatMap { candidate in
            candidate.trials.flatMap { trial in
                trial.curve.map { CurveRow(candidate: candidate.candidate, fold: trial.fold, epoch: $0) }
            }
        }
        let refit = details.refit.map { refit in
            refit.curve.map { CurveRow(candidate: refit.candidate, fold: nil, epoch: $0) }
        }
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        return Listing(
            items: trials + (refit ?? []),
            columns: [
                Column("candidate") { Text.ordinal($0.candidate) },
                Column("fold") { $0.fold.map(Text.ordinal) ?? "refit" },
                Column("epoch") { "\($0.epoch.epoch)" },
                Column("loss") { number($0.epoch.loss) },
                Column("accuracy") { number($0.epoch.accuracy) },
                Column("val_loss") { number($0.epoch.valLoss) },
                Column("val_accuracy") { number($0.epoch.valAccuracy) },
                Column("learning_rate") { Text.rate($0.epoch.learningRate) },
            ],
            emptyText: "")
    }
}
