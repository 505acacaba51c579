import Archive
import Foundation
import Installation
import Outbox
import Records
import System
import SystemPackage
import TestInstallations
import TestSupport
import Testing

@testable import Training

/// An installation in which v0001 to v000N were promoted, the last one is current.
private func installation(versions: Int) throws -> (Workshop, Installation) {
    let workshop = try Workshop()
    let place = try workshop.open()
    try place.drop(train: 1, test: 1)
    for number in 0..<versions { try place.promote("v000\(number + 1)", seed: UInt64(number + 1)) }
    return (workshop, place)
}

@Suite("Model publisher")
struct ModelPublisherTests {
    private func expectAgreement(_ place: Installation, on version: String) throws {
        #expect(place.outbox.currentVersion == version)
        try place.outbox.verify(place.outbox.current)
        #expect(try place.history.currentPublication()?.version == version)
        #expect(try place.history.currentPublication()?.publishedAt != nil)
        let names = try Files.names(in: place.outbox.models) + Files.names(in: place.outbox.root)
        #expect(names.allSatisfy { !$0.string.hasPrefix(".") }, "\(names)")
    }

    @Test("Where nothing has been decided there is nothing to publish, and a version that was only staged goes")
    func stagedOnly() throws {
        let (_, place) = try installation(versions: 0)
        let draft = try place.draft("v0001", seed: 1)
        _ = try place.outbox.stage(draft.manifest, model: draft.model)
        #expect(try place.publisher.agree() == nil)
        #expect(place.outbox.currentVersion == nil)
        #expect(try Files.names(in: place.outbox.models).isEmpty)
    }

    @Test("A version that was staged when the process died leaves the champion as it is")
    func stagedBesideChampion() throws {
        let (_, place) = try installation(versions: 1)
        let draft = try place.draft("v0002", seed: 2)
        _ = try place.outbox.stage(draft.manifest, model: draft.model)
        #expect(try place.publisher.agree() == "v0001")
        try expectAgreement(place, on: "v0001")
        #expect(try place.outbox.versions() == ["v0001"])
    }

    enum Crash: CaseIterable, Sendable {
        case beforeRename, beforeLink, beforeMark, afterTemporaryLink
    }

    @Test(
        "After a crash anywhere between decision and end, agreeing makes outbox and history agree",
        arguments: Crash.allCases)
    func crash(_ step: Crash) throws {
        let (_, place) = try installation(versions: 1)
        try place.decide(place.draft("v0002", seed: 2))
        let (models, root) = (place.outbox.models, place.outbox.root)
        if step != .beforeRename {
            try SystemDisk().rename(models.appending(".staging-v0002"), to: models.appending("v0002"))
        }
        if step == .afterTemporaryLink {
            try FileManager.default.createSymbolicLink(
                atPath: root.appending(".current-v0002").string, withDestinationPath: "models/v0002")
        }
        if step == .beforeMark { try place.outbox.publish("v0002") }
        #expect(try place.history.publications().count { $0.publishedAt == nil } == 1)
        #expect(place.outbox.currentVersion == (step == .beforeMark ? "v0002" : "v0001"))
        #expect(try place.publisher.agree() == "v0002")
        try expectAgreement(place, on: "v0002")
        #expect(try place.outbox.versions().sorted() == ["v0001", "v0002"])
        #expect(try place.publisher.agree() == "v0002")
    }

    @Test("A version that somebody has deleted is made again, byte for byte")
    func deleted() throws {
        let (workshop, place) = try installation(versions: 1)
        let names = ["model.onnx", "labels.txt", "manifest.json"]
        let before = try names.map { try workshop.published($0, of: "v0001") }
        try FileManager.default.removeItem(atPath: place.outbox.folder(of: "v0001").string)
        #expect(try place.publisher.agree() == "v0001")
        try expectAgreement(place, on: "v0001")
        #expect(try names.map { try workshop.published($0, of: "v0001") } == before)
    }

    @Test("The next version follows the highest one, whatever else people call their folders in the outbox")
    func nextVersion() throws {
        let (workshop, place) = try installation(versions: 2)
        #expect(try place.publisher.nextVersion() == "v0003")
        for name in ["v9223372036854775807", "v9999999999", "v-7", "v+9", "v00012", "v12", "w0020", "v", "v0009x"] {
            try workshop.folder.write([1], to: FilePath("outbox/models/\(name)/note"))
        }
        #expect(try place.publisher.nextVersion() == "v0003")
        try workshop.folder.write([1], to: "outbox/models/v0020/note")
        #expect(try place.publisher.nextVersion() == "v0021")
        try workshop.folder.write([1], to: "outbox/models/v1000000000/note")
        try workshop.folder.write([1], to: "outbox/models/v1000000001/note")
        #expect(try place.publisher.nextVersion() == "v1000000002")
    }

