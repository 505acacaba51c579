internal import Numerics

/// Stratified k-fold cross-validation, divided like scikit-learn's `StratifiedKFold`: every class is spread over the
/// folds as evenly as possible, and so are the remainders of the classes.
package struct StratifiedFolds: Sendable, Equatable {
    /// The number of folds, at least 2.
    package let count: Int
    /// For each sample the fold in which it is tested, in 0..<count.
    package let testFold: [Int]

    /// - Parameters:
    ///   - labels: the class of each sample.
    ///   - seed: shuffles which samples of a class go into which fold; nil keeps their order, as scikit-learn does with
    ///     `shuffle=False`.
    /// - Throws: `FoldError` if every class has fewer samples than there are folds. A class with fewer is allowed if
    ///   others are larger; some folds then have no test samples of it.
    package init(labels: [Int32], count: Int, seed: UInt64?) throws(FoldError) {
        precondition(count > 1, "cross-validation needs at least 2 folds, got \(count)")
        self.count = count
        // Classes are numbered in the order of their first appearance.
        var number: [Int32: Int] = [:]
        var members: [[Int]] = []
        for (sample, label) in labels.enumerated() {
            let place = number[label] ?? members.count
            if place == members.count {
                number[label] = place
                members.append([])
            }
            members[place].append(sample)
        }
        let largest = members.map(\.count).max() ?? 0
        guard largest >= count else { throw FoldError(folds: count, largestClass: largest) }
        testFold = Self.deal(members, folds: count, samples: labels.count, seed: seed)
    }

    /// The samples that are not tested in a fold, in order.
    package func training(_ fold: Int) -> [Int32] { samples { $0 != fold } }

    /// The samples that are tested in a fold, in order.
    package func test(_ fold: Int) -> [Int32] { samples { $0 == fold } }

    private func samples(where isWanted: (Int) -> Bool) -> [Int32] {
        testFold.indices.filter { isWanted(testFold[$0]) }.map(Int32.init)
    }

    /// Deals the samples, sorted by class, to the folds in turn; this decides how many of a class each fold gets. The
    /// order (or chance) decides which ones: the first fold gets the class's first samples, and so on.
    private static func deal(_ members: [[Int]], folds: Int, samples: Int, seed: UInt64?) -> [Int] {
        var random = seed.map { SeededRandom(seed: $0) }
        var result = [Int](repeating: 0, count: samples)
        var dealt = 0
        for group in members {
            var shares = [Int](repeating: 0, count: folds)
            for place in dealt..<dealt + group.count { shares[place % folds] += 1 }
            dealt += group.count
            var order = shares.enumerated().flatMap { fold, share in repeatElement(fold, count: share) }
            if random != nil { order.shuffle(using: &random!) }
            for (sample, fold) in zip(group, order) { result[sample] = fold }
        }
        return result
    }
}

/// There are too few samples for this number of folds.
package struct FoldError: Error, Equatable, CustomStringConvertible {
    package let folds: Int
    /// How many samples the largest class has.
    package let largestClass: Int

    package var description: String {
        "Cross-validation with \(folds) folds needs a class with at least \(folds) pictures; "
            + "the largest has \(largestClass)."
    }
}
