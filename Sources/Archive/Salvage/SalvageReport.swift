/// What a salvage has copied from a damaged history into a new one, and what it hasn't.
package struct SalvageReport: Hashable, Sendable {
    package struct Table: Hashable, Sendable {
        package let name: String
        /// Rows in the new history.
        package internal(set) var kept = 0
        /// Rows that could be read but violate the table's constraints or contradict another row.
        package internal(set) var refused = 0
        /// Rows that were dropped because a row that they refer to is lost.
        package internal(set) var dropped = 0
    }

    package internal(set) var tables: [Table] = []
    /// Pages of tables and indexes that can't be read.
    package internal(set) var badPages = 0
    /// Rows of readable pages that can't be read.
    package internal(set) var badCells = 0
    /// Pages with rows whose table can't be determined.
    package internal(set) var ambiguousPages = 0
    /// False if the split key was lost and a new one was drawn.
    package internal(set) var hasSplitKey = false
    /// Labels that were restored from their spellings.
    package internal(set) var restoredLabels = 0
    /// Drops, files and runs that are only known from the pictures and models that came from them.
    package internal(set) var standIns = 0
    /// Whether a run in progress was ended as failed.
    package internal(set) var hasEndedRun = false

    subscript(_ table: String) -> Table {
        get { tables.first { $0.name == table } ?? Table(name: table) }
        set {
            if let index = tables.firstIndex(where: { $0.name == table }) {
                tables[index] = newValue
            } else {
                tables.append(newValue)
            }
        }
    }
}
