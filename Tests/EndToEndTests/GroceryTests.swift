import Foundation
import SystemPackage
import TestSupport
import Testing

private let photographs = Locations.sharedData("grocery12")
private let backbones = Locations.packageRoot.appending("backbones")
private let isReady =
    photographs != nil && FileManager.default.fileExists(atPath: backbones.appending("mobilenetv2.onnx").string)

@Suite("Real photographs and a real backbone")
struct GroceryTests {
    /// Half of the pictures at 96 pixels, so that it takes a minute at most.
    @Test(
        "Photographs of groceries are told apart",
        .enabled(if: isReady, "\(Locations.needsSharedData), and a backbone (make backbones)"))
    func groceries() async throws {
        let farm = try Farm(
            settings: """
                inbox: {settle: 0.5s}
                train: {on_drop: true}
                search: {candidates: 3, space: {backbone: [mobilenetv2@96]}}
                augment: {copies: 0}
                """, backbones: backbones)
        let daemon = try farm.startDaemon()
        try farm.drop("groceries", try Self.half(of: #require(photographs)))
        let run = try await farm.run { $0["finished"] is String }
        #expect(run["outcome"] as? String == "promoted", "\(run["reason"] ?? "")")
        // 12 classes: chance is 0.08; 0.635 was seen.
        #expect(try #require(run["test_accuracy"] as? Double) >= 0.55)
        #expect(try await daemon.stop().output.status == 0)
    }

    /// Every second picture of each folder.
    private static func half(of folder: FilePath) throws -> [String: [UInt8]] {
        let paths = Locations.files(below: folder).filter { ["train", "test"].contains(part($0, of: folder)) }
        let chosen = paths.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        return try Dictionary(
            uniqueKeysWithValues: chosen.map {
                (String($0.string.dropFirst(folder.string.count + 1)), try Locations.bytes(of: $0))
            })
    }

    private static func part(_ path: FilePath, of folder: FilePath) -> String {
        String(path.string.dropFirst(folder.string.count + 1).prefix { $0 != "/" })
    }
}
