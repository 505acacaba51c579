import Archive
import Dispatch
import Foundation
import Glibc
import Pictures
import Records
import Synchronization
import System
import SystemPackage
import TestSupport
import Testing
import Workers

@testable import Decoding

/// Counts attempts in memory, with something to happen at the beginning of each.
private final class Ledger: DecodingAttempts {
    private let counts = Mutex<[PictureDigest: Int]>([:])
    private let hook: @Sendable (PictureDigest) -> Void

    init(hook: @escaping @Sendable (PictureDigest) -> Void = { _ in }) { self.hook = hook }

    var pictures: Set<PictureDigest> { counts.withLock { Set($0.keys) } }

    func beginAttempt(on picture: PictureDigest, at time: Timestamp) throws -> Int {
        hook(picture)
        return counts.withLock { counts in
            counts[picture, default: 0] += 1
            return (counts[picture] ?? 1) - 1
        }
    }

    func endAttempt(on picture: PictureDigest) throws { counts.withLock { $0[picture] = nil } }

    func cancelAttempt(on picture: PictureDigest) throws {
        counts.withLock { counts in
            counts[picture] = counts[picture].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }
}

/// What a pool tells of its processes.
private final class Notices: Sendable {
    private let list = Mutex<[DecoderPool.Notice]>([])

    var all: [DecoderPool.Notice] { list.withLock { $0 } }

    func add(_ notice: DecoderPool.Notice) { list.withLock { $0.append(notice) } }
}

@Suite("Pictures from decoder processes")
struct PicturePoolTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func pool(
        side: Int?, limits: DecodeLimits = .usual, attempts: (any DecodingAttempts)? = nil,
        program: FilePath = Locations.program, notices: Notices = Notices()
    ) -> DecoderPool {
        DecoderPool(
            limits: limits, maxFileBytes: 16 << 20, side: side, attempts: attempts, program: program,
            notify: { notices.add($0) })
    }

    private func png(_ seed: UInt64, width: Int = 24, height: Int = 16) -> [UInt8] {
        PNGFile.encode(TinyPictures.noise(seed: seed, width: width, height: height))
    }

