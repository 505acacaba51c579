import Foundation
import GRDB
import Records
import System
import SystemPackage
import TestSupport
import Testing

@testable import Archive

@Suite("The ledger")
struct LedgerTests {
    // MARK: Lines

    private static let key = Array(repeating: UInt8(7), count: 32)

    private static let pictureEntry = LedgerPicture(
        digest: digest(1), byteCount: 101, format: "jpeg", width: 32, height: 24, notes: "a \"note\"\u{1}",
        label: "cät", split: .test, splitOrigin: .folder, drop: 7, dropName: name("d"), path: name("cät/1.jpg"),
        at: time())

    private func line(_ entry: LedgerEntry, keepsPaths: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        LedgerLine.append(entry, keepsPaths: keepsPaths, to: &bytes)
        return bytes
    }

    @Test("A line is JSON with sorted keys, and ends with the sum of what stands before it")
    func format() throws {
        let bytes = line(.picture(Self.pictureEntry))
        let text = try #require(String(validating: bytes, as: UTF8.self))
        let begin = """
            {"at":"2026-01-01T00:00:00.000Z","bytes":101,"digest":"\(digest(1).hex)","drop":7,"drop_name":"d",\
            "format":"jpeg","height":24,"kind":"picture","label":"cät","notes":"a \\"note\\"\\u0001","path":"cät/1.jpg",\
            "split":"test","split_origin":"folder","v":1,"width":32
            """
        let sum = Digest.sha256(begin.utf8).hex.prefix(16)
        #expect(text == begin + ",\"sum\":\"\(sum)\"}\n")
        let object = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(object["notes"] as? String == "a \"note\"\u{1}")
    }

    @Test(
        "Every kind is read as it was written",
        arguments: [
            .installation(LedgerInstallation(splitKey: key, at: time())),
            .label(LedgerLabel(name: "cats", spellings: ["CATS", "a\\b \u{1F431}"], at: time(1))),
            .drop(LedgerDrop(id: 3, name: RawPath([0x66, 0xff, 0x2f]), at: time(2))),
            .picture(pictureEntry),
            .picture(
                changing(pictureEntry) {
                    $0.notes = nil
                    $0.path = RawPath([0xc3, 0x28, 0x0a, 0x22])
                    $0.dropName = RawPath([0x80])
                }),
        ] as [LedgerEntry])
    func roundTrip(_ entry: LedgerEntry) throws {
        let bytes = line(entry)
        #expect(bytes.last == UInt8(ascii: "\n"))
        #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(try LedgerLine.decode(bytes.dropLast()) == entry)
    }

    @Test("Where paths aren't kept, a picture's line has none")
    func withoutPaths() throws {
        let bytes = line(.picture(Self.pictureEntry), keepsPaths: false)
        let entry = try LedgerLine.decode(bytes.dropLast())
        #expect(entry == .picture(changing(Self.pictureEntry) { $0.path = nil }))
        #expect(!String(decoding: bytes, as: UTF8.self).contains("1.jpg"))
    }

    /// A line of any members with the right sum.
    private func summed(_ members: String) -> [UInt8] {
        Array("\(members),\"sum\":\"\(Digest.sha256(members.utf8).hex.prefix(16))\"}".utf8)
    }

