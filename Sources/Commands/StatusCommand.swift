internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Intake
internal import Outbox
internal import Records
internal import Settings
internal import Status
internal import System
internal import SystemPackage
internal import Training

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what the daemon is doing, what it has, and what waits.")
    /// The newest drops, whose warnings are shown.
    private static let recentDrops = 10

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    func run() async throws {
        let settings = try await installation.settings()
        let state = StateFolder(FilePath(settings.paths.state))
        let history = try History.openReadOnly(state.history)
        let counts = try history.counts()
        let holder = try DaemonLock.holder(in: state)
        let latest = StatusBoard.read(from: state.status)
        // A process that has just started may still find the file of the previous one.
        let status = latest?.processID == holder ? latest : nil
        let report = StatusReport(
            processID: holder, status: status.map(Activity.init),
            current: OutboxFolder(FilePath(settings.paths.outbox)).currentVersion,
            shortClasses: try ShortClassStatus.all(in: history, settings.train), counts: counts,
            setAside: try SetAsideReport(history.setAsidePictures()),
            features: try FeatureCacheStatus(state, settings.features),
            lastBackup: try HistoryBackups(state).files.first.flatMap(HistoryBackups.time(of:)),
            waiting: WaitingReport(WaitingBoard.read(from: state.waiting)),
            warnings: try history.drops(limit: Self.recentDrops).flatMap(DropWarning.all))
        switch output.format {
        case .table: print(report.text)
        case .json: try print(JSONOutput.of(report))
        case .csv:
            try print(Listing(items: report.lines, columns: StatusLine.columns, emptyText: "").rendered(as: .csv))
        }
    }
}

/// What looks like a mistake in a drop's folders.
private struct DropWarning: Encodable {
    let drop: DropID
    let name: String
    let code: String
    let text: String

    static func all(of drop: DropSummary) -> [DropWarning] {
        drop.warnings.map { DropWarning(drop: drop.drop, name: drop.name, code: $0.code, text: $0.text) }
    }
}

/// What waits in the inbox, in short.
private struct WaitingReport: Encodable {
    let total: Int
    let degraded: Int
    /// First those that need somebody's help, then those that will be taken, then the rest; each sorted by path.
    let items: [WaitingRow]

    init(_ all: [WaitingItem]) {
        total = all.count
        degraded = all.count(where: \.degrades)
        let others = all.filter { !$0.degrades }
        let ordered = all.filter(\.degrades) + others.filter(\.isPending) + others.filter { !$0.isPending }
        items = ordered.prefix(Self.most).map(WaitingRow.init)
    }

    private static let most = 1000
}

/// The pictures that runs leave out because they can't be used.
private struct SetAsideReport: Encodable {
    let total: Int
    /// In the order in which they were accepted.
    let items: [SetAsidePicture]

    init(_ all: [SetAsidePicture]) {
        total = all.count
        items = Array(all.prefix(Self.most))
    }

    private static let most = 1000
    private static let mostShown = 10

    /// The list is shortened in text form: JSON has more of it.
    var lines: [StatusLine] {
        let shown = items.prefix(Self.mostShown)
        let lines = shown.map { picture in
            StatusLine(
                name: "set aside",
                value: "\(picture.path) (\(picture.digest)): \(picture.reason); drop the file again to have it used")
        }
        guard total > shown.count else { return lines }
        let more = "and \(total - shown.count) more: cultivar status --format json"
        return lines + [StatusLine(name: "set aside", value: more)]
    }
}

private struct StatusLine: Encodable {
    let name: String
    let value: String

    static var columns: [Column<StatusLine>] { [Column("name") { $0.name }, Column("value") { $0.value }] }
}

/// What the process that uses the state folder is doing, always with the same keys.
private struct Activity: Codable, Hashable, Sendable {
    let summary: String
    let phase: String
    @OrNull var run: Int64?
    let done: Int
    let total: Int
    @OrNull var detail: String?
    @OrNull var bestAccuracy: Double?
    @OrNull var secondsLeft: Double?
    @OrNull var lastDrop: String?
    @OrNull var degraded: String?
    @OrNull var weakSandbox: String?
    let updated: Date

    init(_ status: ServiceStatus) {
        summary = status.summary
        phase = status.phase.rawValue
        run = status.run
        done = status.done
        total = status.total
        detail = status.detail
        bestAccuracy = status.bestAccuracy
        secondsLeft = status.secondsLeft
        lastDrop = status.lastDrop
        degraded = status.degraded
        weakSandbox = status.weakSandbox
        updated = status.updated
    }
}

