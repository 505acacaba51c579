internal import Archive
internal import Glibc
internal import Intake
internal import Pictures
package import SystemPackage

/// The pictures that somebody means who names files and folders.
///
/// A folder stands for the pictures in it and below, by the raw bytes of their names, told by their content. What is hidden
/// or clutter in it is passed over without a word; links to files are followed, links to folders aren't.
package struct PictureFiles: Sendable {
    package struct File: Sendable {
        package let path: FilePath
        /// For people and JSON: the path itself where it is UTF-8, else with the other bytes escaped.
        package let name: String

        package init(_ path: FilePath) {
            self.path = path
            let bytes = path.withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
            name = String(validating: bytes, as: UTF8.self) ?? RawPath(bytes).escaped
        }
    }

    /// Files that were named, whatever they are, and pictures in folders.
    package private(set) var pictures: [File] = []
    /// What lies in a folder and is no picture, with a word on what it is.
    package private(set) var strangers: [(file: File, reason: String)] = []
    /// What can't be listed or looked into, with the reason.
    package private(set) var failures: [(file: File, reason: String)] = []

    package init() {}

    package mutating func add(_ path: FilePath) {
        if Self.kind(of: path, following: true) == S_IFDIR { look(into: path) } else { pictures.append(File(path)) }
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
        case S_IFDIR: look(into: path)
        case S_IFREG: sortFile(path)
        case S_IFLNK:
            switch Self.kind(of: path, following: true) {
            case S_IFREG: sortFile(path)
            case S_IFDIR: strangers.append((File(path), "a link to a folder"))
            default: strangers.append((File(path), "a link that leads to no file"))
            }
        default: strangers.append((File(path), "no file"))
        }
    }

    private mutating func sortFile(_ path: FilePath) {
        do {
            switch try Self.fileKind(of: path) {
            case .picture: pictures.append(File(path))
            case .changed: pictures.append(File(path))
            case .other(let name): strangers.append((File(path), name))
            case .empty: strangers.append((File(path), "an empty file"))
            case .unknown: strangers.append((File(path), "not a picture"))
            }
        } catch {
            failures.append((File(path), "\((error as? Errno)?.description ?? "\(error)")"))
        }
    }

    private static func fileKind(of path: FilePath) throws -> FileKind {
        // It may have become a pipe since, whose opening would wait for a writer.
        let descriptor = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
        return try descriptor.closeAfter {
            let head = try [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
                count = try descriptor.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
            }
            return FileKind.sniff(head)
        }
    }

    /// S_IFREG and the like; nil where there is nothing.
    private static func kind(of path: FilePath, following: Bool) -> mode_t? {
        var status = stat()
        let result = path.withPlatformString { following ? stat($0, &status) : lstat($0, &status) }
        return result == 0 ? status.st_mode & S_IFMT : nil
    }
}
