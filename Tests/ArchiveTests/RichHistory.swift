import System
import SystemPackage
import TestSupport

@testable import Archive
@testable import Records

/// What is done to one page of a file.
enum Damage: String, CaseIterable {
    case zeros, noise, halfZeros

    func apply(to page: Int, of file: FilePath, pageSize: Int) throws {
        let descriptor = try FileDescriptor.open(file, .readWrite)
        try descriptor.closeAfter {
            let count = self == .halfZeros ? pageSize / 2 : pageSize
            var generator = SplitMix64(state: UInt64(page))
            let bytes = (0..<count).map { _ in self == .noise ? UInt8.random(in: 0...255, using: &generator) : 0 }
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64((page - 1) * pageSize), bytes)
        }
    }
}

extension History {
    /// Rows in every table, more than a page of most.
    func fill() throws {
        for drop in 0..<3 {
            let files = (drop * 60..<drop * 60 + 60).map {
                picture(
                    $0 + 1, ["cat", "Dog", "ibis"][$0 % 3], at: "\($0 % 3)/a picture with a long name \($0).jpg",
                    split: $0 % 4 == 0 ? .test : .train)
            }
            let refused = FileOutcome(
                path: name("notes \(drop)"), finding: .refused(code: "not_a_picture", reason: "text", byteCount: 3))
            try take(files + [refused], drop: "drop \(drop)")
        }
        _ = try beginAttempt(on: digest(1000), at: time())
        let linked = KeptName(device: 1, inode: 2, path: name("drop 0/2/a link"))
        try keepSources([KeptSource(device: 1, inode: 2, size: 3, changed: 4)], names: [linked], of: 1, at: time())
        try requestTaking([name("drop 1/.hidden")], by: "a person", at: time())
        let dataset = try dataset()
        for number in 1...4 {
            var start = try self.run(at: number * 100)
            let label = dataset.labels[number % 3]
            start.leftOut = [label.id: Shortage(label: label.name, train: 4, test: 1, needed: 5)]
            let run = try startRun(start)
            try recordCandidates([JSONText(["units": 64]), JSONText(["units": 128])], of: run)
            for trial in 0..<6 {
                try recordTrial(
                    TrialRecord(
                        candidate: trial % 2, fold: trial / 2, result: .accuracy(0.5, bestEpoch: 2), seconds: 1.5,
                        curve: curve(12)), of: run)
            }
            try recordScores([.init(candidate: 0, meanAccuracy: 0.5, stdAccuracy: 0, rank: 1)], of: run)
            try recordRefit(RefitRecord(candidate: 0, bestEpoch: 2, seconds: 1.5, curve: curve(9)), of: run)
            for stage in RunStage.allCases { try recordStage(stage, seconds: 0.5, of: run) }
            let scores = dataset.labels.map {
                ClassScore(label: $0.id, precision: 0.5, recall: nil, f1: nil, support: 9)
            }
            let predictions = dataset.pictures.map {
                Prediction(picture: $0.id, label: dataset.labels[0].id, probability: Float($0.id) / 512)
            }
            try recordEvaluation(
                NewEvaluation(
                    role: .challenger, version: nil, accuracy: 0.5, classes: scores,
                    confusion: [[4, 5, 0], [0, 9, 0], [1, 0, 8]], predictions: predictions), of: run)
            guard number < 4 else { break }
            var new = try ArchiveTests.model("v\(number)", labels: dataset.labels)
            new.head = (0..<9_000).map { UInt8(truncatingIfNeeded: $0 &* number) }
            _ = try promote(new, in: run, RunResult(reason: "better", testAccuracy: 0.75), at: time(number * 100 + 9))
        }
        _ = try requestRun(by: "a person", at: time())
    }
}
