extension Int {
    /// The sum, or the number that is nearest to it. For numbers that are read from the history: whatever a damaged one
    /// holds, it must not end the process that looks at it.
    package func saturatingSum(_ other: Int) -> Int {
        let (sum, isTooFar) = addingReportingOverflow(other)
        guard isTooFar else { return sum }
        return other < 0 ? .min : .max
    }
}
