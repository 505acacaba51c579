import Archive
import Foundation
import Glibc
import Pictures
import Records
import System
import SystemPackage
import TestSupport
import Testing
import Workers

@testable import Decoding
@testable import Intake

/// The history's own ledger, with something to happen at the beginning of each attempt.
private struct HookedAttempts: DecodingAttempts {
    let history: History
    let hook: @Sendable (PictureDigest) -> Void

    func beginAttempt(on picture: PictureDigest, at time: Timestamp) throws -> Int {
        hook(picture)
        return try history.beginAttempt(on: picture, at: time)
    }

    func endAttempt(on picture: PictureDigest) throws { try history.endAttempt(on: picture) }

    func cancelAttempt(on picture: PictureDigest) throws { try history.cancelAttempt(on: picture) }
}

@Suite("Decoder processes")
struct DecoderPoolTests {
    private let workshop: Workshop

    /// With one worker, so that a test that kills processes kills no other file's.
    init() throws { workshop = try Workshop(workers: 1) }

    private func pool(
        limits: DecodeLimits = .usual, hook: @escaping @Sendable (PictureDigest) -> Void = { _ in }
    ) -> DecoderPool {
        DecoderPool(
            limits: limits, maxFileBytes: IngestSettings.usual.maxFileBytes,
            attempts: HookedAttempts(history: workshop.history, hook: hook),
            program: Locations.program)
    }

    private func stage(_ contents: [[UInt8]]) throws -> [StagedPicture] {
        try contents.enumerated().map { number, bytes in
            let path = try workshop.folder.write(bytes, to: FilePath("source-\(number)"))
            let source = try FileDescriptor.open(path, .readOnly)
            return try source.closeAfter { try workshop.store.stage(source, size: bytes.count) }
        }
    }

    /// Ends a process, and returns when its end of the socket is closed.
    private func kill(_ processes: Set<Int32>) {
        for process in processes {
            Glibc.kill(process, SIGKILL)
            var information = siginfo_t()
            waitid(P_PID, id_t(process), &information, Int32(WEXITED | WNOWAIT))
        }
    }

    @Test("A process finds what this one finds, of small files, many and large ones")
    func sameFindings() throws {
        let large = PNGFile.encode(TinyPictures.noise(seed: 9, width: 500, height: 400))
        #expect(large.count > PictureStore.contentsLimit)
        var contents = (0..<150).map { png(UInt64($0)) }
        contents += [large, Array(large.dropLast(40)), Array("GIF89a and more than that, so that it is known".utf8)]
        contents += [large, png(1), Array("\u{1B}[2J".utf8) + [0xFF, 0]]
        let staged = try stage(contents)
        let pool = pool()
        let findings = try pool.validate(staged, in: workshop.store, on: Worker())
        #expect(try findings == InProcessValidator().validate(staged, in: workshop.store, on: Worker()))
        #expect(pool.processes.count == 1)
    }

    @Test("A process has a system call filter, few descriptors, and no way to new privileges")
    func sandbox() throws {
        let pool = pool()
        _ = try pool.validate(stage([png(1)]), in: workshop.store, on: Worker())
        let process = try #require(pool.processes.first)
        let status = String(decoding: try proc(process, "status"), as: UTF8.self)
        #expect(status.contains("Seccomp:\t2\n"))
        #expect(status.contains("NoNewPrivs:\t1\n"))
        #expect(status.contains("Threads:\t1\n"))
        let limits = String(decoding: try proc(process, "limits"), as: UTF8.self)
        func soft(_ name: String) throws -> Int? {
            try limits.firstMatch(of: Regex("Max \(name) +([0-9]+)"))?.output[1].substring.flatMap { Int($0) }
        }
        #expect(try soft("file size") == 0)
        #expect(try soft("core file size") == 0)
        #expect(try #require(try soft("open files")) <= 8)
        #expect(try #require(try soft("cpu time")) < 60)
        #expect(try #require(try soft("address space")) < 4 << 30)
    }

