import Archive
import Doctor
import Foundation
import Installation
import Outbox
import Records
import Settings
import System
import SystemPackage
import TestInstallations
import TestSupport
import Testing
import Training

@Suite("The doctor")
struct DoctorTests {
    /// What was put in: the bytes of every picture, with its label and side.
    private struct Contents {
        let pictures: [PictureDigest: String]
        let rejected: Set<Digest>
    }

    private func contents(_ workshop: Workshop) throws -> Contents {
        let dataset = try History.openReadOnly(workshop.state.history).dataset()
        let pictures = dataset.pictures.map { ($0.digest, "\(dataset.labels[$0.label].name) \($0.split)") }
        return Contents(
            pictures: Dictionary(uniqueKeysWithValues: pictures),
            rejected: try Set(
                Locations.files(below: workshop.state.rejected).filter {
                    FileManager.default.fileExists(atPath: $0.string + ".reason.txt")
                }.map { try Digest.sha256(of: $0) }))
    }

    /// Every picture has its row as before, or is rejected with a reason; none of them is in neither place.
    private func expectNothingLost(_ before: Contents, _ workshop: Workshop, _ comment: String) throws {
        let after = try contents(workshop)
        let store = try PictureStore(workshop.state)
        for (digest, label) in before.pictures {
            if let found = after.pictures[digest] {
                #expect(found == label, "\(comment)")
                #expect(throws: Never.self, "\(comment)") { try store.verify(digest) }
            } else {
                #expect(after.rejected.contains(digest), "\(comment)")
            }
        }
        #expect(Set(after.pictures.keys).isSubset(of: before.pictures.keys), "\(comment)")
    }

    private func examine(
        _ workshop: Workshop, reading: Bool = false, repairing: Bool = false, disk: any Disk = SystemDisk()
    ) async throws -> [Finding] {
        try await workshop.doctor(disk: disk).examine(readingPictures: reading, repairing: repairing)
    }

    private func problems(_ findings: [Finding]) -> [String] {
        findings.filter { $0.status == .wrong }.map { "\($0.check.rawValue): \($0.detail)" }
    }

    /// An installation with a promoted model, and its history in one file beside it.
    private func trained() async throws -> Workshop {
        let workshop = try Workshop()
        let installation = try workshop.open()
        try installation.drop()
        #expect(try await installation.trainer.train(.request)?.outcome == .promoted)
        try installation.history.backup(to: workshop.folder.path.appending("whole.sqlite"))
        return workshop
    }

    @Test("A sound installation has nothing wrong, whether or not every byte is read")
    func sound() async throws {
        let workshop = try await trained()
        for reading in [false, true] {
            let findings = try await examine(workshop, reading: reading)
            #expect(findings.allSatisfy { $0.status == .ok }, "\(findings)")
            #expect(Set(findings.map(\.check)).count == 7)
        }
        #expect(try await examine(workshop, repairing: true).allSatisfy { $0.status == .ok })
    }

    @Test("It waits for nobody: where a process works with the state folder, it says so")
    func locked() async throws {
        let workshop = try await trained()
        let installation = try workshop.open()
        #expect(throws: DaemonLockFailure.self) { try Doctor(settings: workshop.settings) }
        withExtendedLifetime(installation) {}
    }

    /// The history and the outbox say what they said before.
    private func expectAllRestored(_ before: Contents, _ workshop: Workshop, _ comment: String) throws {
        #expect(try contents(workshop).pictures == before.pictures, "\(comment)")
        let history = try History.openReadOnly(workshop.state.history)
        #expect(try history.models().map(\.version) == ["v0001"], "\(comment)")
        #expect(try history.currentPublication()?.version == workshop.outbox.currentVersion, "\(comment)")
        #expect(try history.rejects().isEmpty, "\(comment)")
    }

    @Test("Whichever page of the history is lost, every picture keeps its label, and the model stays the champion")
    func everyPage() async throws {
        let workshop = try await trained()
        let before = try contents(workshop)
        let whole = try workshop.folder.read("whole.sqlite")
        let snapshot = try workshop.snapshot()
        for page in 0..<whole.count / 4096 {
            try workshop.putBack(snapshot)
            var damaged = whole
            damaged.replaceSubrange(page * 4096..<(page + 1) * 4096, with: [UInt8](repeating: 0, count: 4096))
            try workshop.replaceHistory(damaged)
            let findings = try await examine(workshop, repairing: true)
            #expect(problems(findings) == [], "page \(page)")
            try expectAllRestored(before, workshop, "page \(page)")
            let again = try await examine(workshop, reading: true)
            #expect(again.allSatisfy { $0.status == .ok }, "page \(page): \(again)")
            _ = try workshop.open()
        }
    }

