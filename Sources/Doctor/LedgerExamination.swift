internal import Archive
internal import Records
internal import System

/// The ledger's part of a check: whether all of it can be read, and whether it says what the history says.
struct LedgerExamination {
    let state: StateFolder
    let history: History
    /// Whether lines that are written again say where the picture was.
    let keepsPaths: Bool
    let disk: any Disk

    /// What reading it has shown.
    private struct Look {
        let reading: LedgerReading
        /// Pictures that only the ledger knows.
        var onlyInLedger = 0
        /// Pictures that only the history knows.
        var onlyInHistory = 0
    }

    /// What is found, and the ledger, open for what else is to be repaired: nil if nothing is, or if it can't be used.
    ///
    /// What can't be looked at is a finding, so that the other parts' findings are reported.
    func run(repairing: Bool) throws -> (findings: [Finding], ledger: Ledger?) {
        do {
            let look = try look()
            guard repairing else { return (findings(of: look), nil) }
            return try repair(look)
        } catch let failure as LedgerFailure {
            return ([Finding(.ledger, .wrong, "\(failure)")], nil)
        } catch let failure as FileFailure {
            return ([Finding(.ledger, .wrong, "\(failure)")], nil)
        }
    }

    private func look() throws -> Look {
        var unseen = try history.pictureSizes()
        var strange: Set<PictureDigest> = []
        var seen: Set<PictureDigest> = []
        let reading = try LedgerReading.read(state.ledger) { entry in
            guard case .picture(let picture) = entry else { return }
            if unseen.removeValue(forKey: picture.digest) != nil {
                seen.insert(picture.digest)
            } else if !seen.contains(picture.digest) {
                strange.insert(picture.digest)
            }
        }
        if let key = reading.splitKey, try key != history.splitKey() {
            throw LedgerFailure.otherKey(state.ledger, history: history.path)
        }
        return Look(reading: reading, onlyInLedger: strange.count, onlyInHistory: unseen.count)
    }

    // MARK: Looking

    private func findings(of look: Look) -> [Finding] {
        let damages = look.reading.damages
        var findings = damages.prefix(Self.listed).map { damage in
            Finding(.ledger, .wrong, "\(damage)\(advice(on: damage))")
        }
        if damages.count > Self.listed {
            findings.append(Finding(.ledger, .wrong, "and \(damages.count - Self.listed) more lines"))
        }
        if let torn = look.reading.torn {
            findings.append(
                Finding(.ledger, .ok, "the last line of \(torn) is incomplete, and was never acknowledged"))
        }
        if look.onlyInLedger + look.onlyInHistory > 0 {
            findings.append(
                Finding(.ledger, .wrong, "\(difference(look)); the daemon adds what either lacks when it starts"))
        }
        return findings.isEmpty
            ? [Finding(.ledger, .ok, "\(look.reading.count) entries, which agree with the history")] : findings
    }

    private func advice(on damage: LedgerDamage) -> String {
        if case .newer = damage.reason { return "" }
        return "; `cultivar doctor --repair` writes again what the history knows of it"
    }

    private func difference(_ look: Look) -> String {
        "\(look.onlyInLedger) pictures of the ledger aren't in the history, and \(look.onlyInHistory) of the history "
            + "aren't in the ledger"
    }

    // MARK: Repairing

    /// The history gets what the ledger says before any line is taken out, and the ledger what the history knows
    /// afterwards.
    private func repair(_ look: Look) throws -> (findings: [Finding], ledger: Ledger?) {
        var ledger = try open()
        var findings: [Finding] = []
        if let cut = ledger.cutFile {
            findings.append(Finding(.ledger, .repaired, "cut off the last line of \(cut), which was incomplete"))
        }
        let damages = look.reading.damages
        let hasDifference = look.onlyInLedger + look.onlyInHistory > 0
        if hasDifference || !damages.isEmpty { _ = try history.agree(with: ledger, comparingAll: true) }
        let replacements = try LedgerRepair(splitKey: history.splitKey(), disk: disk).run(damages)
        if !replacements.isEmpty {
            ledger = try open()
            _ = try history.agree(with: ledger, comparingAll: true)
        }
        findings += replacements.map(finding(of:))
        for damage in damages {
            if case .newer = damage.reason { findings.append(Finding(.ledger, .wrong, "\(damage)")) }
        }
        if hasDifference { findings.append(Finding(.ledger, .repaired, "\(difference(look)): now they are")) }
        if findings.isEmpty { findings = self.findings(of: look) }
        return (findings, ledger)
    }

    private func open() throws -> Ledger { try Ledger(state, of: history, keepsPaths: keepsPaths, disk: disk) }

    private func finding(of replacement: LedgerRepair.Replacement) -> Finding {
        let numbers = replacement.lines.prefix(Self.listed).map(String.init).joined(separator: ", ")
        let rest = replacement.lines.count > Self.listed ? ", …" : ""
        return Finding(
            .ledger, .repaired,
            "\(replacement.lines.count) lines of \(replacement.file) were damaged (\(numbers)\(rest)) and were taken "
                + "out; what the history knows of them was written again. The old file is \(replacement.setAside)")
    }

    /// How many lines are named individually.
    private static let listed = 20
}