    private func proc(_ process: Int32, _ name: String) throws -> [UInt8] {
        try Locations.bytes(of: FilePath("/proc/\(process)/\(name)"))
    }

    @Test("When a process is killed, all it was asked about is judged by another, and nothing is held against it")
    func killedOnce() throws {
        let pool = pool()
        _ = try pool.validate(stage([png(0)]), in: workshop.store, on: Worker())
        kill(pool.processes)
        let staged = try stage((0..<20).map { png(UInt64($0)) })
        let findings = try pool.validate(staged, in: workshop.store, on: Worker())
        #expect(try findings == InProcessValidator().validate(staged, in: workshop.store, on: Worker()))
        for file in staged { #expect(try workshop.history.beginAttempt(on: file.digest, at: .now) == 0) }
    }

    @Test("A file that kills each process it is given to is refused, and those beside it are taken")
    func killer() async throws {
        let victim = Digest.sha256(png(3))
        let pools = Recorder<DecoderPool>()
        let pool = pool { picture in
            if picture == victim, let pool = pools.values.first { kill(pool.processes) }
        }
        pools.add(pool)
        for number in 0..<6 { try workshop.drop(png(UInt64(number)), at: "d/cat/\(number)") }
        let elsewhere = try DecoderPoolTests()
        let other = try elsewhere.stage([png(100)])
        let killing = HookedValidator(validator: pool) { files, worker in
            // The process dies as it is asked about the file; the next two do in its attempts alone.
            guard files.contains(where: { $0.digest == victim }) else { return }
            _ = try pool.validate(other, in: workshop.store, on: worker)
            kill(pool.processes)
        }
        let summary = try await workshop.ingest("d", with: workshop.ingestor(validator: killing))
        #expect(summary.verdicts == [5, 0, 1])
        let reason = try workshop.folder.read("state/rejected/d/cat/3.reason.txt")
        #expect(String(decoding: reason, as: UTF8.self).contains("it killed the decoder"))
        try workshop.expectNothingLost((0..<6).map { png($0) })
        #expect(try workshop.history.beginAttempt(on: victim, at: .now) == 0, "dropped again, it starts anew")
    }

    @Test("A file alone with a process that is killed once is tried again, and nothing is held against it")
    func killedOnceAlone() throws {
        let staged = try stage([png(1)])
        let (pools, attempts) = (Recorder<DecoderPool>(), Recorder<PictureDigest>())
        let pool = pool { picture in
            attempts.add(picture)
            if attempts.values.count == 1, let pool = pools.values.first { kill(pool.processes) }
        }
        pools.add(pool)
        _ = try pool.validate(stage([png(0)]), in: workshop.store, on: Worker())
        kill(pool.processes)
        let findings = try pool.validate(staged, in: workshop.store, on: Worker())
        #expect(findings == [.valid(format: "png", width: 24, height: 16, notes: nil)])
        #expect(attempts.values == [staged[0].digest, staged[0].digest])
        #expect(try workshop.history.beginAttempt(on: staged[0].digest, at: .now) == 0)
    }

    @Test("A file whose two attempts never came to an end isn't tried again")
    func attemptsThatKilledTheService() throws {
        let staged = try stage([png(1), png(2)])
        for earlier in 0..<2 {
            #expect(try workshop.history.beginAttempt(on: staged[0].digest, at: .now) == earlier)
        }
        let pool = pool()
        _ = try pool.validate(stage([png(0)]), in: workshop.store, on: Worker())
        kill(pool.processes)
        let findings = try pool.validate(staged, in: workshop.store, on: Worker())
        guard case .invalid(code: "killed_decoder", _, _) = findings[0] else {
            Issue.record("\(findings[0])")
            return
        }
        #expect(findings[1] == .valid(format: "png", width: 24, height: 16, notes: nil))
        #expect(try workshop.history.beginAttempt(on: staged[0].digest, at: .now) == 0, "dropped again, it starts anew")
    }

    @Test("That the service is asked to stop during an attempt isn't held against the file", arguments: 0..<2)
    func stoppedAttempt(earlier: Int) throws {
        let staged = try stage([png(1)])
        for _ in 0..<earlier { _ = try workshop.history.beginAttempt(on: staged[0].digest, at: .now) }
        let worker = Worker()
        let pools = Recorder<DecoderPool>()
        let pool = pool { _ in
            for process in pools.values.flatMap(\.processes) { Glibc.kill(process, SIGSTOP) }
            worker.cancellation.cancel()
        }
        pools.add(pool)
        _ = try pool.validate(stage([png(0)]), in: workshop.store, on: Worker())
        kill(pool.processes)
        #expect(throws: CancellationError.self) { try pool.validate(staged, in: workshop.store, on: worker) }
        #expect(try workshop.history.beginAttempt(on: staged[0].digest, at: .now) == earlier)
    }

    @Test("The limits hold in the processes too")
    func limits() throws {
        var limits = DecodeLimits.usual
        limits.maxPixels = 100
        let findings = try pool(limits: limits).validate(stage([png(1)]), in: workshop.store, on: Worker())
        guard case .invalid(code: "too_many_pixels", _, _) = findings[0] else {
            Issue.record("\(findings[0])")
            return
        }
    }

    @Test("A program that is no decoder is a fault of the system, not of the files")
    func noDecoder() throws {
        let pool = DecoderPool(
            limits: .usual, maxFileBytes: IngestSettings.usual.maxFileBytes, attempts: workshop.history,
            program: "/bin/true")
        #expect(throws: DecoderProcess.Failure.self) {
            try pool.validate(stage([png(1)]), in: workshop.store, on: Worker())
        }
    }