    @Test(
        "Without its history, cut short or gone, an installation gets a new one with every picture and model",
        arguments: [nil, 0, 4096, 5000])
    func lost(size: Int?) async throws {
        let workshop = try await trained()
        let before = try contents(workshop)
        let files = ["model.onnx", "labels.txt", "manifest.json"]
        let published = try files.map { try workshop.published($0, of: "v0001") }
        try workshop.replaceHistory(size.map { try Array(workshop.folder.read("whole.sqlite").prefix($0)) })
        #expect(throws: HistoryFailure.self) { try workshop.open() }
        #expect(problems(try await examine(workshop)).contains { $0.contains("doctor --repair") })
        let findings = try await examine(workshop, repairing: true)
        #expect(problems(findings) == [])
        #expect(findings.contains { $0.detail == "restored from the outbox: v0001" })
        try expectAllRestored(before, workshop, "\(String(describing: size))")

        // The model of the history is the one that was published.
        let installation = try workshop.open()
        try FileManager.default.removeItem(atPath: workshop.outbox.folder(of: "v0001").string)
        #expect(try installation.publisher.agree() == "v0001")
        #expect(try files.map { try workshop.published($0, of: "v0001") } == published)
        // It is scored as the champion of the next run.
        try installation.drop(seed: 2)
        let run = try await installation.trainer.train(.request)
        #expect(run?.championVersion == "v0001")
        #expect(run?.championAccuracy != nil)
    }

    @Test("A version of the outbox that is damaged isn't restored, and named")
    func damagedVersion() async throws {
        let workshop = try await trained()
        try workshop.overwrite(workshop.outbox.folder(of: "v0001").appending("labels.txt"), with: [1])
        try workshop.replaceHistory(nil)
        let findings = try await examine(workshop, repairing: true)
        #expect(findings.contains { $0.check == .history && $0.detail.hasPrefix("v0001 of the outbox can't be") })
        #expect(try History.openReadOnly(workshop.state.history).models().isEmpty)
    }

    @Test("Without a ledger and without a backup, nothing is touched and the ways out are named")
    func nothingLeft() async throws {
        let workshop = try await trained()
        let file = try #require(LedgerReading.files(in: workshop.state.ledger).first)
        try Files.remove(file)
        let damaged = [UInt8](repeating: 7, count: 5000)
        try workshop.replaceHistory(damaged)
        let findings = try await examine(workshop, repairing: true)
        #expect(problems(findings).count == 1)
        #expect(problems(findings)[0].contains("there is nothing to make a new one from"))
        #expect(try Locations.bytes(of: workshop.state.history) == damaged)
    }

    @Test("Interrupted anywhere, a repair is gone on with; a picture whose line is damaged as well is rejected")
    func interruption() async throws {
        let workshop = try await trained()
        let before = try contents(workshop)
        let file = try #require(LedgerReading.files(in: workshop.state.ledger).first)
        var bytes = try Locations.bytes(of: file)
        bytes[bytes.count - 50] ^= 1
        try workshop.overwrite(file, with: bytes)
        let snapshot = try workshop.snapshot()
        for index in 0... {
            try workshop.putBack(snapshot)
            try workshop.replaceHistory(Array(workshop.folder.read("whole.sqlite").prefix(4096)))
            let disk = FailingDisk(failingAt: index)
            _ = try? await examine(workshop, repairing: true, disk: disk)
            guard disk.hasFailed else {
                #expect(index >= 7 + 4 + 1)
                return
            }
            let findings = try await examine(workshop, repairing: true)
            #expect(problems(findings) == [], "failure \(index)")
            try expectNothingLost(before, workshop, "failure \(index)")
            let installation = try workshop.open()
            #expect(try installation.history.rejects().count == 1, "failure \(index)")
            #expect(Locations.files(below: workshop.state.rejected).count == 2, "failure \(index)")
            #expect(try installation.history.lastPicture() == 26, "failure \(index)")
            // The daemon ends it when it finds that the folder is gone.
            #expect(try installation.history.unfinishedDrops().map(\.name) == [RawPath("d1")])
        }
    }

