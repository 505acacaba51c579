internal import Archive
internal import Learning
internal import Logging
internal import Networks
internal import Outbox
internal import Tensors

/// One training run, from the pictures to the decision.
struct TrainingRun: Sendable {
    private let installation: Installation
    private let status: StatusBoard
    private let plan: RunPlan
    private let finished: [TrialResult]
    private let hasCandidates: Bool
    private let extraction: FeatureExtraction

    init(_ run: UnfinishedRun, in installation: Installation, status: StatusBoard) throws {
        self.installation = installation
        self.status = status
        let plan = try RunPlan(
            id: run.id, start: run.start, history: installation.history, library: installation.library)
        self.plan = plan
        hasCandidates = try run.candidates == plan.candidateRecords()
        finished =
            hasCandidates
            ? run.trials.map { TrialResult($0, hyperparameters: plan.search.candidates[$0.candidate]) } : []
        extraction = FeatureExtraction(store: installation.store, cache: installation.cache, pool: installation.pool)
    }

    private var history: History { installation.history }

    /// Carries the run out and records its outcome.
    func execute() async throws {
        try await extract()
        let result = try await search()
        let best = result.best.hyperparameters
        guard let source = plan.testSources[best.backbone] else { throw BackboneFailure.badChoice(best.backbone) }
        status.begin(.evaluating, run: plan.id)
        let challenger = try score(result.refit.head, source)
        let champion = try await ChampionScoring(installation, extraction).score(on: plan.set)
        try record(challenger, champion)
        let decision = PromotionGate(minGain: plan.settings.promotion.minGain)
            .decide(challenger: challenger.confusion, champion: champion?.score.confusion)
        let outcome = try RunResult(
            reason: decision.reason, testAccuracy: challenger.confusion.accuracy,
            championAccuracy: champion?.score.confusion.accuracy, championVersion: champion?.version,
            parameters: JSONText(best))
        guard decision.isPromoted else {
            return try history.finishRun(plan.id, as: .kept, outcome, at: .now)
        }
        status.begin(.publishing, run: plan.id)
        try await Promotion(plan: plan, installation: installation, source: source)
            .carryOut(result.refit.head, parameters: best, score: challenger, outcome)
    }

    /// Brings the cache up to date for every backbone that a candidate uses, copies for the training pictures only.
    private func extract() async throws {
        for (train, test) in plan.orderedSources {
            let name = "\(train.loaded.backbone.name) at \(train.inputSize) pixels"
            var computed = 0
            for (source, pictures, copies) in [(train, plan.set.train, plan.copies), (test, plan.set.test, 0)] {
                status.begin(.extracting, run: plan.id)
                computed += try await extraction.extract(pictures.map(\.digest), copies: copies, from: source) {
                    done, total in
                    status.advance(to: done, of: total, detail: "\(name), picture \(done) of \(total)")
                }
            }
            let needed = plan.set.train.count * (plan.copies + 1) + plan.set.test.count
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

    private func search() async throws -> SearchResult {
        if !hasCandidates { try history.recordCandidates(plan.candidateRecords(), of: plan.id) }
        let progress = SearchStatus(status, plan: plan, finished: finished.count)
        let shelf = FeatureShelf(plan, cache: installation.cache)
        let observer = SearchObserver(
            trialFinished: { trial in
                try history.recordTrial(TrialRecord(trial), of: plan.id)
                installation.logger.info("trial finished", metadata: SearchStatus.metadata(trial, run: plan.id))
            },
            progress: { progress.note($0) })
        let start = ContinuousClock.now
        let result = try await plan.search.run(
            on: installation.pool, features: { try shelf.features($0) }, resuming: finished, observer: observer)
        try history.recordScores(result.candidates.map { Archive.CandidateScore($0) }, of: plan.id)
        try history.recordRefit(
            RefitRecord(
                candidate: result.best.candidate, bestEpoch: result.refit.bestEpoch,
                seconds: start.duration(to: .now) / .seconds(1), curve: result.refit.history.map(EpochRecord.init)),
            of: plan.id)
        return result
    }

    private func score(_ head: Head, _ source: FeatureSource) throws -> TestScore {
        let features = try installation.cache.matrix(of: plan.set.test.map(\.digest), copies: 0, from: source)
        return TestScore(
            probabilities: head.predict(features), modelLabels: plan.set.labels.map(\.id), set: plan.set)
    }

    private func record(_ challenger: TestScore, _ champion: (version: String, score: TestScore)?) throws {
        try history.recordEvaluation(
            challenger.evaluation(.challenger, version: nil, labels: plan.set.labels), of: plan.id)
        if let champion {
            try history.recordEvaluation(
                champion.score.evaluation(.champion, version: champion.version, labels: plan.set.labels), of: plan.id)
        }
    }
}
