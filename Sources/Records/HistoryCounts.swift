/// How much of everything there is at one moment, as `cultivar status` shows it.
package struct HistoryCounts: Codable, Hashable, Sendable {
    /// Without those that are set aside.
    package let trainPictures: Int
    /// Without those that are set aside.
    package let testPictures: Int
    /// Training and test pictures that can't be used.
    package let setAsidePictures: Int
    /// Those that have pictures.
    package let labels: Int
    /// With the unfinished ones.
    package let drops: Int
    package let unfinishedDrops: Int
    /// Files, over all drops.
    package let duplicates: Int
    /// Files, over all drops.
    package let rejects: Int
    /// With skipped runs, and one in progress.
    package let runs: Int
    package let models: Int
    /// Requests that no run has taken up.
    package let pendingRequests: Int
    /// The version that the latest decision names; nil before the first promotion.
    @OrNull package var champion: String?
    /// The newest run, which may still be running.
    @OrNull package var lastRun: RunSummary?

    package init(
        trainPictures: Int, testPictures: Int, setAsidePictures: Int, labels: Int, drops: Int, unfinishedDrops: Int,
        duplicates: Int, rejects: Int, runs: Int, models: Int, pendingRequests: Int, champion: String?,
        lastRun: RunSummary?
    ) {
        self.trainPictures = trainPictures
        self.testPictures = testPictures
        self.setAsidePictures = setAsidePictures
        self.labels = labels
        self.drops = drops
        self.unfinishedDrops = unfinishedDrops
        self.duplicates = duplicates
        self.rejects = rejects
        self.runs = runs
        self.models = models
        self.pendingRequests = pendingRequests
        self.champion = champion
        self.lastRun = lastRun
    }
}