    @Test("A damaged line of the ledger is named, and written again from the history; the old file is kept")
    func ledgerLines() async throws {
        let workshop = try await trained()
        let before = try contents(workshop)
        let file = try #require(LedgerReading.files(in: workshop.state.ledger).first)
        let bytes = try Locations.bytes(of: file)
        let snapshot = try workshop.snapshot()
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 32)
        for (index, line) in lines.enumerated() {
            try workshop.putBack(snapshot)
            var damaged = bytes
            damaged[line.startIndex + line.count / 2] ^= 1
            try workshop.overwrite(file, with: damaged)
            let found = problems(try await examine(workshop))
            #expect(found.first?.hasPrefix("ledger: \(file):\(index + 1): ") == true, "\(found)")
            let findings = try await examine(workshop, repairing: true)
            #expect(findings.filter { $0.status == .repaired }.allSatisfy { $0.check == .ledger })
            #expect(problems(findings) == [], "line \(index + 1)")
            let again = try await examine(workshop, reading: true)
            #expect(again.allSatisfy { $0.status == .ok }, "line \(index + 1): \(again)")
            // Behind what it was, it has what was written again before it was set aside.
            #expect(try Locations.bytes(of: FilePath("\(file.string).damaged-1")).starts(with: damaged))
            // The ledger has it again.
            try workshop.replaceHistory(nil)
            _ = try await examine(workshop, repairing: true)
            try expectAllRestored(before, workshop, "line \(index + 1)")
        }
    }

    @Test("What only the ledger or only the history says is named, and added to the other")
    func differences() async throws {
        let workshop = try await trained()
        let before = try contents(workshop)
        let snapshot = try workshop.snapshot()
        try workshop.open().drop(seed: 2)
        let file = try #require(LedgerReading.files(in: workshop.state.ledger).first)

        try workshop.replaceHistory(workshop.folder.read("whole.sqlite"))
        #expect(problems(try await examine(workshop))[0].contains("27 pictures of the ledger aren't in the history"))
        let repaired = try await examine(workshop, repairing: true)
        #expect(repaired.filter { $0.status == .repaired }.map(\.check) == [.ledger])
        #expect(try contents(workshop).pictures.count == 54)

        try workshop.putBack(snapshot)
        try Files.remove(file)
        #expect(problems(try await examine(workshop))[0].contains("27 of the history aren't in the ledger"))
        #expect(problems(try await examine(workshop, repairing: true)) == [])
        #expect(try await examine(workshop).allSatisfy { $0.status == .ok })
        try workshop.replaceHistory(nil)
        _ = try await examine(workshop, repairing: true)
        try expectAllRestored(before, workshop, "a new ledger")

        // That of another installation.
        try workshop.putBack(snapshot)
        let stranger = try Workshop()
        try stranger.open().drop()
        let other = try #require(LedgerReading.files(in: stranger.state.ledger).first)
        try workshop.overwrite(file, with: Locations.bytes(of: other))
        for repairing in [false, true] {
            let found = problems(try await examine(workshop, repairing: repairing))
            #expect(found.count == 1 && found[0].contains("their split keys differ"), "\(found)")
        }
        #expect(try Locations.bytes(of: file) == Locations.bytes(of: other))
    }

    @Test("Pictures that are missing, too short or altered are named with what brings them back")
    func damagedPictures() async throws {
        let workshop = try await trained()
        let digests = try contents(workshop).pictures.keys.sorted { $0.hex < $1.hex }
        let store = try PictureStore(workshop.state)
        let paths = digests.prefix(3).map { store.path(of: $0) }
        let bytes = try Locations.bytes(of: paths[2])
        try FileManager.default.removeItem(atPath: paths[0].string)
        try workshop.overwrite(paths[1], with: [1])
        try workshop.overwrite(paths[2], with: bytes.map { $0 ^ 1 })
        #expect(problems(try await examine(workshop)).count == 2)
        let found = problems(try await examine(workshop, reading: true, repairing: true))
        #expect(found.count == 3)
        #expect(found[0].contains("\(digests[0]) (") && found[0].contains("is missing from the store"))
        #expect(found[1].contains("has 1 bytes instead of"))
        #expect(found[2].contains("doesn't match the SHA-256 in its name"))
    }

    @Test("Pictures that are set aside are named: as damage if their bytes have changed, otherwise with what to do")
    func setAside() async throws {
        let workshop = try await trained()
        let digests = try contents(workshop).pictures.keys.sorted()
        let pictures = digests.prefix(2).map {
            UnusablePicture(digest: $0, code: "killed_decoder", reason: "it killed its decoder")
        }
        do {
            let installation = try workshop.open()
            #expect(try installation.history.setAside(pictures, at: .now).count == 2)
        }
        let path = try PictureStore(workshop.state).path(of: digests[0])
        try workshop.overwrite(path, with: Locations.bytes(of: path).map { $0 ^ 1 })
        let findings = try await examine(workshop)
        let damaged = problems(findings)
        #expect(damaged.count == 1 && damaged[0].contains("\(digests[0]) ("))
        #expect(damaged[0].contains("doesn't match the SHA-256 in its name and is set aside; drop the file again"))
        let others = findings.filter { $0.check == .pictures && $0.status == .ok }
        #expect(others.count == 1 && others[0].detail.contains("\(digests[1]) ("))
        #expect(others[0].detail.contains("is set aside: it killed its decoder; its bytes are those that were"))
    }

    @Test("A file of the store without a row is reported, and rejected on demand; what isn't a picture's is left alone")
    func unrecorded() async throws {
        let workshop = try await trained()
        let bytes = TinyPictures.pngOfClass(0, of: 3, seed: 77)
        let store = try PictureStore(workshop.state)
        let path = store.path(of: .sha256(bytes))
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        try workshop.overwrite(path, with: bytes)
        try workshop.overwrite(workshop.state.pictures.appending("notes.txt"), with: [1])
        #expect(problems(try await examine(workshop)).count == 2)
        let findings = try await examine(workshop, repairing: true)
        #expect(problems(findings).map { $0.contains("notes.txt") } == [true])
        #expect(!FileManager.default.fileExists(atPath: path.string))
        let name = "lost-labels/\(Digest.sha256(bytes)).png"
        #expect(try Locations.bytes(of: workshop.state.rejected.appending(FilePath(name).components)) == bytes)
        let reason = try Locations.bytes(
            of: workshop.state.rejected.appending(FilePath(name + ".reason.txt").components))
        #expect(String(decoding: reason, as: UTF8.self).contains("its label is unknown now"))
    }

    @Test("A damaged feature cache and an outbox that lags behind are put right")
    func derived() async throws {
        let workshop = try await trained()
        try workshop.overwrite(workshop.state.features, with: [UInt8](repeating: 7, count: 9000))
        try FileManager.default.removeItem(atPath: workshop.outbox.current.string)
        try FileManager.default.removeItem(atPath: workshop.outbox.folder(of: "v0001").string)
        #expect(problems(try await examine(workshop)).map { $0.prefix(6) } == ["outbox", "featur"])
        let findings = try await examine(workshop, repairing: true)
        #expect(findings.filter { $0.status == .repaired }.map(\.check) == [.outbox, .features])
        #expect(workshop.outbox.currentVersion == "v0001")
        #expect(try await examine(workshop, reading: true).allSatisfy { $0.status == .ok })
        try workshop.overwrite(workshop.outbox.folder(of: "v0001").appending("labels.txt"), with: [1])
        #expect(problems(try await examine(workshop)).map { $0.contains("labels.txt is damaged") } == [true])
    }

    @Test("An outbox that can't be looked at is a finding, and the rest is reported")
    func unreadableOutbox() async throws {
        let workshop = try await trained()
        let models = workshop.outbox.models
        try FileManager.default.removeItem(atPath: models.string)
        try Files.makeLink(models, to: models)
        let version = try workshop.outbox.folder(of: "v0001")
        let failure = FileFailure(action: "look at", path: version, errno: .tooManySymbolicLinkLevels)
        for repairing in [false, true] {
            let findings = try await examine(workshop, reading: true, repairing: repairing)
            #expect(problems(findings) == ["outbox: \(failure)"])
            #expect(Set(findings.map(\.check)).count == 7)
        }
    }
}

