import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Damaged histories and readers of every kind")
struct DoctorTests {
    private func trained(_ farm: Farm) async throws -> Running {
        let daemon = try farm.startDaemon()
        try farm.drop("first", Farm.pictures(train: 8, test: 4, seed: 1))
        _ = try await farm.run { $0["outcome"] as? String == "promoted" }
        return daemon
    }

    /// Overwrites the pages of the history from `first` on with zeros.
    private func damage(_ farm: Farm, from first: Int, count: Int) throws {
        let file = try FileDescriptor.open(farm.path("state/history.sqlite"), .readWrite)
        try file.closeAfter {
            _ = try file.writeAll(toAbsoluteOffset: Int64(first * 4096), [UInt8](repeating: 0, count: count * 4096))
        }
    }

    private func digests(_ farm: Farm) throws -> Set<String> {
        Set(Locations.files(below: farm.path("state/pictures")).compactMap { $0.lastComponent?.string })
    }

    @Test("A daemon refuses a damaged history and says what to do; doctor makes a new one, and nothing is lost")
    func repair() async throws {
        let farm = try Farm()
        let daemon = try await trained(farm)
        let busy = try await farm.cultivar("doctor")
        #expect(busy.status == 1)
        #expect(busy.errors.contains("process \(daemon.id) (cultivar) is already using this state folder"))
        _ = try await daemon.stop()
        let before = try digests(farm)
        #expect(
            try await farm.json("doctor", "--digests", as: [[String: String]].self).allSatisfy { $0["status"] == "ok" })

        try damage(farm, from: 1, count: 40)
        let refused = try farm.startDaemon()
        try await eventually("the daemon gives up") { !refused.isRunning }
        let refusal = try refused.output()
        #expect(refusal.status == 1)
        #expect(refusal.errors.contains("\(farm.path("state/history.sqlite")) is damaged"))
        #expect(refusal.errors.contains("run `cultivar doctor`"))
        let diagnosis = try await farm.cultivar("doctor")
        #expect(diagnosis.status == 1)
        #expect(diagnosis.text.contains("`cultivar doctor --repair` sets it aside"))

