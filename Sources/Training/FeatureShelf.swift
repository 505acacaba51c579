internal import Archive
internal import Learning
internal import Synchronization

/// The training features of one backbone at a time: the search runs the trials of one backbone after those of another.
final class FeatureShelf: Sendable {
    private let plan: RunPlan
    private let cache: FeatureCache
    private let rows: LabeledRows
    private let latest = Mutex<(name: String, features: LabeledFeatures)?>(nil)

    init(_ plan: RunPlan, cache: FeatureCache) {
        self.plan = plan
        self.cache = cache
        rows = plan.training.rows(copies: plan.copies)
    }

    /// The features of a backbone by the text that names it in the search space; they must have been extracted.
    func features(_ name: String) throws -> LabeledFeatures {
        try latest.withLock { latest in
            if let latest, latest.name == name { return latest.features }
            guard let source = plan.sources[name] else { throw SearchError.missingFeatures(backbone: name) }
            latest = nil
            let matrix = try cache.matrix(of: plan.training.digests, copies: plan.copies, from: source)
            let features = LabeledFeatures(features: matrix, rows: rows)
            latest = (name, features)
            return features
        }
    }
}
