/// The activation of the hidden layer, with its Keras name.
package enum Activation: String, Codable, CaseIterable, Sendable {
    case relu, tanh, sigmoid
}

/// The optimiser, with its Keras name; parameters that aren't searched have Keras's defaults.
package enum OptimizerKind: String, Codable, CaseIterable, Sendable {
    case sgd, adam, rmsprop
}

/// The initial dense kernels, with the Keras name; biases start at zero.
package enum Initializer: String, Codable, CaseIterable, Sendable {
    case glorotUniform = "glorot_uniform"
    case heNormal = "he_normal"
}

/// Everything that a search can choose for one head; encoded with Keras's snake_case names.
package struct Hyperparameters: Codable, Hashable, Sendable {
    /// The name of the frozen network whose features the head sees.
    package var backbone: String
    package var activation: Activation
    package var optimizer: OptimizerKind
    /// Above 0, at most 10. Callbacks may lower it during a fit.
    package var learningRate: Double
    /// Rows per step, 1 to 8192.
    package var batchSize: Int
    /// The share of hidden units that are dropped in training, in [0, 1).
    package var dropout: Double
    /// The width of the hidden layer, 1 to 8192.
    package var hiddenUnits: Int
    package var initializer: Initializer
    /// Whether the features go through a batch normalization first.
    package var batchNormalization: Bool

    package init(
        backbone: String, activation: Activation, optimizer: OptimizerKind, learningRate: Double, batchSize: Int,
        dropout: Double, hiddenUnits: Int, initializer: Initializer, batchNormalization: Bool
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

    private enum CodingKeys: String, CodingKey {
        case backbone, activation, optimizer, dropout, initializer
        case learningRate = "learning_rate"
        case batchSize = "batch_size"
        case hiddenUnits = "hidden_units"
        case batchNormalization = "batch_normalization"
    }
}
