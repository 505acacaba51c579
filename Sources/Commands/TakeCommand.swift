internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Intake
internal import Records
internal import Settings
internal import System
internal import SystemPackage

struct TakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "take", abstract: "Ask for hidden or partial files and folders of the inbox to be taken.",
        discussion: """
            Files and folders with a leading dot, or with the name of an unfinished upload (.part, .tmp and so on), \
            are left alone; `cultivar status` names those that wait for this reason. This command asks for them to be \
            taken as they are:

                cultivar take photos/.photos     a delivery that ended up inside another one
                cultivar take harvest/.net       a class that is called .net
                cultivar take scans/a.jpg.part   an upload that is complete

            The leading dot of a hidden drop, and of a folder named like its drop, is ignored. The daemon takes the \
            paths when they have been unchanged for the settle time, now or when it is started again.
            """)

    @OptionGroup var installation: InstallationOptions

    @Argument(help: "Paths in the inbox, relative to the inbox or absolute.", completion: .file())
    var paths: [String]

    func run() async throws {
        let settings = try await installation.settings()
        let state = StateFolder(FilePath(settings.paths.state))
        let history = try installation.writableHistory(in: state, for: "take")
        let inbox = InboxPaths(settings)
        let found = try RawArgument.paths(reading: paths).map { try inbox.path($0) }
        for path in found { try inbox.check(path) }
        try history.requestTaking(found, by: "\(NSUserName()), cultivar take", at: .now)
        let isRunning = try DaemonLock.holder(in: state) != nil
        for path in found {
            print(
                "\(path.escaped) is taken when \(isRunning ? "it stops changing" : "the daemon is started again").")
        }
    }
}

/// What the user may name in the inbox.
private struct InboxPaths {
    private let root: FilePath
    private let rules: NameRules

    init(_ settings: Settings) {
        root = FilePath(settings.paths.inbox).lexicallyNormalized()
        rules = WatchSettings(settings).rules
    }

    /// A path relative to the inbox, from one that is absolute, relative to the inbox, or relative to the current
    /// folder.
    func path(_ given: RawPath) throws -> RawPath {
        let here = try Files.currentFolder()
        let named = FilePath(given)
        let candidates = [root, here].map { $0.pushing(named).lexicallyNormalized() }
        guard
            let inside = try candidates.first(where: {
                try $0.starts(with: root) && $0 != root && Files.exists($0)
            })
        else {
            throw CommandFailure(
                given.bytes.isEmpty || candidates.contains(root)
                    ? "name a file or folder in the inbox \(root), as shown by cultivar status"
                    : "there is no \(given.escaped) in the inbox \(root)")
        }
        let names = inside.components.dropFirst(root.components.count)
        return names.reduce(RawPath([])) { $0.appending(RawPath($1)) }
    }

    /// Throws `CommandFailure` for a path that isn't left alone because of its own name.
    func check(_ path: RawPath) throws {
        let below = path.withoutFirst
        guard NameRules.mayBeAskedFor(path) else {
            throw CommandFailure("\(path.escaped) was set aside because of its size; move it somewhere else first")
        }
        let isFolder = try Files.status(of: root.appending(raw: path))?.kind == .directory
        switch rules.standing(of: below, in: path.first, isFolder: isFolder) {
        case .hidden(let root) where root == below, .partial(let root) where root == below: return
        case .hidden(let root), .partial(let root):
            let outer = root.bytes.isEmpty ? path.first : path.first.appending(root)
            throw CommandFailure(
                "\(path.escaped) is in \(outer.escaped), which is left alone because of its name: take that")
        case .clutter: throw CommandFailure("\(path.escaped) is clutter, which is never taken (docs/inbox.md lists it)")
        case .takeable:
            throw CommandFailure(
                "\(path.escaped) is neither hidden nor partial; cultivar status says why it waits")
        }
    }
}