    @Test("If no decoder process can be started, a drop stays as it is, and is taken later")
    func noDecoderForADrop() async throws {
        for number in 0..<3 { try workshop.drop(png(UInt64(number)), at: "d/cat/\(number)") }
        let broken = DecoderPool(
            limits: .usual, maxFileBytes: IngestSettings.usual.maxFileBytes, attempts: workshop.history,
            program: "/bin/true")
        for _ in 0..<3 {
            await #expect {
                _ = try await workshop.ingest("d", with: workshop.ingestor(validator: broken))
            } throws: {
                $0.isProblemOfMachine && "\($0)".contains("can't start a decoder process")
            }
        }
        #expect(try workshop.rejected().isEmpty && workshop.pictures().isEmpty)
        #expect(try workshop.files(below: workshop.state.temporary).isEmpty)
        for number in 0..<3 { #expect(try workshop.isInInbox("d/cat/\(number)")) }
        let summary = try await workshop.ingest("d", with: workshop.ingestor(validator: pool()))
        #expect(summary.verdicts == [3, 0, 0])
        try workshop.expectNothingLost((0..<3).map { png($0) })
    }

    @Test("An answer that isn't one is told from findings")
    func nonsense() throws {
        let finding = ValidationFinding.valid(format: "png", width: 3, height: 2, notes: "odd")
        let good = DecoderMessages.encode([.success(finding)])
        #expect(try DecoderMessages.decode(good, count: 1, limits: .usual) == [finding])
        var tiny = DecodeLimits.usual
        tiny.maxPixels = 5
        #expect(throws: DecoderDeath.nonsense) { try DecoderMessages.decode(good, count: 1, limits: tiny) }
        let unknown = DecoderMessages.encode([
            .success(.invalid(code: "killed_decoder", reason: "a lie", mayBeIncomplete: false))
        ])
        let huge = DecoderMessages.encode([.success(.valid(format: "png", width: .max, height: .max, notes: nil))])
        for bytes in [huge, unknown, [], [9], Array(good.dropLast()), good + [0], [1, 0, 0, 0, 0]] as [[UInt8]] {
            #expect(throws: DecoderDeath.nonsense) {
                try DecoderMessages.decode(bytes, count: 1, limits: .usual)
            }
        }
    }
}
