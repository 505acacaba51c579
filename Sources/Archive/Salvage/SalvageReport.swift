/// What a salvage has brought from a damaged history into a new one, and what not.
package struct SalvageReport: Hashable, Sendable {
    package struct Table: Hashable, Sendable {
        package let name: String
        /// Rows that are in the new history.
        package internal(set) var kept = 0
        /// Rows that could be read and contradict the table's constraints or another row.
        package internal(set) var refused = 0
        /// Rows that went because a row that they refer to is lost.
        package internal(set) var dropped = 0
    }

    package internal(set) var tables: [Table] = []
    /// Pages of tables and indexes that can't be read.
    package internal(set) var badPages = 0
    /// Rows of readable pages that can't be read.
    package internal(set) var badCells = 0
    /// Pages of rows that nothing tells the table of.
    package internal(set) var ambiguousPages = 0
    /// False where the split key is lost and a new one was drawn.
    package internal(set) var hasSplitKey = false
    /// Labels that were made again from their spellings.
    package internal(set) var restoredLabels = 0
    /// Drops, files and runs of which only that they were is known, through the pictures and models that they brought.
    package internal(set) var standIns = 0
    /// Whether a run that was under way has ended as failed.
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