    @Test("Kinds and members of later releases are passed over, and a later version of a known kind is reported")
    func laterReleases() throws {
        let stranger = summed("{\"at\":1,\"kind\":\"group\",\"label\":3,\"v\":9")
        #expect(try LedgerLine.decode(stranger[...]) == .unknown(kind: "group"))
        let start = "{\"at\":\"2026-01-01T00:00:00.000Z\",\"drop\":1,\"drop_name\":\"d\","
        let drop = start + "\"kind\":\"drop\",\"new\":[],\"v\":"
        #expect(try LedgerLine.decode(summed(drop + "1")[...]) == .drop(LedgerDrop(id: 1, name: name("d"), at: time())))
        #expect(throws: LedgerLineFailure.newer(kind: "drop", version: 2)) {
            try LedgerLine.decode(summed(drop + "2")[...])
        }
    }

    @Test("Each flipped bit of a line is noticed and costs that line alone, also if it was its newline")
    func flippedBits() throws {
        let lines = (1...3).map { number in
            line(.drop(LedgerDrop(id: Int64(number), name: name("drop \(number)"), at: time(number))))
        }
        let whole = lines.flatMap { $0 }
        let second = lines[0].count..<lines[0].count + lines[1].count
        try withStateFolder { state in
            let file = state.ledger.appending("2026-01-01.jsonl")
            for place in second {
                for bit in 0..<8 {
                    var bytes = whole
                    bytes[place] ^= 1 << bit
                    try Files.overwrite(file, with: bytes)
                    var drops: [DropID] = []
                    let reading = try LedgerReading.read(state.ledger) { entry in
                        if case .drop(let drop) = entry { drops.append(drop.id) }
                    }
                    let isNewline = place == second.upperBound - 1
                    #expect(drops == (isNewline ? [1, 2, 3] : [1, 3]), "byte \(place), bit \(bit)")
                    #expect(!reading.damages.isEmpty && reading.damages[0].line == 2)
                    #expect(reading.torn == nil)
                }
            }
        }
    }

    // MARK: Writing

    @Test("The ledger has a line for every label, drop and accepted picture, and for nothing else")
    func lines() throws {
        try withHistory { history in
            try history.take([
                picture(1, "cat"), picture(2, "CAT", split: .test), picture(1, "cat", at: "again"),
                picture(3, "Cat\u{200B}"),
                FileOutcome(path: name("x"), finding: .refused(code: "empty", reason: "it is empty", byteCount: 0)),
            ])
            let ledger = try history.ledger()
            var kinds: [String] = []
            let reading = try LedgerReading.read(ledger.folder) { entry in
                switch entry {
                case .installation: kinds.append("installation")
                case .label(let label): kinds.append("label \(label.name) \(label.spellings)")
                case .drop(let drop): kinds.append("drop \(drop.name.escaped)")
                case .picture(let picture): kinds.append("\(picture.label) \(picture.split) \(picture.byteCount)")
                case .unknown: kinds.append("unknown")
                }
            }
            #expect(
                kinds == [
                    "installation", "drop drop", "label cat [\"cat\"]", "cat train 101",
                    "label cat [\"CAT\"]", "cat test 102",
                    "label cat [\"Cat\u{200B}\", \"Cat\"]", "cat train 103",
                ])
            #expect(reading.damages.isEmpty)
            #expect(try reading.splitKey == history.splitKey())
        }
    }

    @Test("A drop without accepted pictures is there too, once")
    func dropOfDuplicates() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")], drop: "first")
            let again = try history.beginDrop(name("second"), at: time(9))
            for seconds in 10...12 {
                _ = try history.recordOutcomes(
                    [picture(1, "cat", at: "\(seconds)")], in: again, ledger: history.ledger(), at: time(seconds))
            }
            var drops: [LedgerDrop] = []
            _ = try LedgerReading.read(history.ledger().folder) { if case .drop(let drop) = $0 { drops.append(drop) } }
            #expect(drops.map(\.name) == [name("first"), name("second")])
            #expect(drops.last?.at == time(9))
        }
    }

    @Test("If the disk fails at any call, nothing is recorded, and the next attempt leaves one line for each picture")
    func failingDisk() throws {
        for call in 0..<8 {
            try withHistory { history in
                let state = StateFolder(history.path.removingLastComponent())
                let disk = FailingDisk(failingAt: call)
                let ledger = try Ledger(state, of: history, keepsPaths: true, disk: disk)
                let drop = try history.beginDrop(name("drop"), at: time())
                for number in 1...3 {
                    let outcomes = [picture(number, "cat")]
                    do {
                        _ = try history.recordOutcomes(outcomes, in: drop, ledger: ledger, at: time(number))
                    } catch {
                        #expect(try history.pictureCount() == number - 1)
                        _ = try history.recordOutcomes(outcomes, in: drop, ledger: ledger, at: time(number))
                    }
                }
                #expect(disk.hasFailed == (call < 4))
                try expectLines(of: history, pictures: [1, 2, 3])
            }
        }
    }

    @Test("Lines of a transaction that fails are taken back")
    func failedTransaction() throws {
        try withHistory { history in
            struct Stop: Error {}
            let ledger = try history.ledger()
            let drop = try history.beginDrop(name("drop"), at: time())
            for _ in 0..<2 {
                #expect(throws: Stop.self) {
                    try history.writeWithLedger(ledger) { db -> (Void, [LedgerEntry]) in
                        _ = try ledger.append([.picture(Self.pictureEntry)])
                        throw Stop()
                    }
                }
            }
            // Not even a start makes rows of them.
            let news = try history.agree(with: history.ledger())
            let count = try history.pictureCount()
            #expect(news.addedRows == 0 && count == 0)
            _ = try history.recordOutcomes([picture(2, "cat")], in: drop, ledger: history.ledger(), at: time(1))
            try expectLines(of: history, pictures: [2])
        }
    }

    /// Checks that the ledger is whole, has these pictures, each once, and that a start finds nothing to do.
    private func expectLines(of history: History, pictures: [Int], sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let ledger = try history.ledger()
        #expect(ledger.cutFile == nil, sourceLocation: sourceLocation)
        var digests: [PictureDigest] = []
        let reading = try LedgerReading.read(ledger.folder) { entry in
            if case .picture(let picture) = entry { digests.append(picture.digest) }
        }
        #expect(digests == pictures.map(digest), sourceLocation: sourceLocation)
        #expect(reading.damages.isEmpty && reading.torn == nil, sourceLocation: sourceLocation)
        let agreement = try history.agree(with: ledger)
        #expect(agreement == LedgerAgreement(), sourceLocation: sourceLocation)
    }

    // MARK: Start

    @Test("A last line that was cut anywhere is cut off, or completed where only its newline is missing")
    func tornLastLine() throws {
        try withHistory { history in
            try history.take([picture(1, "cat"), picture(2, "dog")])
            let file = try #require(try LedgerReading.files(in: history.ledger().folder).first)
            let whole = try Files.read(file)
            let start = try #require(whole.dropLast().lastIndex(of: UInt8(ascii: "\n"))) + 1
            for end in start...whole.count {
                try Files.overwrite(file, with: Array(whole[..<end]))
                let ledger = try history.ledger()
                #expect((ledger.cutFile != nil) == (end > start && end < whole.count), "at \(end)")
                let left = try Files.read(file)
                #expect(left == (end >= whole.count - 1 ? whole : Array(whole[..<start])), "at \(end)")
                // The history still knows the picture, and its line is written again.
                _ = try history.agree(with: ledger)
                try expectLines(of: history, pictures: [1, 2])
            }
        }
    }

    @Test("What the ledger has and the history lacks is added to the history")
    func lostRows() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")], drop: "first")
            let ledger = try history.ledger()
            let drop = try history.beginDrop(name("second"), at: time(3))
            // As if the process had been killed before the commit.
            _ = try ledger.append([
                .drop(LedgerDrop(id: drop, name: name("second"), at: time(3))),
                .label(LedgerLabel(name: "owl", spellings: ["OWL", "owl"], at: time(4))),
                .picture(
                    LedgerPicture(
                        digest: digest(5), byteCount: 105, format: "jpeg", width: 32, height: 24, notes: nil,
                        label: "owl", split: .test, splitOrigin: .folder, drop: drop, dropName: name("second"),
                        path: name("test/owl/5.jpg"), at: time(4))),
            ])
            let agreement = try history.agree(with: history.ledger())
            #expect(!agreement.isComplete && agreement.addedRows == 2 && agreement.addedLines == 0)
            #expect(try history.pictureCount() == 2)
            // The original is still in the inbox, and is the same file.
            let again = try history.recordOutcomes(
                [picture(5, "OWL", at: "test/owl/5.jpg", split: .test)], in: drop, ledger: history.ledger(), at: time(5)
            )
            guard case .accepted = again.verdicts[0] else {
                Issue.record("\(again.verdicts)")
                return
            }
            #expect(try history.drops().map(\.accepted).sorted() == [1, 1])
            try expectLines(of: history, pictures: [1, 5])
        }
    }

    @Test("A ledger that is missing, shorter or changed is compared as a whole and completed from the history")
    func lostLines() throws {
        try withHistory { history in
            let outcomes = (1...9).map { picture($0, $0 < 5 ? "cat" : "DOG", split: $0 % 3 == 0 ? .test : .train) }
            try history.take(outcomes)
            let file = try #require(try LedgerReading.files(in: history.ledger().folder).first)
            let whole = try Files.read(file)
            let ends = whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
            for end in [0] + ends.dropLast() {
                if end == 0 { try Files.remove(file) } else { try Files.overwrite(file, with: Array(whole[..<end])) }
                let agreement = try history.agree(with: history.ledger())
                #expect(agreement.isComplete && agreement.addedRows == 0 && agreement.addedLines > 0)
                var found: [PictureDigest: LedgerPicture] = [:]
                let reading = try LedgerReading.read(history.ledger().folder) { entry in
                    if case .picture(let picture) = entry { found[picture.digest] = picture }
                }
                #expect(try reading.splitKey == history.splitKey())
                #expect(Set(found.keys) == Set((1...9).map(digest)))
                #expect(found[digest(6)]?.label == "DOG" && found[digest(6)]?.split == .test)
                #expect(found[digest(6)]?.path == name("DOG/6.jpg"))
                let repeated = try history.agree(with: history.ledger())
                #expect(repeated == LedgerAgreement())
            }
        }
    }

    @Test("Taking over an earlier release's history may be interrupted at every call of the disk")
    func takingOver() throws {
        try withHistory { history in
            try history.take((1...5).map { picture($0, $0 % 2 == 0 ? "cat" : "dog") }, drop: "old")
            let state = StateFolder(history.path.removingLastComponent())
            var call = 0
            while true {
                for file in try LedgerReading.files(in: state.ledger) { try Files.remove(file) }
                try history.write { try $0.execute(sql: "DELETE FROM ledger_position") }
                let disk = FailingDisk(failingAt: call)
                let ledger = try Ledger(state, of: history, keepsPaths: true, disk: disk)
                let attempt = Result { try history.agree(with: ledger) }
                guard disk.hasFailed else { break }
                #expect(throws: FileFailure.self) { try attempt.get() }
                _ = try history.agree(with: history.ledger())
                try expectLines(of: history, pictures: [1, 2, 3, 4, 5])
                call += 1
            }
            #expect(call >= 4)
        }
    }

    @Test("The ledger of another installation is refused")
    func otherInstallation() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")])
            let file = try #require(try LedgerReading.files(in: history.ledger().folder).first)
            try withHistory { other in
                try other.take([picture(2, "cat")])
                let folder = try other.ledger().folder
                let target = folder.appending(try #require(file.lastComponent))
                try Files.overwrite(target, with: try Files.read(file))
                #expect(throws: LedgerFailure.otherKey(target, history: other.path)) { try other.ledger() }
                #expect(try Files.read(target) == Files.read(file))
                // A file of another one among the right ones is noticed as soon as everything is read.
                try Files.remove(target)
                _ = try other.agree(with: other.ledger())
                try Files.overwrite(folder.appending("2020-01-01.jsonl"), with: try Files.read(file))
                #expect(throws: LedgerFailure.self) { try other.agree(with: other.ledger()) }
            }
        }
    }

    @Test("Not one line of another installation's old file is added, however long it is")
    func longForeignFile() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")])
            var bytes = line(.installation(LedgerInstallation(splitKey: Self.key, at: time())))
            for number in 10..<4200 {
                bytes += line(.picture(changing(Self.pictureEntry) { $0.digest = digest(number) }))
            }
            let folder = try history.ledger().folder
            try Files.overwrite(folder.appending("2020-01-01.jsonl"), with: bytes)
            #expect(throws: LedgerFailure.self) { try history.agree(with: history.ledger()) }
            let count = try history.pictureCount()
            #expect(count == 1)
        }
    }

    @Test("An older file's last line was acknowledged: if it is cut off, that is damage")
    func tornOlderFile() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")])
            let folder = try history.ledger().folder
            let file = try #require(try LedgerReading.files(in: folder).first)
            let older = folder.appending("2020-01-01.jsonl")
            try Files.overwrite(older, with: try Files.read(file).dropLast(20))
            let reading = try LedgerReading.read(folder) { _ in }
            #expect(reading.damages.map(\.file) == [older] && reading.torn == nil)
        }
    }

    @Test(
        "A file that somebody has shortened gets no hole: nothing is recorded before the next start, which completes it"
    )
    func shortenedFile() throws {
        try withHistory { history in
            let ledger = try history.ledger()
            let drop = try history.beginDrop(name("drop"), at: time())
            _ = try history.recordOutcomes([picture(1, "cat")], in: drop, ledger: ledger, at: time(1))
            let file = try #require(try LedgerReading.files(in: ledger.folder).first)
            let half = try Array(Files.read(file).prefix(200))
            try Files.overwrite(file, with: half)
            #expect(throws: LedgerFailure.shortened(file)) {
                try history.recordOutcomes([picture(2, "cat")], in: drop, ledger: ledger, at: time(2))
            }
            #expect(try Files.read(file) == half)
            _ = try history.agree(with: history.ledger())
            try expectLines(of: history, pictures: [1])
        }
    }

    @Test("If the clock goes back, the newest file goes on")
    func clockGoesBack() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")])
            let folder = try history.ledger().folder
            let file = try #require(try LedgerReading.files(in: folder).first)
            let later = folder.appending("9999-12-31.jsonl")
            try SystemDisk().rename(file, to: later)
            _ = try history.agree(with: history.ledger())
            try history.take([picture(2, "cat")], drop: "second")
            #expect(try LedgerReading.files(in: folder) == [later])
            try expectLines(of: history, pictures: [1, 2])
        }
    }
}
