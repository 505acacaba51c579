internal import Foundation
internal import System
internal import SystemPackage
internal import Yams

/// The YAML file as its author wrote it: which keys it contains, and where.
struct SettingsFile {
    let path: String
    /// Whether the file contains only comments, which is the same as no file.
    let isEmpty: Bool
    /// One problem for each key that isn't a setting, and for each setting that has keys below it.
    private(set) var problems: [SettingsError] = []
    private var lines: [String: Int] = [:]

    /// Reads the file; throws `SettingsError` if it is missing or isn't a YAML mapping.
    init(path: String) throws(SettingsError) {
        self.path = path
        let root = try Self.root(of: path)
        isEmpty = root == nil
        if let root { read(root, below: []) }
    }

    /// File and line of a setting's key; nil if the file doesn't have it.
    func place(of key: String) -> String? { lines[key].map { "\(path):\($0)" } }

    private static func root(of path: String) throws(SettingsError) -> Node.Mapping? {
        let file = FilePath(path)
        let root: Node?
        do {
            guard let status = try Files.status(of: file, followingLinks: true) else {
                throw SettingsError.missingFile(path: path)
            }
            guard status.kind != .directory else {
                throw SettingsError.unreadableFile(path: path, reason: "it is a folder")
            }
            let bytes = try Files.read(file, limit: bytesLimit)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw SettingsError.unreadableFile(path: path, reason: "it isn't text in UTF-8")
            }
            guard aliasCount(in: text) <= aliasesLimit else {
                throw SettingsError.unreadableFile(
                    path: path, reason: "it has more than \(aliasesLimit) aliases (*name)")
            }
            root = try Yams.compose(yaml: text)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw .unreadableFile(path: path, reason: (error as? FileFailure)?.errno.description ?? "\(error)")
        }
        guard let root else { return nil }
        guard let mapping = root.mapping else {
            throw .unreadableFile(path: path, reason: "it must be a mapping of settings")
        }
        return mapping
    }

    private static let bytesLimit = 1 << 20

    /// With aliases of aliases, a few lines can mean millions of values, which are visited one by one.
    private static let aliasesLimit = 16

    /// How many words of the text begin like an alias, including those in comments and quotes.
    private static func aliasCount(in text: String) -> Int {
        let star = UInt8(ascii: "*")
        let words = text.utf8.split { $0 >= 0x80 || " \t\r\n[]{},:?-".utf8.contains($0) }
        return words.count { $0.count > 1 && $0.first == star && $0.dropFirst().first != star }
    }

    private mutating func read(_ mapping: Node.Mapping, below prefix: [String]) {
        for (name, value) in mapping {
            let names = prefix + [name.string ?? "?"]
            let key = names.joined(separator: ".")
            lines[key] = name.mark?.line
            if let setting = SettingsCatalog.all.first(where: { $0.key == key }) {
                if value.mapping != nil { problems.append(notOneValue(setting)) }
                continue
            }
            guard let first = SettingsCatalog.all.first(where: { $0.key.hasPrefix(key + ".") }) else {
                problems.append(unknown(key))
                continue
            }
            if let inner = value.mapping {
                read(inner, below: names)
            } else if !["", "~", "null"].contains(value.scalar?.string ?? "[…]") {
                problems.append(notASection(key, value, first))
            }
        }
    }

    private func notOneValue(_ setting: Setting) -> SettingsError {
        .malformed(key: setting.key, place: place(of: setting.key) ?? path, value: "{…}", expected: setting.expected)
    }

    private func notASection(_ key: String, _ value: Node, _ first: Setting) -> SettingsError {
        .malformed(
            key: key, place: place(of: key) ?? path, value: value.scalar?.string ?? "[…]",
            expected: "a section of settings such as \(first.key)")
    }

    private func unknown(_ key: String) -> SettingsError {
        let suggestion = Spelling.closest(to: key, among: SettingsCatalog.all.map(\.key))
        return .unknownKey(key: key, place: place(of: key) ?? path, suggestion: suggestion)
    }
}
