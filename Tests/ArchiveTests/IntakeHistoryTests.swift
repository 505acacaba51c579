import GRDB
import System
import Testing

@testable import Archive
@testable import Records

@Suite("Recording drops")
struct IntakeHistoryTests {
    @Test("A new picture is accepted, and known from then on")
    func accepted() throws {
        try withHistory { history in
            let recorded = try history.take([picture(1, "cat", split: .test)])
            guard case .accepted(let id) = recorded.verdicts[0] else { throw Unexpected(recorded.verdicts) }
            let known = KnownPicture(id: id, label: "cat", firstPath: "drop/cat/1.jpg")
            #expect(try history.knownPictures([digest(1), digest(2)]) == [digest(1): known])
        }
    }

    @Test("The same bytes with the same label are a duplicate, inside one drop and in a later one")
    func duplicates() throws {
        try withHistory { history in
            let first = try history.take([picture(1, "cat"), picture(1, "CAT", at: "CAT/again.jpg")])
            let later = try history.take([picture(1, "cat", at: "x.jpg")], drop: "later")
            guard case .accepted(let id) = first.verdicts[0] else { throw Unexpected(first.verdicts) }
            let duplicate = Verdict.duplicate(of: id, firstPath: "drop/cat/1.jpg")
            #expect(first.verdicts[1] == duplicate)
            #expect(later.verdicts == [duplicate])
            #expect(try history.pictureCount() == 1)
        }
    }

    @Test("Duplicates are listed with the file that they repeat, and the split that counts, the newest first")
    func duplicateList() throws {
        try withHistory { history in
            try history.take([picture(1, "cat"), picture(2, "cat", split: .test)])
            try history.take([picture(1, "CAT", at: "test/CAT/a.jpg", split: .test)], drop: "second")
            try history.take([picture(2, "cat", at: "train/cat/b.jpg"), picture(3, "cat")], drop: "third")
            let list = try history.duplicates()
            #expect(list.map(\.path) == ["train/cat/b.jpg", "test/CAT/a.jpg"])
            #expect(list.map(\.drop) == ["third", "second"])
            #expect(list.map(\.repeats) == ["drop/cat/2.jpg", "drop/cat/1.jpg"])
            #expect(list.map(\.split) == [.test, .train])
            #expect(list.map(\.label) == ["cat", "cat"])
            #expect(try history.duplicates(limit: 1).map(\.path) == ["train/cat/b.jpg"])
        }
    }

