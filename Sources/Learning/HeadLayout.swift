/// Where the tensors of a head are in one flat block of memory: first the trained ones, each at a multiple of 64 bytes
/// (the gaps are and stay zero), then the moving statistics of the batch normalization.
struct HeadLayout: Hashable, Sendable {
    let features: Int
    let hidden: Int
    let classes: Int
    let hasBatchNormalization: Bool

    let gamma: Range<Int>
    let beta: Range<Int>
    /// features x hidden, row-major.
    let hiddenKernel: Range<Int>
    let hiddenBias: Range<Int>
    /// hidden x classes, row-major.
    let outputKernel: Range<Int>
    let outputBias: Range<Int>
    let movingMean: Range<Int>
    let movingVariance: Range<Int>

    /// The number of values in the block, gaps included.
    let count: Int
    /// The values before this index are trained.
    let trainedCount: Int

    init(features: Int, hidden: Int, classes: Int, hasBatchNormalization: Bool) {
        precondition(min(features, hidden, classes) > 0, "a head can't be \(features) -> \(hidden) -> \(classes)")
        self.features = features
        self.hidden = hidden
        self.classes = classes
        self.hasBatchNormalization = hasBatchNormalization
        var next = 0
        func place(_ count: Int) -> Range<Int> {
            defer { next = (next + count + 15) / 16 * 16 }
            return next..<next + count
        }
        let normalized = hasBatchNormalization ? features : 0
        gamma = place(normalized)
        beta = place(normalized)
        hiddenKernel = place(features * hidden)
        hiddenBias = place(hidden)
        outputKernel = place(hidden * classes)
        outputBias = place(classes)
        trainedCount = next
        movingMean = place(normalized)
        movingVariance = place(normalized)
        count = next
    }

    /// All tensors in the order of the block, without the gaps.
    var tensors: [Range<Int>] {
        [gamma, beta, hiddenKernel, hiddenBias, outputKernel, outputBias, movingMean, movingVariance]
    }
}
