import Foundation
import Records
import System

/// A line of the ledger as bytes: a JSON object with sorted keys, whose last member `sum` says whether the rest is as it
/// was written. docs/ledger.md describes it.
enum LedgerLine {
    /// Of the kinds that this release knows.
    static let version = 1

    /// Appends the line, with its newline.
    static func append(_ entry: LedgerEntry, keepsPaths: Bool, to bytes: inout [UInt8]) {
        var writer = LineWriter(bytes: bytes)
        // Gives the array to the writer alone; otherwise it would be copied.
        bytes = []
        let start = writer.bytes.count
        writer.append("{\"at\":")
        switch entry {
        case .installation(let installation): writer.append(installation)
        case .label(let label): writer.append(label)
        case .drop(let drop): writer.append(drop)
        case .picture(let picture): writer.append(picture, keepsPaths: keepsPaths)
        case .unknown(let kind): preconditionFailure("a line of the unknown kind '\(kind)' is never written")
        }
        let sum = sum(of: writer.bytes[start...])
        writer.append(",\"sum\":\"\(sum)\"}\n")
        bytes = writer.bytes
    }

    /// The entry of a line without its newline. Throws ``LedgerLineFailure``.
    static func decode(_ line: ArraySlice<UInt8>) throws(LedgerLineFailure) -> LedgerEntry {
        guard let end = checkedEnd(of: line) else { throw .changed }
        do {
            return try JSONDecoder().decode(LedgerEntry.self, from: Data(line[..<end] + [UInt8(ascii: "}")]))
        } catch let failure as LedgerLineFailure {
            throw failure
        } catch {
            throw .unreadable("\(error)")
        }
    }

    /// The first 16 hexadecimal digits of the SHA-256.
    private static func sum(of bytes: ArraySlice<UInt8>) -> Substring { Digest.sha256(bytes).hex.prefix(16) }

    /// Where `,"sum"` begins; nil if the line doesn't end with the right sum.
    private static func checkedEnd(of line: ArraySlice<UInt8>) -> Int? {
        guard line.count > tail.count + 18, line.suffix(2).elementsEqual(closing) else { return nil }
        let digits = line.dropLast(2).suffix(16)
        let start = digits.startIndex - tail.count
        guard line[start..<digits.startIndex].elementsEqual(tail),
            digits.elementsEqual(sum(of: line[..<start]).utf8)
        else { return nil }
        return start
    }

    private static let tail = Array(",\"sum\":\"".utf8)
    private static let closing = Array("\"}".utf8)
}

extension LedgerLine {
    /// What can be read between two newlines.
    struct Contents {
        var entries: [LedgerEntry] = []
        /// Why something in it can't be read; nil if all can.
        var damage: LedgerLineFailure?
        /// Where the last readable line in it ends.
        var end: Int
    }

    /// The lines between two newlines: one, or several if a newline was changed into another byte.
    static func contents(of bytes: ArraySlice<UInt8>) -> Contents {
        var contents = Contents(end: bytes.startIndex)
        do throws(LedgerLineFailure) {
            contents.entries = [try decode(bytes)]
            contents.end = bytes.endIndex
        } catch {
            contents.damage = error
            guard error == .changed else { return contents }
            var rest = bytes
            while let end = endOfLine(in: rest) {
                let line = rest[..<end].drop { $0 != UInt8(ascii: "{") }
                if let entry = try? decode(line) {
                    contents.entries.append(entry)
                    contents.end = end
                }
                rest = rest[end...]
            }
        }
        return contents
    }

    /// Where the first thing ends that looks like a sum at the end of a line.
    private static func endOfLine(in bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        while let start = rest.firstIndex(of: tail[0]) {
            rest = rest[start...]
            let end = start + tail.count + 16 + closing.count
            guard end <= rest.endIndex else { return nil }
            if rest.starts(with: tail), rest[..<end].suffix(2).elementsEqual(closing) { return end }
            rest = rest.dropFirst()
        }
        return nil
    }
}

/// Why a line of the ledger can't be read.
package enum LedgerLineFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// It isn't what was written: its sum is wrong, or missing.
    case changed
    /// It is what was written, and no entry nevertheless.
    case unreadable(String)
    case newer(kind: String, version: Int)

    package var description: String {
        switch self {
        case .changed: "it has changed since it was written"
        case .unreadable(let problem): "it can't be read: \(problem)"
        case .newer(let kind, let version): "it is of version \(version) of '\(kind)', which a later release writes"
        }
    }
}

/// JSON by hand, for speed: a line is written for each picture that is accepted.
private struct LineWriter {
    var bytes: [UInt8]

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func append(_ entry: LedgerInstallation) {
        append(string: entry.at.description)
        guard let key = Digest(bytes: entry.splitKey) else { preconditionFailure("a key of other than 32 bytes") }
        append(",\"kind\":\"installation\",\"split_key\":\"\(key.hex)\",\"v\":\(LedgerLine.version)")
    }

