import Foundation
import Outbox
import SystemPackage
import TestSupport
import Testing

@Suite("Daemon and commands side by side")
struct OperationTests {
    @Test("train asks a running daemon, and does it itself without one")
    func train() async throws {
        let farm = try Farm()
        let daemon = try farm.startDaemon()
        try farm.drop("first", Farm.pictures(train: 8, test: 4, seed: 1))
        _ = try await farm.run { $0["outcome"] as? String == "promoted" }

        let second = try farm.startDaemon()
        try await eventually("a second daemon gives up") { !second.isRunning }
        let refusal = try second.output()
        #expect(refusal.status == 1)
        #expect(refusal.errors.contains("process \(daemon.id) (cultivar) is already using this state folder"))

        let asked = try await farm.json("train", as: [String: Any].self)
        #expect(asked["run"] as? Int == 2)
        #expect(asked["trigger"] as? String == "request")
        let status = try await farm.json("status", as: [String: Any].self)
        #expect(status["process_id"] as? Int32 == daemon.id)
        #expect(status["current"] as? String == "v0001")
        #expect((status["status"] as? [String: Any])?["phase"] as? String == "idle")
        let features = try #require(status["features"] as? [String: Any])
        #expect((features["bytes"] as? Int ?? 0) > 0 && features["max_size"] is NSNull)
        #expect(try await daemon.stop().output.status == 0)

        let own = try await farm.cultivar("train")
        #expect(own.status == 0)
        #expect(own.text.hasPrefix("Run 3: "))
        #expect(!own.errors.contains("█"))
        let idle = try await farm.json("status", as: [String: Any].self)
        #expect(idle["process_id"] is NSNull)
        #expect(idle["status"] is NSNull)
    }

