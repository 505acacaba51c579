internal import Numerics

/// The values that a randomized search draws from: one list per hyperparameter, like scikit-learn's
/// `param_distributions` with lists. A key that is missing in encoded form has its default.
package struct SearchSpace: Codable, Hashable, Sendable {
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
        backbone: [String] = ["mobilenetv2"], activation: [Activation] = [.relu, .tanh],
        optimizer: [OptimizerKind] = [.adam, .rmsprop], learningRate: [Double] = [1e-3, 5e-4, 1e-4],
        batchSize: [Int] = [32, 64], dropout: [Double] = [0.3], hiddenUnits: [Int] = [128],
        initializer: [Initializer] = [.glorotUniform], batchNormalization: [Bool] = [false]
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
    /// Throws if a list is empty, has a value twice or a value outside its range.
    package func validate() throws(SearchSpaceError) {
        try check(backbone, .backbone, "the name of a backbone") { !$0.isEmpty }
        try check(activation, .activation, "an activation") { _ in true }
        try check(optimizer, .optimizer, "an optimizer") { _ in true }
        try check(learningRate, .learningRate, "a number above 0 and at most 10") { $0 > 0 && $0 <= 10 }
        try check(batchSize, .batchSize, "a whole number from 1 to 8192") { (1...8192).contains($0) }
        try check(dropout, .dropout, "a number of at least 0 and less than 1") { $0 >= 0 && $0 < 1 }
        try check(hiddenUnits, .hiddenUnits, "a whole number from 1 to 8192") { (1...8192).contains($0) }
        try check(initializer, .initializer, "an initializer") { _ in true }
        try check(batchNormalization, .batchNormalization, "true or false") { _ in true }
    }

    private func check<Value: Hashable>(
        _ values: [Value], _ key: CodingKeys, _ expected: String, isValid: (Value) -> Bool
    ) throws(SearchSpaceError) {
        if values.isEmpty { throw .empty(key: key.rawValue) }
        var seen: Set<Value> = []
        for value in values {
            if !isValid(value) { throw .outOfRange(key: key.rawValue, found: "\(value)", expected: expected) }
            if !seen.insert(value).inserted { throw .repeated(key: key.rawValue, value: "\(value)") }
        }
    }
}

extension SearchSpace {
    private enum CodingKeys: String, CodingKey {
        case backbone, activation, optimizer, dropout, initializer
        case learningRate = "learning_rate"
        case batchSize = "batch_size"
        case hiddenUnits = "hidden_units"
        case batchNormalization = "batch_normalization"
    }

    /// Throws `DecodingError`. It doesn't check the values: ``validate()`` does.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func list<Value: Decodable>(_ key: CodingKeys, _ standard: [Value]) throws -> [Value] {
            try values.decodeIfPresent([Value].self, forKey: key) ?? standard
        }
        let standard = SearchSpace()
        backbone = try list(.backbone, standard.backbone)
        activation = try list(.activation, standard.activation)
        optimizer = try list(.optimizer, standard.optimizer)
        learningRate = try list(.learningRate, standard.learningRate)
        batchSize = try list(.batchSize, standard.batchSize)
        dropout = try list(.dropout, standard.dropout)
        hiddenUnits = try list(.hiddenUnits, standard.hiddenUnits)
        initializer = try list(.initializer, standard.initializer)
        batchNormalization = try list(.batchNormalization, standard.batchNormalization)
    }
}

/// What is wrong with a search space.
package enum SearchSpaceError: Error, Equatable, CustomStringConvertible {
    case empty(key: String)
    case repeated(key: String, value: String)
    case outOfRange(key: String, found: String, expected: String)

    package var description: String {
        switch self {
        case .empty(let key): "The search space's list '\(key)' is empty; it needs at least one value."
        case .repeated(let key, let value): "The search space's list '\(key)' has the value \(value) more than once."
        case .outOfRange(let key, let found, let expected):
            "The search space's list '\(key)' has the value \(found); expected \(expected)."
        }
    }
}
