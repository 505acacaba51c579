internal import Archive
internal import Installation
internal import Learning
internal import Networks
internal import Records
internal import Settings

/// Everything that a run does. It follows from the run's rows, so that an interrupted run can be resumed.
struct RunPlan: Sendable {
    let id: RunID
    let start: NewRun
    let settings: Settings
    /// The pictures from which it learns.
    let training: PictureSet
    /// The classes that it doesn't learn, because they have too few pictures.
    let leftOut: [Shortage]
    private let dataset: Dataset
    let search: RandomizedSearch
    /// By the text that names the backbone in the search space, for the backbones that candidates use. They provide the
    /// features of training pictures.
    let sources: [String: FeatureSource]
    /// The same for test pictures: always float32, as the published model computes.
    let testSources: [String: FeatureSource]

    /// Throws errors that make the run impossible: a backbone that is missing or can't run, unreadable settings.
    init(id: RunID, start: NewRun, history: History, library: BackboneLibrary) throws {
        self.id = id
        self.start = start
        settings = try start.settings.decoded()
        dataset = try history.dataset(upTo: start.lastPicture, leavingOut: start.leftOutPictures)
        training = Self.training(start, dataset)
        leftOut = dataset.labels.compactMap { start.leftOut[$0.id] }
        search = try RandomizedSearch(space: settings.search.space, settings: SearchSettings(settings))
        let names = Set(search.candidates.map(\.backbone))
        let transforms = settings.augment.transforms
        func sources(_ precision: Precision) throws -> [String: FeatureSource] {
            var sources: [String: FeatureSource] = [:]
            for name in names {
                sources[name] = try FeatureSource(
                    name, in: library, precision: precision, augmentation: transforms)
            }
            return sources
        }
        self.sources = try sources(settings.search.precision)
        testSources = try sources(.float32)
    }

    /// The pictures of a dataset from which a run learns.
    static func training(_ start: NewRun, _ dataset: Dataset) -> PictureSet {
        PictureSet(dataset, .train, of: dataset.labels.filter { start.leftOut[$0.id] == nil })
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

    /// The test pictures that count, both for the challenger and for the champion: those of the classes that at least
    /// one of the two knows.
    func testSet(champion: ModelRecord?) -> PictureSet {
        let learned = Set(training.labels.map(\.id))
        let known = champion?.labels ?? []
        let counted = learned.union(known.map(\.id))
        // A class whose pictures were lost with a damaged history may still be predicted.
        let there = Set(dataset.labels.map(\.id))
        let labels = dataset.labels.filter { counted.contains($0.id) } + known.filter { !there.contains($0.id) }
        return PictureSet(dataset, .test, of: labels)
    }

    /// The candidates as the history stores them.
    func candidateRecords() throws -> [JSONText] { try search.candidates.map { try JSONText($0) } }
}

extension Settings {
    /// The backbones of the search space that none of the search's candidates uses: a few random candidates of a large
    /// space don't cover all backbones. `all` must have been replaced by names (`BackboneLibrary.resolved`). Throws
    /// `SearchSpaceError`.
    package func undrawnBackbones() throws -> [String] {
        let search = try RandomizedSearch(space: search.space, settings: SearchSettings(self))
        return SearchSpace.undrawn(self.search.space.backbone, by: search.candidates)
    }
}
