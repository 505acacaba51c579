package import Foundation
package import System

/// Why something stays in the inbox; a stable word for programs.
package enum WaitingCode: String, Codable, Sendable, CaseIterable {
    case settling
    case taking
    case open
    case incomplete
    case changed
    case partialName = "partial_name"
    case hidden
    case unreadable
    case noSpace = "no_space"
    case tooLarge = "too_large"
    case tooDeep = "too_deep"
    case tooManyFiles = "too_many_files"
    case dropTooLarge = "drop_too_large"
    case nameTaken = "name_taken"
    case failed
    case emptyFolder = "empty_folder"
    case dotFile = "dot_file"
    case ignored
    case setAside = "set_aside"
    case notRemoved = "not_removed"
}

/// Something in the inbox that isn't taken, or is still there although it has been taken. For people, who may have to
/// do something about it.
package struct WaitingItem: Codable, Sendable, Hashable {
    /// In the inbox, escaped for people. A folder stands for everything in it that waits for the same reason.
    package let path: String
    /// The path as a word of a shell's command line.
    package let argument: String
    package let code: WaitingCode
    /// How many files and other things at or below the path wait for this reason; 0 for an empty folder, and if that
    /// can't be read.
    package let files: Int
    /// When it was first seen to wait for this reason.
    package let since: Date
    /// A number or a text that belongs to the code: a limit, or what went wrong.
    package let detail: String?
    /// Whether pictures wait here that will never be taken without somebody's help.
    package let degrades: Bool
    /// Absent in files of earlier releases, and for what isn't a group.
    private let group: Bool?

    /// Whether it is a folder with more in it that waits for the same reason than is named one by one.
    package var isGroup: Bool { group ?? false }

    package init(
        path: RawPath, code: WaitingCode, files: Int, since: Date, detail: String? = nil, degrades: Bool = false,
        isGroup: Bool = false
    ) {
        self.path = path.escaped
        argument = path.shellWord
        self.code = code
        self.files = files
        self.since = since
        self.detail = detail
        self.degrades = degrades
        group = isGroup ? true : nil
    }

    /// Whether it is something to take, and not something that is there on purpose, is done, or is ignored.
    package var isPending: Bool { ![.emptyFolder, .dotFile, .ignored, .setAside, .notRemoved].contains(code) }

    /// Whether it will resolve itself in a moment.
    package var isPassing: Bool { [.settling, .taking, .changed].contains(code) }

    /// Why it waits, without the counts and dates, which change.
    package var reason: WaitingReason { WaitingReason(code: code, detail: detail, isGroup: isGroup) }

    /// What it waits for, as a sentence without a subject.
    package var waitsFor: String { reason.description }

    /// What somebody can do about it; nil if there is nothing to do.
    package var toDo: String? {
        switch code {
        case .settling, .taking, .open, .incomplete, .changed, .nameTaken, .ignored, .dotFile, .setAside: nil
        case .partialName where isGroup: "rename each when it is complete, or have each taken by: cultivar take"
        case .hidden where isGroup: "rename each, or have each taken by: cultivar take"
        case .emptyFolder where isGroup: "remove those that aren't needed"
        case .partialName: "rename it when it is complete, or: cultivar take \(argument)"
        case .hidden: "cultivar take \(argument)"
        case .unreadable: "let the service read it, for example, in the inbox: chmod -R a+rX \(argument)"
        case .noSpace: "free some space on the disk of the state folder"
        case .tooLarge: "remove it, raise limits.max_file_bytes, or set inbox.too_large to move"
        case .tooDeep: "remove it and drop it with fewer nested folders, or raise limits.max_drop_depth"
        case .tooManyFiles: "drop it in parts, or raise limits.max_drop_files"
        case .dropTooLarge: "drop it in parts, or raise limits.max_drop_bytes"
        case .failed: "fix the problem; it is tried again automatically"
        case .emptyFolder: "remove it if it isn't needed"
        case .notRemoved: "remove it, or allow the service to remove it"
        }
    }
}

/// Why something waits: a code with the values that its sentence needs. It describes itself as a sentence without a
/// subject.
package struct WaitingReason: Hashable, Sendable, CustomStringConvertible {
    let code: WaitingCode
    let detail: String?
    let isGroup: Bool

    package var description: String { isGroup ? "holds what \(one)" : one }

    private var one: String {
        switch code {
        case .settling: "waits until it stops changing"
        case .taking: "is being taken"
        case .open: "waits until whoever writes to it closes it"
        case .incomplete: "ends too early; waits for the rest, and is rejected if none comes"
        case .changed: "has just changed; waits for the next scan"
        case .partialName: "has the name of an unfinished upload; waits for its final name"
        case .hidden: "is hidden by its leading dot; waits for somebody to ask for it"
        case .unreadable: "can't be read with this user's permissions"
        case .noSpace: "waits for space: the disk has no room for a copy of it"
        case .tooLarge: "is larger than the \(detail ?? "?") bytes that limits.max_file_bytes allows"
        case .tooDeep: "has folders more than \(detail ?? "?") levels deep (limits.max_drop_depth)"
        case .tooManyFiles: "has more than \(detail ?? "?") files and folders (limits.max_drop_files)"
        case .dropTooLarge: "has more than \(detail ?? "?") bytes (limits.max_drop_bytes)"
        case .nameTaken:
            "waits until \(detail ?? "?") has left the inbox; files that were added later are taken under that name"
        case .failed: "can't be taken: \(detail ?? "?")"
        case .emptyFolder: "is an empty folder; waits for files"
        case .dotFile: "is hidden and isn't a picture; stays"
        case .ignored: "is clutter, which is ignored"
        case .setAside: "was set aside because of its size; stays"
        case .notRemoved: "has been taken, but this user may not remove it"
        }
    }
}

extension Deferral {
    /// The code for a waiting file.
    var code: WaitingCode {
        switch self {
        case .changed: .changed
        case .openForWriting: .open
        case .incomplete: .incomplete
        case .unreadable: .unreadable
        case .noSpace: .noSpace
        case .tooLarge: .tooLarge
        }
    }
}

extension EntrySnapshot.Excess {
    var code: WaitingCode {
        switch self {
        case .depth: .tooDeep
        case .count: .tooManyFiles
        case .bytes: .dropTooLarge
        }
    }

    var limit: String {
        switch self {
        case .depth(let limit), .count(let limit): "\(limit)"
        case .bytes(let limit): "\(limit)"
        }
    }
}

extension RawPath {
    /// The path as one word of a shell's command line.
    package var shellWord: String {
        // A leading dash would make it an option.
        if bytes.first == UInt8(ascii: "-") { return RawPath(Array("./".utf8) + bytes).shellWord }
        let isPlain = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: "/._-+,:@%".utf8.contains(byte)
            }
        }
        if isPlain, !bytes.isEmpty { return String(decoding: bytes, as: UTF8.self) }
        if let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: TerminalText.isControl)
        {
            return "'" + text.replacing("'", with: "'\\''") + "'"
        }
        let escaped = bytes.map { byte -> String in
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7F: String(UnicodeScalar(byte))
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return "$'" + escaped.joined() + "'"
    }
}
