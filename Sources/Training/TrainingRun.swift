internal import Archive
internal import Installation
internal import Learning
internal import Logging
internal import Networks
internal import Records
internal import Settings
internal import Status

/// One training run, from the pictures to the decision.
struct TrainingRun: Sendable {
    private let installation: Installation
    private let status: StatusBoard
    private let plan: RunPlan
    private let finished: [TrialRecord]
    private let hasCandidates: Bool
    private let extraction: FeatureExtraction

    init(_ run: UnfinishedRun, in installation: Installation, status: StatusBoard) throws {
        self.installation = installation
        self.status = status
        let plan = try RunPlan(
            id: run.id, start: run.start, history: installation.history, library: installation.library)
        self.plan = plan
        hasCandidates = try run.candidates == plan.candidateRecords()
        finished = hasCandidates ? run.trials : []
        extraction = FeatureExtraction(installation)
    }

    private var history: History { installation.history }

    /// Performs the run and records its outcome. Throws ``UnusablePictures`` if there are any, before the outcome is
    /// recorded: without them, it is another run.
    func execute() async throws {
        warnOfUndrawnBackbones()
        try await extract()
        let (best, fit) = try await search()
        guard let source = plan.testSources[best.backbone] else { throw BackboneFailure.badChoice(best.backbone) }
        let evaluation = try await evaluate(fit.head, source)
        let outcome = try evaluation.result(parameters: best, plan)
        guard evaluation.decision.isPromoted else {
            return try history.finishRun(plan.id, as: .kept, outcome, at: .now)
        }
        try await publish(fit.head, best, evaluation, outcome, source)
    }

    private func warnOfUndrawnBackbones() {
        let undrawn = SearchSpace.undrawn(plan.settings.search.space.backbone, by: plan.search.candidates)
        guard !undrawn.isEmpty else { return }
        installation.logger.warning(
            "backbones that no candidate uses",
            metadata: [
                "run.id": "\(plan.id)", "search.undrawn": "\(undrawn.joined(separator: ", "))",
                "search.candidates": "\(plan.search.candidates.count)",
            ])
    }

    /// Adds the time since `start` to a stage of the run, even if the stage was interrupted or has failed. That it
    /// can't be recorded is only logged: what ended the stage matters more.
    private func recordTime(of stage: RunStage, since start: ContinuousClock.Instant) {
        do {
            try history.recordStage(stage, seconds: start.duration(to: .now) / .seconds(1), of: plan.id)
        } catch {
            installation.logger.warning(
                "time not recorded", metadata: ["run.stage": "\(stage.rawValue)", "history.error": "\(error)"])
        }
    }

    /// Brings the cache up to date for every backbone that a candidate uses; only training pictures have copies.
    private func extract() async throws {
        let start = ContinuousClock.now
        defer { recordTime(of: .features, since: start) }
        let (training, tests) = (plan.training.digests, try plan.testSet(champion: history.champion()).digests)
        for (train, test) in plan.orderedSources {
            let name = "\(train.loaded.backbone.name) at \(train.inputSize) pixels"
            var computed = 0
            for (source, pictures, split, copies) in [
                (train, training, Split.train, plan.copies), (test, tests, Split.test, 0),
            ] {
                status.begin(.extracting, run: plan.id)
                computed += try await extraction.extract(pictures, of: split, copies: copies, from: source) {
                    status.advance(to: $0, of: $1, detail: "\(name), picture \($0) of \($1)")
                }
                .usable()
            }
            let needed = training.count * (plan.copies + 1) + tests.count
            let backbone = train.loaded.backbone
            installation.logger.info(
                "features ready",
                metadata: [
                    "run.id": "\(plan.id)", "features.backbone": "\(name)", "features.computed": "\(computed)",
                    "features.cached": "\(needed - computed)", "features.arithmetic": "\(backbone.arithmetic)",
                    "features.error": "\(backbone.precisionError)",
                ])
        }
    }

    /// The best candidate and its fit on all training pictures. Their features are in memory only during this call.
    private func search() async throws -> (best: Hyperparameters, fit: FitResult) {
        let shelf = FeatureShelf(plan, cache: installation.cache)
        let progress = SearchStatus(board: status, plan: plan, finished: finished.count)
        let ranking = try await rank(shelf, progress)
        let fit = try await refit(ranking, shelf, progress)
        return (plan.search.candidates[ranking.best.candidate], fit)
    }

