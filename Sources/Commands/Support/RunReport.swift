internal import Learning
internal import Records
internal import System
internal import Training

/// A run for people to read, from top to bottom.
struct RunReport {
    private let details: RunDetails

    init(_ details: RunDetails) { self.details = details }

    var text: String {
        let parts = [heading, candidates, refit] + details.evaluations.map(evaluation)
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var heading: String {
        let run = details.summary
        let length = run.finished.map { ", took \(Text.duration(from: run.started, to: $0))" } ?? ""
        let lines = [
            "Run \(run.run): \(run.outcome.rawValue)" + (run.version.map { " as \($0)" } ?? ""),
            run.reason?.text ?? "",
            "Started \(Text.time(run.started)) by \(run.trigger.rawValue)\(length); "
                + "\(run.trainPictures) training and \(run.testPictures) test pictures, seed \(details.seed).",
            times, leftOut, leftOutPictures, undrawn,
        ]
        return lines.filter { !$0.isEmpty }.map { TerminalText.escaped($0) }.joined(separator: "\n")
    }

    private var times: String {
        let parts = RunStage.allCases.compactMap { stage in
            details.seconds[stage].map { "\(stage.rawValue) \(Text.seconds($0))" }
        }
        return parts.isEmpty ? "" : "Took: \(parts.joined(separator: ", "))."
    }

    private var leftOut: String {
        let classes = details.leftOut.map { short in
            let few = short.shortage
            let tested = short.tested == true ? "; the champion knows it, so its \(few.test) test pictures count" : ""
            return "\(few.label) (\(few.words)\(tested))"
        }
        return classes.isEmpty ? "" : "Not learned, because of too few pictures: \(classes.joined(separator: ", "))."
    }

    private var leftOutPictures: String {
        let count = details.leftOutPictures
        return count == 0
            ? "" : "Not used, because they were set aside: \(count) \(count == 1 ? "picture" : "pictures")."
    }

    private var undrawn: String {
        let names = details.undrawnBackbones
        return names.isEmpty
            ? "" : "Not tried, because no candidate uses it (search.candidates): \(names.joined(separator: ", "))."
    }

    private var candidates: String {
        guard !details.candidates.isEmpty else { return "" }
        let folds = details.candidates.map(\.trials.count).max() ?? 0
        var columns: [Column<CandidateDetails>] = [
            Column("candidate", number: true) { Text.ordinal($0.candidate) },
            Column("rank", number: true) { $0.rank.map { "\($0)" } ?? "" },
            Column("mean", number: true) { Text.accuracy($0.meanAccuracy) },
            Column("std", number: true) { Text.accuracy($0.stdAccuracy) },
        ]
        for fold in 0..<folds {
            columns.append(
                Column("fold \(fold + 1)", number: true) { candidate in
                    let trial = candidate.trials.first { $0.fold == fold }
                    return trial.map { $0.accuracy.map(Text.accuracy) ?? "failed" } ?? ""
                })
        }
        columns.append(
            Column("epochs", number: true) { $0.trials.map { "\($0.curve.count)" }.joined(separator: "/") })
        columns.append(Column("parameters") { Text.parameters($0.parameters) })
        return TableText.of(details.candidates, columns)
    }

    private var refit: String {
        guard let refit = details.refit else { return "" }
        let curve = TableText.of(
            refit.curve,
            [
                Column("epoch", number: true) { "\($0.epoch)" + ($0.epoch == refit.bestEpoch ? "*" : " ") },
                Column("loss", number: true) { Text.accuracy($0.loss) },
                Column("accuracy", number: true) { Text.accuracy($0.accuracy) },
                Column("val loss", number: true) { Text.accuracy($0.valLoss) },
                Column("val accuracy", number: true) { Text.accuracy($0.valAccuracy) },
                Column("learning rate", number: true) { Text.rate($0.learningRate) },
            ])
        return "Candidate \(Text.ordinal(refit.candidate)) trained on all training pictures "
            + "(* is the epoch that was kept):\n\(curve)"
    }

    private func evaluation(_ evaluation: EvaluationDetails) -> String {
        let name = evaluation.role.rawValue + (evaluation.version.map { " \($0)" } ?? "")
        let classes = Array(evaluation.classes.enumerated())
        var columns: [Column<(offset: Int, element: ClassScore<String>)>] = [
            Column("class") { $0.element.label },
            Column("precision", number: true) { Text.accuracy($0.element.precision) },
            Column("recall", number: true) { Text.accuracy($0.element.recall) },
            Column("f1", number: true) { Text.accuracy($0.element.f1) },
            Column("support", number: true) { "\($0.element.support)" },
        ]
        for index in evaluation.confusion.indices {
            columns.append(Column("\(index + 1)", number: true) { "\(evaluation.confusion[$0.offset][index])" })
        }
        let pictures = evaluation.classes.map(\.support).reduce(0) { $0.saturatingSum($1) }
        return "The \(name) on the test set (\(pictures) pictures of \(classes.count) classes): "
            + "accuracy \(Text.accuracy(evaluation.accuracy)); "
            + "one row per true class, one numbered column per predicted class\n" + TableText.of(classes, columns)
    }
}

extension RunDetails {
    /// The backbones of the run's search space that none of its candidates uses; none if there are no candidates.
    var undrawnBackbones: [String] {
        guard !candidates.isEmpty, let space: SpaceSettings = try? settings.decoded() else { return [] }
        let drawn = candidates.compactMap { try? $0.parameters.decoded(as: Hyperparameters.self) }
        return SearchSpace.undrawn(space.backbone ?? [], by: drawn)
    }
}

/// The part of a run's settings that is needed here.
private struct SpaceSettings: Decodable {
    let backbone: [String]?

    enum CodingKeys: String, CodingKey {
        case backbone = "search.space.backbone"
    }
}
