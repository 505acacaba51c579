internal import Decoding
internal import Intake
internal import Learning
internal import Networks
internal import Pictures

/// One setting: its dotted key, its default, its meaning, and how it is converted between text and `Settings`.
struct Setting: Sendable {
    /// How its value is written in YAML.
    enum Form: Sendable {
        case value, list, wordOrList
    }

    let key: String
    /// Where its value is.
    let path: any (PartialKeyPath<Settings> & Sendable)
    /// Its default, of the type of that value.
    let standard: any Sendable
    let help: String
    let expected: String
    let form: Form
    let read: @Sendable (inout Settings, [String]) -> String?
    let write: @Sendable (Settings) -> [String]

    /// The name of the environment variable that overrides it: `train.min_new` is `CULTIVAR_TRAIN_MIN_NEW`.
    var environmentName: String {
        "CULTIVAR_" + key.replacing(".", with: "_").uppercased()
    }

    /// Whether the texts of its value are written as a list.
    func isWritten(asListOf texts: [String]) -> Bool {
        switch form {
        case .value: false
        case .list: true
        case .wordOrList: texts.count != 1
        }
    }

    static func one<Value: Sendable>(
        _ key: String, _ path: any (WritableKeyPath<Settings, Value> & Sendable), default standard: Value,
        _ type: ValueType<Value>, _ help: String
    ) -> Setting {
        Setting(
            key: key, path: path, standard: standard, help: help, expected: type.expected, form: .value,
            read: { settings, texts in
                guard let text = texts.first, let value = type.parse(text) else { return texts.first ?? "" }
                settings[keyPath: path] = value
                return nil
            },
            write: { [type.format($0[keyPath: path])] })
    }

    /// A word or a list, which `read` distinguishes; a single text is written as a word.
    static func wordOrList<Value: Sendable>(
        _ key: String, _ path: any (WritableKeyPath<Settings, Value> & Sendable), default standard: Value,
        expected: String,
        parse: @escaping @Sendable ([String]) throws(UnknownSplit) -> Value,
        format: @escaping @Sendable (Value) -> [String], _ help: String
    ) -> Setting {
        Setting(
            key: key, path: path, standard: standard, help: help, expected: expected, form: .wordOrList,
            read: { settings, texts in
                do throws(UnknownSplit) {
                    settings[keyPath: path] = try parse(texts)
                    return nil
                } catch {
                    return error.name
                }
            },
            write: { format($0[keyPath: path]) })
    }

    static func list<Value: Sendable>(
        _ key: String, _ path: any (WritableKeyPath<Settings, [Value]> & Sendable), default standard: [Value],
        _ type: ValueType<Value>, count: ClosedRange<Int> = 1...1000, _ help: String
    ) -> Setting {
        let size = count.lowerBound == count.upperBound ? "of \(count.lowerBound)" : "of at least \(count.lowerBound)"
        return Setting(
            key: key, path: path, standard: standard, help: help,
            expected: "a list \(size), each \(type.expected)", form: .list,
            read: { settings, texts in
                guard count.contains(texts.count) else { return "[\(texts.joined(separator: ", "))]" }
                var values: [Value] = []
                for text in texts {
                    guard let value = type.parse(text) else { return text }
                    values.append(value)
                }
                settings[keyPath: path] = values
                return nil
            },
            write: { $0[keyPath: path].map(type.format) })
    }
}

/// All settings, in the order of the documented settings file.
enum SettingsCatalog {
    static let all: [Setting] = Array(
        [paths, inbox, train, search, fit, augment, promotion, features, ledger, backup, limits].joined())

    /// The default of the setting whose value is at this place.
    static func standard<Value>(_ path: KeyPath<Settings, Value>) -> Value {
        guard let value = setting(at: path).standard as? Value else {
            preconditionFailure("the default of \(path) has another type")
        }
        return value
    }

    fileprivate static func setting(at path: PartialKeyPath<Settings>) -> Setting {
        guard let setting = all.first(where: { ($0.path as AnyKeyPath) == path }) else {
            preconditionFailure("the catalogue has no setting for \(path)")
        }
        return setting
    }

    private static let paths: [Setting] = [
        .one(
            "paths.inbox", \.paths.inbox, default: "/srv/cultivar/inbox", .path,
            "Where people drop folders of pictures."),
        .one(
            "paths.outbox", \.paths.outbox, default: "/srv/cultivar/outbox", .path,
            "Where promoted models are published."),
        .one(
            "paths.state", \.paths.state, default: "/var/lib/cultivar", .path,
            "Pictures, history, feature cache, and the files in rejected/."),
        .one(
            "paths.backbones", \.paths.backbones, default: "/var/lib/cultivar/backbones", .path,
            "Backbones, one ONNX file each; add your own here."),
    ]

