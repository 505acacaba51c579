package import Numerics

/// What the rows of a feature matrix mean: which picture, of which class, and whether it is augmented.
///
/// The same pictures in the same order give the same rows for every backbone, so one value serves all of them.
package struct LabeledRows: Sendable, Equatable {
    /// The class of each row, in 0..<classCount; an augmented copy has the class of its picture.
    package let labels: [Int32]
    /// The picture that each row comes from, in 0..<pictureCount.
    package let pictures: [Int32]
    /// Whether the row is an augmented copy; each picture has exactly one other row.
    package let isAugmented: [Bool]
    /// Including classes without a row.
    package let classCount: Int
    /// The row of each original picture.
    package let originalRows: [Int32]

    /// Each array has one element per row. Every picture needs exactly one row that isn't augmented.
    package init(labels: [Int32], pictures: [Int32], isAugmented: [Bool], classCount: Int) {
        precondition(labels.count == pictures.count, "\(labels.count) labels, \(pictures.count) pictures")
        precondition(labels.count == isAugmented.count, "\(labels.count) labels, \(isAugmented.count) flags")
        precondition(labels.allSatisfy { $0 >= 0 && $0 < classCount }, "labels are in 0..<\(classCount)")
        self.labels = labels
        self.pictures = pictures
        self.isAugmented = isAugmented
        self.classCount = classCount
        originalRows = Self.findOriginals(labels: labels, pictures: pictures, isAugmented: isAugmented)
    }

    /// The number of rows, copies included.
    package var count: Int { labels.count }
    /// The number of rows without copies.
    package var pictureCount: Int { originalRows.count }

    /// The class of each picture.
    package var pictureLabels: [Int32] { originalRows.map { labels[Int($0)] } }

    /// The rows of the given pictures, in row order: the originals and, if requested, their augmented copies.
    package func rows(ofPictures wanted: [Int32], withCopies: Bool) -> [Int32] {
        var isWanted = [Bool](repeating: false, count: pictureCount)
        for picture in wanted { isWanted[Int(picture)] = true }
        return (0..<Int32(count)).filter { row in
            isWanted[Int(pictures[Int(row)])] && (withCopies || !isAugmented[Int(row)])
        }
    }

    private static func findOriginals(labels: [Int32], pictures: [Int32], isAugmented: [Bool]) -> [Int32] {
        var originals = [Int32](repeating: -1, count: isAugmented.count { !$0 })
        for row in labels.indices {
            let picture = Int(pictures[row])
            precondition(originals.indices.contains(picture), "row \(row): picture \(picture) of \(originals.count)")
            guard !isAugmented[row] else { continue }
            precondition(originals[picture] < 0, "picture \(picture) has two rows that aren't augmented")
            originals[picture] = Int32(row)
        }
        for row in labels.indices {
            let original = Int(originals[Int(pictures[row])])
            precondition(labels[row] == labels[original], "row \(row) and its picture have different labels")
        }
        return originals
    }
}

/// One backbone's features for a set of pictures; shared by all trials and never copied.
package struct LabeledFeatures: Sendable {
    /// Rows x features.
    package let features: Matrix
    package let rows: LabeledRows

    package init(features: Matrix, rows: LabeledRows) {
        precondition(features.rows == rows.count, "\(features.rows) rows of features, \(rows.count) labels")
        self.features = features
        self.rows = rows
    }
}
