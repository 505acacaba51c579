internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Intake
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
        let inbox = try InboxPaths(settings)
        let found = try RawArgument.paths(reading: paths).map { try inbox.path($0) }
        try inbox.check(found)
        try history.requestTaking(
            found.map { RawName(bytes: $0.bytes, text: $0.escaped) }, by: "\(NSUserName()), cultivar take", at: .now)
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
    private let scanner: InboxScanner

    init(_ settings: Settings) throws {
        root = FilePath(settings.paths.inbox).lexicallyNormalized()
        let watch = WatchSettings(settings)
        rules = watch.rules
        scanner = try InboxScanner(inbox: root, limits: watch.limits, rules: rules)
    }

    /// A path relative to the inbox, from one that is absolute, relative to the inbox, or relative to the current
    /// folder.
    func path(_ given: RawPath) throws -> RawPath {
        let here = try Files.currentFolder()
        let named = given.withCString { FilePath(platformString: $0) }
        let candidates = [root, here].map { $0.pushing(named).lexicallyNormalized() }
        guard let inside = candidates.first(where: { $0.starts(with: root) && $0 != root && Files.exists($0) }) else {
            throw CommandFailure(
                given.bytes.isEmpty || candidates.contains(root)
                    ? "name a file or folder in the inbox \(root), as shown by cultivar status"
                    : "there is no \(given.escaped) in the inbox \(root)")
        }
        let names = inside.components.dropFirst(root.components.count)
        return names.reduce(RawPath([])) { $0.appending(RawPath($1)) }
    }

    /// Throws `CommandFailure` for a path that isn't left alone because of its own name.
    func check(_ paths: [RawPath]) throws {
        for (name, paths) in Dictionary(grouping: paths, by: \.first) {
            guard let entry = try scanner.scan(name) else {
                throw CommandFailure("there is no \(name.escaped) in the inbox \(root)")
            }
            let folders = Set(entry.folders.map(\.path))
            for path in paths { try check(path, isFolder: entry.isFolder && folders.contains(path.withoutFirst)) }
        }
    }

    private func check(_ path: RawPath, isFolder: Bool) throws {
        let below = path.withoutFirst
        guard NameRules.mayBeAskedFor(path) else {
            throw CommandFailure("\(path.escaped) was set aside because of its size; move it somewhere else first")
        }
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
