import Intake
import Learning
import System
import TestSupport
import Testing

@testable import Settings

@Suite("Settings: the catalogue")
struct SettingsCatalogTests {
    @Test("Every default is a value that its setting accepts", arguments: SettingsCatalog.all.map(\.key))
    func defaults(key: String) throws {
        let setting = try #require(SettingsCatalog.all.first { $0.key == key })
        var settings = Settings()
        let refused = setting.read(&settings, setting.write(Settings()))
        #expect(refused == nil, "the default of \(key), expected \(setting.expected)")
        #expect(settings == Settings())
    }

    @Test("Every value has one setting")
    func complete() {
        // A decoder that accepts more than new pictures may need is no setting.
        let values = leaves(of: Settings()).filter { $0 != "isLenient" }
        #expect(values.count == SettingsCatalog.all.count)
        #expect(Set(SettingsCatalog.all.map { $0.path as AnyKeyPath }).count == SettingsCatalog.all.count)
        #expect(Set(SettingsCatalog.all.map(\.key)).count == SettingsCatalog.all.count)
    }

    /// The names of all values in a structure of structures.
    private func leaves(of value: Any) -> [String] {
        Mirror(reflecting: value).children.flatMap { name, value in
            let mirror = Mirror(reflecting: value)
            let isStructure = mirror.displayStyle == .struct && !mirror.children.isEmpty
            return isStructure ? leaves(of: value) : [name ?? ""]
        }
    }

    @Test(
        "A value out of its range is refused",
        arguments: [
            "search: {space: {dropout: [1]}}", "search: {space: {learning_rate: [0]}}",
            "search: {space: {learning_rate: [nan]}}", "search: {space: {batch_size: [0]}}",
            "search: {space: {hidden_units: [-1]}}", "search: {space: {backbone: [\"\"]}}",
            "search: {space: {optimizer: [adagrad]}}", "search: {space: {hidden_units: []}}",
            "augment: {brightness_range: [0.5]}", "augment: {brightness_range: [-0.5, 1]}",
            "augment: {rotation_range: -1}", "augment: {rotation_range: inf}", "augment: {zoom_range: [0, 1]}",
            "augment: {zoom_range: [2, 1]}", "augment: {channel_shift_range: -1}",
        ])
    func refused(yaml: String) async throws { #expect(try await complaints(yaml: yaml).count == 1) }
}

@Suite("Settings: what modules are given")
struct ModuleValuesTests {
    @Test("The limits of a drop, the settle time, the mode and the names reach the monitor")
    func watching() {
        var settings = Settings()
        settings.inbox.settle = 7
        settings.inbox.watch = .poll
        settings.inbox.ignore = ["*.txt"]
        (settings.drops.maxDepth, settings.drops.maxFiles, settings.drops.maxBytes) = (3, 4, 5)
        let watch = WatchSettings(settings)
        #expect(watch.settle == .seconds(7) && watch.mode == .poll)
        #expect(watch.limits == ScanLimits(depth: 3, files: 4, bytes: 5))
        let standing = watch.rules.standing(of: RawPath("a.txt"), in: RawPath("d"), isFolder: false)
        #expect(standing != NameRules().standing(of: RawPath("a.txt"), in: RawPath("d"), isFolder: false))
    }

    @Test("The largest file, the splits and the share of test pictures reach the intake")
    func taking() {
        var settings = Settings()
        (settings.inbox.testShare, settings.inbox.splitFolders, settings.inbox.tooLarge) = (0.5, .off, .move)
        settings.drops.maxFileBytes = 6
        let ingest = IngestSettings(settings)
        #expect(ingest.testShare == 0.5 && ingest.splitFolders == .off)
        #expect(ingest.tooLarge == .move && ingest.maxFileBytes == 6)
    }

    @Test("The size and the seed of a search and the length of a fit reach the search")
    func searching() {
        var settings = Settings()
        (settings.search.candidates, settings.search.folds, settings.search.seed) = (7, 8, 9)
        (settings.fit.epochs, settings.fit.validationShare) = (10, 0.25)
        let fit = FitSettings(epochs: 10, validationShare: 0.25)
        #expect(SearchSettings(settings) == SearchSettings(candidates: 7, folds: 8, seed: 9, fit: fit))
    }
}
