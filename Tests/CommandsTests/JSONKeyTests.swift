import Foundation
import Records
import SystemPackage
import TestSupport
import Testing

@testable import Commands

@Suite("The keys of JSON output")
struct JSONKeyTests {
    /// The keys in the row `name` of the table in docs/operations.md, which are a promise.
    private func promised(_ name: String) throws -> Set<String> {
        let path = Locations.packageRoot.appending("docs").appending("operations.md")
        let lines = String(decoding: try Locations.bytes(of: path), as: UTF8.self).split(separator: "\n")
        let beginning = "| … `\(name)` | "
        let line = try #require(lines.first { $0.hasPrefix(beginning) })
        // What is in parentheses are words and values, not keys.
        let keys = line.dropFirst(beginning.count).replacing(/\([^)]*\)/, with: "")
        return Set(keys.matches(of: /`(\w+)`/).map { String($0.1) })
    }

    private func keys(of value: some Encodable) throws -> Set<String> {
        let object = try JSONSerialization.jsonObject(with: Data(JSONOutput.of(value).utf8))
        return Set(try #require(object as? [String: Any]).keys)
    }

    @Test("Counts, pictures, candidates, trials and curves have the keys of docs/operations.md, even if all is absent")
    func asPromised() throws {
        let counts = HistoryCounts(
            trainPictures: 0, testPictures: 0, setAsidePictures: 0, labels: 0, drops: 0, unfinishedDrops: 0,
            duplicates: 0, rejects: 0, runs: 0, models: 0, pendingRequests: 0, champion: nil, lastRun: nil)
        let epoch = EpochRecord(
            epoch: 1, loss: nil, accuracy: nil, valLoss: nil, valAccuracy: nil, learningRate: 0.001)
        let trial = TrialRecord(
            candidate: 0, fold: 0, result: .failure(.sentence("a test")), seconds: 1, curve: [epoch])
        let candidate = CandidateDetails(
            candidate: 0, parameters: JSONText(trusted: "{}"), meanAccuracy: nil, stdAccuracy: nil, rank: nil,
            trials: [trial])
        let aside = """
            {"digest": "\(String(repeating: "0", count: 64))", "label": "fig", "split": "test", "path": "drop/fig/1.png",
            "code": "damaged", "reason": "a test", "since": "2026-07-31T09:05:00.250Z"}
            """
        #expect(try keys(of: counts) == promised("counts"))
        #expect(
            try keys(of: JSONText(trusted: aside).decoded(as: SetAsidePicture.self)) == promised("set_aside.items[]"))
        #expect(try keys(of: candidate) == promised("candidates[]"))
        #expect(try keys(of: trial) == promised("trials[]"))
        #expect(try keys(of: epoch) == promised("curve[]"))
    }
}