    mutating func append(_ entry: LedgerLabel) {
        append(string: entry.at.description)
        append(",\"kind\":\"label\",\"label\":")
        append(string: entry.name)
        append(",\"spellings\":[")
        for (index, spelling) in entry.spellings.enumerated() {
            if index > 0 { append(",") }
            append(string: spelling)
        }
        append("],\"v\":\(LedgerLine.version)")
    }

    mutating func append(_ entry: LedgerDrop) {
        append(string: entry.at.description)
        append(",\"drop\":\(entry.id),")
        append("drop_name", path: entry.name)
        append(",\"kind\":\"drop\",\"v\":\(LedgerLine.version)")
    }

    mutating func append(_ entry: LedgerPicture, keepsPaths: Bool) {
        append(string: entry.at.description)
        append(",\"bytes\":\(entry.byteCount),\"digest\":\"\(entry.digest.hex)\",\"drop\":\(entry.drop),")
        append("drop_name", path: entry.dropName)
        append(",\"format\":\"\(entry.format)\",\"height\":\(entry.height),\"kind\":\"picture\",\"label\":")
        append(string: entry.label)
        if let notes = entry.notes {
            append(",\"notes\":")
            append(string: notes)
        }
        if keepsPaths, let path = entry.path {
            append(",")
            append("path", path: path)
        }
        append(",\"split\":\"\(entry.split.rawValue)\",\"split_origin\":\"\(entry.splitOrigin.rawValue)\"")
        append(",\"v\":\(LedgerLine.version),\"width\":\(entry.width)")
    }

    /// A name that isn't UTF-8 is written as base64, under a key that says so.
    private mutating func append(_ key: String, path: RawPath) {
        if let text = String(validating: path.bytes, as: UTF8.self) {
            append("\"\(key)\":")
            append(string: text)
        } else {
            append("\"\(key)_bytes\":\"\(Data(path.bytes).base64EncodedString())\"")
        }
    }

    private mutating func append(string text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<32, 127: append("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))")
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension LedgerEntry: Decodable {
    private enum Key: String, CodingKey {
        case at, bytes, digest, drop, format, height, kind, label, notes, path, spellings, split, v, width
        case dropName = "drop_name"
        case dropNameBytes = "drop_name_bytes"
        case pathBytes = "path_bytes"
        case splitKey = "split_key"
        case splitOrigin = "split_origin"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let kind = try values.decode(String.self, forKey: .kind)
        let version = try values.decode(Int.self, forKey: .v)
        guard ["installation", "label", "drop", "picture"].contains(kind) else {
            self = .unknown(kind: kind)
            return
        }
        guard version <= LedgerLine.version else { throw LedgerLineFailure.newer(kind: kind, version: version) }
        let at = try values.decode(Timestamp.self, forKey: .at)
        switch kind {
        case "installation":
            // 32 bytes in hexadecimal digits, as a digest has.
            self = .installation(
                LedgerInstallation(splitKey: try values.decode(Digest.self, forKey: .splitKey).bytes, at: at))
        case "label":
            self = .label(
                LedgerLabel(
                    name: try values.decode(String.self, forKey: .label),
                    spellings: try values.decode([String].self, forKey: .spellings), at: at))
        case "drop": self = .drop(try Self.drop(values, at: at))
        default: self = .picture(try Self.picture(values, at: at))
        }
    }

    private static func drop(_ values: KeyedDecodingContainer<Key>, at: Timestamp) throws -> LedgerDrop {
        guard let name = try path(values, .dropName, bytes: .dropNameBytes) else {
            throw LedgerLineFailure.unreadable("the drop has no name")
        }
        return LedgerDrop(id: try values.decode(DropID.self, forKey: .drop), name: name, at: at)
    }

    private static func picture(_ values: KeyedDecodingContainer<Key>, at: Timestamp) throws -> LedgerPicture {
        let drop = try drop(values, at: at)
        return LedgerPicture(
            digest: try values.decode(Digest.self, forKey: .digest),
            byteCount: try values.decode(Int.self, forKey: .bytes),
            format: try values.decode(String.self, forKey: .format),
            width: try values.decode(Int.self, forKey: .width), height: try values.decode(Int.self, forKey: .height),
            notes: try values.decodeIfPresent(String.self, forKey: .notes),
            label: try values.decode(String.self, forKey: .label),
            split: try values.decode(Split.self, forKey: .split),
            splitOrigin: try values.decode(SplitOrigin.self, forKey: .splitOrigin), drop: drop.id, dropName: drop.name,
            path: try path(values, .path, bytes: .pathBytes), at: at)
    }

    private static func path(
        _ values: KeyedDecodingContainer<Key>, _ key: Key, bytes: Key
    ) throws -> RawPath? {
        if let text = try values.decodeIfPresent(String.self, forKey: key) { return RawPath(text) }
        return try values.decodeIfPresent(Data.self, forKey: bytes).map { RawPath($0) }
    }
}
