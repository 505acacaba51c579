internal import Learning
internal import Records

// Conversion between a trial in Learning and in the history, in both directions.

extension TrialRecord {
    init(_ trial: TrialResult) {
        let result: Result =
            if let accuracy = trial.accuracy, let epoch = trial.bestEpoch {
                .accuracy(accuracy, bestEpoch: epoch)
            } else {
                .failure(trial.failure ?? "no accuracy")
            }
        self.init(
            candidate: trial.candidate, fold: trial.fold, result: result, seconds: trial.seconds,
            curve: trial.history.map(EpochRecord.init))
    }
}

extension TrialResult {
    init(_ record: TrialRecord, hyperparameters: Hyperparameters) {
        let (accuracy, epoch, failure): (Double?, Int?, String?) =
            switch record.result {
            case .accuracy(let accuracy, let epoch): (accuracy, epoch, nil)
            case .failure(let reason): (nil, nil, reason)
            }
        self.init(
            candidate: record.candidate, fold: record.fold, hyperparameters: hyperparameters, accuracy: accuracy,
            failure: failure, history: record.curve.map(EpochMetrics.init), bestEpoch: epoch, seconds: record.seconds)
    }
}

extension EpochRecord {
    init(_ epoch: EpochMetrics) {
        self.init(
            epoch: epoch.epoch, loss: epoch.loss, accuracy: epoch.accuracy, valLoss: epoch.validationLoss,
            valAccuracy: epoch.validationAccuracy, learningRate: epoch.learningRate)
    }
}

extension EpochMetrics {
    init(_ record: EpochRecord) {
        self.init(
            epoch: record.epoch, loss: record.loss ?? .nan, accuracy: record.accuracy ?? .nan,
            validationLoss: record.valLoss, validationAccuracy: record.valAccuracy, learningRate: record.learningRate)
    }
}
