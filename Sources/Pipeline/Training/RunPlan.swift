internal import Archive
internal import Learning
internal import Networks
internal import Tensors

/// All that a run does, known in full when it starts, so that an interrupted run can be gone on with.
struct RunPlan: Sendable {
    let id: RunID
    let start: NewRun
    let settings: Settings
    let set: TrainingSet
    let search: RandomizedSearch
    /// By the text that names the backbone in the search space; those that the candidates use. They give the features of
    /// training pictures.
    let sources: [String: FeatureSource]
    /// The same for test pictures: always float32, as the published model computes.
    let testSources: [String: FeatureSource]

    /// Throws what keeps the run from being done: a backbone that is missing or can't run, unreadable settings.
    init(id: RunID, start: NewRun, history: History, library: BackboneLibrary) throws {
        self.id = id
        self.start = start
        settings = try start.settings.decoded()
        set = TrainingSet(try history.dataset(upTo: start.lastPicture))
        search = try RandomizedSearch(space: settings.search.space, settings: settings.searchSettings)
        let names = Set(search.candidates.map(\.backbone))
        let transforms = settings.augment.transforms
        func sources(_ precision: Precision) throws -> [String: FeatureSource] {
            var sources: [String: FeatureSource] = [:]
            for name in names {
                guard let choice = BackboneChoice(text: name) else { throw BackboneFailure.badChoice(name) }
                sources[name] = try FeatureSource(
                    loaded: library.load(choice.name, precision: precision), inputSize: choice.inputSize,
                    augmentation: transforms)
            }
            return sources
        }
        self.sources = try sources(settings.search.precision)
        testSources = try sources(.float32)
    }

    var copies: Int { settings.augment.copies }

    /// The sources for training and test pictures, in the order in which the search first needs them.
    var orderedSources: [(train: FeatureSource, test: FeatureSource)] {
        var seen: Set<String> = []
        return search.candidates.map(\.backbone).filter { seen.insert($0).inserted }.compactMap { name in
            guard let train = sources[name], let test = testSources[name] else { return nil }
            return (train, test)
        }
    }

    /// The candidates as the history keeps them.
    func candidateRecords() throws -> [JSONText] { try search.candidates.map { try JSONText($0) } }
}

extension Settings {
    var searchSettings: SearchSettings {
        var result = SearchSettings()
        result.candidates = search.candidates
        result.folds = search.folds
        result.seed = UInt64(search.seed)
        result.fit.epochs = fit.epochs
        result.fit.validationShare = fit.validationShare
        return result
    }
}
