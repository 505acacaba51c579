internal import Numerics
package import Records
package import Workers

/// The size of a search.
package struct SearchSettings: Hashable, Sendable {
    /// How many to sample; all of them if the space has fewer.
    package var candidates: Int
    /// At least 2.
    package var folds: Int
    /// Decides the candidates, the folds, and the seeds of all trials and of the refit.
    package var seed: UInt64
    package var fit: FitSettings

    package init(candidates: Int, folds: Int, seed: UInt64, fit: FitSettings) {
        self.candidates = candidates
        self.folds = folds
        self.seed = seed
        self.fit = fit
    }
}

/// Called while a search runs, from worker threads and possibly from several at a time.
package struct SearchObserver: Sendable {
    /// After each trial, before it counts as finished; the search ends if it throws.
    package var trialFinished: @Sendable (TrialRecord) throws -> Void
    /// After each epoch.
    package var progress: @Sendable (SearchProgress) -> Void

    package init(
        trialFinished: @escaping @Sendable (TrialRecord) throws -> Void = { _ in },
        progress: @escaping @Sendable (SearchProgress) -> Void = { _ in }
    ) {
        self.trialFinished = trialFinished
        self.progress = progress
    }
}

/// A randomized search with cross-validation, scikit-learn's `RandomizedSearchCV`: candidates sampled without
/// replacement, stratified folds, mean fold accuracy, ties to the earlier candidate, refit of the best on everything.
///
/// Folds are over pictures: augmented copies are trained on with their picture and are never scored. Every trial and
/// the refit have their own seeds, so the result doesn't depend on the number of workers, the order or interruptions.
package struct RandomizedSearch: Sendable {
    package let settings: SearchSettings
    /// In sampling order.
    package let candidates: [Hyperparameters]

    /// Samples the candidates.
    package init(space: SearchSpace, settings: SearchSettings) throws(SearchSpaceError) {
        precondition(settings.candidates > 0, "a search needs at least one candidate")
        self.settings = settings
        candidates = try space.sample(settings.candidates, seed: Seeds(settings.seed).sampling)
    }

    /// Runs all trials, one per worker at a time, and ranks the candidates.
    ///
    /// - Parameters:
    ///   - features: a backbone's features; the rows are the same for every backbone. Called for every trial, on its
    ///     worker; trials of one backbone follow each other, so the caller needs to keep only the latest backbone's
    ///     features in memory.
    ///   - finished: results of this search (same pictures, space and settings) from before an interruption.
    /// - Throws: `FoldError`, `SearchError`, `CancellationError`, and what `features` and the observer throw. A trial
    ///   that diverges just counts as failed.
    package func rank(
        on pool: WorkerPool, features: @escaping @Sendable (String) throws -> LabeledFeatures,
        resuming finished: [TrialRecord] = [], observer: SearchObserver = SearchObserver()
    ) async throws -> CandidateRanking {
        try checkBelonging(finished)
        let board = SearchBoard(candidates: candidates.count, folds: settings.folds, finished: finished)
        let backbone = candidates[0].backbone
        let rows = try await pool.run { _ in try features(backbone).rows }
        let folds = try StratifiedFolds(
            labels: rows.pictureLabels, count: settings.folds, seed: Seeds(settings.seed).folds)
        let open = openTrials(without: finished)
        try await pool.forEach(open.count) { index, worker in
            let data = try features(candidates[open[index].candidate].backbone)
            precondition(data.rows == rows, "every backbone has the same rows")
            let result = try runTrial(open[index], data, folds, board, observer, worker)
            try observer.trialFinished(result)
            board.add(result)
        }
        return try ranking(of: board.trials)
    }

    /// Trains the best candidate on all pictures.
    ///
    /// Throws `TrainingFailure` if it diverges, `CancellationError`, and what `features` throws.
    package func refit(
        _ ranking: CandidateRanking, on pool: WorkerPool,
        features: @escaping @Sendable (String) throws -> LabeledFeatures, observer: SearchObserver = SearchObserver()
    ) async throws -> FitResult {
        let best = ranking.best.candidate
        let board = SearchBoard(candidates: candidates.count, folds: settings.folds, finished: ranking.trials)
        let training = HeadTraining(candidates[best], settings: settings.fit, seed: Seeds(settings.seed).refit)
        return try await pool.run { worker in
            try training.fit(try features(candidates[best].backbone), worker: worker) { epoch in
                observer.progress(board.progress(best, fold: nil, epoch.epoch, settings.fit.epochs))
            }
        }
    }
}

