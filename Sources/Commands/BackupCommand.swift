internal import Archive
internal import ArgumentParser
internal import System
internal import SystemPackage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write a consistent copy of the history to one file, while the daemon runs.",
        discussion: "The pictures are files of their own: copy the state folder's pictures/ as well, after the history."
    )

    @OptionGroup var installation: InstallationOptions

    @Argument(help: "The file to write; there must be none yet.", completion: .file())
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
