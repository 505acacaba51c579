internal import Daemon
internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Installation
internal import Logging
internal import Records
internal import Settings
internal import Status
internal import System
internal import SystemPackage
internal import Training

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train now, on all pictures, and wait for the outcome.",
        discussion: """
            If a daemon is running, it is asked to train; otherwise this process trains itself. No new pictures are \
            needed. Control-C stops waiting for the daemon's run, or interrupts the run of this process; the daemon or \
            the next `cultivar train` resumes it.
            """)

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    func run() async throws {
        let settings = try await installation.settings()
        let state = StateFolder(FilePath(settings.paths.state))
        let history = try installation.writableHistory(in: state, for: "train")
        let summary = try await train(settings, state, history)
        try show(summary)
        if summary.outcome == .failed { throw ExitCode.failure }
    }

    private func train(_ settings: Settings, _ state: StateFolder, _ history: History) async throws -> RunSummary {
        let bar = ProgressBar()
        defer { bar.clear() }
        guard try DaemonLock.holder(in: state) == nil else { return try await askDaemon(state, history, bar) }
        do {
            return try await trainHere(settings, bar)
        } catch is CancellationError {
            throw CommandFailure("interrupted; the daemon or the next `cultivar train` resumes the run")
        }
    }

    private func trainHere(_ settings: Settings, _ bar: ProgressBar) async throws -> RunSummary {
        let status = StatusBoard(file: StateFolder(FilePath(settings.paths.state)).status) { bar.show($0) }
        let place = try Installation(
            settings: settings, logger: LogOutput.logger(level: bar.isShown ? .warning : .info), status: status)
        let trainer = Trainer(place, status: status)
        try ModelPublisher(history: place.history, outbox: place.outbox, library: place.library).agree()
        return try await Interruption.cancelling {
            var run = try await trainer.resume()
            if run == nil { run = try await trainer.train(.request, requests: place.history.pendingRequests()) }
            await FeatureUpkeep(place, status: status).tidy()
            return try run ?? newest(in: place.history)
        }
    }

    /// Makes a request and follows the daemon's status until the run that answers it has ended.
    private func askDaemon(
        _ state: StateFolder, _ history: History, _ bar: ProgressBar
    ) async throws -> RunSummary {
        let request = try history.requestRun(by: "\(NSUserName()), cultivar train", at: .now)
        while true {
            if let status = StatusBoard.read(from: state.status) { bar.show(status) }
            if let run = try history.request(request)?.run {
                let summary = try history.run(run)
                if summary.outcome != .running { return summary }
            }
            guard try DaemonLock.holder(in: state) != nil else {
                throw CommandFailure("the daemon has stopped; it will train when it is started again")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func newest(in history: History) throws -> RunSummary {
        guard let run = try history.runs(limit: 1).first else { throw CommandFailure("there are no runs") }
        return run
    }

    private func show(_ run: RunSummary) throws {
        switch output.format {
        case .table:
            print("Run \(run.run): \(run.outcome.rawValue)" + (run.version.map { " as \($0)" } ?? ""))
            if let reason = run.reason { print(TerminalText.escaped(reason.text)) }
        case .json: try print(JSONOutput.of(run))
        case .csv: try print(HistoryCommand.listing([run]).rendered(as: .csv))
        }
    }
}
