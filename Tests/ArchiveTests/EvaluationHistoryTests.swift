import Testing

@testable import Archive
@testable import Records

@Suite("Recording evaluations")
struct EvaluationHistoryTests {
    @Test("Ten thousand predictions are kept and read back")
    func predictions() throws {
        try withHistory { history in
            try history.take((0..<10_000).map { picture($0, $0 % 2 == 0 ? "cat" : "dog", split: .test) })
            let dataset = try history.dataset()
            let run = try history.newRun()
            let predictions = dataset.pictures.map {
                Prediction(picture: $0.id, label: dataset.labels[0].id, probability: 0.75)
            }
            try history.recordEvaluation(evaluation(dataset, predictions), of: run)
            let read = try history.predictions(of: run, role: .challenger)
            #expect(read.count == 10_000)
            #expect(read.map(\.digest) == dataset.pictures.map(\.digest))
            #expect(read.count { $0.label == $0.predicted } == 5000)
        }
    }

    @Test("The matrix and the scores come back in class order, and a second record replaces the first")
    func matrix() throws {
        try withHistory { history in
            try history.take([picture(1, "cat", split: .test), picture(2, "dog", split: .test)])
            let dataset = try history.dataset()
            let run = try history.newRun()
            try history.recordEvaluation(evaluation(dataset, []), of: run)
            try history.recordEvaluation(evaluation(dataset, []), of: run)
            let details = try history.runDetails(run).evaluations
            #expect(details.count == 1)
            #expect(details[0].confusion == [[1, 0], [1, 0]])
            #expect(details[0].classes.map(\.label) == ["cat", "dog"])
            #expect(details[0].classes[1].precision == nil)
        }
    }

    @Test("A probability beyond 1 by rounding is kept as 1, and one that is no number as absent")
    func roundedProbability() throws {
        try withHistory { history in
            try history.take([picture(1, "cat", split: .test), picture(2, "dog", split: .test)])
            let dataset = try history.dataset()
            let run = try history.newRun()
            let predictions = zip(dataset.pictures, [1.0000001, .nan] as [Float]).map { picture, probability in
                Prediction(picture: picture.id, label: dataset.labels[0].id, probability: probability)
            }
            try history.recordEvaluation(evaluation(dataset, predictions), of: run)
            #expect(try history.predictions(of: run, role: .challenger).map(\.probability) == [1, nil])
        }
    }

    private func evaluation(_ dataset: Dataset, _ predictions: [Prediction]) -> NewEvaluation {
        NewEvaluation(
            role: .challenger, version: nil, accuracy: 0.5,
            classes: [
                ClassScore(label: dataset.labels[0].id, precision: 0.5, recall: 1, f1: 2 / 3.0, support: 1),
                ClassScore(label: dataset.labels[1].id, precision: nil, recall: 0, f1: 0, support: 1),
            ], confusion: [[1, 0], [1, 0]], predictions: predictions)
    }
}
