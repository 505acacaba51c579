internal import Daemon
internal import Archive
internal import ArgumentParser
internal import Doctor
internal import Settings
internal import SystemPackage

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check history, ledger, pictures and models, and repair what can be repaired.",
        discussion: """
            Needs that no daemon runs, and the user who owns the state folder. Exits with 0 if nothing is wrong (any \
            more), otherwise with 1.

            With --repair, a damaged or missing history is set aside, and a new one is made from the newest usable \
            backup, the ledger and the outbox. Damaged lines of the ledger are taken out, and what the history knows \
            of them is written again. Pictures whose labels are lost are moved to rejected/lost-labels in the state \
            folder, so that you can drop them again. A repair may be interrupted and repeated.
            """)

    @Flag(help: "Repair what can be repaired.")
    var repair = false

    @Flag(help: "Also read every picture and every published model and compare their SHA-256.")
    var digests = false

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    func run() async throws {
        let settings = try await installation.settings()
        try StateOwner.check(StateFolder(FilePath(settings.paths.state)), for: repair ? "doctor --repair" : "doctor")
        let findings = try await examine(settings)
        try print(
            Listing(
                items: findings,
                columns: [
                    Column("check") { $0.check.rawValue }, Column("status") { $0.status.rawValue },
                    Column("detail") { $0.detail },
                ],
                emptyText: ""
            ).rendered(as: output.format))
        if findings.contains(where: { $0.status == .wrong }) { throw ExitCode.failure }
    }

    private func examine(_ settings: Settings) async throws -> [Finding] {
        let (isRepairing, isReading) = (self.repair, self.digests)
        let bar = ProgressBar()
        defer { bar.clear() }
        bar.announce("checking the history")
        return try await Interruption.cancelling {
            try await Doctor(settings: settings).examine(readingPictures: isReading, repairing: isRepairing) {
                bar.showWhenLong("\($0) of \($1) pictures", done: $0, of: $1)
            }
        }
    }
}
