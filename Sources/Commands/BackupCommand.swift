internal import Archive
internal import ArgumentParser
internal import System
internal import SystemPackage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write a consistent copy of the history to one file, while the daemon runs.",
        discussion: """
            The pictures aren't included: copy pictures/ in the state folder as well, after the history. The daemon \
            makes backups of the history by itself, too, in backups/ in the state folder.
            """
    )

    @OptionGroup var installation: InstallationOptions

    @Argument(help: "The file to write; it must not exist yet.", completion: .file())
    var file: String

    func run() async throws {
        let bar = ProgressBar()
        try await installation.history().backup(to: FilePath(file)) { done, total in
            bar.showWhenLong("\(done) of \(total) pages", done: done, of: total)
        }
        bar.clear()
        print(TerminalText.escaped("Wrote \(file)."))
    }
}