    @Test("The same bytes with another label are refused, with both labels and the first path in the reason")
    func contradictions() throws {
        try withHistory { history in
            let recorded = try history.take([picture(1, "cat"), picture(1, "dog")])
            guard case .rejected(let code, let reason) = recorded.verdicts[1] else {
                throw Unexpected(recorded.verdicts)
            }
            #expect(code == DuplicateRule.contradictionCode)
            for part in ["“cat”", "“dog”", "drop/cat/1.jpg"] { #expect(reason.contains(part)) }
            #expect(try history.labelCounts() == [LabelCount(id: 1, label: "cat", train: 1, test: 0)])
            #expect(try history.rejects().map(\.path) == ["dog/1.jpg"])
        }
    }

    @Test("The rule compares labels, not spellings")
    func rule() {
        let known = KnownPicture(id: 1, label: "Cat", firstPath: "a/b")
        #expect(DuplicateRule.decide(label: "cat", known: nil) == .new)
        #expect(DuplicateRule.decide(label: "CAT", known: known) == .duplicate(of: known))
        #expect(DuplicateRule.decide(label: "dog", known: known) == .contradiction(with: known))
    }

    @Test("A drop that a stopped daemon left unfinished goes on, and its recorded files keep their verdicts")
    func resumption() throws {
        try withHistory { history in
            let outcomes = [
                picture(1, "cat"), picture(1, "cat", at: "copy.jpg"), picture(1, "dog"),
                FileOutcome(path: name("x.txt"), finding: .refused(code: "text", reason: "no picture", byteCount: 3)),
            ]
            let drop = try history.beginDrop(name("drop"), at: time())
            let first = try history.recordOutcomes(outcomes, in: drop, ledger: history.ledger(), at: time(1))
            #expect(try history.unfinishedDrops().map(\.id) == [drop])
            #expect(try history.beginDrop(name("drop"), at: time(5)) == drop)
            let second = try history.recordOutcomes(
                outcomes + [picture(2, "cat")], in: drop, ledger: history.ledger(), at: time(6))
            try history.finishDrop(drop, at: time(7))
            #expect(Array(second.verdicts.prefix(4)) == first.verdicts)
            let summary = DropSummary(
                drop: drop, name: "drop", arrived: time(), finished: time(7), accepted: 2, duplicates: 1, rejected: 2)
            #expect(try history.drops() == [summary])
        }
    }

    @Test("A finished drop's name may come again as another drop")
    func sameName() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")])
            let again = try history.take([picture(1, "cat"), picture(2, "cat")])
            #expect(again.verdicts.count { if case .duplicate = $0 { true } else { false } } == 1)
            #expect(try history.drops().map(\.accepted) == [1, 1])
        }
    }

    @Test("A batch is recorded as a whole or not at all")
    func atomicity() throws {
        try withHistory { history in
            let drop = try history.beginDrop(name("drop"), at: time())
            let broken = NewPicture(
                digest: digest(9), byteCount: 0, format: "jpeg", width: 1, height: 1,
                label: try LabelName(spelling: "cat"), split: .train, splitOrigin: .hash)
            let outcomes = [picture(1, "cat"), FileOutcome(path: name("0.jpg"), finding: .picture(broken))]
            #expect(throws: (any Error).self) {
                try history.recordOutcomes(outcomes, in: drop, ledger: history.ledger(), at: time(1))
            }
            #expect(try history.pictureCount() == 0)
            #expect(try history.drops()[0].accepted == 0)
        }
    }

    @Test("Names of any bytes are kept as they are")
    func rawNames() throws {
        try withHistory { history in
            let raw = RawPath([0xff, 0x0a, 0x41])
            _ = try history.beginDrop(raw, at: time())
            #expect(try history.unfinishedDrops().map(\.name) == [raw])
            #expect(try history.drops().map(\.name) == [raw.escaped])
        }
    }

    @Test("A picture's side can't be changed, not even in SQL")
    func splitIsForEver() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")])
            let failure = #expect(throws: (any Error).self) {
                try history.write { db in try db.execute(sql: "UPDATE pictures SET split = 'test'") }
            }
            #expect("\(String(describing: failure))".contains("never change"))
        }
    }

    @Test("The data set holds every picture once, in the order of acceptance, with labels by key")
    func dataset() throws {
        try withHistory { history in
            try history.take([picture(1, "dog"), picture(2, "Cat", split: .test), picture(3, "dog")])
            let all = try history.dataset()
            #expect(all.labels.map(\.name) == ["Cat", "dog"])
            #expect(all.pictures.map(\.digest) == [digest(1), digest(2), digest(3)])
            #expect(all.pictures.map(\.label) == [1, 0, 1])
            #expect(all.pictures.map(\.split) == [.train, .test, .train])
            let first = try history.dataset(upTo: all.pictures[0].id)
            #expect(first.labels.map(\.name) == ["dog"])
            #expect(first.pictures.map(\.digest) == [digest(1)])
        }
    }

    @Test("Two refused files of one path and size have a row each, and the same one has one")
    func refusedTwice() throws {
        try withHistory { history in
            let drop = try history.beginDrop(name("drop"), at: time())
            func refuse(_ content: Int) throws {
                let finding = FileOutcome.Finding.refused(
                    code: "text", reason: "no picture", byteCount: 3, digest: digest(content))
                _ = try history.recordOutcomes(
                    [FileOutcome(path: name("x"), finding: finding)], in: drop, ledger: history.ledger(), at: time())
            }
            for content in [1, 2, 1, 2] { try refuse(content) }
            #expect(try history.rejects().count == 2)
        }
    }

    @Test("How a drop was understood is listed with it, and what its folders were taken for is known")
    func layout() throws {
        try withHistory { history in
            let drop = try history.beginDrop(name("d"), at: time())
            #expect(try history.places(of: drop).isEmpty)
            let record = LayoutRecord(
                text: "train/ and valid/, 2 labels", warnings: [LayoutRecord.Warning(code: "w", text: "Odd.")],
                places: [
                    RawPath(""): .init(label: name("d"), split: nil),
                    name("train/a"): .init(label: name("a"), split: .train),
                    RawPath([0xFF]): .init(label: RawPath([0xFF]), split: .test),
                ])
            #expect(try history.describe(drop, record))
            #expect(try !history.describe(drop, record), "what is known isn't written once more")
            #expect(try history.places(of: drop) == record.places)
            let listed = try #require(try history.drops().first)
            #expect(listed.layout == record.text && listed.warnings == record.warnings)
            try history.finishDrop(drop, at: time())
            #expect(try history.latestPlaces(named: name("d")) == record.places)
            #expect(try history.latestPlaces(named: name("e")).isEmpty)
            #expect(try history.drops().first?.layout == record.text)
        }
    }

    @Test("What somebody asks to be taken is known until it is forgotten")
    func takeRequests() throws {
        try withHistory { history in
            for _ in 0..<2 { try history.requestTaking([name("d/.net")], by: "somebody", at: time()) }
            #expect(try history.takeRequests() == [name("d/.net")])
            try history.forgetTakeRequests([name("d/.net")])
            #expect(try history.takeRequests().isEmpty)
        }
    }
}

/// What a test found instead of what it needs to go on.
struct Unexpected: Error {
    let found: String

    init(_ found: some Any) { self.found = "\(found)" }
}
