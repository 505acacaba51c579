/// Guesses which name was meant by a misspelt one: a settings key or a command.
package enum Spelling {
    /// The known name with the most similar spelling; nil if none is similar.
    package static func closest(to name: String, among known: [String]) -> String? {
        let ranked = known.map { ($0, editDistance(Array(name), Array($0))) }.min { $0.1 < $1.1 }
        return ranked.flatMap { $0.1 <= max(2, name.count / 3) ? $0.0 : nil }
    }

    /// Levenshtein's distance.
    private static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
        var previous = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var current = [i + 1]
            for (j, b) in right.enumerated() {
                current.append(min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a == b ? 0 : 1)))
            }
            previous = current
        }
        return previous[right.count]
    }
}
