import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Labels from folder to model")
struct NameTests {
    @Test("A label's own characters are in labels.txt, manifest, JSON and CSV")
    func ownCharacters() async throws {
        let farm = try Farm()
        let daemon = try farm.startDaemon()
        let folders = ["fig": "x\u{200C}y", "plum": "a\\b", "quince": "granny \u{A0}smith "]
        var files: [String: [UInt8]] = [:]
        for (path, bytes) in Farm.pictures(train: 8, test: 4, seed: 1) {
            var parts = path.split(separator: "/").map(String.init)
            parts[0] = parts[0] == "train" ? "Training Set" : "valid"
            parts[1] = try #require(folders[parts[1]])
            files["archive/\(parts.joined(separator: "/"))"] = bytes
        }
        try farm.drop("first", files)
        let run = try await farm.run { $0["outcome"] as? String == "promoted" }
        let labels = ["a\\b", "granny smith", "x\u{200C}y"]
        let expected = labels.map { Array($0.utf8) }
        #expect(
            try Array(farm.text("outbox/current/labels.txt").utf8) == Array(expected.joined(separator: [10])) + [10])
        let manifest = try JSONSerialization.jsonObject(with: Data(farm.folder.read("outbox/current/manifest.json")))
        let named = try #require((manifest as? [String: Any])?["labels"] as? [String])
        #expect(named.map { Array($0.utf8) } == expected)

        let number = try #require(run["run"] as? Int)
        let details = try await farm.json("show", "\(number)", as: [String: Any].self)
        let evaluations = try #require(details["evaluations"] as? [[String: Any]])
        let classes = try #require(evaluations.first?["classes"] as? [[String: Any]])
        #expect(classes.compactMap { $0["label"] as? String }.map { Array($0.utf8) } == expected)
        #expect(classes.allSatisfy { $0["support"] as? Int == 4 })

        let picture = try farm.folder.write(TinyPictures.pngOfClass(0, of: 3, seed: 99), to: "bench/x.png")
        let rows = try await farm.json("predict", picture.string, as: [[String: Any]].self)
        let shares = try #require(rows.first?["probabilities"] as? [String: Double])
        #expect(Set(shares.keys.map { Array($0.utf8) }) == Set(expected))
        let csv = try await farm.cultivar("predict", picture.string, "--format", "csv")
        #expect(csv.text.unicodeScalars.contains("\u{200C}"))
        #expect(try await !farm.cultivar("predict", picture.string).text.unicodeScalars.contains("\u{200C}"))

        let (output, _) = try await daemon.stop()
        #expect(output.errors.contains("another spelling of a label"))
    }
}
