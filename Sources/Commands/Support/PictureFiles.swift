internal import Decoding
internal import Intake
internal import System
internal import SystemPackage

/// The pictures that somebody selects by naming files and folders.
///
/// A folder means the pictures in it and in its subfolders, recognised by content and sorted by the raw bytes of their
/// names. Hidden files and clutter are skipped silently; links to files are followed, links to folders aren't.
struct PictureFiles: Sendable {
    struct File: Sendable {
        let path: FilePath
        /// For people and JSON: the path itself if it is UTF-8, otherwise with invalid bytes escaped.
        let name: String

        init(_ path: FilePath) {
            self.path = path
            let raw = RawPath(path)
            name = String(validating: raw.bytes, as: UTF8.self) ?? raw.escaped
        }
    }

    /// All files that were named explicitly, and pictures in folders.
    private(set) var pictures: [File] = []
    /// Files in folders that aren't pictures, with what they are.
    private(set) var strangers: [(file: File, reason: String)] = []
    /// What can't be listed or read, with the reason.
    private(set) var failures: [(file: File, reason: String)] = []

    mutating func add(_ path: FilePath) {
        if Self.kind(of: path, following: true) == .directory { look(into: path) } else { pictures.append(File(path)) }
    }

    private mutating func look(into folder: FilePath) {
        do {
            let names = try Files.names(in: folder).map { RawPath($0) }.sorted()
            for name in names where !NameRules.isHiddenOrClutter(name) {
                sort(folder.appending(raw: name))
            }
        } catch {
            failures.append((File(folder), "\((error as? FileFailure)?.errno.description ?? "\(error)")"))
        }
    }

    private mutating func sort(_ path: FilePath) {
        switch Self.kind(of: path, following: false) {
        case .directory: look(into: path)
        case .regular: sortFile(path)
        case .symbolicLink:
            switch Self.kind(of: path, following: true) {
            case .regular: sortFile(path)
            case .directory: strangers.append((File(path), "a link to a folder"))
            default: strangers.append((File(path), "a dangling link"))
            }
        default: strangers.append((File(path), "not a file"))
        }
    }

    private mutating func sortFile(_ path: FilePath) {
        do {
            switch try Files.reading(path, { FileKind.sniff(try $0.readHead(limit: 1024)) }) {
            case .picture, .changed: pictures.append(File(path))
            case .other(let name): strangers.append((File(path), name))
            case .empty: strangers.append((File(path), "an empty file"))
            case .unknown: strangers.append((File(path), "not a picture"))
            }
        } catch {
            failures.append((File(path), "\((error as? FileFailure)?.errno.description ?? "\(error)")"))
        }
    }

    /// Nil where there is nothing, or it can't be told.
    private static func kind(of path: FilePath, following: Bool) -> EntryKind? {
        (try? Files.status(of: path, followingLinks: following))?.kind
    }
}
