package import Intake
package import Learning
internal import System

// What other modules are given of the settings, where they have types of their own.

extension IngestSettings {
    package init(_ settings: Settings) {
        self.init(
            testShare: settings.inbox.testShare, splitFolders: settings.inbox.splitFolders,
            maxFileBytes: settings.drops.maxFileBytes, tooLarge: settings.inbox.tooLarge)
    }
}

extension ScanLimits {
    package init(_ drops: Settings.Drops) {
        self.init(depth: drops.maxDepth, files: drops.maxFiles, bytes: Int64(drops.maxBytes))
    }
}

extension WatchSettings {
    package init(_ settings: Settings) {
        self.init(
            settle: .seconds(settings.inbox.settle), mode: settings.inbox.watch, limits: ScanLimits(settings.drops),
            rules: NameRules(
                ignored: settings.inbox.ignore, keptFolders: Set(settings.inbox.keep.map { RawPath($0) })))
    }
}

extension FitSettings {
    package init(_ fit: Settings.Fit) { self.init(epochs: fit.epochs, validationShare: fit.validationShare) }
}

extension SearchSettings {
    package init(_ settings: Settings) {
        self.init(
            candidates: settings.search.candidates, folds: settings.search.folds, seed: UInt64(settings.search.seed),
            fit: FitSettings(settings.fit))
    }
}
