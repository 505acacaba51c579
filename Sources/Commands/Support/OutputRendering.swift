internal import ArgumentParser
internal import Foundation
internal import System

/// How a listing is printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case table, json, csv
}

/// One column of a listing: its title, its text for an item, and whether it holds numbers.
struct Column<Item> {
    let title: String
    let isNumber: Bool
    let text: (Item) -> String

    /// - Parameters:
    ///   - number: whether it is aligned to the right in a table.
    ///   - text: the cell, as it is; what would be harmful on a terminal is escaped when it is printed.
    init(_ title: String, number: Bool = false, _ text: @escaping (Item) -> String) {
        self.title = title
        isNumber = number
        self.text = text
    }
}

/// A listing that can be printed in every format: the columns make the table and the CSV, the items make the JSON.
struct Listing<Item: Encodable> {
    let items: [Item]
    let columns: [Column<Item>]
    /// What a table says if there is nothing to list.
    let emptyText: String

    /// The listing as text, without a line end after the last line. Throws what encoding the items as JSON throws.
    ///
    /// - Parameter isForTerminal: whether a CSV is for a terminal; by default, this depends on standard output.
    func rendered(as format: OutputFormat, isForTerminal: Bool? = nil) throws -> String {
        switch format {
        case .table: items.isEmpty ? emptyText : TableText.of(items, columns)
        case .json: try JSONOutput.of(items)
        case .csv: csv(isForTerminal: isForTerminal ?? Terminal.isOutputShown)
        }
    }

    private func csv(isForTerminal: Bool) -> String {
        let header = columns.map { $0.title.replacing(" ", with: "_") }
        let rows = items.map { item in columns.map { $0.text(item) } }
        return ([header] + rows).map { row in
            row.map { quoted($0, isForTerminal: isForTerminal) }.joined(separator: ",")
        }
        .joined(separator: "\n")
    }

    /// RFC 4180: quotes around cells that contain a comma, a quote or a line break. Names keep their own characters.
    /// Characters that are harmful in a terminal are escaped in files, too, because a file may be shown in one later.
    private func quoted(_ cell: String, isForTerminal: Bool) -> String {
        let kept: Set<Unicode.Scalar> = ["\n", "\r", "\t"]
        let cell =
            isForTerminal ? TerminalText.escaped(cell, keeping: kept) : TerminalText.harmless(cell, keeping: kept)
        guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
        return "\"" + cell.replacing("\"", with: "\"\"") + "\""
    }
}

/// A table for people: a line of titles, then one line per item.
enum TableText {
    static func of<Item>(_ items: [Item], _ columns: [Column<Item>]) -> String {
        let rows = items.map { item in columns.map { TerminalText.escaped($0.text(item)) } }
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { index in lines.map { $0[index].count }.max() ?? 0 }
        return lines.map { cells in
            let padded = columns.indices.map { index in
                let space = String(repeating: " ", count: widths[index] - cells[index].count)
                return columns[index].isNumber ? space + cells[index] : cells[index] + space
            }
            return padded.joined(separator: "  ").trimmingTrailingSpaces()
        }
        .joined(separator: "\n")
    }
}

/// JSON as every command prints it: snake_case keys in alphabetical order, UTC times in ISO 8601.
enum JSONOutput {
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return TerminalText.escapedJSON(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

extension String {
    fileprivate func trimmingTrailingSpaces() -> String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}
