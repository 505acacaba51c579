package import Intake
package import Learning
package import Networks
package import Pictures

/// All settings, with their defaults. `SettingsCatalog` gives each value its key, its range and its help.
package struct Settings: Sendable, Equatable {
    package var paths = Paths()
    package var inbox = Inbox()
    package var train = Train()
    package var search = Search()
    package var fit = Fit()
    package var augment = Augment()
    package var promotion = Promotion()
    package var features = Features()
    package var limits = DecodeLimits()
    package var drops = Drops()

    package init() {}

    package struct Paths: Sendable, Equatable {
        package var inbox = "/srv/cultivar/inbox"
        package var outbox = "/srv/cultivar/outbox"
        package var state = "/var/lib/cultivar"
        package var backbones = "/var/lib/cultivar/backbones"
    }

    package struct Inbox: Sendable, Equatable {
        package enum WatchMode: String, Sendable, CaseIterable {
            case inotify, poll
        }

        /// After how many seconds without changes a drop is complete.
        package var settle = 5.0
        package var watch = WatchMode.inotify
        /// The share of pictures, 0..<1, that go to the test set from a drop without a test folder.
        package var testShare = 0.2
        package var splitFolders = SplitFolders.auto
        /// Patterns of names to ignore in addition to the known ones.
        package var ignore: [String] = []
        /// Top-level folders that stay when their pictures are taken.
        package var keep: [String] = []
        package var tooLarge = TooLargeRule.leave
    }

    /// The limits for taking files; the keys are in `limits`.
    package struct Drops: Sendable, Equatable {
        /// Levels of folders in a drop; a deeper drop is left alone, and so is one with more files or bytes.
        package var maxDepth = 16
        package var maxFiles = 500_000
        package var maxBytes = 1 << 40
        /// A larger file isn't taken.
        package var maxFileBytes = 256 << 20
    }

    package struct Train: Sendable, Equatable {
        /// Seconds between two checks for new pictures.
        package var every = 900.0
        package var onDrop = false
        package var minNew = 1
        package var minPerClass = 5
        package var shortClasses = ShortClasses.leaveOut

        /// What happens to a run if a class has too few pictures.
        package enum ShortClasses: String, Sendable, CaseIterable {
            /// It starts without the class.
            case leaveOut = "leave_out"
            /// It doesn't start.
            case wait
        }
    }

    package struct Search: Sendable, Equatable {
        package var candidates = 6
        package var folds = 3
        package var seed = 42
        /// The number format for the features of training pictures; those of test pictures are always float32.
        package var precision = Precision.float32
        /// Chosen by cross-validated accuracy and cost: on photos MobileNetV2 gains most at 288 pixels, and VGG16 takes 25
        /// times as long without being better.
        package var space = SearchSpace(backbone: ["mobilenetv2@288"])
    }

    package struct Fit: Sendable, Equatable {
        package var epochs = 30
        package var validationShare = 0.1
    }

    package struct Augment: Sendable, Equatable {
        /// Augmented copies of each training picture; 0 turns augmentation off.
        package var copies = 1
        package var transforms = AugmentationSettings()
    }

    package struct Promotion: Sendable, Equatable {
        /// How much higher the accuracy (0...1) of a challenger must be than the champion's; always strictly higher.
        package var minGain = 0.0
    }

    package struct Features: Sendable, Equatable {
        /// The feature cache's limit in bytes; 0 is none.
        package var maxSize = 0
    }
}
