import Learning
import Numerics
import Settings
import Workers

/// One epoch of head training, 1280 -> 128 -> 10 with Adam and batches of 64, in so many fits at the same time.
///
/// Arguments: ROWS FITS.
struct HeadWork: Work {
    private let pool = WorkerPool(workerCount: threadCount)
    private let data: LabeledFeatures
    private let fits: Int

    init(_ arguments: [String]) throws {
        guard arguments.count == 2, let rows = Int(arguments[0]), let fits = Int(arguments[1]) else {
            throw DriverFailure("expected ROWS FITS, found \(arguments)")
        }
        data = .synthetic(rows: rows)
        self.fits = fits
    }

    func run() async throws {
        let parameters = Hyperparameters(
            backbone: "synthetic", activation: .relu, optimizer: .adam, learningRate: 1e-3, batchSize: 64, dropout: 0,
            hiddenUnits: 128, initializer: .glorotUniform, batchNormalization: false)
        let training = HeadTraining(parameters, settings: FitSettings(epochs: 1, validationShare: 0), seed: 1)
        try await pool.forEach(fits) { [data] _, worker in _ = try training.fit(data, worker: worker) }
    }
}

/// A search over so many rows of features with MobileNetV2's width: 2 candidates x 3 folds of 2 epochs.
///
/// Arguments: ROWS.
struct SearchWork: Work {
    private let pool = WorkerPool(workerCount: threadCount)
    private let data: LabeledFeatures
    private let search: RandomizedSearch

    init(_ arguments: [String]) throws {
        guard arguments.count == 1, let rows = Int(arguments[0]) else {
            throw DriverFailure("expected ROWS, found \(arguments)")
        }
        data = .synthetic(rows: rows)
        var settings = Settings()
        settings.search.candidates = 2
        settings.search.space.backbone = ["synthetic"]
        settings.fit.epochs = 2
        search = try RandomizedSearch(space: settings.search.space, settings: SearchSettings(settings))
    }

    func run() async throws {
        let ranking = try await search.rank(on: pool, features: { _ in data })
        _ = try await search.refit(ranking, on: pool, features: { _ in data })
    }
}

extension LabeledFeatures {
    /// Features like those after a rectifier, (rows, 1280), of 10 classes that can be told apart.
    fileprivate static func synthetic(rows: Int) -> LabeledFeatures {
        let (columns, classes) = (1280, 10)
        var matrix = Matrix(rows: rows, columns: columns)
        var random = SeededRandom(seed: 2)
        let centres = (0..<classes * columns).map { _ in random.uniform(-0.5, 0.5) }
        matrix.withUnsafeMutableBuffer { values in
            for row in 0..<rows {
                let centre = row % classes * columns
                for column in 0..<columns {
                    values[row * columns + column] = max(0, centres[centre + column] + random.uniform(-1, 1))
                }
            }
        }
        let labels = LabeledRows(
            labels: (0..<rows).map { Int32($0 % classes) }, pictures: (0..<rows).map(Int32.init),
            isAugmented: [Bool](repeating: false, count: rows), classCount: classes)
        return LabeledFeatures(features: matrix, rows: labels)
    }
}
