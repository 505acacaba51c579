internal import Foundation
internal import System
internal import SystemPackage

/// Files of the state folder that say what goes on: they are replaced as a whole, and losing one loses nothing.
enum StatusFile {
    /// What can't be written must not stop the work that it tells of; those who listen and the log still have it.
    ///
    /// A full disk has no room for another file, but this one's block is still there; that the disk is full is what readers
    /// are to see.
    static func write(_ data: Data, to file: FilePath) {
        do { try Files.replace(file, with: [UInt8](data)) } catch { try? Files.rewrite(file, with: [UInt8](data)) }
    }

    /// What was last written; nil where there is nothing, or nothing that this user may read.
    static func read(_ file: FilePath) -> Data? { (try? Files.read(file)).map { Data($0) } }
}
