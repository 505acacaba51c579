/// The tables as first released, and what later steps add. docs/history-schema.md explains each column.
enum Schema {
    /// The names of all tables.
    static let tables =
        ["grdb_migrations"]
        + [installation, drops, runs, models, results, decoderAttempts, keptSources, runParts, inbox, ledger, setAside]
        .flatMap { sql in
            sql.matches(of: /CREATE TABLE (\w+)/).map { String($0.1) }
        }

    /// A time as ``Timestamp`` writes it.
    private static let isTime = "GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].*Z'"

    static let installation = """
        CREATE TABLE installation (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            split_key BLOB NOT NULL CHECK (length(split_key) = 32),
            created_at TEXT NOT NULL CHECK (created_at \(isTime))
        ) STRICT;

        CREATE TABLE labels (
            id INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL CHECK (name <> ''),
            key TEXT NOT NULL UNIQUE CHECK (key <> '')
        ) STRICT;

        CREATE TABLE label_spellings (
            spelling TEXT NOT NULL PRIMARY KEY,
            label_id INTEGER NOT NULL REFERENCES labels (id)
        ) STRICT, WITHOUT ROWID;
        """

    static let drops = """
        CREATE TABLE drops (
            id INTEGER NOT NULL PRIMARY KEY,
            name BLOB NOT NULL CHECK (length(name) > 0),
            name_text TEXT NOT NULL,
            arrived_at TEXT NOT NULL CHECK (arrived_at \(isTime)),
            finished_at TEXT CHECK (finished_at \(isTime)),
            accepted INTEGER NOT NULL DEFAULT 0 CHECK (accepted >= 0),
            duplicates INTEGER NOT NULL DEFAULT 0 CHECK (duplicates >= 0),
            rejected INTEGER NOT NULL DEFAULT 0 CHECK (rejected >= 0)
        ) STRICT;
        CREATE UNIQUE INDEX drops_unfinished ON drops (name) WHERE finished_at IS NULL;

        CREATE TABLE pictures (
            id INTEGER NOT NULL PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
            bytes INTEGER NOT NULL CHECK (bytes > 0),
            format TEXT NOT NULL CHECK (format IN ('jpeg', 'png')),
            width INTEGER NOT NULL CHECK (width > 0),
            height INTEGER NOT NULL CHECK (height > 0),
            label_id INTEGER NOT NULL REFERENCES labels (id),
            split TEXT NOT NULL CHECK (split IN ('train', 'test')),
            split_origin TEXT NOT NULL CHECK (split_origin IN ('hash', 'folder')),
            notes TEXT,
            drop_id INTEGER NOT NULL REFERENCES drops (id),
            accepted_at TEXT NOT NULL CHECK (accepted_at \(isTime))
        ) STRICT;
        CREATE INDEX pictures_label ON pictures (label_id, split);

        CREATE TRIGGER pictures_are_for_ever BEFORE UPDATE OF id, digest, split, split_origin ON pictures
        BEGIN SELECT RAISE(ABORT, 'a picture and its split never change'); END;

        CREATE TABLE files (
            id INTEGER NOT NULL PRIMARY KEY,
            drop_id INTEGER NOT NULL REFERENCES drops (id),
            path BLOB NOT NULL CHECK (length(path) > 0),
            path_text TEXT NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'duplicate', 'rejected')),
            reason_code TEXT,
            reason TEXT,
            bytes INTEGER CHECK (bytes >= 0),
            picture_id INTEGER REFERENCES pictures (id),
            recorded_at TEXT NOT NULL CHECK (recorded_at \(isTime)),
            CHECK ((verdict = 'rejected') = (reason_code IS NOT NULL)),
            CHECK ((verdict = 'rejected') = (reason IS NOT NULL)),
            CHECK (verdict = 'rejected' OR picture_id IS NOT NULL)
        ) STRICT;
        CREATE INDEX files_path ON files (drop_id, path);
        CREATE INDEX files_picture ON files (picture_id);
        CREATE INDEX files_rejected ON files (id) WHERE verdict = 'rejected';
        """