    private static let inbox: [Setting] = [
        .one(
            "inbox.settle", \.inbox.settle, default: 5, .timeSpan(0...86_400),
            "A drop is complete when nothing in it has changed for this long."),
        .one("inbox.watch", \.inbox.watch, default: .inotify, .choice, "inotify; or poll, for network file systems."),
        .one(
            "inbox.test_share", \.inbox.testShare, default: 0.2, .share,
            "Share of the pictures for the test set, if a drop has no train/ and test/ folders."),
        .wordOrList(
            "inbox.split_folders", \.inbox.splitFolders, default: .auto, expected: SplitFolders.expected,
            parse: { (texts) throws(UnknownSplit) in try SplitFolders(texts: texts) }, format: \.texts,
            "Which folders mean training or test: those named like train, Test Set or valid_2; none; or these."
        ),
        .list(
            "inbox.ignore", \.inbox.ignore, default: [], .ignoredName, count: 0...1000,
            "Names to ignore and remove with a drop, such as *.txt, in addition to .DS_Store, .git and the like."),
        .list(
            "inbox.keep", \.inbox.keep, default: [], .name, count: 0...1000,
            "Folders that stay in the inbox, such as a camera's; a file called .keep in a folder does the same."
        ),
        .one(
            "inbox.too_large", \.inbox.tooLarge, default: .leave, .choice,
            "A file larger than limits.max_file_bytes: leave it where it is, or move it to .too-large in the inbox."),
    ]

    private static let train: [Setting] = [
        .one(
            "train.every", \.train.every, default: 900, .timeSpan(1...31_536_000),
            "How often to check whether there are new pictures to train on."),
        .one("train.on_drop", \.train.onDrop, default: false, .flag, "Also train as soon as a drop has been taken."),
        .one(
            "train.min_new", \.train.minNew, default: 1, .integer(1 ... .max),
            "How many new pictures a run needs, in classes that it learns."),
        .one(
            "train.min_per_class", \.train.minPerClass, default: 5, .integer(2 ... .max),
            "How many training pictures each class needs; each also needs one test picture."),
        .one(
            "train.short_classes", \.train.shortClasses, default: .leaveOut, .choice,
            "Classes with fewer pictures: leave_out of the run until they have more, or wait with the whole run."),
    ]

    private static let search: [Setting] = [
        .one(
            "search.candidates", \.search.candidates, default: 6, .integer(1...10_000),
            "How many sets of hyperparameters to try (n_iter)."),
        .one(
            "search.folds", \.search.folds, default: 3, .integer(2...100),
            "Number of stratified folds for cross-validation (cv)."),
        .one(
            "search.seed", \.search.seed, default: 42, .integer(0 ... .max),
            "The same pictures, settings and seed give the same model (random_state)."),
        .one(
            "search.precision", \.search.precision, default: .float32, .choice,
            "Format of the backbones' products on training pictures. int16 is faster, with a deviation below 1.5 %."),
        // Chosen by cross-validated accuracy and cost (README, "How long it takes"): on photos MobileNetV2 gains most
        // at 288 pixels, and VGG16 takes fourteen times as long without being better.
        .list(
            "search.space.backbone", \.search.space.backbone, default: ["mobilenetv2@288"], .backbone,
            "NAME or NAME@SIZE: the name of the ONNX file and the side in pixels to which pictures are resized; "
                + "all or all@SIZE: every file."),
        .list(
            "search.space.activation", \.search.space.activation, default: [.relu, .tanh], .choice,
            "Activation of the hidden layer."),
        .list(
            "search.space.optimizer", \.search.space.optimizer, default: [.adam, .rmsprop], .choice,
            "Optimizer, as in Keras."),
        .list(
            "search.space.learning_rate", \.search.space.learningRate, default: [1e-3, 5e-4, 1e-4], .number(1e-8...10),
            "Initial learning rate."),
        .list(
            "search.space.batch_size", \.search.space.batchSize, default: [32, 64], .integer(1...8192), "Rows per step."
        ),
        .list(
            "search.space.dropout", \.search.space.dropout, default: [0.3], .share,
            "Share of hidden units that are dropped in training."),
        .list(
            "search.space.hidden_units", \.search.space.hiddenUnits, default: [128], .integer(1...8192),
            "Width of the hidden layer."),
        .list(
            "search.space.initializer", \.search.space.initializer, default: [.glorotUniform], .choice,
            "Initializer of both layers' kernels."),
        .list(
            "search.space.batch_normalization", \.search.space.batchNormalization, default: [false], .flag,
            "Batch normalization before the hidden layer."),
    ]

