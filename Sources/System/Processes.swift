internal import Glibc
internal import SystemPackage

/// This process and others.
package enum Processes {
    /// The number of this process.
    package static var current: Int32 { getpid() }

    /// The user that this process acts as.
    package static var user: UInt32 { geteuid() }

    /// The name of a user's account; nil where there is none of that number.
    package static func name(ofUser user: UInt32) -> String? {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) }
    }

    /// The name of a running program; nil where it can't be told.
    package static func name(of process: Int32) -> String? {
        // Who may not look into /proc gets no name.
        let bytes = try? Files.read(FilePath("/proc/\(process)/comm"), limit: 4096)
        return bytes.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) }
    }
}