    @Test("A better model replaces the first, and rollback goes back and forth without training")
    func rollback() async throws {
        let farm = try Farm()
        let daemon = try farm.startDaemon()
        try farm.drop("mislabeled", Farm.pictures(train: 8, test: 4, seed: 1, shift: 1))
        _ = try await farm.run { $0["version"] as? String == "v0001" }
        let alone = try await farm.cultivar("rollback")
        #expect(alone.status == 1)
        #expect(alone.errors.contains("there is no version before v0001"))
        try farm.drop("right", Farm.pictures(train: 40, test: 4, seed: 2))
        let better = try await farm.run { $0["version"] as? String == "v0002" }
        #expect(try #require(better["test_accuracy"] as? Double) > #require(better["champion_accuracy"] as? Double))
        #expect(OutboxFolder(farm.path("outbox")).currentVersion == "v0002")

        #expect(try await farm.cultivar("rollback").text == "The current model is v0001 again.\n")
        #expect(OutboxFolder(farm.path("outbox")).currentVersion == "v0001")
        let models = try await farm.json("models", as: [[String: Any]].self)
        #expect(models.map { $0["version"] as? String } == ["v0002", "v0001"])
        #expect(models.map { $0["current"] as? Bool } == [false, true])
        let decisions = try await farm.json("models", "--decisions", as: [[String: Any]].self)
        #expect(decisions.map { $0["kind"] as? String } == ["rollback", "promotion", "promotion"])
        #expect(decisions.map { $0["version"] as? String } == ["v0001", "v0002", "v0001"])
        let copy = farm.path("copy/history.sqlite").string
        try FileManager.default.createDirectory(atPath: farm.path("copy").string, withIntermediateDirectories: false)
        #expect(try await farm.cultivar("backup", copy).text == "Wrote \(copy).\n")
        let old = try await farm.cultivar("models", "--state", farm.path("copy").string, "--format", "csv")
        #expect(old.text.contains("v0002"))
        #expect(try await farm.cultivar("backup", copy).status == 1)
        let unknown = try await farm.cultivar("rollback", "v0042")
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("there is no model with the version v0042"))
        #expect(try await farm.cultivar("rollback", "v0002").status == 0)
        #expect(try await farm.cultivar("rollback", "v0002").errors.contains("v0002 is already the current version"))
        #expect(try await farm.json("history", "--limit", "9", as: [Any].self).count == 2)
        _ = try await daemon.stop()
    }

    @Test("The daemon backs the history up by itself; status says when, and the backup is a history to start from")
    func backups() async throws {
        let farm = try Farm()
        let daemon = try farm.startDaemon(
            environment: ["CULTIVAR_BACKUP_INTERVAL": "1s", "CULTIVAR_BACKUP_KEEP": "2"])
        try farm.drop("first", Farm.pictures(train: 8, test: 4, seed: 1))
        _ = try await farm.run { $0["outcome"] as? String == "promoted" }
        func count() -> Int { daemon.log.components(separatedBy: "history backed up").count }
        let before = count()
        try await eventually("two backups of the run") { count() >= before + 2 }
        _ = try await daemon.stop()
        let files = Locations.files(below: farm.path("state/backups"))
        #expect(files.count == 2)
        let newest = try #require(files.last)
        let status = try await farm.json("status", as: [String: Any].self)
        let time = try #require(status["last_backup"] as? String)
        #expect(newest.lastComponent?.string == "history-\(time.prefix(19).replacing(":", with: "-"))Z.sqlite")
        try farm.folder.write(Locations.bytes(of: newest), to: "restored/history.sqlite")
        let models = try await farm.cultivar("models", "--state", farm.path("restored").string, "--format", "csv")
        #expect(models.text.contains("v0001"))
    }

    @Test("A daemon that is told to stop in the middle of a run goes on with it, to the same model")
    func interruption() async throws {
        let settings = """
            inbox: {settle: 0.5s}
            train: {on_drop: true}
            search:
              candidates: 4
              space: {backbone: [tiny], learning_rate: [0.00001, 0.000003], hidden_units: [512], dropout: [0]}
            fit: {epochs: 6000, validation_share: 0}
            """
        let pictures = Farm.pictures(train: 12, test: 4, seed: 5)
        let (smooth, broken) = (try Farm(settings: settings), try Farm(settings: settings))
        for farm in [smooth, broken] { try farm.drop("harvest", pictures) }
        var daemon = try broken.startDaemon()
        try await eventually("a first trial is finished") { daemon.log.contains("trial finished") }
        let (output, seconds) = try await daemon.stop()
        #expect(output.status == 0)
        #expect(seconds < 5)
        #expect(output.errors.contains("run interrupted, will be resumed"))
        #expect(try await broken.json("history", as: [[String: Any]].self).first?["outcome"] as? String == "running")

        daemon = try broken.startDaemon()
        let resumed = try await broken.run { $0["outcome"] as? String == "promoted" }
        #expect(resumed["run"] as? Int == 1)
        #expect(daemon.log.contains("resuming an interrupted run"))
        let trials = (output.errors + daemon.log).split(separator: "\n").filter { $0.contains("trial finished") }
        #expect(trials.count == 12)
        _ = try await daemon.stop()

        let other = try smooth.startDaemon()
        _ = try await smooth.run { $0["outcome"] as? String == "promoted" }
        _ = try await other.stop()
        #expect(try broken.folder.read("outbox/current/model.onnx") == smooth.folder.read("outbox/current/model.onnx"))
    }

    @Test("In a terminal, train shows a bar on one line")
    func progressBar() async throws {
        let farm = try Farm()
        let daemon = try farm.startDaemon()
        try farm.drop("first", Farm.pictures(train: 8, test: 4, seed: 1))
        _ = try await farm.run { $0["outcome"] as? String == "promoted" }
        _ = try await daemon.stop()
        let script = try Running(
            "/usr/bin/script", ["-qec", "\(Farm.binary) train --config \(farm.path("cultivar.yaml"))", "/dev/null"],
            environment: farm.environment,
            in: farm.folder)
        try await eventually("training ends") { !script.isRunning }
        let output = try script.output()
        #expect(output.status == 0)
        #expect(output.text.contains("░ run 2: "))
        #expect(output.text.contains("\rRun 2: "))
        #expect(!output.text.contains(" info cultivar"))
    }
}
