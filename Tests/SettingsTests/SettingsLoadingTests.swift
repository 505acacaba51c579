import Archive
import Decoding
import Foundation
import Intake
import Learning
import Pictures
import Records
import Settings
import SystemPackage
import TestSupport
import Testing

/// Loads settings from a file with the given text.
func load(
    yaml: String, environment: [String: String] = [:], options: [String: String] = [:]
) async throws -> Settings {
    let folder = try TemporaryFolder()
    let file = try folder.write(Array(yaml.utf8), to: "cultivar.yaml")
    return try await SettingsLoader(file: file.string, environment: environment, options: options).load()
}

/// What is said of such settings, a sentence each, the file's path replaced by FILE; empty where nothing is.
func complaints(
    yaml: String, environment: [String: String] = [:], options: [String: String] = [:]
) async throws -> [String] {
    let folder = try TemporaryFolder()
    let file = try folder.write(Array(yaml.utf8), to: "cultivar.yaml")
    do {
        _ = try await SettingsLoader(file: file.string, environment: environment, options: options).load()
        return []
    } catch let problems as SettingsProblems {
        return problems.problems.map { $0.description.replacing(file.string, with: "FILE") }
    }
}

@Suite("Settings: layers")
struct SettingsLayerTests {
    @Test("Files without content leave every default", arguments: ["", "\n\n", "# nothing\n  # at all\n", "train:\n"])
    func noContent(yaml: String) async throws {
        #expect(try await load(yaml: yaml) == Settings())
    }

    @Test("The environment comes before the file, options come before both")
    func precedence() async throws {
        let yaml = "train:\n  min_new: 3\n  min_per_class: 7\npaths:\n  state: /file\n  outbox: /file\n  inbox: /file\n"
        let settings = try await load(
            yaml: yaml, environment: ["CULTIVAR_TRAIN_MIN_NEW": "4", "CULTIVAR_PATHS_STATE": "/env", "PATH": "/bin"],
            options: ["paths.state": "/option"])
        #expect(settings.train.minNew == 4)
        #expect(settings.train.minPerClass == 7)
        #expect(settings.paths.state == "/option")
        #expect(settings.paths.outbox == "/file")
        #expect(settings.paths.backbones == Settings().paths.backbones)
    }

    @Test("What a drop may hold is set beside the other limits, and within bounds")
    func dropLimits() async throws {
        let yaml = """
            limits: {max_drop_depth: 3, max_drop_files: 1000, max_drop_bytes: 1073741824, max_file_bytes: 1048576}
            """
        let drops = try await load(yaml: yaml).drops
        #expect(drops.maxDepth == 3 && drops.maxFiles == 1000)
        #expect(drops.maxBytes == 1 << 30 && drops.maxFileBytes == 1 << 20)
        #expect(try await load(yaml: "", environment: ["CULTIVAR_LIMITS_MAX_DROP_FILES": "7"]).drops.maxFiles == 7)
        for key in ["max_drop_depth: 65", "max_drop_files: 0", "max_drop_bytes: -1", "max_file_bytes: 2147483648"] {
            #expect(try await complaints(yaml: "limits: {\(key)}").count == 1, "\(key)")
        }
    }

    @Test("How often the history is backed up, how many backups are kept, and whether the ledger has paths")
    func keeping() async throws {
        let usual = Settings()
        #expect(usual.backup.interval == 86_400 && usual.backup.keep == 7 && usual.ledger.keepsPaths)
        let settings = try await load(yaml: "backup: {interval: 1h, keep: 3}\nledger: {paths: false}")
        #expect(settings.backup.interval == 3600 && settings.backup.keep == 3 && !settings.ledger.keepsPaths)
        #expect(try await load(yaml: "backup: {interval: 0}").backup.interval == 0)
        for key in [
            "backup: {interval: -1s}", "backup: {interval: 366d}", "backup: {keep: 0}", "backup: {keep: 1001}",
            "ledger: {paths: some}",
        ] {
            #expect(try await complaints(yaml: key).count == 1, "\(key)")
        }
    }

    @Test("Lists, flags, numbers and choices are read from the file")
    func values() async throws {
        let yaml = """
            train: {on_drop: yes, every: 1h}
            inbox: {watch: poll, test_share: 0.25}
            search:
              space:
                backbone: [vgg16@96, mobilenetv2]
                optimizer: [sgd]
                learning_rate: [1e-3, 0.5]
                batch_normalization: [true, false]
            augment: {zoom_range: [1, 1.5], copies: 0}
            """
        let settings = try await load(yaml: yaml)
        #expect(settings.train.onDrop)
        #expect(settings.train.every == 3600)
        #expect(settings.inbox.watch == .poll)
        #expect(settings.inbox.testShare == 0.25)
        #expect(settings.search.space.backbone == ["vgg16@96", "mobilenetv2"])
        #expect(settings.search.space.optimizer == [.sgd])
        #expect(settings.search.space.learningRate == [0.001, 0.5])
        #expect(settings.search.space.batchNormalization == [true, false])
        #expect(settings.augment.transforms.zoomRange == [1, 1.5])
        #expect(settings.augment.copies == 0)
    }

