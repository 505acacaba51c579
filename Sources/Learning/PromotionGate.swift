package import Records

/// The rule by which a challenger replaces the champion or doesn't. It only decides; `Training` carries that out.
/// Which verdicts promote is said by `Judgement.isPromoted`, where the reasons of all runs are declared.
package struct PromotionGate: Sendable {
    /// How much better (in accuracy, 0...1) the challenger must be; it must be strictly better than that.
    package let minGain: Double

    package init(minGain: Double) { self.minGain = minGain }

    /// Both results are for the same, current test set; `champion` is nil if there is no model yet.
    package func decide(challenger: ConfusionMatrix, champion: ConfusionMatrix?) -> Judgement {
        Judgement(
            verdict: verdict(challenger, champion), pictures: challenger.total, correct: challenger.correct,
            championCorrect: champion?.correct, minGain: minGain)
    }

    private func verdict(_ challenger: ConfusionMatrix, _ champion: ConfusionMatrix?) -> Judgement.Verdict {
        guard challenger.total > 0 else { return .noTestPictures }
        guard let champion else { return .firstModel }
        precondition(challenger.supports == champion.supports, "the two models were scored on different test sets")
        // In pictures rather than in fractions, where 0.85 - 0.84 isn't 0.01; the tolerance is for the rounding of
        // minGain.
        let gain = challenger.correct - champion.correct
        if Double(gain) > minGain * Double(challenger.total) + 1e-9 { return .better }
        if gain == 0 { return .equal }
        return gain < 0 ? .worse : .gainTooSmall
    }
}