    private static let fit: [Setting] = [
        .one(
            "fit.epochs", \.fit.epochs, default: 30, .integer(1...100_000),
            "Maximum number of epochs; early stopping usually ends a fit earlier."),
        .one(
            "fit.validation_share", \.fit.validationShare, default: 0.1, .share,
            "Share of pictures that each fit holds back to detect overfitting."),
    ]

    private static let augment: [Setting] = [
        .one(
            "augment.copies", \.augment.copies, default: 1, .integer(0...1000),
            "Augmented copies of each training picture; 0 means none."),
        .one(
            "augment.rotation_range", \.augment.transforms.rotationRange, default: 40, .number(0...180),
            "Maximum rotation in degrees, in both directions."),
        .list(
            "augment.zoom_range", \.augment.transforms.zoomRange, default: [0.8, 1.2], .number(0.01...100),
            count: 2...2,
            "Smallest and largest factor; above 1 shows more than the picture."),
        .list(
            "augment.brightness_range", \.augment.transforms.brightnessRange, default: [0.5, 1.5], .number(0...100),
            count: 2...2,
            "Smallest and largest factor."),
        .one(
            "augment.channel_shift_range", \.augment.transforms.channelShiftRange, default: 50, .number(0...255),
            "Maximum shift in gray levels, in both directions."),
        .one(
            "augment.horizontal_flip", \.augment.transforms.horizontalFlip, default: true, .flag,
            "Mirror half of the copies."),
        .one(
            "augment.vertical_flip", \.augment.transforms.verticalFlip, default: true, .flag,
            "Turn half of the copies upside down."),
    ]

    private static let promotion: [Setting] = [
        .one(
            "promotion.min_gain", \.promotion.minGain, default: 0, .number(0...1),
            "A new model replaces the champion if its test accuracy is higher by more than this.")
    ]

    private static let features: [Setting] = [
        .one(
            "features.max_size", \.features.maxSize, default: 0, .integer(0...1 << 60),
            "Bytes for the feature cache; the least recently used features beyond it are removed; 0 means no limit.")
    ]

    private static let ledger: [Setting] = [
        .one(
            "ledger.paths", \.ledger.keepsPaths, default: true, .flag,
            "Keep in the ledger the path that each picture had in its drop. "
                + "The names of drops and labels are always kept.")
    ]

    private static let backup: [Setting] = [
        .one(
            "backup.interval", \.backup.interval, default: 86_400, .timeSpan(0...31_536_000),
            "How often the daemon backs up the history, to backups/ in the state folder; 0 means never."),
        .one("backup.keep", \.backup.keep, default: 7, .integer(1...1000), "How many of these backups are kept."),
    ]

    private static let limits: [Setting] = [
        .one(
            "limits.max_side", \.limits.maxSide, default: 16_384, .integer(1...DecodeLimits.ofStored.maxSide),
            "Pixels per side; larger pictures are rejected."),
        .one(
            "limits.max_pixels", \.limits.maxPixels, default: 50_000_000, .integer(1...DecodeLimits.ofStored.maxPixels),
            "Pixels in memory at once: all of a PNG, and those of a JPEG at an eighth of its sides."),
        .one(
            "limits.max_scans", \.limits.maxScans, default: 100, .integer(1...DecodeLimits.ofStored.maxScans),
            "Number of scans in a progressive JPEG."),
        .one(
            "limits.max_seconds", \.limits.maxSeconds, default: 5, .number(0.1...DecodeLimits.ofStored.maxSeconds),
            "Seconds of processor time for decoding one picture."),
        .one(
            "limits.max_memory", \.limits.maxMemory, default: 256 << 20,
            .integer(1 << 20...DecodeLimits.ofStored.maxMemory),
            "Bytes for decoding in addition to the pixels, for the coefficients of a progressive JPEG."),
        .one(
            "limits.max_file_bytes", \.drops.maxFileBytes, default: 256 << 20, .integer(1 << 20...1 << 30),
            "Bytes per file; larger files aren't taken (inbox.too_large)."),
        .one(
            "limits.max_drop_depth", \.drops.maxDepth, default: 16, .integer(1...64),
            "Levels of folders in a drop; a deeper drop is left alone in the inbox."),
        .one(
            "limits.max_drop_files", \.drops.maxFiles, default: 500_000, .integer(1...100_000_000),
            "Files per drop; a drop with more is left alone in the inbox."),
        .one(
            "limits.max_drop_bytes", \.drops.maxBytes, default: 1 << 40, .integer(1 << 20...1 << 60),
            "Bytes per drop; a larger drop is left alone in the inbox."),
    ]
}

extension Settings {
    /// The help of the setting whose value is at this place, as the documented settings file has it.
    package static func help(of path: PartialKeyPath<Settings>) -> String { SettingsCatalog.setting(at: path).help }
}