    /// A program that takes the place of a decoder: a shell script.
    private func program(_ script: String) throws -> FilePath {
        let path = try folder.write(Array("#!/bin/sh\n\(script)\n".utf8), to: "decoder")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.string)
        return path
    }

    /// Ends processes, and returns when their ends of the sockets are closed.
    private func kill(_ processes: Set<Int32>) {
        for process in processes {
            Glibc.kill(process, SIGKILL)
            var information = siginfo_t()
            waitid(P_PID, id_t(process), &information, Int32(WEXITED | WNOWAIT))
        }
    }

    /// Decoded, turned and resized in this process.
    private func expected(_ file: [UInt8], side: Int) throws -> RGBImage {
        try PictureDecoder().decode(file, atLeast: side).image.resized(width: side, height: side)
    }

    private func check(_ pictures: [Result<RGBImage, DecodingFailure>], of files: [[UInt8]], side: Int) throws {
        #expect(pictures.count == files.count)
        for (picture, file) in zip(pictures, files) {
            let (found, wanted) = (try picture.get(), try expected(file, side: side))
            #expect(found == wanted)
        }
    }

    @Test("Every kind of picture has the pixels of this process, bit for bit", arguments: [1, 7, 32, 224])
    func samePixels(side: Int) throws {
        let resources = Locations.resources()
        let names = try FileManager.default.contentsOfDirectory(atPath: resources.string).sorted()
        var files = try names.filter { $0.hasSuffix(".jpg") || $0.hasSuffix(".png") }.map { try resourceBytes($0) }
        #expect(files.count > 30)
        files.append(HandmadeJPEG(width: 1999, height: 1501, sampling: [(2, 2), (1, 1), (1, 1)]).bytes(seed: 1))
        // It goes through memory of its own.
        files.append(png(9, width: 500, height: 400))
        #expect(files.last.map { $0.count > PictureStore.contentsLimit } == true)
        files += (0..<100).map { png($0) }
        let notices = Notices()
        let pool = pool(side: side, notices: notices)
        try check(pool.pictures(files.map { PictureSource($0) }, on: Worker()), of: files, side: side)
        #expect(pool.processes.count == 1 && notices.all.isEmpty)
    }

    @Test("A large file is handed over open, and a small one is read")
    func openFiles() throws {
        let files = [png(1), png(2, width: 600, height: 400), png(3)]
        let sources = try files.enumerated().map { number, bytes in
            let path = try folder.write(bytes, to: FilePath("\(number)"))
            let file = try FileDescriptor.open(path, .readOnly)
            return try file.closeAfter { try PictureSource(file, at: path) }
        }
        #expect(sources.map { $0.smallBytes == nil } == [false, true, false])
        #expect(sources.map(\.byteCount) == files.map(\.count))
        try check(pool(side: 40).pictures(sources, on: Worker()), of: files, side: 40)
    }

    @Test("What can't be used is a failure with its code, and the pictures beside it are given")
    func failures() throws {
        let files = [png(1), Array("not a picture, but a text".utf8), png(2), Array(png(3).dropLast(30)), [], png(4)]
        let pictures = try pool(side: 16).pictures(files.map { PictureSource($0) }, on: Worker())
        let codes = pictures.map { picture -> String? in
            if case .failure(let failure) = picture { failure.code } else { nil }
        }
        #expect(codes == [nil, "not_a_picture", nil, "truncated", "empty", nil])
        try check([pictures[0], pictures[2], pictures[5]], of: [files[0], files[2], files[5]], side: 16)
    }

    @Test("More pictures than fit into one answer, or one that fills it")
    func largePictures() throws {
        #expect(PixelLayout(side: 1024).capacity == 5)
        let files = (0..<12).map { png($0) }
        let pool = pool(side: 1024)
        try check(pool.pictures(files.map { PictureSource($0) }, on: Worker()), of: files, side: 1024)
        #expect(pool.processes.count == 1)
        let largest = PixelLayout.sides.upperBound
        #expect(PixelLayout(side: largest).capacity == 1)
        let picture = try self.pool(side: largest).pictures([PictureSource(png(1))], on: Worker())[0].get()
        #expect(picture.width == largest && picture.height == largest)
    }

    @Test("A size that no network has is refused before anything is started", arguments: [nil, 0, -1, 4097] as [Int?])
    func impossibleSize(side: Int?) throws {
        let pool = pool(side: side, program: "/bin/true")
        #expect(throws: PictureSizeFailure(side: side ?? 0)) {
            _ = try pool.pictures([PictureSource(png(1))], on: Worker())
        }
    }

    @Test("When a process is killed, another makes all pictures of the request, and nothing is held against them")
    func killedOnce() throws {
        let (ledger, notices) = (Ledger(), Notices())
        let pool = pool(side: 20, attempts: ledger, notices: notices)
        let files = (0..<20).map { png($0) }
        let sources = files.map { PictureSource($0, digest: .sha256($0)) }
        _ = try pool.pictures(sources, on: Worker())
        kill(pool.processes)
        try check(pool.pictures(sources, on: Worker()), of: files, side: 20)
        #expect(notices.all.count == 1 && ledger.pictures.isEmpty)
    }

    @Test("A picture that kills each process it is given to is named, and the others are made")
    func killer() throws {
        let victim = Digest.sha256(png(3))
        let pools = Mutex<DecoderPool?>(nil)
        let ledger = Ledger { picture in
            if picture == victim { kill(pools.withLock { $0?.processes ?? [] }) }
        }
        let pool = pool(side: 20, attempts: ledger)
        pools.withLock { $0 = pool }
        defer { pools.withLock { $0 = nil } }
        let files = (0..<6).map { png($0) }
        let sources = files.map { PictureSource($0, digest: .sha256($0)) }
        _ = try pool.pictures(sources, on: Worker())
        kill(pool.processes)
        var pictures = try pool.pictures(sources, on: Worker())
        let removed = pictures.remove(at: 3)
        #expect(throws: DecodingFailure.self) { _ = try removed.get() }
        guard case .failure(let failure) = removed else { return }
        #expect(failure.code == "killed_decoder" && failure.reason.hasPrefix("it killed the decoder, even alone"))
        try check(pictures, of: files.indices.filter { $0 != 3 }.map { files[$0] }, side: 20)
        #expect(ledger.pictures.isEmpty, "counting starts again")
    }

    @Test("Where nothing is recorded, a picture gets two attempts alone as well")
    func withoutLedger() throws {
        let notices = Notices()
        let pool = try pool(side: 8, program: program("printf '\\000' >&3"), notices: notices)
        let pictures = try pool.pictures([PictureSource(png(1)), PictureSource(png(2))], on: Worker())
        for picture in pictures { #expect(throws: DecodingFailure.self) { _ = try picture.get() } }
        #expect(notices.all.count == 5, "together, and each of them twice")
        #expect(pool.processes.isEmpty)
    }

    @Test("That no process can be started is a problem of the machine, and isn't held against a picture")
    func noDecoder() throws {
        let ledger = Ledger()
        for program: FilePath in ["/bin/true", "/nonexistent"] {
            let pool = pool(side: 8, attempts: ledger, program: program)
            #expect {
                _ = try pool.pictures([PictureSource(png(1), digest: .sha256([1]))], on: Worker())
            } throws: {
                $0.isProblemOfMachine && "\($0)".contains("can't start a decoder process")
            }
        }
        #expect(ledger.pictures.isEmpty)
    }

    @Test("A process that was taken over can give any pixels, but only as many as were asked for")
    func falsePixels() throws {
        // A valid PNG of 3 x 2 pixels, says the process, and nothing of what it is asked.
        let answer = "\\001\\003\\000\\000\\000\\002\\000\\000\\000\\003\\000png\\000\\000"
        let script = "printf '\\000' >&3; printf '\(answer)' >&3; exec sleep 60"
        let picture = try pool(side: 8, program: program(script)).pictures([PictureSource(png(1))], on: Worker())[0]
        let found = try picture.get()
        #expect(found == RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 0, count: 192)))
    }

    @Test(
        "An answer that can't be true is no answer",
        arguments: [
            "z", "\\001", "\\002\\001\\000z\\001\\000z", "\\002\\016\\000killed_decoder\\001\\000z",
            "\\001\\377\\377\\377\\377\\002\\000\\000\\000\\003\\000png\\000\\000",
            "\\002\\005\\000empty\\001\\000z\\002\\005\\000empty\\001\\000z",
        ])
    func hostileAnswer(_ answer: String) throws {
        let notices = Notices()
        let script = "printf '\\000' >&3; printf '\(answer)' >&3; exec sleep 60"
        let pool = try pool(side: 8, program: program(script), notices: notices)
        let picture = try pool.pictures([PictureSource(png(1))], on: Worker())[0]
        #expect(throws: DecodingFailure.self) { _ = try picture.get() }
        let cause = "\(DecoderDeath.nonsense)"
        #expect(notices.all == [DecoderPool.Notice](repeating: .died(files: 1, cause: cause), count: 3))
    }

    @Test("That processes have no filter of system calls is told once")
    func weakSandbox() throws {
        let notices = Notices()
        let pool = try pool(side: 8, program: program("printf '\\001' >&3"), notices: notices)
        for _ in 0..<2 { _ = try pool.pictures([PictureSource(png(1))], on: Worker()) }
        let told = notices.all.filter { if case .weakSandbox = $0 { true } else { false } }
        #expect(told.count == 1 && told[0].description.contains("no system call filters"))
    }

    @Test("That the service is asked to stop ends a process that doesn't answer")
    func stopped() throws {
        let pool = pool(side: 8)
        _ = try pool.pictures([PictureSource(png(1))], on: Worker())
        for process in pool.processes { Glibc.kill(process, SIGSTOP) }
        let worker = Worker()
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) { worker.cancellation.cancel() }
        #expect(throws: CancellationError.self) { _ = try pool.pictures([PictureSource(png(1))], on: worker) }
        #expect(pool.processes.isEmpty)
    }

    @Test("Workers of several pools of threads with the same number don't share a process")
    func sameWorkerIndex() throws {
        let pool = pool(side: 12)
        let files = (0..<40).map { png($0) }
        let failures = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<10 {
                do {
                    let found = try pool.pictures(files.map { PictureSource($0) }, on: Worker(index: 0))
                    for (picture, file) in zip(found, files) {
                        if try picture.get() != expected(file, side: 12) { failures.add(1, ordering: .relaxed) }
                    }
                } catch { failures.add(1, ordering: .relaxed) }
            }
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        #expect((1...4).contains(pool.processes.count))
    }

    @Test("When all processes are killed at once, that is one death and not one for each of them")
    func allKilled() throws {
        let (ledger, notices) = (Ledger(), Notices())
        let pool = pool(side: 64, attempts: ledger, notices: notices)
        let files = (0..<16).map { png($0) }
        let sources = files.map { PictureSource($0, digest: .sha256($0)) }
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<5 { _ = try? pool.pictures(sources, on: Worker()) }
        }
        kill(pool.processes)
        try check(pool.pictures(sources, on: Worker()), of: files, side: 64)
        #expect(notices.all.count == 1 && ledger.pictures.isEmpty)
        #expect(pool.processes.count == 1)
    }

    @Test("Processes end with their pool")
    func ended() throws {
        var processes: Set<Int32> = []
        do {
            let pool = pool(side: 8)
            _ = try pool.pictures([PictureSource(png(1))], on: Worker())
            processes = pool.processes
        }
        #expect(processes.count == 1)
        for process in processes { #expect(Glibc.kill(process, 0) == -1) }
    }

    @Test("A stored picture is decoded although it would be refused today")
    func storedPicture() throws {
        var file = HandmadeJPEG(width: 40, height: 24).bytes(seed: 1)
        file.insert(0x11, at: file.count - 2)
        func picture(_ limits: DecodeLimits) throws -> Result<RGBImage, DecodingFailure> {
            try pool(side: 30, limits: limits).pictures([PictureSource(file)], on: Worker())[0]
        }
        let (new, stored) = (try picture(.usual), try picture(.ofStored).get())
        #expect(throws: DecodingFailure.self) { _ = try new.get() }
        let wanted = try PictureDecoder(limits: .ofStored).decode(file, atLeast: 30).image
            .resized(width: 30, height: 30)
        #expect(stored == wanted)
    }

    @Test("A picture that needs more than a process's share of memory gets it, if the limits have it")
    func moreMemory() throws {
        var file = try resourceBytes("progressive.jpg")
        // Behind marker, length and precision of the frame: height and width. The data are for fewer pixels.
        let frame = try #require(file.indices.first { file[$0...].starts(with: [0xFF, 0xC2]) })
        file.replaceSubrange(frame + 5..<frame + 9, with: [0x0F, 0xA0, 0x0F, 0xA0])
        func code(maxMemory: Int) throws -> String? {
            let limits = changing(DecodeLimits.usual) { $0.maxMemory = maxMemory }
            let picture = try pool(side: 30, limits: limits).pictures([PictureSource(file)], on: Worker())[0]
            if case .failure(let failure) = picture { return failure.code }
            return nil
        }
        #expect(try code(maxMemory: DecoderPool.share) == "too_much_memory")
        #expect(try code(maxMemory: 256 << 20) == "damaged")
    }

    @Test("The order reaches the process as it is, and its address space has no overflow")
    func order() throws {
        let usual = DecoderOrder(limits: .usual, maxFileBytes: 256 << 20, layout: PixelLayout(side: 224))
        let stored = DecoderOrder(limits: .ofStored, maxFileBytes: .max, layout: PixelLayout(side: 4096))
        for order in [usual, stored] {
            let copy = try #require(DecoderOrder(arguments: order.arguments))
            #expect(copy.limits == order.limits && copy.maxFileBytes == order.maxFileBytes)
            #expect(copy.layout.side == order.layout.side)
        }
        #expect(DecoderOrder(arguments: Array(usual.arguments.dropLast())) == nil)
        #expect(DecoderOrder(arguments: usual.arguments.map { _ in "many" }) == nil)
        #expect(stored.addressSpace == UInt64(Int.max))
        let judging = DecoderOrder(limits: .usual, maxFileBytes: 256 << 20, layout: PixelLayout(side: 0))
        #expect(judging.addressSpace == 608 << 20)
        // A PNG of as many pixels as are allowed, as it is stored and turned.
        #expect(usual.addressSpace == judging.addressSpace + 300_000_000)
    }

    @Test("What a process decodes before it confines itself is a picture of each format")
    func warmUp() throws {
        let decoder = PictureDecoder()
        let formats = try WarmUp.samples.prefix(2).map { try decoder.check($0).format }
        #expect(formats == [.jpeg, .png])
    }
}
