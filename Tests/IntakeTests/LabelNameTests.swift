import Archive
import Records
import System
import TestSupport
import Testing

@testable import Intake

@Suite("Labels of folders' names")
struct LabelNameTests {
    @Test("A label keeps its own characters, in NFC")
    func own() throws {
        for name in [
            "cat", "straße", "猫", "x\u{200C}y", "👩\u{200D}🌾", "a\\b", "6\" pot, old", ".net", "क\u{94D}\u{200D}ष",
        ] {
            #expect(try Array(LabelName(RawPath(name)).text.utf8) == Array(name.utf8))
        }
        #expect(try Array(LabelName(RawPath("cafe\u{301}")).text.utf8) == Array("caf\u{e9}".utf8))
    }

    @Test("One that is no UTF-8 is escaped")
    func bytes() throws {
        #expect(try LabelName(RawPath([0x61, 0xFF, 0x0A])).text == "a\\xff\\x0a")
    }

    @Test(
        "White space around it goes, and between words is one space",
        arguments: [
            (" cat ", "cat"), ("cat\u{A0}", "cat"), ("\u{3000}granny  \u{A0}smith", "granny smith"),
            ("granny\u{A0}smith", "granny smith"), ("\u{FEFF}cat\u{200B} ", "cat"), ("ភាសា\u{200B}ខ្មែរ", "ភាសា\u{200B}ខ្មែរ"),
        ])
    func space(spelling: String, text: String) throws {
        let label = try LabelName(RawPath(spelling))
        #expect(Array(label.text.utf8) == Array(text.utf8))
        #expect(label.spelling == spelling)
    }

    @Test(
        "What can't be seen at all is no label",
        arguments: [" ", "\u{A0}\u{3000}", "\u{200B}", "\u{200D}", "\u{FEFF} \u{2060}"])
    func blank(_ name: String) {
        let fault = #expect(throws: LayoutFault.self) { try LabelName(RawPath(name)) }
        #expect(fault == .noLabelName(folder: RawPath(name), .blank))
        #expect(fault?.code == "bad_label")
    }

    @Test(
        "Nor is what ends a line, drives a terminal or turns the direction of text",
        arguments: [
            "a\nb", "a\t", "\u{1B}[31m", "a\u{85}b", "a\u{2028}b", "\u{202E}gpj", "a\u{2066}b\u{2069}", "\u{7F}",
        ])
    func control(_ name: String) {
        let fault = #expect(throws: LayoutFault.self) { try LabelName(RawPath(name)) }
        #expect(fault == .noLabelName(folder: RawPath(name), .control))
        #expect(fault?.description.contains(RawPath(name).escaped) == true)
    }
}

@Suite("Labels of drops")
struct DropLabelTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("A folder's own characters are the label's, and another spelling is told of")
    func labels() async throws {
        for (number, label) in ["x\u{200C}y", "a\\b", " granny  smith\u{A0}", "granny smith"].enumerated() {
            try workshop.drop(png(UInt64(number)), at: "d/\(label)/1")
        }
        let summary = try await workshop.ingest("d")
        #expect(summary.accepted == 4)
        #expect(
            try Set(workshop.history.labelCounts().map { Array($0.label.utf8) })
                == Set(["x\u{200C}y", "a\\b", "granny smith"].map { Array($0.utf8) }))
        #expect(summary.newSpellings.map(\.spelling) == [" granny  smith\u{A0}"])
        #expect(summary.newSpellings.map(\.label) == ["granny smith"])
    }

    @Test("A picture whose folder's name is no label is rejected with the reason, and kept")
    func noLabel() async throws {
        try workshop.drop(png(1), at: "d/ /1.png")
        try workshop.drop(png(2), at: "d/\u{202E}gpj/2.png")
        try workshop.drop(png(3), at: "d/cat/\u{202E}gpj.3\n")
        let summary = try await workshop.ingest("d")
        #expect(summary.verdicts == [1, 0, 2])
        #expect(summary.hasLeft)
        #expect(Set(try workshop.history.rejects().map(\.code)) == ["bad_label"])
        #expect(try workshop.history.labelCounts().map(\.label) == ["cat"])
        try workshop.expectNothingLost([png(1), png(2), png(3)])
    }

    @Test("The setting says which folders are splits")
    func splitFolders() async throws {
        try workshop.drop(png(1), at: "d/train/1.png")
        try workshop.drop(png(2), at: "d/test/2.png")
        let settings = changing(IngestSettings.usual) { ($0.splitFolders, $0.patience) = (.off, .zero) }
        #expect(try await workshop.ingest("d", with: workshop.ingestor(settings: settings)).accepted == 2)
        #expect(try workshop.history.labelCounts().map(\.label) == ["test", "train"])
    }
}
