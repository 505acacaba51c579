package import Decoding
package import Intake
package import Learning
package import Pictures
internal import Settings

/// A copy of a value with a few parts changed.
package func changing<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
    var copy = value
    change(&copy)
    return copy
}

// What an installation that sets nothing gives to the modules.

extension DecodeLimits {
    package static let usual = Settings().limits
}

extension AugmentationSettings {
    package static let usual = Settings().augment.transforms
}

extension IngestSettings {
    package static let usual = IngestSettings(Settings())
}

extension ScanLimits {
    package static let usual = ScanLimits(Settings().drops)
}

extension WatchSettings {
    package static let usual = WatchSettings(Settings())
}

extension SplitFolders {
    package static let usual = Settings().inbox.splitFolders
}

extension SearchSpace {
    package static let usual = Settings().search.space
}

extension SearchSettings {
    package static let usual = SearchSettings(Settings())
}

extension FitSettings {
    package static let usual = FitSettings(Settings().fit)
}

extension Hyperparameters {
    /// The first value of each list in the search space.
    package static let usual: Hyperparameters = {
        let space = SearchSpace.usual
        return Hyperparameters(
            backbone: space.backbone[0], activation: space.activation[0], optimizer: space.optimizer[0],
            learningRate: space.learningRate[0], batchSize: space.batchSize[0], dropout: space.dropout[0],
            hiddenUnits: space.hiddenUnits[0], initializer: space.initializer[0],
            batchNormalization: space.batchNormalization[0])
    }()
}