    private func rank(_ shelf: FeatureShelf, _ progress: SearchStatus) async throws -> CandidateRanking {
        let start = ContinuousClock.now
        defer { recordTime(of: .search, since: start) }
        if !hasCandidates { try history.recordCandidates(plan.candidateRecords(), of: plan.id) }
        progress.begin()
        let observer = SearchObserver(
            trialFinished: { trial in
                try history.recordTrial(trial, of: plan.id)
                installation.logger.info("trial finished", metadata: SearchStatus.metadata(trial, run: plan.id))
            },
            progress: { progress.note($0) })
        let ranking = try await plan.search.rank(
            on: installation.pool, features: { try shelf.features($0) }, resuming: finished, observer: observer)
        try history.recordScores(ranking.candidates, of: plan.id)
        return ranking
    }

    private func refit(
        _ ranking: CandidateRanking, _ shelf: FeatureShelf, _ progress: SearchStatus
    ) async throws -> FitResult {
        let start = ContinuousClock.now
        defer { recordTime(of: .refit, since: start) }
        let refit = try await plan.search.refit(
            ranking, on: installation.pool, features: { try shelf.features($0) },
            observer: SearchObserver(progress: { progress.note($0) }))
        try history.recordRefit(
            RefitRecord(
                candidate: ranking.best.candidate, bestEpoch: refit.bestEpoch,
                seconds: start.duration(to: .now) / .seconds(1), curve: refit.history),
            of: plan.id)
        return refit
    }

    /// Scores challenger and champion on the same pictures, records both, and decides.
    private func evaluate(_ head: Head, _ source: FeatureSource) async throws -> Evaluation {
        status.begin(.evaluating, run: plan.id)
        let start = ContinuousClock.now
        defer { recordTime(of: .evaluation, since: start) }
        let champion = try history.champion()
        let tests = plan.testSet(champion: champion)
        // They are in the cache, unless another model has become the champion meanwhile.
        try await extraction.extract(tests.digests, of: .test, copies: 0, from: source).usable()
        let features = try installation.cache.matrix(of: tests.digests, copies: 0, from: source)
        let challenger = TestScore(
            probabilities: head.predict(features), modelLabels: plan.training.labels.map(\.id), set: tests)
        let scored = try await score(champion, on: tests)
        try history.recordEvaluation(
            challenger.evaluation(.challenger, version: nil, labels: tests.labels), of: plan.id)
        if let scored {
            try history.recordEvaluation(
                scored.score.evaluation(.champion, version: scored.version, labels: tests.labels), of: plan.id)
        }
        let decision = PromotionGate(minGain: plan.settings.promotion.minGain)
            .decide(challenger: challenger.confusion, champion: scored?.score.confusion)
        return Evaluation(tests: tests, challenger: challenger, champion: scored, decision: decision)
    }

    /// Makes the challenger the champion.
    private func publish(
        _ head: Head, _ best: Hyperparameters, _ evaluation: Evaluation, _ outcome: RunResult, _ source: FeatureSource
    ) async throws {
        status.begin(.publishing, run: plan.id)
        let start = ContinuousClock.now
        defer { recordTime(of: .publication, since: start) }
        try await Promotion(plan: plan, installation: installation, source: source, tests: evaluation.tests)
            .carryOut(head, parameters: best, score: evaluation.challenger, outcome)
    }

    private func score(
        _ champion: ModelRecord?, on tests: PictureSet
    ) async throws -> (version: String, score: TestScore)? {
        guard let champion else { return nil }
        let scoring = ChampionScoring(installation: installation, extraction: extraction)
        return (champion.version, try await scoring.score(champion, on: tests))
    }
}

/// The result of scoring the two models.
private struct Evaluation: Sendable {
    let tests: PictureSet
    let challenger: TestScore
    let champion: (version: String, score: TestScore)?
    let decision: Judgement

    func result(parameters: Hyperparameters, _ plan: RunPlan) throws -> RunResult {
        try RunResult(
            reason: .judged(decision, leftOut: plan.leftOut), testAccuracy: challenger.confusion.accuracy,
            championAccuracy: champion?.score.confusion.accuracy, championVersion: champion?.version,
            trainPictures: plan.training.pictures.count, testPictures: tests.pictures.count,
            parameters: JSONText(parameters))
    }
}
