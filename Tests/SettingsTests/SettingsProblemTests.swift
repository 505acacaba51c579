import Foundation
import Learning
import Pictures
import Settings
import System
import SystemPackage
import TestSupport
import Testing

@Suite("Settings: what is wrong with them")
struct SettingsProblemTests {
    @Test("An unknown key is named with its line and the key that was probably meant")
    func unknownKey() async throws {
        let found = try await complaints(yaml: "# comment\ntrain:\n  min_news: 3\nzebra: 1\n")
        #expect(
            found == [
                "FILE:3: unknown setting 'train.min_news', did you mean 'train.min_new'?",
                "FILE:4: unknown setting 'zebra'",
            ])
    }

    @Test(
        "A value that isn't what it should be is named with line, key, value and what is expected",
        arguments: [
            ("min_new: many", "min_new is 'many', expected a whole number of at least 1"),
            ("min_new: 0", "min_new is '0', expected a whole number of at least 1"),
            ("min_new: 1.5", "min_new is '1.5', expected a whole number of at least 1"),
            ("min_new:", "min_new is '', expected a whole number of at least 1"),
            ("min_new: [1, 2]", "min_new is '[…]', expected a whole number of at least 1"),
            ("min_new: {a: 1}", "min_new is '{…}', expected a whole number of at least 1"),
            ("on_drop: maybe", "on_drop is 'maybe', expected true or false"),
        ])
    func malformed(line: String, complaint: String) async throws {
        #expect(try await complaints(yaml: "train:\n\n  \(line)\n") == ["FILE:3: train.\(complaint)"])
    }

    @Test(
        "A folder's name that doesn't say which split it is of is named",
        arguments: [
            ("[train, fruit]", "fruit"), ("atuo", "atuo"), ("[]", "[]"), ("[auto, train]", "auto"), ("[pred]", "pred"),
        ])
    func splitFolders(text: String, named: String) async throws {
        #expect(
            try await complaints(yaml: "inbox:\n  split_folders: \(text)\n") == [
                "FILE:2: inbox.split_folders is '\(named)', expected auto, off, or a list of folder names, each with train, "
                    + "test or val in it, or a word like them"
            ])
    }

    @Test("One value where a list belongs, an empty list and a wrong element are named with what is expected")
    func lists() async throws {
        let yaml = """
            search:
              space:
                activation: relu
                batch_size: []
                dropout: [0.1, 1]
                backbone: [vgg16@9]
            augment:
              zoom_range: [1, 2, 3]
            """
        #expect(
            try await complaints(yaml: yaml) == [
                "FILE:6: search.space.backbone is 'vgg16@9', expected a list of at least 1, "
                    + "each a backbone's name, or NAME@SIZE with a size in pixels from 32 to 1024",
                "FILE:3: search.space.activation is 'relu', "
                    + "expected a list of at least 1, each one of relu, tanh, sigmoid",
                "FILE:4: search.space.batch_size is '[]', "
                    + "expected a list of at least 1, each a whole number from 1 to 8192",
                "FILE:5: search.space.dropout is '1', expected a list of at least 1, each a number from 0 to below 1",
                "FILE:8: augment.zoom_range is '[1, 2, 3]', expected a list of 2, each a number from 0.01 to 100",
            ])
    }

    @Test("A value from the environment or the command line is named by where it comes from, not by the file")
    func otherPlaces() async throws {
        let found = try await complaints(
            yaml: "train: {min_new: 2}\n", environment: ["CULTIVAR_TRAIN_MIN_NEW": "x", "CULTIVAR_INBOX_WATCH": "y"],
            options: ["paths.state": ""])
        #expect(
            found == [
                "the command line: paths.state is '', expected a path",
                "CULTIVAR_INBOX_WATCH in the environment: inbox.watch is 'y', expected one of inotify, poll",
                "CULTIVAR_TRAIN_MIN_NEW in the environment: train.min_new is 'x', "
                    + "expected a whole number of at least 1",
            ])
    }

    @Test("An unknown variable that begins with CULTIVAR_ is named; the one that is read elsewhere is fine")
    func unknownVariable() async throws {
        let environment = ["CULTIVAR_TRAIN_MIN_NEWS": "1", "CULTIVAR_KERNELS": "generic"]
        #expect(
            try await complaints(yaml: "", environment: environment) == [
                "the environment: unknown setting 'CULTIVAR_TRAIN_MIN_NEWS', did you mean 'CULTIVAR_TRAIN_MIN_NEW'?"
            ])
    }

    @Test(
        "Values that contradict each other are named",
        arguments: [
            ("search: {folds: 6}", "train.min_per_class is 5, but each of the 6 folds"),
            ("augment: {brightness_range: [1.5, 0.5]}", "augment.brightness_range is [1.5, 0.5]"),
            ("search: {space: {dropout: [0.1, 0.1]}}", "0.1 more than once"),
        ])
    func contradictions(yaml: String, words: String) async throws {
        let found = try await complaints(yaml: yaml)
        #expect(found.count == 1)
        #expect(found.first?.contains(words) == true, "\(found)")
    }

    @Test("A file that isn't there, isn't YAML, isn't a mapping or is a folder is named")
    func unusableFiles() async throws {
        let missing = SettingsLoader(file: "/nowhere/cultivar.yaml", environment: [:])
        await #expect { _ = try await missing.load() } throws: {
            "\($0)" == "there is no settings file at /nowhere/cultivar.yaml"
        }
        for yaml in ["train: [1\n", "just words", "- a\n- b\n", "train: {every: 1s}\ntrain: {every: 2s}\n"] {
            let found = try await complaints(yaml: yaml)
            #expect(found.count == 1 && found[0].hasPrefix("the settings file FILE can't be read: "), "\(found)")
        }
        let folder = try TemporaryFolder()
        await #expect(throws: SettingsProblems.self) {
            try await SettingsLoader(file: folder.path.string, environment: [:]).load()
        }
    }

    @Test("The standard file is read where it exists; if that can't be said, it is named")
    func standardFile() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("cultivar.yaml")
        let loader = SettingsLoader(file: nil, environment: [:], standard: file.string)
        #expect(try await loader.load() == Settings())
        try folder.write(Array("train: {min_new: 3}\n".utf8), to: "cultivar.yaml")
        #expect(try await loader.load().train.minNew == 3)
        try Files.remove(file)
        try Files.makeLink(file, to: file)
        await #expect { _ = try await loader.load() } throws: {
            "\($0)" == "the settings file \(file) can't be read: \(Errno.tooManySymbolicLinkLevels)"
        }
    }

    @Test("A path with a NUL in it is refused: the system would take a part of it")
    func cutPath() async throws {
        let found = try await complaints(yaml: "paths: {state: \"/tmp/a\\0b\"}\n")
        #expect(found == ["FILE:1: paths.state is '/tmp/a\0b', expected a path"])
    }

    @Test("A few lines of aliases that mean millions of values are refused at once", arguments: ["x: *", "? *"])
    func aliasesOfAliases(use: String) async throws {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
        var yaml = "a: &a {x: 1}\n"
        for (below, name) in zip(names, names.dropFirst()) {
            let parts = (0..<8).map { "k\($0): *\(below)" }.joined(separator: ", ")
            yaml += "\(name): &\(name) {\(parts)}\n"
        }
        let found = try await complaints(yaml: yaml + "train: {\(use)j }\n")
        #expect(found == ["the settings file FILE can't be read: it has more than 16 aliases (*name)"])
    }

    @Test("Aliases and stars elsewhere are taken")
    func fewAliases() async throws {
        let stars = String(repeating: "# * * ** *** a*b\n", count: 20)
        let settings = try await load(yaml: stars + "train: {min_new: &n 7, min_per_class: *n}\n")
        #expect(settings.train.minNew == 7 && settings.train.minPerClass == 7)
    }

    @Test("All that is wrong is told at once")
    func all() async throws {
        let found = try await complaints(
            yaml: "train: {min_new: x, every: y}\nsearch: {fold: 3}\n", environment: ["CULTIVAR_X": "1"])
        #expect(found.count == 4)
    }
}

@Suite("Backbone choice")
struct BackboneChoiceTests {
    @Test("A name stands alone or with a size")
    func choices() {
        #expect(BackboneChoice(text: "vgg16")?.name == "vgg16")
        #expect(BackboneChoice(text: "vgg16")?.inputSize == nil)
        #expect(BackboneChoice(text: "my.net-2@96")?.name == "my.net-2")
        #expect(BackboneChoice(text: "my.net-2@96")?.inputSize == 96)
        #expect(BackboneChoice(text: "vgg16@96")?.text == "vgg16@96")
        #expect(BackboneChoice(text: "vgg16")?.text == "vgg16")
    }

    @Test("Anything else is none", arguments: ["", "@96", "a@", "a@b", "a@31", "a@1025", "a@-96", "a@96@96"])
    func refused(text: String) { #expect(BackboneChoice(text: text) == nil) }

    @Test("The smallest and the largest size are allowed", arguments: [32, 1024])
    func limits(size: Int) { #expect(BackboneChoice(text: "a@\(size)")?.inputSize == size) }
}
