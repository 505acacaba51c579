internal import Archive
internal import Glibc
internal import SystemPackage

/// The user to whom a state folder belongs: the only one who may change what is in it. Files that anybody else makes there,
/// root included, would keep the daemon from its work.
enum StateOwner {
    /// Throws `CommandFailure` where the folder belongs to another user than this process's; one that isn't there yet
    /// belongs to nobody.
    static func check(_ state: StateFolder, for command: String) throws {
        var status = stat()
        guard state.root.withPlatformString({ stat($0, &status) }) == 0, status.st_uid != geteuid() else { return }
        let name = name(of: status.st_uid)
        throw CommandFailure(
            "\(state.root) belongs to \(name ?? "the user \(status.st_uid)"); run this as that user: "
                + "sudo -u \(name ?? "'#\(status.st_uid)'") cultivar \(command)")
    }

    private static func name(of user: uid_t) -> String? { getpwuid(user).map { String(cString: $0.pointee.pw_name) } }
}
