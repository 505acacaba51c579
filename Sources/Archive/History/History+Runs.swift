import GRDB
package import Records

extension History {
    /// Starts a run. Only one run can be in progress; ask ``unfinishedRun()`` first.
    package func startRun(_ run: NewRun) throws -> RunID {
        try write { db in try Self.insert(db, run) }
    }

    /// Records that there was no run, and why.
    @discardableResult
    package func recordSkippedRun(_ run: NewRun, reason: RunReason, at time: Timestamp) throws -> RunID {
        try write { db in
            let id = try Self.insert(db, run)
            try Self.finish(db, id, as: .skipped, RunResult(reason: reason), version: nil, at: time)
            return id
        }
    }

    /// The run that was started and hasn't ended, with what it has done so far.
    package func unfinishedRun() throws -> UnfinishedRun? {
        try reader.read { db in
            let sql = """
                SELECT id, trigger, requested_at, started_at, seed, settings, train_pictures, test_pictures,
                last_picture_id FROM runs WHERE outcome = 'running'
                """
            guard let row = try Row.fetchOne(db, sql: sql) else { return nil }
            let id: RunID = try row.decode(forColumn: "id")
            var start = try NewRun(unfinished: row)
            start.leftOut = try Shortage.fetchAll(db, of: id)
            start.leftOutPictures = Set(
                try PictureID.fetchAll(
                    db, sql: "SELECT picture_id FROM left_out_pictures WHERE run_id = ?", arguments: [id]))
            return UnfinishedRun(
                id: id, start: start,
                candidates: try JSONText.fetchAll(
                    db, sql: "SELECT parameters FROM candidates WHERE run_id = ? ORDER BY candidate", arguments: [id]),
                trials: try TrialRecord.fetchAll(db, of: id))
        }
    }

