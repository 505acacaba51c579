import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("What commands say of mistakes")
struct MistakeTests {
    private func expect(
        _ farm: Farm, _ arguments: [String], status: Int32 = 1, _ message: String, environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let output = try await farm.cultivar(arguments, environment: environment)
        #expect(output.status == status, sourceLocation: sourceLocation)
        #expect(output.errors.contains(message), sourceLocation: sourceLocation)
        #expect(status != 1 || !output.errors.contains("Usage:"), sourceLocation: sourceLocation)
    }

    @Test(
        "Commands that need a history say where there is none",
        arguments: [
            "status", "history", "show", "models", "drops", "duplicates", "rejects", "train", "rollback",
            "doctor",
        ])
    func noHistory(command: String) async throws {
        let farm = try Farm()
        try await expect(farm, [command], "there is no history at \(farm.path("state/history.sqlite"))")
        #expect(try FileManager.default.contentsOfDirectory(atPath: farm.path("state").string) == [])
    }

    @Test(
        "What a file's name holds isn't sent to the terminal",
        arguments: [
            ["augment", "\u{1B}[2J.png", "-o", "b.png"], ["status", "--state", "/nowhere/\u{1B}[2J"],
            ["history", "--\u{1B}[2J"], ["drops", "\u{1B}[2J"],
        ])
    func escapeSequences(arguments: [String]) async throws {
        let output = try await Farm().cultivar(arguments)
        #expect(output.status != 0)
        #expect(output.errors.contains("\\u{1b}[2J"))
        #expect(!(output.errors + output.text).unicodeScalars.contains("\u{1B}"))
    }

    @Test(
        "A limit below one and an unknown format are refused with the usage",
        arguments: [
            (["history", "--limit", "0"], "--limit is 0, expected at least 1"),
            (["rejects", "--limit=-3"], "--limit is -3, expected at least 1"),
            (["drops", "--format", "xml"], "xml"), (["models", "--limit", "many"], "many"),
            (["augment", "a.png", "-o", "b.png", "--size", "8"], "--size is 8, expected 32 to 1024"),
        ])
    func badOptions(arguments: [String], message: String) async throws {
        try await expect(Farm(), arguments, status: 64, message)
    }

    @Test(
        "A command that doesn't exist is named, with the one that was meant, whatever options follow",
        arguments: [
            (["histroy", "--inbox", "x"], "no command 'cultivar histroy'; did you mean 'cultivar history'?"),
            (["Status"], "did you mean 'cultivar status'?"), (["help", "modles"], "did you mean 'cultivar models'?"),
            (["config", "chekc", "--inbox", "x"], "did you mean 'cultivar config check'?"),
            (["harvest"], "no command 'cultivar harvest'. The commands are: daemon, train, "),
            ([""], "no command 'cultivar '"),
        ])
    func noSuchCommand(arguments: [String], message: String) async throws {
        try await expect(Farm(), arguments, status: 64, message)
    }

    @Test("Commands are found behind help, and options without a command are the parser's business")
    func help() async throws {
        let farm = try Farm()
        for arguments in [["help", "config", "check"], ["config", "--help"], ["help"]] {
            let output = try await farm.cultivar(arguments)
            #expect(output.text.contains("USAGE: cultivar") || output.errors.contains("--config"))
        }
        try await expect(farm, ["predict"], status: 64, "Expected pictures, folders or --files-from")
        try await expect(farm, ["predict", "-0", "a.png"], status: 64, "--null can only be used with --files-from")
    }

    @Test("predict names the outbox without a model, and the version that isn't there")
    func noModel() async throws {
        let farm = try Farm()
        try await expect(farm, ["predict", "a.png"], "there is no model in \(farm.path("outbox")) yet")
        try FileManager.default.createDirectory(
            atPath: farm.path("outbox/models").string, withIntermediateDirectories: true)
        try await expect(
            farm, ["predict", "--model", "v7", "a.png"], "there is no version v7 in \(farm.path("outbox"))")
    }

    @Test("augment draws a sheet, and names the file that it can't read, draw or write")
    func augment() async throws {
        let farm = try Farm()
        let picture = try farm.folder.write(TinyPictures.pngOfClass(0, of: 3, seed: 1), to: "bench/fig.png").string
        let notes = try farm.folder.write(Array("plain text".utf8), to: "bench/notes.png").string
        let sheet = farm.path("bench/sheet.png").string
        let output = try await farm.cultivar("augment", picture, "-o", sheet, "--size", "32")
        #expect(output.status == 0)
        #expect(try farm.folder.read("bench/sheet.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
        try await expect(farm, ["augment", "no.png", "-o", sheet], "can't read no.png: there is no such file")
        try await expect(farm, ["augment", notes, "-o", sheet], "can't draw \(notes): not a picture")
        try await expect(
            farm, ["augment", picture, "-o", "/no/such/sheet.png"],
            "can't write /no/such/sheet.png: its folder doesn't exist")
        let folder = farm.path("bench").string
        try await expect(farm, ["augment", folder, "-o", sheet], "can't read \(folder): it is a folder")
        try await expect(farm, ["augment", picture, "-o", folder], "can't write \(folder): it is a folder")
    }

    @Test("backbones lists what can run, and says what is wrong with a file that can't")
    func backbones() async throws {
        let farm = try Farm()
        #expect(try await farm.cultivar("backbones").status == 0)
        try farm.folder.write(Array("no ONNX at all".utf8), to: "backbones/broken.onnx")
        let output = try await farm.cultivar("backbones", "--format", "json")
        #expect(output.status == 1)
        let rows = try #require(
            try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [[String: Any]])
        #expect(rows.map { $0["name"] as? String } == ["broken", "tiny"])
        #expect((rows[0]["problem"] as? String)?.contains("broken.onnx") == true)
        #expect(rows[1]["problem"] is NSNull)
        #expect(rows[1]["features"] as? Int == 12)
        #expect(rows[0].keys == rows[1].keys)
    }

    @Test("config check names unknown keys and malformed values with their place, and passes good ones")
    func configCheck() async throws {
        #expect(try await Farm().cultivar("config", "check").text == "The settings are correct.\n")
        try await expect(
            Farm(), ["config", "check", "--outbox", "inbox/models", "--inbox", "inbox"],
            "must not be in the inbox")
        let lacking = try await Farm(settings: "search: {space: {backbone: [tinny]}}").cultivar("config", "check")
        #expect(lacking.status == 1)
        #expect(lacking.text == "")
        #expect(lacking.errors.contains("there is no backbone 'tinny' in "))
        #expect(lacking.errors.contains("put tinny.onnx there"))
        #expect(lacking.errors.contains("Everything else in the settings is correct."))
        let farm = try Farm(settings: "train: {min_nwe: 3, every: soon}")
        let output = try await farm.cultivar("config", "check")
        #expect(output.status == 1)
        #expect(output.errors.contains("'train.min_nwe', did you mean 'train.min_new'?"))
        #expect(output.errors.contains("soon"))
        #expect(output.errors.contains(farm.path("cultivar.yaml").string))
        try await expect(
            Farm(), ["history"], "CULTIVAR_TRAIN_EVRY", environment: ["CULTIVAR_TRAIN_EVRY": "5min"])
    }
}
