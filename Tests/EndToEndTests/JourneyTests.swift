import Foundation
import Outbox
import SystemPackage
import TestSupport
import Testing

@Suite("From a dropped folder to a promoted model")
struct JourneyTests {
    /// Long enough to be no picture of which the beginning has come only.
    private static let notes = Array("Pick the figs in the evening, and never before the rain has gone.".utf8)

    @Test("A drop is trained on and published; a second model has to be better; refused files have reasons")
    func dropToModel() async throws {
        let farm = try Farm()
        let daemon = try farm.startDaemon()
        try farm.drop("first", Farm.pictures(train: 8, test: 4, seed: 1))
        let first = try await farm.run { $0["outcome"] as? String == "promoted" }
        #expect(first["version"] as? String == "v0001")
        #expect(first["pictures"] as? Int == 36)
        #expect(first["champion_accuracy"] is NSNull)
        let keys = [
            "run", "started", "finished", "outcome", "reason", "test_accuracy", "champion_accuracy", "version",
            "parameters", "pictures",
        ]
        #expect(Set(keys).isSubset(of: first.keys))
        try expectPublished("v0001", in: farm)
        try await expectPredictions(of: farm)

        var second = Farm.pictures(train: 8, test: 4, seed: 2)
        second["train/fig/notes.txt"] = Self.notes
        second["test/fig/again.png"] = TinyPictures.pngOfClass(0, of: 3, seed: 10_000)
        try farm.drop("second", second)
        let next = try await farm.run { $0["run"] as? Int == 2 && $0["finished"] is String }
        let (challenger, champion) = (next["test_accuracy"] as? Double, next["champion_accuracy"] as? Double)
        #expect(next["pictures"] as? Int == 72)
        let isBetter = try #require(challenger) > #require(champion)
        #expect(next["outcome"] as? String == (isBetter ? "promoted" : "kept"))
        try await expectReject(in: farm)
        try await expectDuplicate(in: farm)
        try await expectDetails(of: 2, in: farm)
        #expect(try FileManager.default.contentsOfDirectory(atPath: farm.path("inbox").string) == [])

        let (output, seconds) = try await daemon.stop()
        #expect(output.status == 0)
        #expect(seconds < 5)
        #expect(output.errors.contains("cultivar has stopped"))
    }

    private func expectPublished(_ version: String, in farm: Farm) throws {
        let outbox = OutboxFolder(farm.path("outbox"))
        #expect(outbox.currentVersion == version)
        try outbox.verify(outbox.folder(of: version))
        #expect(try farm.text("outbox/current/labels.txt") == "fig\nplum\nquince\n")
        let manifest = try JSONSerialization.jsonObject(with: Data(farm.folder.read("outbox/current/manifest.json")))
        let fields = try #require(manifest as? [String: Any])
        #expect(fields["version"] as? String == version)
        #expect(fields["labels"] as? [String] == ["fig", "plum", "quince"])
        #expect((fields["files"] as? [String: String])?.keys.sorted() == ["labels.txt", "model.onnx"])
    }

    private func expectPredictions(of farm: Farm) async throws {
        let fig = try farm.folder.write(TinyPictures.pngOfClass(0, of: 3, seed: 99), to: "bench/fig.png")
        let rows = try await farm.json("predict", fig.string, as: [[String: Any]].self)
        let row = try #require(rows.first)
        #expect(row["image"] as? String == fig.string)
        #expect(row["version"] as? String == "v0001")
        let shares = try #require(row["probabilities"] as? [String: Double])
        #expect(shares.keys.sorted() == ["fig", "plum", "quince"])
        #expect(abs(shares.values.reduce(0, +) - 1) < 1e-4)
        let best = try #require(row["label"] as? String)
        #expect(shares[best] == shares.values.max())

        let mixed = try await farm.cultivar(
            "predict", fig.string, farm.path("bench/none.png").string, "--format", "csv")
        #expect(mixed.status == 1)
        #expect(mixed.text.hasPrefix("image,label,probability,next\n\(fig.string),\(best),"))
        #expect(mixed.errors.contains("none.png: there is no such file"))
        try await expectPredictionsOfFolders(of: farm)
    }

    private func expectPredictionsOfFolders(of farm: Farm) async throws {
        let plum = TinyPictures.pngOfClass(1, of: 3, seed: 98)
        for path in ["b/2.png", "b/10.bin", "a.png", ".hidden/x.png", "b/.x.png", "b/Thumbs.db", "@eaDir/x.png"] {
            try farm.folder.write(plum, to: FilePath("bench/shots/\(path)"))
        }
        try farm.folder.write(Self.notes, to: "bench/shots/notes.txt")
        try farm.folder.write([], to: "bench/shots/b/empty.jpg")
        let shots = farm.path("bench/shots").string
        for (link, target) in [("c", "b"), ("d.png", "a.png"), ("e", "nowhere")] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(shots)/\(link)", withDestinationPath: "\(shots)/\(target)")
        }
        let output = try await farm.cultivar("predict", shots, "--format", "json")
        #expect(output.status == 0)
        #expect(try images(in: output) == ["a.png", "b/10.bin", "b/2.png", "d.png"].map { "\(shots)/\($0)" })
        for word in [
            "notes.txt: skipped: not a picture", "empty.jpg: skipped: an empty file", "/c: skipped: a link",
            "/e: skipped: a dangling link",
        ] {
            #expect(output.errors.contains(word))
        }
        #expect(output.errors.split(separator: "\n").count == 4)

