import Foundation
import Testing

@testable import Records

@Suite("Why a run ended as it did")
struct RunReasonTests {
    private static let short = [Shortage(label: "fig", train: 1, test: 0, needed: 5)]

    private static func judged(_ verdict: Judgement.Verdict, _ leftOut: [Shortage] = []) -> RunReason {
        .judged(
            Judgement(verdict: verdict, pictures: 8, correct: 5, championCorrect: 4, minGain: 0.25), leftOut: leftOut)
    }

    private static let reasons: [(RunReason, code: String, text: String)] = [
        (.noPictures, "no_pictures", "there are no pictures yet"),
        (.onlyOneClass("fig"), "only_one_class", "there is only one class, fig; at least 2 are needed"),
        (
            .shortClasses(short), "short_classes",
            "train.short_classes is wait, and too small (train.min_per_class) are: "
                + "fig (1 training picture, 5 needed; no test picture)"
        ),
        (
            .tooFewClasses(enough: "plum", short: short), "too_few_classes",
            "only the class plum has enough pictures, and a run needs 2 classes; too small (train.min_per_class): "
                + "fig (1 training picture, 5 needed; no test picture)"
        ),
        (
            .tooFewClasses(enough: nil, short: []), "too_few_classes",
            "no class has enough pictures, and a run needs 2 classes; too small (train.min_per_class): "
        ),
        (
            .tooFewNew(1, needed: 2, waiting: 3, short: short), "too_few_new_pictures",
            "1 new picture, 2 needed (train.min_new); 3 pictures wait in classes that are too small: "
                + "fig (1 training picture, 5 needed; no test picture)"
        ),
        (
            judged(.noTestPictures), "no_test_pictures",
            "There are no test pictures, so the new model can't be judged."
        ),
        (judged(.firstModel), "first_model", "It is the first model: 5 of 8 test pictures right (62.50 %)."),
        (
            judged(.better, short), "better",
            "The new model has 5 of 8 test pictures right (62.50 %), the champion 4 of 8 test pictures right (50.00 %)."
                + " Left out because of too few pictures: fig (1 training picture, 5 needed; no test picture)."
        ),
        (
            judged(.gainTooSmall), "gain_too_small",
            "The new model has 5 of 8 test pictures right (62.50 %), the champion 4 of 8 test pictures right (50.00 %)"
                + ": better, but not by more than the required 25.00 %."
        ),
        (
            judged(.equal), "equal",
            "The new model has 5 of 8 test pictures right (62.50 %), the champion 4 of 8 test pictures right (50.00 %)"
                + ": the same number, but a new model must be better."
        ),
        (
            judged(.worse), "worse",
            "The new model has 5 of 8 test pictures right (62.50 %), the champion 4 of 8 test pictures right (50.00 %)."
        ),
        (.failure("no disk"), "failure", "no disk"),
        (.recordLost, "record_lost", "the record of this run was lost with a damaged history"),
        (
            .historyDamaged, "history_damaged",
            "the history was damaged while it ran, and was rebuilt by `cultivar doctor`"
        ),
        (.sentence("old"), "sentence", "old"),
    ]

    @Test("Each has a code, comes back from its JSON as it was, and has a sentence", arguments: reasons.indices)
    func roundTrip(index: Int) throws {
        let (reason, code, text) = Self.reasons[index]
        #expect(reason.text == text)
        let document = try JSONText(reason)
        #expect(document.text.contains(#""code":"\#(code)""#))
        #expect(try document.decoded(as: RunReason.self) == reason)
    }

    private struct Row: Codable {
        @InWords var reason: RunReason?
    }

    @Test("A record takes it as JSON or as a sentence, and shows the sentence")
    func inWords() throws {
        func row(_ text: String) throws -> Row { try JSONText(["reason": text]).decoded() }
        #expect(try row(#"{"code":"no_pictures"}"#).reason == .noPictures)
        #expect(try row("{not JSON").reason == .sentence("{not JSON"))
        #expect(try JSONText(row(#"{"code":"no_pictures"}"#)).text == #"{"reason":"there are no pictures yet"}"#)
        #expect(try JSONText(Row(reason: nil)).text == #"{"reason":null}"#)
    }
}
