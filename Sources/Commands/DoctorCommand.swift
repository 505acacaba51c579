internal import Archive
internal import ArgumentParser
internal import Doctor
internal import Settings
internal import SystemPackage

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether history, pictures and models are whole, and mend what can be mended.",
        discussion: """
            Works while no daemon runs, as the user to whom the state folder belongs. Exits with 0 where nothing is \
            wrong (any more), else with 1.

            With --repair, a damaged history is set aside, and all that can be read of it is brought into a new one. \
            Pictures whose labels are lost are moved to rejected/lost-labels in the state folder, to be dropped again. \
            It may be interrupted and repeated.
            """)

    @Flag(help: "Mend what can be mended.")
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