        let lines = try await farm.cultivar(
            ["predict", "--files-from", "-", "--format", "json"],
            input: Array("\(shots)/b/2.png\n\n\(shots)/a.png".utf8))
        #expect(try images(in: lines) == ["\(shots)/b/2.png", "\(shots)/a.png"])
        let odd = Array("\(shots)/b\n".utf8) + [0xE9]
        try (odd + [0]).withUnsafeBytes { path in
            let path = path.baseAddress!.assumingMemoryBound(to: CChar.self)
            let file = try FileDescriptor.open(
                FilePath(platformString: path), .writeOnly, options: .create, permissions: .ownerReadWrite)
            _ = try file.closeAfter { try file.writeAll(plum) }
        }
        let list = try farm.folder.write(odd + [0], to: "bench/list").string
        let nulls = try await farm.cultivar("predict", "--files-from", list, "-0", "--format", "json")
        #expect(nulls.status == 0)
        #expect(try images(in: nulls) == ["\(shots)/b\\x0a\\xe9"])
        // Only a shell can pass such a name on.
        let command = "exec \"$0\" predict \"$1\"/b?? --format json --config \"$2\""
        let shell = try Running(
            "/bin/sh", ["-c", command, Farm.binary.string, shots, farm.path("cultivar.yaml").string],
            environment: farm.environment, in: farm.folder)
        try await eventually("the shell ends") { !shell.isRunning }
        #expect(try images(in: shell.output()) == ["\(shots)/b\\x0a\\xe9"])
    }

    private func images(in output: Output) throws -> [String] {
        let rows = try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [[String: Any]]
        return try #require(rows).compactMap { $0["image"] as? String }
    }

    private func expectReject(in farm: Farm) async throws {
        let rejects = try await farm.json("rejects", as: [[String: Any]].self)
        let reject = try #require(rejects.first)
        #expect(rejects.count == 1)
        #expect(reject["drop"] as? String == "second")
        #expect((reject["path"] as? String)?.hasSuffix("train/fig/notes.txt") == true)
        let reason = try #require(reject["reason"] as? String)
        let files = Locations.files(below: farm.path("state/rejected")).filter { $0.string.contains("notes.txt") }
        #expect(files.count == 2)
        let texts = try files.map { String(decoding: try Locations.bytes(of: $0), as: UTF8.self) }
        #expect(texts.contains(String(decoding: Self.notes, as: UTF8.self)))
        #expect(texts.contains { $0.contains(reason) })
        let drops = try await farm.json("drops", as: [[String: Any]].self)
        #expect(drops.map { $0["name"] as? String } == ["second", "first"])
        #expect(drops.map { $0["accepted"] as? Int } == [36, 36])
        #expect(drops.map { $0["rejected"] as? Int } == [1, 0])
    }

    private func expectDuplicate(in farm: Farm) async throws {
        let duplicates = try await farm.json("duplicates", as: [[String: Any]].self)
        let row = try #require(duplicates.first)
        #expect(duplicates.count == 1)
        #expect(row["drop"] as? String == "second")
        #expect(row["path"] as? String == "test/fig/again.png")
        #expect(row["repeats"] as? String == "first/train/fig/0.png")
        #expect(row["label"] as? String == "fig")
        #expect(row["split"] as? String == "train")
        #expect(row["split_origin"] as? String == "folder")
        let table = try await farm.cultivar("duplicates").text
        #expect(table.contains("first/train/fig/0.png  fig    training   its folder"))
        let csv = try await farm.cultivar("duplicates", "--format", "csv").text
        #expect(csv.hasPrefix("drop,path,repeats,label,counts_as"))
    }

    private func expectDetails(of run: Int, in farm: Farm) async throws {
        let details = try await farm.json("show", "\(run)", as: [String: Any].self)
        let candidates = try #require(details["candidates"] as? [[String: Any]])
        #expect(candidates.count == 2)
        #expect(candidates.allSatisfy { ($0["trials"] as? [Any])?.count == 2 })
        let evaluations = try #require(details["evaluations"] as? [[String: Any]])
        #expect(Set(evaluations.compactMap { $0["role"] as? String }) == ["champion", "challenger"])
        for evaluation in evaluations {
            #expect((evaluation["confusion"] as? [[Int]])?.joined().reduce(0, +) == 24)
        }
        let table = try await farm.cultivar("show", "\(run)")
        #expect(table.text.hasPrefix("Run \(run): "))
        #expect(table.text.contains("The challenger"))
        let curves = try await farm.cultivar("show", "\(run)", "--format", "csv").text
        #expect(curves.hasPrefix("candidate,fold,epoch,loss,accuracy,val_loss,val_accuracy,learning_rate\n1,1,1,"))
        #expect(curves.contains(",refit,"))
    }
}
