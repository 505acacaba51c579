internal import Archive
internal import Outbox
internal import Records
internal import System

/// The history's part of a check.
struct HistoryExamination {
    let state: StateFolder
    let outbox: OutboxFolder
    let disk: any Disk

    func findings(repairing: Bool) throws -> [Finding] {
        let repair = HistoryRepair(state, disk: disk)
        guard let reason = try repair.reason() else {
            return [Finding(.history, .ok, "\(state.history): no damage found")]
        }
        guard repairing else {
            let advice =
                "`cultivar doctor --repair` sets it aside and makes a new one from the newest backup, the ledger and "
                + "the outbox"
            return [Finding(.history, .wrong, "\(sentence(reason)); \(advice)")]
        }
        do {
            return try mend(reason, repair)
        } catch let failure as LedgerFailure {
            return [Finding(.history, .wrong, "\(sentence(reason)), and can't be repaired: \(failure)")]
        }
    }

    private func mend(_ reason: HistoryFailure, _ repair: HistoryRepair) throws -> [Finding] {
        var unreadable: [Finding] = []
        let outcome = try repair.run { known in
            let contents = try published(without: known)
            unreadable = contents.unreadable
            return HistoryRepair.Outbox(models: contents.models, current: outbox.currentVersion)
        }
        switch outcome {
        case .replaced(let setAside, let report):
            let old = setAside.map { "; the old file is \($0), delete it when you miss nothing" } ?? ""
            return [Finding(.history, .repaired, "\(sentence(reason)); replaced by a new one\(old)")]
                + (report.map(findings(of:)) ?? []) + unreadable
        case .impossible(let backups):
            return [Finding(.history, .wrong, "\(sentence(reason)); \(Self.nothingLeft)")]
                + backups.map { Finding(.history, .wrong, unusable($0)) }
        }
    }

    /// The versions of the outbox that aren't known, the oldest first, and what can't be read of them.
    private func published(
        without known: Set<String>
    ) throws -> (models: [PublishedModel], unreadable: [Finding]) {
        var models: [PublishedModel] = []
        var unreadable: [Finding] = []
        guard try Files.exists(outbox.models) else { return ([], []) }
        let versions = try outbox.versions().filter { !known.contains($0) && (try? outbox.folder(of: $0)) != nil }
        for version in versions.sorted(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) {
            do { models.append(try outbox.model(version)) } catch let failure as OutboxFailure {
                unreadable.append(Finding(.history, .repaired, notRestored(version, "\(failure)")))
            } catch let failure as FileFailure {
                unreadable.append(Finding(.history, .repaired, notRestored(version, "\(failure)")))
            }
        }
        return (models, unreadable)
    }

    // MARK: Sentences

    private func sentence(_ reason: HistoryFailure) -> String {
        switch reason {
        case .damaged(let path, let problem): "\(path) is damaged: \(problem)"
        case .repairUnfinished(let path): "an earlier repair of \(path) was interrupted"
        case .lost(let path): "\(path) is missing or empty, although there are pictures or a ledger"
        default: "\(reason)"
        }
    }

    private static let nothingLeft =
        "there is nothing to make a new one from: there is no ledger that can be read, and no usable backup. Put a "
        + "backup that you have made with `cultivar backup` in its place, without -wal and -shm. If a release without a ledger wrote it, that release's `cultivar doctor --repair` can read what is left"

    private func findings(of report: RebuildReport) -> [Finding] {
        var sentences = report.unusableBackups.map(unusable)
        let backup = report.backup.map { "\(report.picturesOfBackup) pictures are from the backup \($0), " } ?? ""
        sentences.append("\(backup)\(report.picturesOfLedger) pictures are from the ledger")
        let extent = report.backup.map { " since \($0)" } ?? ""
        sentences.append("the record of runs, evaluations, rejected files and duplicates\(extent) is lost")
        if !report.restoredVersions.isEmpty {
            sentences.append("restored from the outbox: \(report.restoredVersions.joined(separator: ", "))")
        }
        sentences += report.refusedVersions.map { notRestored($0.name, $0.reason) }
        if report.hasNewKey {
            sentences.append(
                "no line of the ledger says the split key, so a new one was drawn: known pictures keep their split; "
                    + "those whose lines are lost may get the other one if they are dropped again")
        }
        if report.hasEndedRun { sentences.append("the run that was in progress in the backup was ended as failed") }
        return sentences.map { Finding(.history, .repaired, $0) }
    }

    private func unusable(_ backup: RebuildReport.Refusal) -> String {
        "the backup \(backup.name) can't be used: \(backup.reason)"
    }

    private func notRestored(_ version: String, _ reason: String) -> String {
        "\(version) of the outbox can't be restored in the history: \(reason)"
    }
}
