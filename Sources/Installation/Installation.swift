package import Archive
package import Logging
package import Outbox
package import Settings
package import Status
package import SystemPackage
package import Workers

/// The parts of a Cultivar installation, opened by the only process that may change it. It has the installation's lock
/// as long as it exists.
///
/// This is the composition root: the daemon, `cultivar train` and the tests all start here.
package final class Installation: Sendable {
    package let settings: Settings
    package let state: StateFolder
    package let history: History
    package let ledger: Ledger
    package let store: PictureStore
    package let cache: FeatureCache
    package let library: BackboneLibrary
    package let outbox: OutboxFolder
    package let pool: WorkerPool
    package let decoders: Decoders
    package let logger: Logger
    private let lock: DaemonLock

    /// Takes the installation's lock, creates what is missing and opens everything.
    ///
    /// Blocks, and reads the whole history to check it. Throws `SettingsProblems` if the folders conflict,
    /// `DaemonLockFailure` if another process has the lock, `HistoryFailure` for a history that can't be used, such as
    /// a damaged one, and errors of opening a folder or a database.
    ///
    /// - Parameters:
    ///   - status: where it is told that decoder processes can't be confined.
    ///   - decoder: the program of which decoder processes are made: cultivar itself.
    package init(
        settings: Settings, logger: Logger, pool: WorkerPool = WorkerPool(), status: StatusBoard? = nil,
        decoder: FilePath = "/proc/self/exe"
    ) throws {
        self.settings = settings
        self.logger = logger
        self.pool = pool
        try settings.paths.checkApart()
        state = StateFolder(FilePath(settings.paths.state))
        try state.prepare()
        lock = try DaemonLock.acquire(in: state)
        history = try History.openChecked(in: state)
        ledger = try Ledger(state, of: history, keepsPaths: settings.ledger.keepsPaths)
        try Self.agree(history, ledger, logger)
        store = try PictureStore(state)
        decoders = Decoders(settings, history: history, program: decoder, logger: logger, status: status)
        cache = try FeatureCache(state.features) {
            logger.warning("feature cache replaced by a new one", metadata: ["reason": "\($0)"])
        }
        library = BackboneLibrary(folder: FilePath(settings.paths.backbones))
        outbox = OutboxFolder(FilePath(settings.paths.outbox))
        try outbox.prepare()
    }

    /// Adds what history or ledger lack, and says what was found.
    private static func agree(_ history: History, _ ledger: Ledger, _ logger: Logger) throws {
        if let file = ledger.cutFile {
            logger.notice("cut off the ledger's last line, which was incomplete", metadata: ["ledger.file": "\(file)"])
        }
        var announced = ContinuousClock.now
        let agreement = try history.agree(with: ledger) { pictures in
            guard ContinuousClock.now - announced > .seconds(2) else { return }
            announced = .now
            logger.notice("writing the ledger from the history", metadata: ["ledger.pictures": "\(pictures)"])
        }
        for damage in agreement.damages {
            logger.warning(
                "a line of the ledger is damaged; run `cultivar doctor --repair`",
                metadata: ["ledger.damage": "\(damage)"])
        }
        guard agreement.addedRows + agreement.addedLines > 0 else { return }
        logger.notice(
            "history and ledger brought into agreement",
            metadata: [
                "ledger.added_lines": "\(agreement.addedLines)", "history.added_rows": "\(agreement.addedRows)",
            ])
    }
}