        let mended = try await farm.cultivar("doctor", "--repair", "--format", "csv")
        #expect(mended.text.hasPrefix("check,status,detail\n"))
        #expect(mended.text.contains("history.sqlite.damaged-1"))
        #expect(try digests(farm) == before)
        #expect(Locations.files(below: farm.path("state/rejected")).isEmpty)
        let again = try farm.startDaemon()
        try farm.drop("again", Farm.pictures(train: 8, test: 4, seed: 1))
        try await eventually("the pictures are known under their labels, and the drop before has ended") {
            let drops = try await farm.json("drops", as: [[String: Any]].self)
            return drops.contains { $0["name"] as? String == "again" && $0["duplicates"] as? Int == 36 }
                && drops.allSatisfy { $0["finished"] is String }
        }
        let models = try await farm.json("models", as: [[String: Any]].self)
        #expect(models.last?["version"] as? String == "v0001")
        _ = try await again.stop()
    }

    @Test("Killed again and again, a repair loses nothing")
    func killedRepair() async throws {
        let farm = try Farm()
        let daemon = try await trained(farm)
        _ = try await daemon.stop()
        let before = try digests(farm)
        try damage(farm, from: 0, count: 20)
        for delay in stride(from: 2, through: 90, by: 4) {
            let repair = try farm.start(["doctor", "--repair"])
            try await Task.sleep(for: .milliseconds(delay))
            _ = try await repair.stop(SIGKILL)
        }
        #expect(try await farm.cultivar("doctor", "--repair").errors == "")
        #expect(Locations.files(below: farm.path("state/rejected")).isEmpty)
        #expect(try digests(farm) == before)
        let asides = Locations.files(below: farm.path("state")).filter { $0.string.hasSuffix(".damaged-1") }
        #expect(asides.count == 1)
        let repeated = try await farm.json("doctor", "--digests", as: [[String: String]].self)
        #expect(repeated.allSatisfy { $0["status"] == "ok" })
    }

    @Test("A picture that is missing or altered comes back when its file is dropped again")
    func missingPicture() async throws {
        let farm = try Farm()
        let pictures = Farm.pictures(train: 8, test: 4, seed: 1)
        _ = try await trained(farm).stop()
        let stored = Locations.files(below: farm.path("state/pictures"))
        for file in stored.prefix(2) { try FileManager.default.removeItem(atPath: file.string) }
        try Data([1, 2, 3]).write(to: URL(filePath: stored[1].string))
        let report = try await farm.cultivar("doctor")
        #expect(report.status == 1)
        for file in stored.prefix(2) { #expect(report.text.contains("\(file.lastComponent?.string ?? "-") (")) }
        let daemon = try farm.startDaemon()
        try farm.drop("again", pictures)
        try await eventually("the drop is taken in") {
            try await farm.json("drops", as: [[String: Any]].self).contains { $0["duplicates"] as? Int == 36 }
        }
        _ = try await daemon.stop()
        #expect(try await farm.cultivar("doctor", "--digests").status == 0)
    }

    @Test(
        "Another user reads the history while the daemon runs, after it was killed, and after a clean stop",
        .enabled(
            if: getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"),
            "only root can act as another user"))
    func otherUser() async throws {
        let farm = try Farm()
        var daemon = try await trained(farm)
        try await expectReadable(farm)
        _ = try await daemon.stop(SIGKILL)
        try await expectReadable(farm)
        daemon = try farm.startDaemon()
        try await eventually("the daemon watches") { daemon.log.contains("cultivar is watching") }
        _ = try await daemon.stop()
        try await expectReadable(farm)
        #expect(try await farm.cultivar("history").status == 0)
    }

    @Test(
        "Not even root changes anything in a state folder of another user, whose daemon couldn't open it any more",
        .enabled(if: getuid() == 0, "only root can make a folder another user's"))
    func othersFolder() async throws {
        let farm = try Farm()
        _ = try await trained(farm).stop()
        let made = ["daemon.lock", "features.sqlite"].map { farm.path("state/\($0)").string }
        for file in made { try FileManager.default.removeItem(atPath: file) }
        #expect(chown(farm.path("state").string, 65534, 65534) == 0)
        for command in [["train"], ["rollback"], ["doctor"], ["doctor", "--repair"]] {
            let refused = try await farm.cultivar(command)
            #expect(refused.status == 1)
            let reason = "\(farm.path("state")) belongs to nobody; run this as that user: sudo -u nobody cultivar "
            #expect(refused.errors.contains(reason + command.joined(separator: " ")), "\(refused.errors)")
        }
        for file in made { #expect(!FileManager.default.fileExists(atPath: file)) }
        #expect(try await farm.cultivar("history").status == 0)
    }

    /// Every command that only looks works for a user who may not write, and changing ones tell that user so.
    private func expectReadable(_ farm: Farm, _ location: SourceLocation = #_sourceLocation) async throws {
        for command in ["status", "history", "show", "models", "drops", "rejects"] {
            let output = try await asNobody(farm, command)
            #expect(output.status == 0, "\(command): \(output.errors)", sourceLocation: location)
            #expect(!output.text.isEmpty, sourceLocation: location)
        }
        let rollback = try await asNobody(farm, "rollback")
        #expect(rollback.status == 1, sourceLocation: location)
        let wayOut = "belongs to root; run this as that user: sudo -u root cultivar rollback"
        #expect(rollback.errors.contains(wayOut), sourceLocation: location)
    }

    private func asNobody(_ farm: Farm, _ command: String) async throws -> Output {
        let run = try Running(
            "/usr/bin/setpriv",
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", Farm.binary.string, command, "--config",
                farm.path("cultivar.yaml").string,
            ], environment: farm.environment, in: farm.folder)
        try await eventually("\(command) ends") { !run.isRunning }
        return try run.output()
    }
}