extension RandomizedSearch {
    private struct Trial: Sendable, Hashable {
        let candidate: Int
        let fold: Int
    }

    /// The trials that are left, those of one backbone together.
    private func openTrials(without finished: [TrialRecord]) -> [Trial] {
        let done = Set(finished.map { Trial(candidate: $0.candidate, fold: $0.fold) })
        var backbones: [String] = []
        for candidate in candidates where !backbones.contains(candidate.backbone) {
            backbones.append(candidate.backbone)
        }
        return backbones.flatMap { backbone in
            candidates.indices.filter { candidates[$0].backbone == backbone }.flatMap { candidate in
                (0..<settings.folds).map { Trial(candidate: candidate, fold: $0) }
            }
        }
        .filter { !done.contains($0) }
    }

    private func checkBelonging(_ finished: [TrialRecord]) throws(SearchError) {
        for trial in finished {
            guard candidates.indices.contains(trial.candidate), (0..<settings.folds).contains(trial.fold) else {
                throw .foreignTrial(candidate: trial.candidate, fold: trial.fold)
            }
        }
    }

    private func runTrial(
        _ trial: Trial, _ data: LabeledFeatures, _ folds: StratifiedFolds, _ board: SearchBoard,
        _ observer: SearchObserver, _ worker: Worker
    ) throws -> TrialRecord {
        let start = ContinuousClock.now
        let training = HeadTraining(
            candidates[trial.candidate], settings: settings.fit,
            seed: Seeds(settings.seed).trial(candidate: trial.candidate, fold: trial.fold))
        let result: TrialRecord.Result
        var curve: [EpochRecord] = []
        do {
            let fit = try training.fit(data, pictures: folds.training(trial.fold), worker: worker) { epoch in
                observer.progress(board.progress(trial.candidate, fold: trial.fold, epoch.epoch, settings.fit.epochs))
            }
            let rows = data.rows.rows(ofPictures: folds.test(trial.fold), withCopies: false)
            result = .accuracy(fit.head.accuracy(on: rows, of: data), bestEpoch: fit.bestEpoch)
            curve = fit.history
        } catch let failure as TrainingFailure {
            result = .failure(failure)
        }
        return TrialRecord(
            candidate: trial.candidate, fold: trial.fold, result: result,
            seconds: start.duration(to: .now) / .seconds(1), curve: curve)
    }

    private func ranking(of trials: [TrialRecord]) throws(SearchError) -> CandidateRanking {
        let scores = CandidateScore.rank(candidates.count, folds: settings.folds, trials: trials)
        guard let best = scores.first(where: { $0.rank == 1 }), best.meanAccuracy != nil else {
            throw .allFailed(trials.lazy.compactMap(\.failure).first)
        }
        return CandidateRanking(candidates: scores, trials: trials, best: best)
    }
}

/// The seeds of a search's parts, all derived from the one in its settings.
private struct Seeds {
    private let seed: UInt64

    init(_ seed: UInt64) { self.seed = seed }

    var sampling: UInt64 { SeededRandom.derive(seed, 0) }
    var folds: UInt64 { SeededRandom.derive(seed, 1) }
    var refit: UInt64 { SeededRandom.derive(seed, 2) }

    func trial(candidate: Int, fold: Int) -> UInt64 {
        SeededRandom.derive(SeededRandom.derive(SeededRandom.derive(seed, 3), UInt64(candidate)), UInt64(fold))
    }
}
