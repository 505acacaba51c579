extension Int {
    /// The sum, or the nearest number that can be represented. For numbers from the history: a damaged history must not
    /// crash the process that reads it.
    package func saturatingSum(_ other: Int) -> Int {
        let (sum, isTooFar) = addingReportingOverflow(other)
        guard isTooFar else { return sum }
        return other < 0 ? .min : .max
    }
}
