internal import Archive
package import Installation
internal import Learning
internal import Logging
package import Records
internal import Settings
package import Status
internal import System

/// Training runs from beginning to end: whether there are pictures to train on, features, search, test, promotion.
///
/// All results of a run are recorded immediately, so that an interrupted run continues where it stopped and ends with
/// the same model, bit for bit.
package struct Trainer: Sendable {
    let installation: Installation
    let status: StatusBoard

    package init(_ installation: Installation, status: StatusBoard) {
        self.installation = installation
        self.status = status
    }

    private var history: History { installation.history }

    /// Resumes the run that an earlier process or a problem of the machine left unfinished; nil if there is none.
    ///
    /// Throws `CancellationError`, problems of the machine (such as a full disk), after which the run can be resumed,
    /// and errors of writing the history; every other failure is the run's outcome.
    package func resume() async throws -> RunSummary? {
        guard let run = try history.unfinishedRun() else { return nil }
        installation.logger.info("resuming an interrupted run", metadata: ["run.id": "\(run.id)"])
        return try await carryOut(run)
    }

    /// Trains if there are pictures to train on; otherwise records why not.
    ///
    /// Throws as ``resume()`` does. Only if no run is unfinished.
    ///
    /// - Parameter requests: answered by this run. A requested run needs no new pictures.
    /// - Returns: the run; nil, unless it was requested, if it would only repeat the reason for which the last one was
    ///   skipped, or if the last one failed less than an hour ago with as many pictures and the same settings.
    package func train(_ trigger: RunTrigger, requests: [RunRequest] = []) async throws -> RunSummary? {
        let basis = try history.runBasis()
        let readiness = try Readiness(
            settings: installation.settings.train, labels: basis.labels,
            newPictures: trigger == .request ? nil : history.newPictures(upTo: basis.lastPicture))
        var start = try newRun(trigger, requests: requests, on: basis)
        if let reason = readiness.reasonToSkip { return try skip(start, because: reason, requests: requests) }
        start.leftOutPictures = basis.setAside
        try decide(&start, readiness)
        if trigger != .request, try hasJustFailed(start) { return nil }
        let id = try history.startRun(start)
        try history.takeRequests(requests.map(\.id), for: id, at: .now)
        installation.logger.info(
            "run started",
            metadata: [
                "run.id": "\(id)", "run.trigger": "\(trigger.rawValue)", "run.train": "\(start.trainPictures)",
                "run.test": "\(start.testPictures)",
                "run.left_out": "\(Shortage.list(start.leftOut.isEmpty ? [] : readiness.shortages))",
            ])
        guard let run = try history.unfinishedRun() else { throw HistoryFailure.notRunning(id) }
        return try await carryOut(run)
    }

    /// A run with all classes, under the current settings.
    private func newRun(_ trigger: RunTrigger, requests: [RunRequest], on basis: RunBasis) throws -> NewRun {
        try NewRun(
            trigger: trigger, requestedAt: requests.first?.requestedAt, startedAt: .now,
            seed: UInt64(installation.settings.search.seed), settings: JSONText(installation.settings),
            trainPictures: basis.labels.map(\.train).reduce(0, +), testPictures: basis.labels.map(\.test).reduce(0, +),
            lastPicture: basis.lastPicture)
    }

    /// Fixes what a run depends on, so that it can be resumed whatever changes: which classes it leaves out, and which
    /// backbones `all` stands for.
    private func decide(_ start: inout NewRun, _ readiness: Readiness) throws {
        try start.leaveOutShortClasses(readiness, champion: history.champion())
        var settings = installation.settings
        settings.search.space.backbone = try installation.library.resolved(settings.search.space.backbone) {
            installation.logger.warning(
                "backbone skipped", metadata: ["backbone.name": "\($0)", "backbone.problem": "\($1)"])
        }
        start.settings = try JSONText(settings)
    }

    /// Whether the last run failed with the same pictures and settings a short while ago: it would fail again.
    private func hasJustFailed(_ start: NewRun) throws -> Bool {
        guard let last = try history.runs(limit: 1).first, last.outcome == .failed, let finished = last.finished,
            start.startedAt.seconds(since: finished) < Self.pauseAfterFailure
        else { return false }
        return try last.pictures == start.trainPictures + start.testPictures
            && history.settings(of: last.run) == start.settings
    }

    /// Seconds.
    private static let pauseAfterFailure = 3600.0

    private func skip(_ start: NewRun, because reason: RunReason, requests: [RunRequest]) throws -> RunSummary? {
        let last = try history.runs(limit: 1).first
        if start.trigger != .request, last?.outcome == .skipped, last?.reason == reason { return nil }
        let id = try history.recordSkippedRun(start, reason: reason, at: .now)
        try history.takeRequests(requests.map(\.id), for: id, at: .now)
        installation.logger.info("run skipped", metadata: ["run.id": "\(id)", "run.reason": "\(reason.text)"])
        return try history.run(id)
    }

    private func carryOut(_ run: UnfinishedRun) async throws -> RunSummary {
        defer { status.begin(.idle, run: nil) }
        do {
            try await complete(run)
        } catch let error as CancellationError {
            installation.logger.info("run interrupted, will be resumed", metadata: ["run.id": "\(run.id)"])
            throw error
        } catch {
            let isPassing = error.isProblemOfMachine
            installation.logger.error(
                isPassing ? "run blocked" : "run failed", metadata: ["run.id": "\(run.id)", "run.error": "\(error)"])
            // A run that has ended has promoted its model: only the outbox couldn't follow, and that must be reported.
            guard !isPassing, try history.unfinishedRun()?.id == run.id else { throw error }
            try history.finishRun(run.id, as: .failed, RunResult(reason: .failure("\(error)")), at: .now)
        }
        let summary = try history.run(run.id)
        installation.logger.info(
            "run finished",
            metadata: [
                "run.id": "\(run.id)", "run.outcome": "\(summary.outcome.rawValue)",
                "run.reason": "\(summary.reason?.text ?? "")", "run.version": "\(summary.version ?? "-")",
            ])
        return summary
    }

    /// Performs a run to its end. When pictures prove unusable, their rows change, and the run goes on by its rows, as
    /// one that was interrupted does.
    private func complete(_ run: UnfinishedRun) async throws {
        var next: UnfinishedRun? = run
        while let run = next {
            do {
                return try await TrainingRun(run, in: installation, status: status).execute()
            } catch let unusable as UnusablePictures {
                try RunRedefinition(installation: installation).leaveOut(unusable.pictures, of: run)
                next = try history.unfinishedRun()
            }
        }
    }
}