    /// Changes what a run in progress leaves out, and how many pictures it uses, because some of its pictures proved
    /// unusable. Nothing else in `start` counts.
    ///
    /// Its evaluations are forgotten. Throws ``HistoryFailure/notRunning(_:)`` if it has ended.
    ///
    /// - Parameter forgettingTrials: also forgets what it has trained so far, because it has other training pictures now.
    package func redefine(_ run: RunID, as start: NewRun, forgettingTrials: Bool) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE runs SET train_pictures = ?, test_pictures = ? WHERE id = ? AND outcome = 'running'",
                arguments: [start.trainPictures, start.testPictures, run])
            if db.changesCount != 1 { throw HistoryFailure.notRunning(run) }
            let trained = forgettingTrials ? ["trials", "refits"] : []
            for table in ["left_out_classes", "left_out_pictures", "evaluations"] + trained {
                try db.execute(sql: "DELETE FROM \(table) WHERE run_id = ?", arguments: [run])
            }
            if forgettingTrials {
                let scores = "mean_accuracy = NULL, std_accuracy = NULL, rank = NULL"
                try db.execute(sql: "UPDATE candidates SET \(scores) WHERE run_id = ?", arguments: [run])
            }
            try Self.insertLeftOut(db, start, of: run)
        }
    }

    /// Records a run's candidates, in their order. Call it once per run, even if that is resumed: a second call fails.
    package func recordCandidates(_ parameters: [JSONText], of run: RunID) throws {
        try write { db in
            for (index, parameters) in parameters.enumerated() {
                try db.cachedStatement(sql: "INSERT INTO candidates (run_id, candidate, parameters) VALUES (?, ?, ?)")
                    .execute(arguments: [run, index, parameters])
            }
        }
    }

    /// Records a finished trial; an earlier record of the same candidate and fold is replaced.
    package func recordTrial(_ trial: TrialRecord, of run: RunID) throws {
        try write { db in try trial.save(db, run: run) }
    }

    /// Records the scores and ranks of candidates that are recorded already.
    package func recordScores(_ scores: [CandidateScore], of run: RunID) throws {
        try write { db in
            let sql = """
                UPDATE candidates SET mean_accuracy = ?, std_accuracy = ?, rank = ? WHERE run_id = ? AND candidate = ?
                """
            for score in scores {
                try db.cachedStatement(sql: sql).execute(arguments: [
                    score.meanAccuracy, score.stdAccuracy, score.rank, run, score.candidate,
                ])
            }
        }
    }

    /// Records the winner's fit on all training pictures; an earlier record of it is replaced.
    package func recordRefit(_ refit: RefitRecord, of run: RunID) throws {
        try write { db in try refit.save(db, run: run) }
    }

    /// Adds to the time that a run has spent in a stage: a resumed run spends some in each process.
    package func recordStage(_ stage: RunStage, seconds: Double, of run: RunID) throws {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO run_stages (run_id, stage, seconds) VALUES (?, ?, ?)
                    ON CONFLICT (run_id, stage) DO UPDATE SET seconds = seconds + excluded.seconds
                    """, arguments: [run, stage, seconds])
        }
    }

    /// Ends a run that promotes nothing; ``promote(_:in:_:at:)`` ends the others. Throws
    /// ``HistoryFailure/notRunning(_:)`` if it has ended.
    package func finishRun(_ run: RunID, as outcome: RunOutcome, _ result: RunResult, at time: Timestamp) throws {
        precondition(outcome != .running && outcome != .promoted, "finishRun doesn't make a run \(outcome)")
        try write { db in try Self.finish(db, run, as: outcome, result, version: nil, at: time) }
    }

    /// The newest picture that any run has seen, even a skipped one; 0 if there is none.
    package func lastPictureOfRuns() throws -> PictureID {
        try reader.read { db in try PictureID.fetchOne(db, sql: "SELECT max(last_picture_id) FROM runs") ?? 0 }
    }
}

extension History {
    private static func insert(_ db: Database, _ run: NewRun) throws -> RunID {
        try db.execute(
            sql: """
                INSERT INTO runs (trigger, requested_at, started_at, outcome, seed, settings, train_pictures,
                test_pictures, last_picture_id) VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?)
                """,
            arguments: [
                run.trigger, run.requestedAt, run.startedAt, Int64(bitPattern: run.seed), run.settings,
                run.trainPictures, run.testPictures, run.lastPicture,
            ])
        let id = db.lastInsertedRowID
        try insertLeftOut(db, run, of: id)
        return id
    }

    private static func insertLeftOut(_ db: Database, _ start: NewRun, of run: RunID) throws {
        for (label, shortage) in start.leftOut { try shortage.insert(db, label, of: run) }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO left_out_pictures (run_id, picture_id) VALUES (?, ?)")
        for picture in start.leftOutPictures { try statement.execute(arguments: [run, picture]) }
    }

    static func finish(
        _ db: Database, _ run: RunID, as outcome: RunOutcome, _ result: RunResult, version: String?, at time: Timestamp
    ) throws {
        try db.execute(
            sql: """
                UPDATE runs SET outcome = ?, reason = ?, reason_data = ?, finished_at = ?, test_accuracy = ?, champion_accuracy = ?,
                champion_version = ?, version = ?, train_pictures = coalesce(?, train_pictures),
                test_pictures = coalesce(?, test_pictures), parameters = ? WHERE id = ? AND outcome = 'running'
                """,
            arguments: [
                outcome, result.reason.text, JSONText(result.reason), time, result.testAccuracy,
                result.championAccuracy, result.championVersion,
                version, result.trainPictures, result.testPictures, result.parameters, run,
            ])
        if db.changesCount != 1 { throw HistoryFailure.notRunning(run) }
    }
}

extension NewRun {
    /// Without the classes that it leaves out, which are rows of their own.
    fileprivate init(unfinished row: Row) throws {
        try self.init(
            trigger: row.decode(forColumn: "trigger"), requestedAt: row.decode(forColumn: "requested_at"),
            startedAt: row.decode(forColumn: "started_at"), seed: UInt64(bitPattern: row.decode(forColumn: "seed")),
            settings: row.decode(forColumn: "settings"), trainPictures: row.decode(forColumn: "train_pictures"),
            testPictures: row.decode(forColumn: "test_pictures"), lastPicture: row.decode(forColumn: "last_picture_id"))
    }
}

extension Shortage: FetchableRecord {
    fileprivate func insert(_ db: Database, _ label: LabelID, of run: RunID) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO left_out_classes (run_id, label_id, train_pictures, test_pictures, needed)
                VALUES (?, ?, ?, ?, ?)
                """
        ).execute(arguments: [run, label, train, test, needed])
    }

    fileprivate static func fetchAll(_ db: Database, of run: RunID) throws -> [LabelID: Shortage] {
        let sql = """
            SELECT c.label_id, l.name AS label, c.train_pictures AS train, c.test_pictures AS test, c.needed
            FROM left_out_classes c JOIN labels l ON l.id = c.label_id WHERE c.run_id = ?
            """
        return try Dictionary(
            uniqueKeysWithValues: Row.fetchAll(db, sql: sql, arguments: [run]).map { row in
                try (row.decode(forColumn: "label_id"), Shortage(row: row))
            })
    }
}
