import Foundation
import Testing

@testable import Commands

private struct Fruit: Encodable {
    let name: String
    let pictureCount: Int
    var shares: [String: Double] = [:]
}

@Suite("Listings as table, CSV and JSON")
struct OutputRenderingTests {
    private func listing(_ fruits: [Fruit]) -> Listing<Fruit> {
        Listing(
            items: fruits,
            columns: [
                Column("name") { $0.name }, Column("picture count", number: true) { "\($0.pictureCount)" },
                Column("note") { _ in "" },
            ],
            emptyText: "There is no fruit.")
    }

    @Test("A table's words stand to the left, its numbers to the right, and no line ends in spaces")
    func table() throws {
        let text = try listing([Fruit(name: "fig", pictureCount: 7), Fruit(name: "quince", pictureCount: 1200)])
            .rendered(as: .table)
        #expect(
            text == """
                name    picture count  note
                fig                 7
                quince           1200
                """)
    }

    @Test("An empty table says so; an empty CSV has its header, an empty JSON is an empty array")
    func empty() throws {
        #expect(try listing([]).rendered(as: .table) == "There is no fruit.")
        #expect(try listing([]).rendered(as: .csv) == "name,picture_count,note")
        let json = try listing([]).rendered(as: .json)
        #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String] == [])
    }

    @Test(
        "CSV cells are quoted where commas, quotes or line breaks need it",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("6\" pot", "\"6\"\" pot\""), ("two\nlines", "\"two\nlines\""),
            ("old\r\nlines", "\"old\r\nlines\""), ("crème", "crème"), ("", ""),
        ])
    func csvQuoting(cell: String, expected: String) throws {
        let text = try listing([Fruit(name: cell, pictureCount: 1)]).rendered(as: .csv)
        #expect(text == "name,picture_count,note\n\(expected),1,")
    }

    @Test("Tables show control characters instead of sending them to the terminal")
    func controlCharacters() throws {
        let text = try listing([Fruit(name: "fig\u{1B}[2J\nplum", pictureCount: 1)]).rendered(as: .table)
        #expect(text.hasSuffix("fig\\u{1b}[2J\\u{a}plum              1"))
    }

    @Test("Names have their own characters in CSV and JSON, and only a terminal gets escapes")
    func ownCharacters() throws {
        let listing = listing([Fruit(name: "x\u{200C}y 👩\u{200D}🌾 a\\b", pictureCount: 1)])
        let csv = try listing.rendered(as: .csv, isForTerminal: false)
        #expect(csv.hasSuffix("\nx\u{200C}y 👩\u{200D}🌾 a\\b,1,"))
        #expect(try listing.rendered(as: .csv, isForTerminal: true).hasSuffix("\nx\\u{200c}y 👩\\u{200d}🌾 a\\b,1,"))
        #expect(try listing.rendered(as: .table).contains("x\\u{200c}y"))
        let json = try listing.rendered(as: .json)
        let read = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
        let name = try #require(read?.first?["name"] as? String)
        #expect(Array(name.utf8) == Array("x\u{200C}y 👩\u{200D}🌾 a\\b".utf8))
    }

    @Test("CSV shows them too; JSON has them as numbers, and still means the same")
    func controlCharactersForPrograms() throws {
        let name = "fig\u{1B}[2J\u{9B}1m\u{202E}\u{E0001}\n🍏"
        let listing = listing([Fruit(name: name, pictureCount: 1)])
        let csv = try listing.rendered(as: .csv, isForTerminal: true)
        #expect(csv.hasSuffix("\n\"fig\\u{1b}[2J\\u{9b}1m\\u{202e}\\u{e0001}\n🍏\",1,"))
        let file = try listing.rendered(as: .csv, isForTerminal: false)
        #expect(file.hasSuffix("\n\"fig\\u{1b}[2J\\u{9b}1m\\u{202e}\u{E0001}\n🍏\",1,"))
        let json = try listing.rendered(as: .json)
        for scalar: Unicode.Scalar in ["\u{1B}", "\u{9B}", "\u{202E}", "\u{E0001}"] {
            #expect(!json.unicodeScalars.contains(scalar))
        }
        let read = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
        #expect(read?.first?["name"] as? String == name)
    }

    @Test("JSON has snake_case keys in order, and leaves keys that are data as they are")
    func json() throws {
        let fruit = Fruit(name: "fig/red", pictureCount: 7, shares: ["redFig": 0.5])
        #expect(
            try JSONOutput.of([fruit]) == """
                [
                  {
                    "name" : "fig/red",
                    "picture_count" : 7,
                    "shares" : {
                      "redFig" : 0.5
                    }
                  }
                ]
                """)
    }
}
