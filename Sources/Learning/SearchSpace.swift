internal import Numerics

/// The values that a randomized search draws from: one list per hyperparameter, like scikit-learn's
/// `param_distributions` with lists. No list is empty.
package struct SearchSpace: Hashable, Sendable {
    /// Names in the backbones folder, each as `NAME` or `NAME@SIZE`.
    package var backbone: [String]
    package var activation: [Activation]
    package var optimizer: [OptimizerKind]
    /// Each above 0, at most 10.
    package var learningRate: [Double]
    /// Each from 1 to 8192.
    package var batchSize: [Int]
    /// Shares of the hidden units, each in [0, 1).
    package var dropout: [Double]
    /// Each from 1 to 8192.
    package var hiddenUnits: [Int]
    package var initializer: [Initializer]
    package var batchNormalization: [Bool]

    package init(
        backbone: [String], activation: [Activation], optimizer: [OptimizerKind], learningRate: [Double],
        batchSize: [Int], dropout: [Double], hiddenUnits: [Int], initializer: [Initializer], batchNormalization: [Bool]
    ) {
        self.backbone = backbone
        self.activation = activation
        self.optimizer = optimizer
        self.learningRate = learningRate
        self.batchSize = batchSize
        self.dropout = dropout
        self.hiddenUnits = hiddenUnits
        self.initializer = initializer
        self.batchNormalization = batchNormalization
    }

    /// How many different candidates there are: the product of the lists' lengths.
    package var count: Int { lengths.reduce(1, *) }

    /// `count` different candidates in drawing order, or all of them if the space has fewer (scikit-learn's
    /// `ParameterSampler` on lists).
    package func sample(_ count: Int, seed: UInt64) throws(SearchSpaceError) -> [Hyperparameters] {
        precondition(self.count > 0, "a search space needs at least one value for each hyperparameter")
        try validate()
        var random = SeededRandom(seed: seed)
        // A Fisher-Yates shuffle of 0..<self.count that only stores the positions it has changed.
        var moved: [Int: Int] = [:]
        return (0..<min(count, self.count)).map { place in
            let drawn = place + random.below(self.count - place)
            let index = moved[drawn] ?? drawn
            moved[drawn] = moved[place] ?? place
            return candidate(at: index)
        }
    }

    /// Those of a space's backbones that none of the candidates uses: a few random candidates of a large space don't
    /// cover all backbones.
    package static func undrawn(_ backbones: [String], by candidates: [Hyperparameters]) -> [String] {
        let drawn = Set(candidates.map(\.backbone))
        return backbones.filter { !drawn.contains($0) }
    }

    private var lengths: [Int] {
        [
            backbone.count, activation.count, optimizer.count, learningRate.count, batchSize.count, dropout.count,
            hiddenUnits.count, initializer.count, batchNormalization.count,
        ]
    }

    /// The candidate with the given number in the product of the lists, the last list varying fastest.
    private func candidate(at index: Int) -> Hyperparameters {
        var rest = index
        var places: [Int] = []
        for length in lengths.reversed() {
            places.append(rest % length)
            rest /= length
        }
        places.reverse()
        return Hyperparameters(
            backbone: backbone[places[0]], activation: activation[places[1]], optimizer: optimizer[places[2]],
            learningRate: learningRate[places[3]], batchSize: batchSize[places[4]], dropout: dropout[places[5]],
            hiddenUnits: hiddenUnits[places[6]], initializer: initializer[places[7]],
            batchNormalization: batchNormalization[places[8]])
    }
}

extension SearchSpace {
    /// Throws if a list has a value twice.
    package func validate() throws(SearchSpaceError) {
        try check(backbone, "backbone")
        try check(activation, "activation")
        try check(optimizer, "optimizer")
        try check(learningRate, "learning_rate")
        try check(batchSize, "batch_size")
        try check(dropout, "dropout")
        try check(hiddenUnits, "hidden_units")
        try check(initializer, "initializer")
        try check(batchNormalization, "batch_normalization")
    }

    private func check<Value: Hashable>(_ values: [Value], _ key: String) throws(SearchSpaceError) {
        var seen: Set<Value> = []
        for value in values where !seen.insert(value).inserted { throw .repeated(key: key, value: "\(value)") }
    }
}

/// What is wrong with a search space.
package enum SearchSpaceError: Error, Equatable, CustomStringConvertible {
    case repeated(key: String, value: String)

    package var description: String {
        switch self {
        case .repeated(let key, let value): "The search space's list '\(key)' has the value \(value) more than once."
        }
    }
}