/// How large the feature cache is.
private struct FeatureCacheStatus: Encodable {
    let bytes: Int
    /// What the settings allow; nil if there is no limit.
    @OrNull var maxSize: Int?

    init(_ state: StateFolder, _ settings: Settings.Features) throws {
        bytes = try FeatureCache.size(of: state.features)
        maxSize = settings.maxSize > 0 ? settings.maxSize : nil
    }

    var words: String {
        ServiceStatus.size(bytes) + (maxSize.map { " of at most \(ServiceStatus.size($0))" } ?? "")
    }
}

/// A class that waits for more pictures.
private struct ShortClassStatus: Encodable {
    let shortage: Shortage

    private enum CodingKeys: String, CodingKey {
        case reason
    }

    /// One object with the shortage's keys, and what it lacks in words.
    func encode(to encoder: any Encoder) throws {
        try shortage.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(shortage.words, forKey: .reason)
    }

    static func all(in history: History, _ settings: Settings.Train) throws -> [ShortClassStatus] {
        let readiness = try Readiness(settings: settings, labels: history.labelCounts(), newPictures: nil)
        return readiness.shortages.map(ShortClassStatus.init)
    }
}

private struct StatusReport: Encodable {
    /// The process that uses the state folder; nil if there is none.
    @OrNull var processID: Int32?
    /// What that process is doing; nil if there is none, or if it hasn't reported yet.
    @OrNull var status: Activity?
    /// The version that the outbox shows.
    @OrNull var current: String?
    /// The classes that have too few pictures to be learned.
    let shortClasses: [ShortClassStatus]
    let counts: HistoryCounts
    let setAside: SetAsideReport
    let features: FeatureCacheStatus
    /// When the daemon made the newest backup of the history.
    @OrNull var lastBackup: Timestamp?
    let waiting: WaitingReport
    /// For the newest drops.
    let warnings: [DropWarning]

    var lines: [StatusLine] {
        let doing = status?.summary ?? (processID == nil ? "not running" : "starting")
        let last = counts.lastRun.map {
            "run \($0.run), \($0.outcome.rawValue)" + ($0.reason.map { ": \($0.text)" } ?? "")
        }
        let short = Shortage.list(shortClasses.map(\.shortage))
        let pictures = "\(counts.trainPictures) training, \(counts.testPictures) test, \(counts.labels) labels"
        let aside = counts.setAsidePictures == 0 ? "" : ", \(counts.setAsidePictures) set aside"
        return [
            StatusLine(name: "process", value: processID.map { "\($0)" } ?? "none"),
            StatusLine(name: "doing", value: doing),
            StatusLine(name: "current model", value: current ?? "none yet"),
            StatusLine(name: "last run", value: last ?? "none yet"),
            StatusLine(name: "pictures", value: pictures + aside),
            StatusLine(name: "short classes", value: short.isEmpty ? "none" : short),
            StatusLine(
                name: "drops",
                value: "\(counts.drops), \(counts.duplicates) duplicate and \(counts.rejects) rejected files"),
            StatusLine(
                name: "runs", value: "\(counts.runs), \(counts.models) promoted, \(counts.pendingRequests) waiting"),
            StatusLine(name: "feature cache", value: features.words),
            StatusLine(name: "last backup", value: lastBackup.map(Text.time) ?? "none yet"),
        ] + decoderLines + listedLines
    }

    /// Nothing, if decoder processes are confined as they should be.
    private var decoderLines: [StatusLine] {
        status?.weakSandbox.map { [StatusLine(name: "decoders (!)", value: $0)] } ?? []
    }

    private var listedLines: [StatusLine] {
        let warnings = warnings.map { StatusLine(name: "warning", value: "drop \($0.name): \($0.text)") }
        return setAside.lines + waitingLines + warnings
    }

    /// The list is shortened in text form: `cultivar drops --waiting` has all of it.
    private var waitingLines: [StatusLine] {
        let shown = waiting.items.prefix(Self.mostShown)
        let lines = shown.map { StatusLine(name: $0.degrades ? "waiting (!)" : "waiting", value: $0.sentence) }
        guard waiting.total > shown.count else { return lines }
        let more = "and \(waiting.total - shown.count) more: cultivar drops --waiting"
        return lines + [StatusLine(name: "waiting", value: more)]
    }

    private static let mostShown = 20

    var text: String {
        let width = lines.map(\.name.count).max() ?? 0
        return lines.map { line in
            line.name + String(repeating: " ", count: width - line.name.count + 2) + TerminalText.escaped(line.value)
        }
        .joined(separator: "\n")
    }
}
