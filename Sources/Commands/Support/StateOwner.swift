internal import Archive
internal import System

/// The owner of a state folder: the only user who may change its contents. Files that anybody else creates there,
/// including root, would stop the daemon from working.
enum StateOwner {
    /// Throws `CommandFailure` if the folder belongs to another user than that of this process. A folder that doesn't
    /// exist yet belongs to nobody.
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