    @Test("A staged file that the disk has damaged is made again from the history")
    func damagedStage() throws {
        let (workshop, place) = try installation(versions: 1)
        let draft = try place.draft("v0002", seed: 2)
        try place.decide(draft)
        try workshop.folder.write([1, 2, 3], to: "outbox/models/.staging-v0002/model.onnx")
        #expect(try place.publisher.agree() == "v0002")
        try expectAgreement(place, on: "v0002")
        #expect(try workshop.published("model.onnx", of: "v0002") == draft.model)
    }
}

@Suite("Rollback")
struct RollbackTests {
    @Test("Without a version it goes back one champion at a time, until there is none before")
    func previous() throws {
        let (_, place) = try installation(versions: 3)
        #expect(try place.publisher.rollback(to: nil) == "v0002")
        #expect(place.outbox.currentVersion == "v0002")
        #expect(try place.publisher.rollback(to: nil) == "v0001")
        #expect(throws: RollbackFailure.noEarlier("v0001")) { try place.publisher.rollback(to: nil) }
        #expect(place.outbox.currentVersion == "v0001")
        #expect(
            try place.history.publications().map(\.kind) == Array(repeating: .promotion, count: 3) + [
                .rollback, .rollback,
            ])
    }

    @Test("A version that was rolled back from isn't come to again")
    func skipsRolledBack() throws {
        let (_, place) = try installation(versions: 2)
        #expect(try place.publisher.rollback(to: nil) == "v0001")
        try place.promote("v0003", seed: 3)
        #expect(try place.publisher.rollback(to: nil) == "v0001")
    }

    @Test("A named version becomes current, forwards too; the decision is recorded as carried out")
    func named() throws {
        let (_, place) = try installation(versions: 3)
        #expect(try place.publisher.rollback(to: "v0001") == "v0001")
        #expect(try place.publisher.rollback(to: "v0003") == "v0003")
        #expect(place.outbox.currentVersion == "v0003")
        #expect(try place.history.champion()?.version == "v0003")
        #expect(try place.history.publications().allSatisfy { $0.publishedAt != nil })
    }

    @Test("The current and an unknown version are refused, and nothing is decided")
    func refused() throws {
        let (_, place) = try installation(versions: 2)
        #expect(throws: RollbackFailure.isCurrent("v0002")) { try place.publisher.rollback(to: "v0002") }
        #expect(throws: HistoryFailure.noSuchVersion("v0009")) { try place.publisher.rollback(to: "v0009") }
        #expect(try place.history.publications().count == 2 && place.outbox.currentVersion == "v0002")
        let empty = try Workshop().open()
        #expect(throws: RollbackFailure.noModel) { try empty.publisher.rollback(to: nil) }
    }

    @Test("A version that can't be brought back, deleted with its backbone gone or damaged, isn't decided for")
    func impossible() throws {
        let (workshop, place) = try installation(versions: 3)
        try workshop.folder.write([0], to: "outbox/models/v0002/model.onnx")
        #expect(throws: OutboxFailure.self) { try place.publisher.rollback(to: "v0002") }
        try FileManager.default.removeItem(atPath: place.outbox.folder(of: "v0001").string)
        try workshop.removeBackbone("tiny")
        let fresh = ModelPublisher(
            history: place.history, outbox: place.outbox, library: BackboneLibrary(folder: workshop.backbones))
        #expect { try fresh.rollback(to: "v0001") } throws: { "\($0)".contains("needs its backbone tiny") }
        #expect(try place.history.currentPublication()?.version == "v0003")
        #expect(try fresh.agree() == "v0003")
    }

    @Test("A name of the history's that would lead out of the outbox is refused, and nothing is decided")
    func hostileName() throws {
        let (workshop, place) = try installation(versions: 1)
        let (draft, name) = (try place.draft("v0002", seed: 2), "../../elsewhere")
        _ = try place.history.promote(
            ModelRecord(
                version: name, testAccuracy: 1, parameters: draft.manifest.parameters,
                manifest: JSONText(draft.manifest), head: [1], backbone: "tiny",
                backboneChecksum: place.source().loaded.checksum, inputSize: 32,
                labels: place.history.dataset().labels),
            in: draft.run, RunResult(reason: .sentence("a test")), at: .now)
        #expect(throws: OutboxFailure.noVersionName(name)) { try place.publisher.agree() }
        #expect(try place.publisher.rollback(to: "v0001") == "v0001")
        #expect(throws: OutboxFailure.noVersionName(name)) { try place.publisher.rollback(to: name) }
        #expect(try place.history.publications().count == 3 && place.outbox.currentVersion == "v0001")
        #expect(try !Files.names(in: workshop.folder.path).map(\.string).contains("elsewhere"))
    }

    @Test("It leaves alone what a running daemon has just staged")
    func besideDaemon() throws {
        let (_, place) = try installation(versions: 2)
        let draft = try place.draft("v0003", seed: 3)
        let staged = try place.outbox.stage(draft.manifest, model: draft.model).folder
        _ = try place.publisher.rollback(to: nil)
        try place.outbox.verify(staged)
    }
}
