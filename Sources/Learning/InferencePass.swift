internal import Numerics

/// A head's forward pass without dropout and with moving statistics, over up to `capacity` rows at a time; it owns the
/// memory for that.
final class InferencePass {
    let capacity: Int
    private let activation: Activation
    private let layout: HeadLayout
    private let input: AlignedBuffer<Float>
    private let hidden: AlignedBuffer<Float>
    private let output: AlignedBuffer<Float>
    private let scale: AlignedBuffer<Float>

    init(activation: Activation, layout: HeadLayout, capacity: Int = 128) {
        self.capacity = capacity
        self.activation = activation
        self.layout = layout
        input = AlignedBuffer(count: capacity * layout.features)
        hidden = AlignedBuffer(count: capacity * layout.hidden)
        output = AlignedBuffer(count: capacity * layout.classes)
        scale = AlignedBuffer(count: layout.hasBatchNormalization ? layout.features : 0)
    }

    /// The logits of the given rows of `features`, rows x classes; valid until the next call.
    func logits(
        weights: UnsafePointer<Float>, features: UnsafePointer<Float>, rows: ArraySlice<Int32>
    ) -> UnsafeMutablePointer<Float> {
        let count = rows.count
        precondition(count <= capacity, "\(count) rows, room for \(capacity)")
        gather(rows, of: features, columns: layout.features, into: input.baseAddress)
        if layout.hasBatchNormalization { normalize(count, weights) }
        GEMM.multiply(
            m: count, n: layout.hidden, k: layout.features, input.baseAddress, leadingA: layout.features,
            weights + layout.hiddenKernel.lowerBound, leadingB: layout.hidden, into: hidden.baseAddress,
            leadingC: layout.hidden)
        activation.apply(
            hidden.baseAddress, rows: count, bias: weights + layout.hiddenBias.lowerBound, columns: layout.hidden)
        multiplyToLogits(hidden.baseAddress, rows: count, weights: weights, layout: layout, into: output.baseAddress)
        return output.baseAddress
    }

    private func normalize(_ count: Int, _ weights: UnsafePointer<Float>) {
        let mean = weights + layout.movingMean.lowerBound
        let variance = weights + layout.movingVariance.lowerBound
        let gamma = weights + layout.gamma.lowerBound
        let beta = weights + layout.beta.lowerBound
        let scale = scale.baseAddress
        for column in 0..<layout.features {
            scale[column] = gamma[column] / (variance[column] + BatchNormalization.epsilon).squareRoot()
        }
        for row in 0..<count {
            let values = input.baseAddress + row * layout.features
            for column in 0..<layout.features {
                values[column] = (values[column] - mean[column]) * scale[column] + beta[column]
            }
        }
    }
}

/// Copies rows of a matrix, chosen by index, into consecutive rows of `target`.
func gather(
    _ rows: ArraySlice<Int32>, of source: UnsafePointer<Float>, columns: Int,
    into target: UnsafeMutablePointer<Float>
) {
    var next = target
    for row in rows {
        next.update(from: source + Int(row) * columns, count: columns)
        next += columns
    }
}

/// The second dense layer: logits = hidden * kernel + bias.
func multiplyToLogits(
    _ hidden: UnsafePointer<Float>, rows: Int, weights: UnsafePointer<Float>, layout: HeadLayout,
    into logits: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        let bias = weights + layout.outputBias.lowerBound
        (logits + row * layout.classes).update(from: bias, count: layout.classes)
    }
    GEMM.multiply(
        m: rows, n: layout.classes, k: layout.hidden, hidden, leadingA: layout.hidden,
        weights + layout.outputKernel.lowerBound, leadingB: layout.classes, beta: 1, into: logits,
        leadingC: layout.classes)
}