    /// Added by the second step.
    static let decoderAttempts = """
        CREATE TABLE decoder_attempts (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            attempts INTEGER NOT NULL CHECK (attempts > 0),
            last_attempt_at TEXT NOT NULL CHECK (last_attempt_at \(isTime))
        ) STRICT, WITHOUT ROWID;
        """

    /// Added by the third step. The numbers of devices and inodes are unsigned, and stored as signed numbers.
    static let keptSources = """
        CREATE TABLE kept_sources (
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL CHECK (size >= 0),
            changed INTEGER NOT NULL,
            drop_id INTEGER NOT NULL REFERENCES drops (id),
            kept_at TEXT NOT NULL CHECK (kept_at \(isTime)),
            PRIMARY KEY (device, inode)
        ) STRICT, WITHOUT ROWID;
        """

    /// Added by the fifth step.
    static let runParts = """
        CREATE TABLE run_stages (
            run_id INTEGER NOT NULL REFERENCES runs (id),
            stage TEXT NOT NULL CHECK (stage IN ('features', 'search', 'refit', 'evaluation', 'publication')),
            seconds REAL NOT NULL CHECK (seconds >= 0),
            PRIMARY KEY (run_id, stage)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE left_out_classes (
            run_id INTEGER NOT NULL REFERENCES runs (id),
            label_id INTEGER NOT NULL REFERENCES labels (id),
            train_pictures INTEGER NOT NULL CHECK (train_pictures >= 0),
            test_pictures INTEGER NOT NULL CHECK (test_pictures >= 0),
            needed INTEGER NOT NULL CHECK (needed > 0),
            PRIMARY KEY (run_id, label_id)
        ) STRICT, WITHOUT ROWID;
        """

    /// Added by the sixth step: how drops were understood, the contents of rejected files, and hidden paths that are to
    /// be taken.
    static let inbox = """
        ALTER TABLE drops ADD COLUMN layout TEXT;
        ALTER TABLE drops ADD COLUMN warnings TEXT CHECK (warnings IS NULL OR json_valid(warnings));
        ALTER TABLE drops ADD COLUMN folders BLOB;
        ALTER TABLE files ADD COLUMN digest BLOB CHECK (length(digest) = 32);

        CREATE TABLE take_requests (
            path BLOB NOT NULL PRIMARY KEY CHECK (length(path) > 0),
            path_text TEXT NOT NULL,
            requested_at TEXT NOT NULL CHECK (requested_at \(isTime)),
            requester TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE kept_links (
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            path BLOB NOT NULL,
            PRIMARY KEY (device, inode, path),
            FOREIGN KEY (device, inode) REFERENCES kept_sources (device, inode) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        """

    /// Added by the seventh step.
    static let reasons = """
        ALTER TABLE runs ADD COLUMN reason_data TEXT CHECK (reason_data IS NULL OR json_valid(reason_data));
        """

    /// Added by the eighth step.
    static let ledger = """
        CREATE TABLE ledger_position (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            file TEXT NOT NULL,
            length INTEGER NOT NULL CHECK (length >= 0),
            total INTEGER NOT NULL CHECK (total >= length)
        ) STRICT;
        """

    /// Added by the ninth step: the pictures that can't be used now, and those that a run didn't use.
    static let setAside = """
        CREATE TABLE set_aside_pictures (
            picture_id INTEGER NOT NULL PRIMARY KEY REFERENCES pictures (id),
            reason_code TEXT NOT NULL CHECK (reason_code <> ''),
            reason TEXT NOT NULL,
            set_aside_at TEXT NOT NULL CHECK (set_aside_at \(isTime))
        ) STRICT;

        CREATE TABLE left_out_pictures (
            run_id INTEGER NOT NULL REFERENCES runs (id),
            picture_id INTEGER NOT NULL REFERENCES pictures (id),
            PRIMARY KEY (run_id, picture_id)
        ) STRICT, WITHOUT ROWID;
        """

