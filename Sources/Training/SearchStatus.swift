internal import Learning
internal import Logging
internal import Records
internal import Status

/// Turns a search's progress into the service's status: how many epochs are done, and where it is.
struct SearchStatus: Sendable {
    let board: StatusBoard
    let plan: RunPlan
    /// The trials that an earlier process has finished.
    let finished: Int

    func begin() {
        board.begin(
            .searching, run: plan.id, done: finished, total: plan.search.candidates.count * plan.search.settings.folds)
    }

    /// Called by several workers at a time.
    func note(_ progress: SearchProgress) {
        guard let fold = progress.fold else {
            if board.status.phase != .refitting { board.begin(.refitting, run: plan.id, total: progress.epochs) }
            board.advance(
                to: progress.epoch, of: progress.epochs, detail: "epoch \(progress.epoch) of \(progress.epochs)")
            return
        }
        board.advance(
            to: progress.finishedTrials, of: progress.totalTrials,
            detail: "trial \(min(progress.finishedTrials + 1, progress.totalTrials)) of \(progress.totalTrials), "
                + "candidate \(progress.candidate + 1), fold \(fold + 1), "
                + "epoch \(progress.epoch) of \(progress.epochs)",
            bestAccuracy: progress.bestAccuracy)
    }

    static func metadata(_ trial: TrialRecord, run: RunID) -> Logger.Metadata {
        [
            "run.id": "\(run)", "trial.candidate": "\(trial.candidate + 1)", "trial.fold": "\(trial.fold + 1)",
            "trial.accuracy": "\(trial.accuracy.map(ServiceStatus.percent) ?? trial.failure?.description ?? "-")",
            "trial.epochs": "\(trial.curve.count)",
        ]
    }
}
