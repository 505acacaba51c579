import Archive
import Pictures
import Records
import System
import SystemPackage
import TestSupport
import Testing

@testable import Decoding
@testable import Intake

/// Strange real files, as drops, through decoder processes. What is decided for each kind stands in docs/pictures.md.
@Suite("Odd files as drops", .enabled(if: Locations.sharedData("oddball") != nil, "\(Locations.needsSharedData)"))
struct OddballDropTests {
    private static var folder: FilePath { Locations.sharedData("oddball") ?? "" }
    private static let kinds = [
        "apng", "arithmetic", "avif", "big_real_12MP+", "cmyk_ycck", "corrupt", "cve_bugs", "exif_rotated", "fuzz",
        "gif",
        "grayscale_jpeg", "heic_heif", "huge_header", "jp2", "lossless_sof3", "mpo_mpf", "multi_icc_or_icc",
        "no_eoi_decodes", "odd_sampling", "png_broken", "png_modes", "prec12_16", "progressive", "rgb_adobe0",
        "synthetic",
        "tiny_le8px", "truncated", "webp", "wild_in_datasets", "wrong_ext", "zero_dim",
    ]

    @Test("Every file of every kind ends with the verdict that decoding gives, and no decoder dies", arguments: kinds)
    func drops(_ kind: String) async throws {
        let workshop = try Workshop()
        let files = Locations.files(below: Self.folder.appending(kind))
        #expect(!files.isEmpty)
        var valid: Set<PictureDigest> = []
        var contents: [[UInt8]] = []
        for (number, file) in files.enumerated() {
            let bytes = try Locations.bytes(of: file)
            try workshop.drop(bytes, at: "d/\(kind)/\(number)")
            contents.append(bytes)
            if (try? PictureDecoder(limits: .usual).check(bytes)) != nil { valid.insert(.sha256(bytes)) }
        }
        let notices = Recorder<DecoderPool.Notice>()
        let pool = DecoderPool(
            limits: .usual, maxFileBytes: IngestSettings.usual.maxFileBytes, attempts: workshop.history,
            program: Locations.program,
            notify: { notices.add($0) })
        let summary = try await workshop.ingest("d", with: workshop.ingestor(validator: pool))
        #expect(summary.verdicts.reduce(0, +) == files.count)
        #expect(summary.accepted == valid.count)
        #expect(summary.hasLeft)
        #expect(Set(try workshop.history.knownPictures(contents.map { Digest.sha256($0) }).keys) == valid)
        #expect(notices.values.isEmpty)
        for process in pool.processes { #expect(try peakMemory(of: process) < 300 << 20) }
        try workshop.expectNothingLost(contents)
    }

    /// The most memory that a process ever had at a time, in bytes.
    private func peakMemory(of process: Int32) throws -> Int {
        let status = String(decoding: try Locations.bytes(of: FilePath("/proc/\(process)/status")), as: UTF8.self)
        let kilobytes = status.firstMatch(of: /VmHWM:\s+([0-9]+)/).flatMap { Int($0.output.1) }
        return try #require(kilobytes) << 10
    }
}