    static let runs = """
        CREATE TABLE runs (
            id INTEGER NOT NULL PRIMARY KEY,
            trigger TEXT NOT NULL CHECK (trigger IN ('schedule', 'drop', 'request')),
            requested_at TEXT CHECK (requested_at \(isTime)),
            started_at TEXT NOT NULL CHECK (started_at \(isTime)),
            finished_at TEXT CHECK (finished_at \(isTime)),
            outcome TEXT NOT NULL CHECK (outcome IN ('running', 'promoted', 'kept', 'skipped', 'failed')),
            reason TEXT,
            seed INTEGER NOT NULL,
            settings TEXT NOT NULL CHECK (json_valid(settings)),
            train_pictures INTEGER NOT NULL CHECK (train_pictures >= 0),
            test_pictures INTEGER NOT NULL CHECK (test_pictures >= 0),
            last_picture_id INTEGER NOT NULL CHECK (last_picture_id >= 0),
            test_accuracy REAL CHECK (test_accuracy BETWEEN 0 AND 1),
            champion_accuracy REAL CHECK (champion_accuracy BETWEEN 0 AND 1),
            champion_version TEXT REFERENCES models (version),
            version TEXT UNIQUE REFERENCES models (version),
            parameters TEXT CHECK (parameters IS NULL OR json_valid(parameters)),
            CHECK ((outcome = 'running') = (finished_at IS NULL)),
            CHECK ((outcome = 'running') = (reason IS NULL)),
            CHECK ((outcome = 'promoted') = (version IS NOT NULL))
        ) STRICT;
        CREATE UNIQUE INDEX runs_running ON runs (outcome) WHERE outcome = 'running';

        CREATE TABLE run_requests (
            id INTEGER NOT NULL PRIMARY KEY,
            requested_at TEXT NOT NULL CHECK (requested_at \(isTime)),
            requester TEXT NOT NULL,
            taken_at TEXT CHECK (taken_at \(isTime)),
            run_id INTEGER REFERENCES runs (id),
            CHECK ((taken_at IS NULL) = (run_id IS NULL))
        ) STRICT;

        CREATE TABLE candidates (
            run_id INTEGER NOT NULL REFERENCES runs (id),
            candidate INTEGER NOT NULL CHECK (candidate >= 0),
            parameters TEXT NOT NULL CHECK (json_valid(parameters)),
            mean_accuracy REAL CHECK (mean_accuracy BETWEEN 0 AND 1),
            std_accuracy REAL CHECK (std_accuracy >= 0),
            rank INTEGER CHECK (rank >= 1),
            PRIMARY KEY (run_id, candidate)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE trials (
            run_id INTEGER NOT NULL,
            candidate INTEGER NOT NULL,
            fold INTEGER NOT NULL CHECK (fold >= 0),
            accuracy REAL CHECK (accuracy BETWEEN 0 AND 1),
            failure TEXT,
            best_epoch INTEGER CHECK (best_epoch >= 1),
            seconds REAL NOT NULL CHECK (seconds >= 0),
            PRIMARY KEY (run_id, candidate, fold),
            FOREIGN KEY (run_id, candidate) REFERENCES candidates (run_id, candidate),
            CHECK ((accuracy IS NULL) = (failure IS NOT NULL))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE trial_epochs (
            run_id INTEGER NOT NULL,
            candidate INTEGER NOT NULL,
            fold INTEGER NOT NULL,
            epoch INTEGER NOT NULL CHECK (epoch >= 1),
            loss REAL,
            accuracy REAL,
            val_loss REAL,
            val_accuracy REAL,
            learning_rate REAL NOT NULL,
            PRIMARY KEY (run_id, candidate, fold, epoch),
            FOREIGN KEY (run_id, candidate, fold) REFERENCES trials (run_id, candidate, fold) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE refits (
            run_id INTEGER NOT NULL PRIMARY KEY,
            candidate INTEGER NOT NULL,
            best_epoch INTEGER NOT NULL CHECK (best_epoch >= 1),
            seconds REAL NOT NULL CHECK (seconds >= 0),
            FOREIGN KEY (run_id, candidate) REFERENCES candidates (run_id, candidate)
        ) STRICT;

        CREATE TABLE refit_epochs (
            run_id INTEGER NOT NULL REFERENCES refits (run_id) ON DELETE CASCADE,
            epoch INTEGER NOT NULL CHECK (epoch >= 1),
            loss REAL,
            accuracy REAL,
            val_loss REAL,
            val_accuracy REAL,
            learning_rate REAL NOT NULL,
            PRIMARY KEY (run_id, epoch)
        ) STRICT, WITHOUT ROWID;
        """

