import Archive
import Foundation
import Records
import Testing

@testable import Commands

@Suite("A run for people to read")
struct RunReportTests {
    private let summary = """
        {"run": 7, "trigger": "drop", "started": "2026-07-31T09:05:00.250Z", "finished": "2026-07-31T09:06:00.250Z",
        "outcome": "kept", "reason": "No.", "cv_accuracy": 0.875, "test_accuracy": 0.5, "champion_accuracy": 0.5,
        "champion_version": "v0001", "version": null, "parameters": null, "pictures": 20, "train_pictures": 15,
        "test_pictures": 5}
        """

    private func details(
        seconds: [RunStage: Double] = [:], leftOut: String = "", leftOutPictures: Int = 0, space: [String] = ["tiny"],
        candidates: [CandidateDetails] = []
    ) throws -> RunDetails {
        let classes = [("a", 3), ("b", 2)].map { name, support in
            ClassScore(label: name, precision: 1, recall: 1, f1: 1, support: support)
        }
        return try RunDetails(
            summary: JSONText(trusted: summary).decoded(), requested: nil, seed: 42,
            settings: JSONText(["search.space.backbone": space]), seconds: StageSeconds(seconds),
            leftOut: JSONText(trusted: "[\(leftOut)]").decoded(), leftOutPictures: leftOutPictures,
            candidates: candidates, refit: nil,
            evaluations: [
                EvaluationDetails(
                    role: .challenger, version: nil, accuracy: 0.5, classes: classes, confusion: [[3, 0], [0, 2]])
            ])
    }

    @Test("It says how long each stage took, those that it came to")
    func stages() throws {
        let seconds: [RunStage: Double] = [.features: 3.14, .search: 46.3, .refit: 3.2, .evaluation: 0.04]
        let text = try RunReport(details(seconds: seconds)).text
        #expect(text.contains("\nTook: features 3.1 s, search 46.3 s, refit 3.2 s, evaluation 0.0 s.\n"))
        #expect(text.contains("on the test set (5 pictures of 2 classes): accuracy 0.5000"))
        #expect(try !RunReport(details()).text.contains("Took: "))
    }

    @Test("It names the classes that weren't learned, what they lacked, and whether their test pictures counted")
    func leftOut() throws {
        let classes = """
            {"label": "Aplle", "train": 1, "test": 0, "needed": 5, "tested": false},
            {"label": "fig", "train": 4, "test": 2, "needed": 5, "tested": true},
            {"label": "kiwi", "train": 9, "test": 0, "needed": 5, "tested": null}
            """
        let text = try RunReport(details(leftOut: classes)).text
        #expect(
            text.contains(
                "\nNot learned, because of too few pictures: Aplle (1 training picture, 5 needed; no test picture), fig (4 training pictures, "
                    + "5 needed; the champion knows it, so its 2 test pictures count), "
                    + "kiwi (no test picture).\n"))
        #expect(try !RunReport(details()).text.contains("Not learned"))
    }

    @Test("It says how many pictures weren't used because they were set aside, and that JSON has the number")
    func leftOutPictures() throws {
        let some = try details(leftOutPictures: 2)
        #expect(RunReport(some).text.contains("\nNot used, because they were set aside: 2 pictures.\n"))
        #expect(try JSONOutput.of(some).contains("\"left_out_pictures\" : 2"))
        #expect(try RunReport(details(leftOutPictures: 1)).text.contains("set aside: 1 picture.\n"))
        #expect(try !RunReport(details()).text.contains("set aside"))
    }

    @Test("It names the backbones of the space that no candidate had; a run without candidates has tried none in vain")
    func undrawn() throws {
        func candidate(_ number: Int, _ backbone: String) -> CandidateDetails {
            let parameters = """
                {"backbone": "\(backbone)", "activation": "relu", "optimizer": "adam", "learning_rate": 0.001,
                "batch_size": 32, "dropout": 0.3, "hidden_units": 128, "initializer": "glorot_uniform",
                "batch_normalization": false}
                """
            return CandidateDetails(
                candidate: number, parameters: JSONText(trusted: parameters), meanAccuracy: nil, stdAccuracy: nil,
                rank: nil, trials: [])
        }
        let space = ["a", "b@96", "c"]
        let some = try details(space: space, candidates: [candidate(0, "c"), candidate(1, "c")])
        #expect(some.undrawnBackbones == ["a", "b@96"])
        #expect(RunReport(some).text.contains("no candidate uses it (search.candidates): a, b@96."))
        #expect(try details(space: space).undrawnBackbones.isEmpty)
        let all = try details(space: ["c"], candidates: [candidate(0, "c")])
        #expect(!RunReport(all).text.contains("Not tried"))
    }

    @Test("The list of runs has the winner's cross-validation score before the test accuracy")
    func crossValidation() throws {
        let run = try JSONDecoder().decode(RunSummary.self, from: Data(summary.utf8))
        let csv = try HistoryCommand.listing([run]).rendered(as: .csv)
        #expect(csv.contains(",version,cv_accuracy,test_accuracy,champion,") && csv.contains(",kept,,0.8750,0.5000,"))
        let json = try HistoryCommand.listing([run]).rendered(as: .json)
        #expect(json.contains("\"cv_accuracy\" : 0.875"))
    }
}
