internal import Archive
internal import System

/// The history's part of a check.
struct HistoryExamination {
    let state: StateFolder
    let disk: any Disk

    func findings(repairing: Bool) throws -> [Finding] {
        let repair = HistoryRepair(state, disk: disk)
        guard let reason = try repair.reason() else {
            return [Finding(.history, .ok, "\(state.history): no damage found")]
        }
        guard repairing else {
            let advice = "`cultivar doctor --repair` sets it aside and copies what can be read into a new one"
            return [Finding(.history, .wrong, "\(sentence(reason)); \(advice)")]
        }
        let outcome = try repair.run()
        let old = outcome.setAside.map { "; the old file is \($0), delete it when you miss nothing" } ?? ""
        return [Finding(.history, .repaired, "\(sentence(reason)); replaced by a new one\(old)")]
            + (outcome.report.map(findings(of:)) ?? [])
    }

    private func sentence(_ reason: HistoryFailure) -> String {
        switch reason {
        case .damaged(let path, let problem): "\(path) is damaged: \(problem)"
        case .repairUnfinished(let path): "an earlier repair of \(path) was interrupted"
        case .lost(let path): "\(path) is missing or empty, although there are pictures"
        default: "\(reason)"
        }
    }

    private func findings(of report: SalvageReport) -> [Finding] {
        var sentences: [String] = []
        if !report.hasSplitKey {
            sentences.append(
                "the split key was lost and a new one was drawn: known pictures keep their split; lost pictures that "
                    + "are dropped again may get the other split")
        }
        let kept = report.tables.filter { $0.kept > 0 }.map { "\($0.name) \($0.kept)" }.joined(separator: ", ")
        sentences.append("rows kept: \(kept.isEmpty ? "none" : kept)")
        let unreadable = report.badPages + report.ambiguousPages
        if unreadable + report.badCells > 0 {
            sentences.append("\(unreadable) pages and \(report.badCells) single rows couldn't be read")
        }
        for table in report.tables where table.refused + table.dropped > 0 {
            sentences.append(
                "\(table.name): \(table.refused) rows were contradictory, \(table.dropped) referred to lost rows")
        }
        if report.restoredLabels > 0 {
            sentences.append("\(report.restoredLabels) labels were restored from their spellings")
        }
        if report.standIns > 0 {
            sentences.append("\(report.standIns) lost drops, files or runs were replaced by placeholders")
        }
        if report.hasEndedRun { sentences.append("the run in progress was ended as failed") }
        return sentences.map { Finding(.history, .repaired, $0) }
    }
}