    static let models = """
        CREATE TABLE models (
            version TEXT NOT NULL PRIMARY KEY CHECK (version <> ''),
            run_id INTEGER NOT NULL UNIQUE REFERENCES runs (id),
            created_at TEXT NOT NULL CHECK (created_at \(isTime)),
            test_accuracy REAL NOT NULL CHECK (test_accuracy BETWEEN 0 AND 1),
            parameters TEXT NOT NULL CHECK (json_valid(parameters)),
            manifest TEXT NOT NULL CHECK (json_valid(manifest)),
            head BLOB NOT NULL,
            backbone TEXT NOT NULL,
            backbone_checksum BLOB NOT NULL CHECK (length(backbone_checksum) = 32),
            input_size INTEGER NOT NULL CHECK (input_size > 0)
        ) STRICT;

        CREATE TABLE model_labels (
            version TEXT NOT NULL REFERENCES models (version),
            class INTEGER NOT NULL CHECK (class >= 0),
            label_id INTEGER NOT NULL REFERENCES labels (id),
            PRIMARY KEY (version, class),
            UNIQUE (version, label_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE publications (
            id INTEGER NOT NULL PRIMARY KEY,
            version TEXT NOT NULL REFERENCES models (version),
            kind TEXT NOT NULL CHECK (kind IN ('promotion', 'rollback')),
            decided_at TEXT NOT NULL CHECK (decided_at \(isTime)),
            published_at TEXT CHECK (published_at \(isTime))
        ) STRICT;
        """

    static let results = """
        CREATE TABLE evaluations (
            id INTEGER NOT NULL PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES runs (id),
            role TEXT NOT NULL CHECK (role IN ('champion', 'challenger')),
            version TEXT REFERENCES models (version),
            accuracy REAL NOT NULL CHECK (accuracy BETWEEN 0 AND 1),
            UNIQUE (run_id, role),
            CHECK (role = 'challenger' OR version IS NOT NULL)
        ) STRICT;

        CREATE TABLE class_scores (
            evaluation_id INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
            class INTEGER NOT NULL CHECK (class >= 0),
            label_id INTEGER NOT NULL REFERENCES labels (id),
            precision REAL CHECK (precision BETWEEN 0 AND 1),
            recall REAL CHECK (recall BETWEEN 0 AND 1),
            f1 REAL CHECK (f1 BETWEEN 0 AND 1),
            support INTEGER NOT NULL CHECK (support >= 0),
            PRIMARY KEY (evaluation_id, class),
            UNIQUE (evaluation_id, label_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE confusions (
            evaluation_id INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
            class INTEGER NOT NULL,
            predicted INTEGER NOT NULL,
            pictures INTEGER NOT NULL CHECK (pictures > 0),
            PRIMARY KEY (evaluation_id, class, predicted),
            FOREIGN KEY (evaluation_id, class) REFERENCES class_scores (evaluation_id, class) ON DELETE CASCADE,
            FOREIGN KEY (evaluation_id, predicted) REFERENCES class_scores (evaluation_id, class) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE predictions (
            evaluation_id INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
            picture_id INTEGER NOT NULL REFERENCES pictures (id),
            label_id INTEGER NOT NULL REFERENCES labels (id),
            probability REAL CHECK (probability BETWEEN 0 AND 1),
            PRIMARY KEY (evaluation_id, picture_id)
        ) STRICT, WITHOUT ROWID;
        """
}
