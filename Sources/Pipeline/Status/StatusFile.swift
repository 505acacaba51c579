internal import Archive
internal import Foundation
internal import SystemPackage

/// Files of the state folder that say what goes on: they are replaced as a whole, and losing one loses nothing.
enum StatusFile {
    /// What can't be written must not stop the work that it tells of; those who listen and the log still have it.
    static func write(_ data: Data, to file: FilePath) {
        do { try data.write(to: URL(filePath: file.string), options: .atomic) } catch { try? overwrite(data, in: file) }
    }

    /// A full disk has no room for another file, but this one's block is still there; that the disk is full is what readers
    /// are to see.
    private static func overwrite(_ data: Data, in file: FilePath) throws {
        let descriptor = try FileDescriptor.open(file, .writeOnly, options: [.noFollow, .closeOnExec])
        try descriptor.closeAfter {
            _ = try descriptor.writeAll(data)
            try descriptor.resize(to: Int64(data.count))
        }
    }
}
