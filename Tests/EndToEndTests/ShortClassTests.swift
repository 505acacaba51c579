import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("A class with too few pictures")
struct ShortClassTests {
    private func picture(_ number: Int) -> [UInt8] { TinyPictures.pngOfClass(3, of: 4, seed: 700 + UInt64(number)) }

    @Test("A misspelt folder of one picture keeps nobody from training; status, show, history and manifest name it")
    func misspelt() async throws {
        let farm = try Farm()
        let daemon = try farm.startDaemon()
        var drop = Farm.pictures(train: 8, test: 4, seed: 1)
        drop["train/Aplle/1.png"] = picture(1)
        try farm.drop("harvest", drop)
        let run = try await farm.run { $0["outcome"] as? String == "promoted" }
        #expect(run["train_pictures"] as? Int == 24 && run["test_pictures"] as? Int == 12)
        #expect((run["reason"] as? String)?.contains("Aplle (1 training picture, 5 needed; no test picture)") == true)
        #expect(run["cv_accuracy"] is Double)
        #expect(try farm.text("outbox/current/labels.txt") == "fig\nplum\nquince\n")
        let manifest = try JSONSerialization.jsonObject(with: Data(farm.folder.read("outbox/current/manifest.json")))
        let leftOut = (manifest as? [String: Any])?["left_out"] as? [[String: Any]]
        #expect(leftOut?.map { $0["label"] as? String } == ["Aplle"])

        let status = try await farm.json("status", as: [String: Any].self)
        let short = try #require((status["short_classes"] as? [[String: Any]])?.first)
        #expect(short["label"] as? String == "Aplle" && short["train"] as? Int == 1 && short["test"] as? Int == 0)
        #expect(
            short["needed"] as? Int == 5
                && short["reason"] as? String == "1 training picture, 5 needed; no test picture")
        #expect((status["status"] as? [String: Any])?["degraded"] is NSNull)
        #expect(
            try await farm.cultivar("status").text.contains("Aplle (1 training picture, 5 needed; no test picture)"))

        let show = try await farm.json("show", as: [String: Any].self)
        let left = try #require((show["left_out"] as? [[String: Any]])?.first)
        #expect(left["label"] as? String == "Aplle" && left["tested"] as? Bool == false)
        let seconds = try #require(show["seconds"] as? [String: Double])
        #expect(seconds.keys.sorted() == ["evaluation", "features", "publication", "refit", "search"])
        let refit = try #require((show["refit"] as? [String: Any])?["seconds"] as? Double)
        #expect(try refit <= #require(seconds["refit"]))
        let text = try await farm.cultivar("show").text
        #expect(
            text.contains(
                "Not learned, because of too few pictures: Aplle (1 training picture, 5 needed; no test picture)."))
        #expect(text.contains("Took: features "))

        // More of it are awaited, and taken up when there are enough.
        try farm.drop("more", Dictionary(uniqueKeysWithValues: (2...6).map { ("train/Aplle/\($0).png", picture($0)) }))
        let skipped = try await farm.run { $0["outcome"] as? String == "skipped" }
        #expect((skipped["reason"] as? String)?.contains("Aplle (no test picture)") == true)
        try farm.drop("test", ["test/Aplle/7.png": picture(7)])
        let next = try await farm.run { $0["champion_accuracy"] is Double }
        #expect(next["train_pictures"] as? Int == 30 && next["test_pictures"] as? Int == 13)
        #expect(try await farm.json("status", as: [String: Any].self)["short_classes"] as? [String] == [])
        _ = try await daemon.stop()
    }

    @Test("all stands for every backbone; those that the search doesn't come to are named beforehand and afterwards")
    func allBackbones() async throws {
        let settings = """
            inbox: {settle: 0.5s}
            train: {on_drop: true}
            search:
              candidates: 2
              folds: 2
              space: {backbone: [all@32], batch_size: [16], hidden_units: [8]}
            fit: {epochs: 2}
            """
        let farm = try Farm(settings: settings)
        let file = try farm.folder.read("backbones/tiny.onnx")
        for name in ["one", "two"] { try farm.folder.write(file, to: FilePath("backbones/\(name).onnx")) }
        try farm.folder.write(Array("no network".utf8), to: "backbones/broken.onnx")
        let check = try await farm.cultivar("config", "check")
        #expect(check.text.contains("search.space.backbone skips broken: "))
        let daemon = try farm.startDaemon()
        try farm.drop("harvest", Farm.pictures(train: 8, test: 4, seed: 1))
        _ = try await farm.run { $0["outcome"] as? String == "promoted" }
        let show = try await farm.json("show", as: [String: Any].self)
        let space = (show["settings"] as? [String: Any])?["search.space.backbone"] as? [String]
        #expect(space == ["one@32", "tiny@32", "two@32"])
        let candidates = try #require(show["candidates"] as? [[String: Any]])
        let drawn = Set(candidates.compactMap { ($0["parameters"] as? [String: Any])?["backbone"] as? String })
        let undrawn = try #require(show["undrawn_backbones"] as? [String])
        #expect(!undrawn.isEmpty && Set(undrawn) == Set(["one@32", "tiny@32", "two@32"]).subtracting(drawn))
        for name in undrawn {
            #expect(check.text.contains("the search doesn't try the backbone \(name)"))
            #expect(try await farm.cultivar("show").text.contains("(search.candidates): \(undrawn[0])"))
        }
        #expect(daemon.log.contains("backbones that no candidate uses") && daemon.log.contains("backbone skipped"))
        _ = try await daemon.stop()
    }
}
