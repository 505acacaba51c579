import Foundation
import Networks
import Records
import System
import SystemPackage
import TestSupport
import Testing

@testable import Outbox

/// An outbox in a folder of its own.
private struct Outbox {
    let temporary: TemporaryFolder
    let folder: OutboxFolder

    init() throws {
        temporary = try TemporaryFolder()
        folder = OutboxFolder(temporary.path.appending("outbox"))
        try folder.prepare()
    }

    func manifest(_ version: String) throws -> Manifest {
        try Manifest(
            version: version, run: 3, created: Timestamp(millisecondsSince1970: 1_767_225_600_250),
            labels: ["apple", "pear / \"Conference\"", "quince ü"],
            backbone: Manifest.Backbone(name: "tiny", sha256: "ab", source: nil, licence: "MIT"),
            input: Manifest.Input(size: 96), parameters: JSONText(["learning_rate": 0.0001]),
            test: Manifest.Test(pictures: 8, accuracy: 0.875, interval: [0.5, 0.98], classes: []))
    }

    @discardableResult
    func stage(_ version: String, model: [UInt8] = [1, 2, 3]) throws -> FilePath {
        try folder.stage(manifest(version), model: model).folder
    }

    func permissions(_ path: FilePath) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions] as? Int
    }
}

@Suite("Outbox folder")
struct OutboxFolderTests {
    @Test("A version isn't seen until it is published, and then it is whole and current")
    func publish() throws {
        let outbox = try Outbox()
        try outbox.stage("v0001")
        #expect(try outbox.folder.versions().isEmpty && outbox.folder.currentVersion == nil)
        try outbox.folder.publish("v0001")
        #expect(try outbox.folder.versions() == ["v0001"])
        #expect(outbox.folder.currentVersion == "v0001")
        let names = try Files.names(in: outbox.folder.current).map(\.string).sorted()
        #expect(names == ["labels.txt", "manifest.json", "model.onnx"])
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: outbox.folder.current.string) == "models/v0001")
    }

    @Test("The manifest has the checksums of the other files, and labels.txt the labels, one a line")
    func manifest() throws {
        let outbox = try Outbox()
        let staged = try outbox.folder.stage(outbox.manifest("v0001"), model: [1, 2, 3])
        let model = try Locations.bytes(of: staged.folder.appending("model.onnx"))
        let labels = try Locations.bytes(of: staged.folder.appending("labels.txt"))
        #expect(model == [1, 2, 3])
        #expect(String(decoding: labels, as: UTF8.self) == "apple\npear / \"Conference\"\nquince ü\n")
        let file = try Locations.bytes(of: staged.folder.appending("manifest.json"))
        let written = try JSONDecoder().decode(Manifest.self, from: Data(file))
        #expect(written == staged.manifest)
        #expect(
            written.files == ["model.onnx": Digest.sha256(model).hex, "labels.txt": Digest.sha256(labels).hex])
        #expect(written.input.height == 96 && written.input.layout == "NHWC" && written.labels.count == 3)
    }

    @Test("labels.txt and manifest have the labels' own characters")
    func ownCharacters() throws {
        let outbox = try Outbox()
        var manifest = try outbox.manifest("v0001")
        manifest.labels = ["x\u{200C}y", "a\\b", "👩\u{200D}🌾"]
        let staged = try outbox.folder.stage(manifest, model: [1])
        let labels = try Locations.bytes(of: staged.folder.appending("labels.txt"))
        #expect(labels == Array("x\u{200C}y\na\\b\n👩\u{200D}🌾\n".utf8))
        let text = String(
            decoding: try Locations.bytes(of: staged.folder.appending("manifest.json")), as: UTF8.self)
        #expect(text.contains("\"x\u{200C}y\"") && text.contains("\"a\\\\b\"") && text.contains("\"👩\u{200D}🌾\""))
    }

    @Test("The manifest names the classes that weren't learned; one from before it did stays as it is, byte for byte")
    func leftOut() throws {
        let outbox = try Outbox()
        var manifest = try outbox.manifest("v0001")
        #expect(try Manifest.decode(manifest.encoded()).leftOut == [])
        manifest.leftOut = [Shortage(label: "Aplle", train: 1, test: 0, needed: 5)]
        #expect(try Manifest.decode(manifest.encoded()) == manifest)
        manifest.leftOut = nil
        let old = try manifest.encoded()
        #expect(!String(decoding: old, as: UTF8.self).contains("left_out"))
        #expect(try Manifest.decode(old).encoded() == old && Manifest.decode(old).leftOut == nil)
    }

    @Test("Publishing another version moves the link, and publishing one again changes nothing")
    func moves() throws {
        let outbox = try Outbox()
        for version in ["v0001", "v0002", "v0001", "v0001"] {
            if try !outbox.folder.versions().contains(version) { try outbox.stage(version) }
            try outbox.folder.publish(version)
            #expect(outbox.folder.currentVersion == version)
        }
        #expect(try outbox.folder.versions().sorted() == ["v0001", "v0002"])
    }

    @Test("A version that is neither there nor staged is refused by name")
    func absent() throws {
        let outbox = try Outbox()
        #expect(throws: OutboxFailure.noSuchVersion("v0009", outbox: outbox.folder.root)) {
            try outbox.folder.publish("v0009")
        }
    }

    @Test(
        "A staged file that was changed, cut short or lost is refused by name", arguments: ["model.onnx", "labels.txt"])
    func damaged(name: String) throws {
        let outbox = try Outbox()
        let file = try outbox.stage("v0001").appending(name)
        #expect(try outbox.folder.holds("v0001"))
        for damage in ["other", ""] {
            try Data(damage.utf8).write(to: URL(fileURLWithPath: file.string))
            #expect { try outbox.folder.publish("v0001") } throws: {
                "\($0)".hasPrefix("\(file) is damaged: its SHA-256 is ")
            }
        }
        try FileManager.default.removeItem(atPath: file.string)
        #expect(throws: OutboxFailure.damaged(path: file, reason: "it is missing")) {
            try outbox.folder.publish("v0001")
        }
        #expect(try !outbox.folder.holds("v0001") && outbox.folder.versions().isEmpty)
        #expect(outbox.folder.currentVersion == nil)
    }

    @Test("A staged version without a manifest, or with one that is cut short, is refused", arguments: [nil, "{"])
    func noManifest(text: String?) throws {
        let outbox = try Outbox()
        let file = try outbox.stage("v0001").appending("manifest.json")
        try FileManager.default.removeItem(atPath: file.string)
        if let text { try Data(text.utf8).write(to: URL(fileURLWithPath: file.string)) }
        #expect { try outbox.folder.publish("v0001") } throws: { "\($0)".hasPrefix("\(file) is damaged: ") }
        #expect(try !outbox.folder.holds("v0001"))
    }

    @Test("Staging begins anew where an earlier attempt has left files")
    func again() throws {
        let outbox = try Outbox()
        let folder = try outbox.stage("v0001", model: [9, 9])
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.appending("surplus").string))
        try outbox.stage("v0001", model: [1])
        #expect(try Files.names(in: folder).count == 3)
        try outbox.folder.publish("v0001")
        #expect(try outbox.temporary.read("outbox/models/v0001/model.onnx") == [1])
    }

    @Test(
        "What isn't a version's name is never made a path of",
        arguments: [
            "", "v", "..", "../../elsewhere", "v1/../../x", "/etc", "v 1", "v-1", "v\u{661}", "w0001", "v0001\0x",
        ])
    func names(version: String) throws {
        let outbox = try Outbox()
        let failure = OutboxFailure.noVersionName(version)
        #expect(throws: failure) { try outbox.stage(version) }
        #expect(throws: failure) { try outbox.folder.publish(version) }
        #expect(throws: failure) { try outbox.folder.holds(version) }
        #expect(throws: failure) { try outbox.folder.folder(of: version) }
        #expect(try Files.names(in: outbox.folder.models).isEmpty)
        #expect(try Files.names(in: outbox.temporary.path).map(\.string) == ["outbox"])
    }

    @Test("Leftovers go, published versions and other people's files stay")
    func leftovers() throws {
        let outbox = try Outbox()
        try outbox.stage("v0001")
        try outbox.folder.publish("v0001")
        try outbox.stage("v0002")
        try outbox.temporary.write([1], to: "outbox/README")
        try FileManager.default.createSymbolicLink(
            atPath: outbox.folder.root.appending(".current-v0002").string, withDestinationPath: "models/v0002")
        try outbox.folder.removeLeftovers()
        #expect(try Files.names(in: outbox.folder.models).map(\.string) == ["v0001"])
        #expect(try Files.names(in: outbox.folder.root).map(\.string).sorted() == ["README", "current", "models"])
    }

    @Test("Everybody may read what is published, even under a strict umask; a folder that was there keeps its mode")
    func permissions() throws {
        let old = umask(0o027)
        defer { _ = umask(old) }
        let outbox = try Outbox()
        let staged = try outbox.stage("v0001")
        for folder in [outbox.folder.root, outbox.folder.models, staged] {
            #expect(try outbox.permissions(folder) == 0o755, "\(folder)")
        }
        for name in ["model.onnx", "labels.txt", "manifest.json"] {
            #expect(try outbox.permissions(staged.appending(name)) == 0o644, "\(name)")
        }
        try Files.setPermissions([.ownerReadWriteExecute], of: outbox.folder.root)
        try outbox.folder.prepare()
        #expect(try outbox.permissions(outbox.folder.root) == 0o700)
    }
}
