internal import Archive
internal import ArgumentParser
internal import Records
internal import Status

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "List the training runs, the newest first.")

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: ListingOptions

    func run() async throws {
        let runs = try await installation.history().runs(limit: output.limit)
        try print(Self.listing(runs).rendered(as: output.format))
    }

    static func listing(_ runs: [RunSummary]) -> Listing<RunSummary> {
        Listing(
            items: runs,
            columns: [
                Column("run", number: true) { "\($0.run)" },
                Column("started") { Text.time($0.started) },
                Column("took", number: true) { run in
                    run.finished.map { Text.duration(from: run.started, to: $0) } ?? ""
                },
                Column("outcome") { $0.outcome.rawValue },
                Column("version") { $0.version ?? "" },
                Column("cv accuracy", number: true) { Text.accuracy($0.crossValidationAccuracy) },
                Column("test accuracy", number: true) { Text.accuracy($0.testAccuracy) },
                Column("champion", number: true) { Text.accuracy($0.championAccuracy) },
                Column("pictures", number: true) { "\($0.pictures)" },
                Column("parameters") { Text.parameters($0.parameters) },
                Column("reason") { $0.reason?.text ?? "" },
            ],
            emptyText: "There are no runs yet.")
    }
}

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "List the promoted models, the newest first; * is the current one.",
        discussion: "With --decisions, list all promotions and rollbacks instead.")

    @Flag(help: "List the promotions and rollbacks instead, the newest first.")
    var decisions = false

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: ListingOptions

    func run() async throws {
        let history = try await installation.history()
        guard !decisions else {
            let latest = try Array(history.publications().reversed().prefix(output.limit))
            return try print(Self.listing(latest).rendered(as: output.format))
        }
        try print(Self.listing(history.models(limit: output.limit)).rendered(as: output.format))
    }

    private static func listing(_ decisions: [Publication]) -> Listing<Publication> {
        Listing(
            items: decisions,
            columns: [
                Column("decision", number: true) { "\($0.id)" },
                Column("kind") { $0.kind.rawValue },
                Column("version") { $0.version },
                Column("decided") { Text.time($0.decidedAt) },
                Column("published") { $0.publishedAt.map(Text.time) ?? "" },
            ],
            emptyText: "No model has been promoted yet.")
    }

    private static func listing(_ models: [ModelSummary]) -> Listing<ModelSummary> {
        Listing(
            items: models,
            columns: [
                Column("current") { $0.current ? "*" : "" },
                Column("version") { $0.version },
                Column("run", number: true) { "\($0.run)" },
                Column("created") { Text.time($0.created) },
                Column("test accuracy", number: true) { Text.accuracy($0.testAccuracy) },
                Column("classes", number: true) { "\($0.classes)" },
                Column("backbone") { $0.backbone },
                Column("input", number: true) { "\($0.inputSize)" },
                Column("published") { $0.published.map(Text.time) ?? "" },
            ],
            emptyText: "No model has been promoted yet.")
    }
}

struct DropsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drops", abstract: "List the drops, the newest first, and what happened to their files.",
        discussion: """
            Below the table, there is a list of what waits in the inbox. With --waiting, only this list is printed: \
            each path with a code, since when and why it waits, and what to do. --limit applies to the drops, not to \
            what waits.
            """)

    @Flag(help: "List what waits in the inbox instead.")
    var waiting = false

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: ListingOptions

    func run() async throws {
        let rows = WaitingBoard.read(from: try await installation.stateFolder().waiting).map(WaitingRow.init)
        let waitingListing = Listing(
            items: rows, columns: WaitingRow.columns, emptyText: "Nothing waits in the inbox.")
        if waiting { return try print(waitingListing.rendered(as: output.format)) }
        let drops = try await installation.history().drops(limit: output.limit)
        try print(Self.listing(drops).rendered(as: output.format))
        if output.format == .table, !rows.isEmpty {
            try print("\nWaiting in the inbox:\n\(waitingListing.rendered(as: .table))")
        }
    }

    private static func listing(_ drops: [DropSummary]) -> Listing<DropSummary> {
        Listing(
            items: drops,
            columns: [
                Column("drop", number: true) { "\($0.drop)" },
                Column("name") { $0.name },
                Column("arrived") { Text.time($0.arrived) },
                Column("finished") { $0.finished.map(Text.time) ?? "" },
                Column("accepted", number: true) { "\($0.accepted)" },
                Column("duplicates", number: true) { "\($0.duplicates)" },
                Column("rejected", number: true) { "\($0.rejected)" },
                Column("layout") { $0.layout ?? "" },
                Column("warnings") { $0.warnings.map(\.text).joined(separator: " ") },
            ],
            emptyText: "There are no drops yet.")
    }
}

struct RejectsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejects", abstract: "List the files that were rejected, the newest first, with the reasons.",
        discussion: "The files themselves are kept in the state folder, in rejected/DROP/.")

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: ListingOptions

    func run() async throws {
        let rejects = try await installation.history().rejects(limit: output.limit)
        try print(
            Listing(
                items: rejects,
                columns: [
                    Column("drop") { $0.drop },
                    Column("path") { $0.path },
                    Column("code") { $0.code },
                    Column("recorded") { Text.time($0.recorded) },
                    Column("reason") { $0.reason },
                ],
                emptyText: "No file has been rejected."
            ).rendered(as: output.format))
    }
}

struct DuplicatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "duplicates",
        abstract: "List the files that repeat a known picture, the newest first, with the file that it came from.",
        discussion: """
            Pictures are compared by their bytes. A picture keeps the split that it got when it was accepted, from its \
            drop's folders or from the hash, whatever folder the duplicate is in. The listed split is the one that \
            counts.
            """)

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: ListingOptions

    func run() async throws {
        let duplicates = try await installation.history().duplicates(limit: output.limit)
        try print(
            Listing(
                items: duplicates,
                columns: [
                    Column("drop") { $0.drop },
                    Column("path") { $0.path },
                    Column("repeats") { $0.repeats ?? "" },
                    Column("label") { $0.label },
                    Column("counts as") { $0.split == .train ? "training" : "test" },
                    Column("by") { $0.splitOrigin == .folder ? "its folder" : "the hash" },
                    Column("recorded") { Text.time($0.recorded) },
                ],
                emptyText: "No file has repeated a known picture."
            ).rendered(as: output.format))
    }
}
