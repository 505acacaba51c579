internal import Records
internal import Synchronization

/// What the workers of one search share: the finished trials and the best candidate so far.
final class SearchBoard: Sendable {
    private struct State {
        var trials: [TrialRecord]
        var best: (candidate: Int, accuracy: Double)?
    }

    /// How many there are.
    private let candidates: Int
    private let folds: Int
    private let state: Mutex<State>

    init(candidates: Int, folds: Int, finished: [TrialRecord]) {
        self.candidates = candidates
        self.folds = folds
        state = Mutex(State(trials: finished, best: Self.best(candidates, folds, finished)))
    }

    /// All finished trials, by candidate, then by fold.
    var trials: [TrialRecord] {
        state.withLock(\.trials).sorted { ($0.candidate, $0.fold) < ($1.candidate, $1.fold) }
    }

    func add(_ trial: TrialRecord) {
        state.withLock { state in
            state.trials.append(trial)
            state.best = Self.best(candidates, folds, state.trials)
        }
    }

    func progress(_ candidate: Int, fold: Int?, _ epoch: Int, _ epochs: Int) -> SearchProgress {
        state.withLock { state in
            SearchProgress(
                candidate: candidate, fold: fold, epoch: epoch, epochs: epochs, finishedTrials: state.trials.count,
                totalTrials: candidates * folds, bestCandidate: state.best?.candidate,
                bestAccuracy: state.best?.accuracy)
        }
    }

    private static func best(
        _ candidates: Int, _ folds: Int, _ trials: [TrialRecord]
    ) -> (candidate: Int, accuracy: Double)? {
        let leader = CandidateScore.rank(candidates, folds: folds, trials: trials).first { $0.rank == 1 }
        return leader.flatMap { leader in leader.meanAccuracy.map { (leader.candidate, $0) } }
    }
}
