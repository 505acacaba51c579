internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Intake
internal import Pipeline
internal import SystemPackage

struct TakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "take", abstract: "Have hidden or partial files and folders of the inbox taken in all the same.",
        discussion: """
            What has a dot before its name, or the name of an upload that is under way (.part, .tmp and so on), is left \
            alone; `cultivar status` names what waits so. This command asks for it to be taken in as it is:

                cultivar take photos/.photos     a delivery that ended up inside another one
                cultivar take harvest/.net       a class that is called .net
                cultivar take scans/a.jpg.part   an upload that is complete

            A hidden drop, and a folder that is called like its drop with a dot before, count without the dot. The daemon \
            takes what is asked for when it has held still for the settle time, now or when it is started again.
            """)

    @OptionGroup var installation: InstallationOptions

    @Argument(help: "Paths in the inbox, from the inbox on or absolute.", completion: .file())
    var paths: [String]

    func run() async throws {
        let settings = try await installation.settings()
        let state = StateFolder(FilePath(settings.paths.state))
        let history = try installation.writableHistory(in: state, for: "take")
        let scanner = try InboxScanner(inbox: FilePath(settings.paths.inbox))
        let found = try paths.map { try InboxPath($0, inbox: settings.paths.inbox).checked(in: scanner) }
        for path in found {
            let name = RawName(bytes: path.bytes, text: path.escaped)
            try history.requestTaking(name, by: "\(NSUserName()), cultivar take", at: .now)
        }
        let isRunning = try DaemonLock.holder(in: state) != nil
        for path in found {
            print(
                "\(path.escaped) is taken in when \(isRunning ? "it has held still" : "the daemon is started again").")
        }
    }
}

/// A path that the user names, as one in the inbox.
private struct InboxPath {
    let given: String
    let path: RawPath

    init(_ given: String, inbox: String) throws {
        self.given = given
        let root = FilePath(inbox).lexicallyNormalized()
        let here = FilePath(FileManager.default.currentDirectoryPath)
        let named = RawArgument.path(reading: given).withCString { FilePath(platformString: $0) }
        let candidates = [root, here].map { $0.pushing(named).lexicallyNormalized() }
        guard let inside = candidates.first(where: { $0.starts(with: root) && $0 != root && Files.exists($0) }) else {
            throw CommandFailure("there is no \(given) in the inbox \(inbox)")
        }
        let names = inside.components.dropFirst(root.components.count)
        path = names.reduce(RawPath([])) { $0.appending(RawPath($1)) }
    }

    /// The path, where its own name is what keeps it from being taken.
    func checked(in scanner: InboxScanner) throws -> RawPath {
        guard let entry = try scanner.scan(path.first) else {
            throw CommandFailure("there is no \(given) in the inbox \(scanner.inbox)")
        }
        let below = path.withoutFirst
        let isFolder = entry.isFolder && (below.bytes.isEmpty || entry.folders.contains { $0.path == below })
        switch NameRules().standing(of: below, in: path.first, isFolder: isFolder) {
        case .hidden(let root) where root == below, .partial(let root) where root == below: return path
        case .hidden(let root), .partial(let root):
            let outer = root.bytes.isEmpty ? path.first : path.first.appending(root)
            throw CommandFailure("\(given) lies in \(outer.escaped), which is hidden: take that")
        case .clutter: throw CommandFailure("\(given) is clutter of a system or a tool, which is never taken")
        case .takeable:
            throw CommandFailure("\(given) is neither hidden nor partial; cultivar status says what it waits for")
        }
    }
}
