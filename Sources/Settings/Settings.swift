package import Decoding
package import Intake
package import Learning
package import Networks
package import Pictures

/// All settings. `SettingsCatalog` gives each value its key, its default, its range and its help.
package struct Settings: Sendable, Equatable {
    package var paths: Paths = .init()
    package var inbox: Inbox = .init()
    package var train: Train = .init()
    package var search: Search = .init()
    package var fit: Fit = .init()
    package var augment: Augment = .init()
    package var promotion: Promotion = .init()
    package var features: Features = .init()
    package var ledger: Ledger = .init()
    package var backup: Backup = .init()
    package var limits: DecodeLimits = .init(
        maxSide: standard(\.limits.maxSide), maxPixels: standard(\.limits.maxPixels),
        maxScans: standard(\.limits.maxScans), maxSeconds: standard(\.limits.maxSeconds),
        maxMemory: standard(\.limits.maxMemory))
    package var drops: Drops = .init()

    /// The defaults.
    package init() {}

    package struct Paths: Sendable, Equatable {
        package var inbox: String = standard(\.paths.inbox)
        package var outbox: String = standard(\.paths.outbox)
        package var state: String = standard(\.paths.state)
        package var backbones: String = standard(\.paths.backbones)
    }

    package struct Inbox: Sendable, Equatable {
        /// After how many seconds without changes a drop is complete.
        package var settle: Double = standard(\.inbox.settle)
        package var watch: InboxWatcher.Mode = standard(\.inbox.watch)
        /// The share of pictures, 0..<1, that go to the test set from a drop without a test folder.
        package var testShare: Double = standard(\.inbox.testShare)
        package var splitFolders: SplitFolders = standard(\.inbox.splitFolders)
        /// Patterns of names to ignore in addition to the known ones.
        package var ignore: [String] = standard(\.inbox.ignore)
        /// Top-level folders that stay when their pictures are taken.
        package var keep: [String] = standard(\.inbox.keep)
        package var tooLarge: TooLargeRule = standard(\.inbox.tooLarge)
    }

    /// The limits for taking files; the keys are in `limits`.
    package struct Drops: Sendable, Equatable {
        /// Levels of folders in a drop; a deeper drop is left alone, and so is one with more files or bytes.
        package var maxDepth: Int = standard(\.drops.maxDepth)
        package var maxFiles: Int = standard(\.drops.maxFiles)
        package var maxBytes: Int = standard(\.drops.maxBytes)
        /// A larger file isn't taken.
        package var maxFileBytes: Int = standard(\.drops.maxFileBytes)
    }

    package struct Train: Sendable, Equatable {
        /// Seconds between two checks for new pictures.
        package var every: Double = standard(\.train.every)
        /// Whether also to train as soon as a drop has been taken.
        package var onDrop: Bool = standard(\.train.onDrop)
        /// New pictures that a run needs, in classes that it learns.
        package var minNew: Int = standard(\.train.minNew)
        /// Training pictures that a class needs; it also needs one test picture.
        package var minPerClass: Int = standard(\.train.minPerClass)
        package var shortClasses: ShortClasses = standard(\.train.shortClasses)

        /// What happens to a run if a class has too few pictures.
        package enum ShortClasses: String, Sendable, CaseIterable {
            /// It starts without the class.
            case leaveOut = "leave_out"
            /// It doesn't start.
            case wait
        }
    }

    package struct Search: Sendable, Equatable {
        /// How many to sample; all of them if the space has fewer.
        package var candidates: Int = standard(\.search.candidates)
        package var folds: Int = standard(\.search.folds)
        /// Not negative.
        package var seed: Int = standard(\.search.seed)
        /// The number format for the features of training pictures; those of test pictures are always float32.
        package var precision: Precision = standard(\.search.precision)
        package var space: SearchSpace = .init(
            backbone: standard(\.search.space.backbone), activation: standard(\.search.space.activation),
            optimizer: standard(\.search.space.optimizer), learningRate: standard(\.search.space.learningRate),
            batchSize: standard(\.search.space.batchSize), dropout: standard(\.search.space.dropout),
            hiddenUnits: standard(\.search.space.hiddenUnits), initializer: standard(\.search.space.initializer),
            batchNormalization: standard(\.search.space.batchNormalization))
    }

    package struct Fit: Sendable, Equatable {
        /// At most; early stopping may end a fit earlier.
        package var epochs: Int = standard(\.fit.epochs)
        /// The share of pictures, 0..<1, that each fit holds back to detect overfitting.
        package var validationShare: Double = standard(\.fit.validationShare)
    }

    package struct Augment: Sendable, Equatable {
        /// Augmented copies of each training picture; 0 turns augmentation off.
        package var copies: Int = standard(\.augment.copies)
        package var transforms: AugmentationSettings = .init(
            rotationRange: standard(\.augment.transforms.rotationRange),
            zoomRange: standard(\.augment.transforms.zoomRange),
            brightnessRange: standard(\.augment.transforms.brightnessRange),
            channelShiftRange: standard(\.augment.transforms.channelShiftRange),
            horizontalFlip: standard(\.augment.transforms.horizontalFlip),
            verticalFlip: standard(\.augment.transforms.verticalFlip))
    }

    package struct Promotion: Sendable, Equatable {
        /// How much higher the accuracy (0...1) of a challenger must be than the champion's; always strictly higher.
        package var minGain: Double = standard(\.promotion.minGain)
    }

    package struct Features: Sendable, Equatable {
        /// The feature cache's limit in bytes; 0 is none.
        package var maxSize: Int = standard(\.features.maxSize)
    }

    package struct Ledger: Sendable, Equatable {
        /// Whether a picture's line has its path in the drop.
        package var keepsPaths: Bool = standard(\.ledger.keepsPaths)
    }

    package struct Backup: Sendable, Equatable {
        /// Seconds between two backups of the history; 0 is never.
        package var interval: Double = standard(\.backup.interval)
        /// How many are kept, at least one.
        package var keep: Int = standard(\.backup.keep)
    }
}

/// The default that the catalogue gives the value at this place.
private func standard<Value>(_ path: KeyPath<Settings, Value>) -> Value { SettingsCatalog.standard(path) }
