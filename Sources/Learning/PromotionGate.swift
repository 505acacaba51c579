/// Decides whether a challenger replaces the champion.
package struct PromotionGate: Sendable {
    /// How much better (in accuracy, 0...1) the challenger must be; it must be strictly better than that.
    package let minGain: Double

    package init(minGain: Double) { self.minGain = minGain }

    /// What was decided and why, in plain words.
    package struct Decision: Codable, Hashable, Sendable {
        package let isPromoted: Bool
        package let reason: String
    }

    /// Both results are for the same, current test set; `champion` is nil if there is no model yet.
    package func decide(challenger: ConfusionMatrix, champion: ConfusionMatrix?) -> Decision {
        guard challenger.total > 0 else {
            return Decision(isPromoted: false, reason: "There are no test pictures, so the new model can't be judged.")
        }
        let score = Self.words(challenger)
        guard let champion else {
            return Decision(isPromoted: true, reason: "It is the first model: \(score).")
        }
        precondition(
            challenger.classScores.map(\.support) == champion.classScores.map(\.support),
            "the two models were scored on different test sets")
        // In pictures rather than in fractions, where 0.85 - 0.84 isn't 0.01; the tolerance is for the rounding of
        // minGain.
        let gain = challenger.correct - champion.correct
        let needed = minGain * Double(challenger.total)
        let isPromoted = Double(gain) > needed + 1e-9
        let comparison = "The new model has \(score), the champion \(Self.words(champion))"
        return Decision(isPromoted: isPromoted, reason: comparison + Self.ending(isPromoted, gain: gain, minGain))
    }

    private static func ending(_ isPromoted: Bool, gain: Int, _ minGain: Double) -> String {
        if isPromoted { return "." }
        if gain == 0 { return ": the same number, but a new model must be better." }
        if gain < 0 { return "." }
        return ": better, but not by more than the required \(percent(minGain))."
    }

    private static func words(_ matrix: ConfusionMatrix) -> String {
        "\(matrix.correct) of \(matrix.total) test pictures right (\(percent(matrix.accuracy)))"
    }

    /// With two decimals, "84.59 %".
    private static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let decimals = hundredths % 100
        return "\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals) %"
    }
}
