internal import Numerics

/// The rows that one fit trains on and those that its callbacks watch.
package struct ValidationSplit: Equatable {
    /// The training pictures' rows with their augmented copies.
    package let training: [Int32]
    /// The validation pictures' rows, without copies; empty if nothing was held out.
    package let validation: [Int32]

    /// Holds out round(share x pictures), spread over the classes in proportion to their size (by largest remainder,
    /// then by lower class), drawn with `seed`; every class keeps at least one picture for training.
    ///
    /// If that were fewer pictures than there are classes, their loss would be mostly chance, so nothing is held out.
    package init(_ rows: LabeledRows, pictures: [Int32], share: Double, seed: UInt64) {
        var members = [[Int32]](repeating: [], count: rows.classCount)
        for picture in pictures { members[Int(rows.labels[Int(rows.originalRows[Int(picture)])])].append(picture) }
        let counts = Self.apportion(share: share, sizes: members.map(\.count))
        var random = SeededRandom(seed: seed)
        var held: [Int32] = []
        for (index, count) in counts.enumerated() where count > 0 {
            members[index].shuffle(using: &random)
            held += members[index].prefix(count)
            members[index].removeFirst(count)
        }
        training = rows.rows(ofPictures: members.flatMap { $0 }, withCopies: true)
        validation = rows.rows(ofPictures: held, withCopies: false)
    }

    /// How many pictures of each class are held out.
    private static func apportion(share: Double, sizes: [Int]) -> [Int] {
        let total = sizes.reduce(0, +)
        let wanted = Int((share * Double(total)).rounded())
        guard wanted >= max(sizes.count { $0 > 0 }, 1) else { return sizes.map { _ in 0 } }
        let exact = sizes.map { Double($0) * Double(wanted) / Double(total) }
        var counts = zip(exact, sizes).map { min(Int($0), max($1 - 1, 0)) }
        let byRemainder = sizes.indices.sorted { left, right in
            let (a, b) = (exact[left] - Double(counts[left]), exact[right] - Double(counts[right]))
            return a != b ? a > b : left < right
        }
        var missing = wanted - counts.reduce(0, +)
        for index in byRemainder where missing > 0 && counts[index] < sizes[index] - 1 {
            counts[index] += 1
            missing -= 1
        }
        return counts
    }
}