    @Test("Which folders are splits is a word or a list, in the file and in the environment, and a run keeps it")
    func splitFolders() async throws {
        for (text, expected) in [
            ("auto", SplitFolders.auto), ("off", .off), ("\"off\"", .off),
            ("[Train, test set]", .named(["Train", "test set"])),
            ("[train]", .named(["train"])), ("train", .named(["train"])),
        ] {
            let settings = try await load(yaml: "inbox: {split_folders: \(text)}")
            #expect(settings.inbox.splitFolders == expected)
            #expect(try await load(yaml: SettingsTemplate.yaml(of: settings)) == settings)
            #expect(try JSONText(settings).decoded(as: Settings.self) == settings)
        }
        for (text, expected) in [("off", SplitFolders.off), ("train,valid", .named(["train", "valid"]))] {
            let settings = try await load(
                yaml: "inbox: {split_folders: [test]}", environment: ["CULTIVAR_INBOX_SPLIT_FOLDERS": text])
            #expect(settings.inbox.splitFolders == expected)
        }
    }

    @Test("A list in the environment is separated by commas")
    func listInEnvironment() async throws {
        let settings = try await load(yaml: "", environment: ["CULTIVAR_SEARCH_SPACE_BATCH_SIZE": "8,16"])
        #expect(settings.search.space.batchSize == [8, 16])
    }

    @Test(
        "Time spans have units of seconds, minutes, hours or days; without one they are seconds",
        arguments: [
            ("90", 90), ("5s", 5), ("15min", 900), ("15 min", 900), ("0.5h", 1800), ("2d", 172_800), ("1s", 1),
        ])
    func timeSpans(text: String, seconds: Double) async throws {
        #expect(try await load(yaml: "train:\n  every: \(text)\n").train.every == seconds)
    }

    @Test(
        "What isn't a time span is refused",
        arguments: ["-5s", "0", "400d", "soon", "5 weeks", "min", "inf", "nan", "5m"])
    func badTimeSpans(text: String) async throws {
        #expect(
            try await complaints(yaml: "train:\n  every: \(text)\n")
                == ["FILE:2: train.every is '\(text)', expected a time span such as 5s, 15min or 1h, from 1s to 365d"])
    }
}

@Suite("Settings: the template")
struct SettingsTemplateTests {
    @Test("The settings file that is installed is the template, byte for byte")
    func installedFile() throws {
        let installed = Locations.packageRoot.appending("systemd").appending("cultivar.yaml")
        #expect(try String(decoding: Locations.bytes(of: installed), as: UTF8.self) == SettingsTemplate.yaml())
    }

    @Test("The template as it is sets nothing; with its keys taken out of their comments it sets the defaults")
    func uncommented() async throws {
        let template = SettingsTemplate.yaml()
        #expect(try await load(yaml: template) == Settings())
        let key = /^#\s*[a-z_]+:( [^ ].*)?$/
        let lines = template.split(separator: "\n").map { $0.contains(key) ? String($0.dropFirst()) : String($0) }
        let yaml = lines.joined(separator: "\n")
        #expect(yaml.contains("\n  min_new: 1\n") && yaml.contains("\n    backbone: ["))
        #expect(try await load(yaml: yaml) == Settings())
    }

    @Test("Any settings written out are read back the same")
    func roundTrip() async throws {
        #expect(try await load(yaml: SettingsTemplate.yaml(of: Settings())) == Settings())
        var settings = Settings()
        settings.train.every = 5400
        settings.train.onDrop = true
        settings.inbox.settle = 0.25
        settings.inbox.watch = .poll
        settings.search.seed = .max
        settings.search.space.learningRate = [1e-7, 0.1]
        settings.search.space.backbone = ["mine@128"]
        settings.augment.transforms.verticalFlip.toggle()
        settings.promotion.minGain = 0.015
        settings.limits.maxSeconds = 2.5
        #expect(try await load(yaml: SettingsTemplate.yaml(of: settings)) == settings)
    }

    @Test(
        "Paths that YAML might take for something else come back",
        arguments: [
            "/a: b", "/c #d", "it's", "-", "- a", "@home", "/größe", "/two\nlines", "/tab\tand \u{1B}[1m",
            "/\u{85}\u{2028}", "\"\\\u{7F}\"", "~", "/\u{FEFF}\u{FFFF}", "/'\u{301}",
        ])
    func oddPaths(path: String) async throws {
        var settings = Settings()
        settings.paths.state = path
        #expect(try await load(yaml: SettingsTemplate.yaml(of: settings)) == settings)
    }
}
