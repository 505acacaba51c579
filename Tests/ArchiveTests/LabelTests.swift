import Testing

@testable import Archive
@testable import Records

@Suite("Labels")
struct LabelTests {
    @Test(
        "Spellings that differ in case or in Unicode form are one label",
        arguments: [
            ("cats", "CATS"), ("Cats", "cATS"), ("caf\u{e9}", "CAFE\u{301}"), ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ])
    func same(a: String, b: String) {
        // Compared as bytes, because Swift's == wouldn't see a difference of Unicode form.
        #expect(Array(LabelKey.key(of: a).utf8) == Array(LabelKey.key(of: b).utf8))
    }

    @Test("Different words are different labels", arguments: [("cat", "cats"), ("a", "ä"), ("o", "0")])
    func different(a: String, b: String) { #expect(LabelKey.key(of: a) != LabelKey.key(of: b)) }

    @Test("A label is published in NFC without the white space around it, and a spelling with it is reported once")
    func trimmedSpellings() throws {
        try withHistory { history in
            let first = try history.take([picture(1, " cat "), picture(2, "cat"), picture(3, "cafe\u{301}")])
            #expect(first.newSpellings.map(\.spelling) == [" cat "])
            #expect(first.newSpellings.map(\.label) == ["cat"])
            let again = try history.take([picture(4, " cat "), picture(5, "cafe\u{301}")], drop: "second")
            #expect(again.newSpellings.isEmpty)
            #expect(
                try history.labelCounts().map { Array($0.label.utf8) } == [Array("caf\u{e9}".utf8), Array("cat".utf8)])
        }
    }

    @Test("A label keeps its first spelling, and another one is reported once")
    func spellings() throws {
        try withHistory { history in
            let first = try history.take([picture(1, "Cats"), picture(2, "cats"), picture(3, "cats")])
            #expect(first.newSpellings.map(\.spelling) == ["cats"])
            #expect(first.newSpellings.map(\.label) == ["Cats"])
            #expect(try history.take([picture(4, "cats")], drop: "second").newSpellings.isEmpty)
            #expect(try history.labelCounts() == [LabelCount(id: 1, label: "Cats", train: 4, test: 0)])
        }
    }
}
