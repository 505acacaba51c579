internal import Archive
internal import System

/// The user to whom a state folder belongs: the only one who may change what is in it. Files that anybody else makes there,
/// root included, would keep the daemon from its work.
enum StateOwner {
    /// Throws `CommandFailure` where the folder belongs to another user than this process's; one that isn't there yet
    /// belongs to nobody.
    static func check(_ state: StateFolder, for command: String) throws {
        guard let owner = try Files.status(of: state.root, followingLinks: true)?.owner, owner != Processes.user else {
            return
        }
        let name = Processes.name(ofUser: owner)
        throw CommandFailure(
            "\(state.root) belongs to \(name ?? "the user \(owner)"); run this as that user: "
                + "sudo -u \(name ?? "'#\(owner)'") cultivar \(command)")
    }
}
