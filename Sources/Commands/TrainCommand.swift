internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Pipeline
internal import SystemPackage

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train now, on all pictures there are, and wait for the outcome.",
        discussion: """
            Where a daemon runs, it is asked to do it; else this process does it itself. No new pictures are needed. \
            Control-C stops waiting for a daemon's run, or interrupts a run of this process's own, which the daemon or \
            the next `cultivar train` goes on with.
            """)

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    func run() async throws {
        let settings = try await installation.settings()
        let state = StateFolder(FilePath(settings.paths.state))
        // Opened for reading first: where there is no history yet, there is nothing to train on.
        _ = try History.openReadOnly(state.history)
        let bar = ProgressBar()
        let summary =
            try DaemonLock.holder(in: state) == nil
            ? try await trainHere(settings, bar) : try await askDaemon(state, bar)
        bar.clear()
        try show(summary)
        if summary.outcome == .failed { throw ExitCode.failure }
    }

    private func trainHere(_ settings: Settings, _ bar: ProgressBar) async throws -> RunSummary {
        let place = try Installation(
            settings: settings, logger: LogOutput.logger(level: bar.isShown ? .warning : .info))
        let status = StatusBoard(file: place.state.status) { bar.show($0) }
        let trainer = Trainer(place, status: status)
        return try await Interruption.cancelling {
            if let resumed = try await trainer.resume() { return resumed }
            return try await trainer.train(.request) ?? newest(in: place.history)
        }
    }

    /// Files a request and follows the daemon's status until the run that answers it has ended.
    private func askDaemon(_ state: StateFolder, _ bar: ProgressBar) async throws -> RunSummary {
        let request = try History.open(state.history).requestRun(by: "\(NSUserName()), cultivar train", at: .now)
        let history = try History.openReadOnly(state.history)
        while true {
            if let status = StatusBoard.read(from: state.status) { bar.show(status) }
            if let run = try history.request(request.id)?.run {
                let summary = try history.runDetails(run).summary
                if summary.outcome != .running { return summary }
            }
            guard try DaemonLock.holder(in: state) != nil else {
                throw ValidationError("The daemon has stopped; it will train when it is started again.")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func newest(in history: History) throws -> RunSummary {
        guard let run = try history.runs(limit: 1).first else { throw ValidationError("There are no runs.") }
        return run
    }

    private func show(_ run: RunSummary) throws {
        switch output.format {
        case .table:
            print("Run \(run.run): \(run.outcome.rawValue)" + (run.version.map { " as \($0)" } ?? ""))
            if let reason = run.reason { print(reason) }
        case .json: try print(JSONOutput.of(run))
        case .csv: try print(HistoryCommand.listing([run]).rendered(as: .csv))
        }
    }
}