extension Workshop {
    var state: StateFolder { StateFolder(FilePath(settings.paths.state)) }

    /// A worker may still be letting go of an installation that was open before in this process.
    func doctor(disk: any Disk = SystemDisk()) throws -> Doctor {
        for _ in 0..<500 {
            do { return try Doctor(settings: settings, disk: disk) } catch is DaemonLockFailure {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
        return try Doctor(settings: settings, disk: disk)
    }

    /// A copy of the state folder, to be put back.
    func snapshot() throws -> FilePath {
        let copy = folder.path.appending("snapshot")
        try FileManager.default.copyItem(atPath: state.root.string, toPath: copy.string)
        return copy
    }

    func putBack(_ snapshot: FilePath) throws {
        try FileManager.default.removeItem(atPath: state.root.string)
        try FileManager.default.copyItem(atPath: snapshot.string, toPath: state.root.string)
    }

    /// Puts these bytes, or nothing, in place of the history, as its only file.
    func replaceHistory(_ bytes: [UInt8]?) throws {
        for suffix in ["", "-wal", "-shm"] { try Files.remove(FilePath(state.history.string + suffix)) }
        if let bytes { try overwrite(state.history, with: bytes) }
    }

    /// Replaces a file, which may be one that may only be read.
    func overwrite(_ path: FilePath, with bytes: [UInt8]) throws {
        try Files.remove(path)
        try Data(bytes).write(to: URL(filePath: path.string))
    }
}
