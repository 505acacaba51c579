internal import Archive
internal import Installation
internal import Outbox
internal import Records
internal import System
internal import Training

/// The outbox's part of a check: whether it shows the version that the history names, undamaged.
struct OutboxExamination {
    let history: History
    let outbox: OutboxFolder
    let library: BackboneLibrary

    /// What can't be looked at is a finding, so that the other parts' findings are reported.
    func findings(readingAll: Bool, repairing: Bool) throws -> [Finding] {
        do {
            return try examine(readingAll: readingAll, repairing: repairing)
        } catch let failure as FileFailure {
            return [Finding(.outbox, .wrong, "\(failure)")]
        }
    }

    private func examine(readingAll: Bool, repairing: Bool) throws -> [Finding] {
        guard let decision = try history.currentPublication() else { return [withoutDecision] }
        let damage = try damage(in: readingAll ? Set(history.models(limit: .max).map(\.version)) : [decision.version])
        guard try isBehind(decision) else {
            return damage.isEmpty
                ? [Finding(.outbox, .ok, "\(decision.version) is current, as the history says")] : damage
        }
        let shown = outbox.currentVersion.map { "it shows \($0)" } ?? "it shows no version"
        let difference = "\(shown), the history says \(decision.version)"
        guard repairing else {
            return [Finding(.outbox, .wrong, "\(difference); the daemon fixes this when it starts")] + damage
        }
        do {
            try outbox.prepare()
            try ModelPublisher(history: history, outbox: outbox, library: library).agree()
            return [Finding(.outbox, .repaired, "\(difference): now it is current")] + damage
        } catch {
            return [Finding(.outbox, .wrong, "\(difference), and can't be published: \(error)")] + damage
        }
    }

    private var withoutDecision: Finding {
        guard let version = outbox.currentVersion else {
            return Finding(.outbox, .ok, "no model has been promoted yet")
        }
        return Finding(
            .outbox, .wrong,
            "it shows \(version), which isn't in the history; the next promoted model replaces it")
    }

    private func isBehind(_ decision: Publication) throws -> Bool {
        guard let folder = try? outbox.folder(of: decision.version), try Files.exists(folder) else { return true }
        return outbox.currentVersion != decision.version || decision.publishedAt == nil
    }

    private func damage(in versions: Set<String>) throws -> [Finding] {
        try versions.sorted().compactMap { version -> Finding? in
            guard let folder = try? outbox.folder(of: version), try Files.exists(folder) else { return nil }
            do {
                try outbox.verify(folder)
                return nil
            } catch let failure as OutboxFailure {
                return Finding(.outbox, .wrong, "\(failure); delete \(folder) and restart the daemon")
            }
        }
    }
}
