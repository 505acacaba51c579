internal import Foundation
internal import System
internal import SystemPackage

/// Files in the state folder that show what is going on. They are replaced as a whole, and nothing is lost if one is
/// lost.
enum StatusFile {
    /// If it can't be written, that must not stop the work; listeners and the log still get it.
    ///
    /// A full disk has no room for another file, but the block of this one still exists; and readers need to see that
    /// the disk is full.
    static func write(_ data: Data, to file: FilePath) {
        do { try Files.replace(file, with: [UInt8](data)) } catch { try? Files.rewrite(file, with: [UInt8](data)) }
    }

    /// What was last written; nil where there is nothing, or nothing that this user may read.
    static func read(_ file: FilePath) -> Data? { (try? Files.read(file)).map { Data($0) } }
}
