internal import CKernels
internal import Numerics
internal import ONNX

/// The order in which kernels read the factors of a convolution or a dense layer.
enum WeightLayout: Hashable, Sendable {
    /// Row-major: (groups, H x W x I / groups, O / groups); for a depthwise convolution (H x W, channels), for a dense
    /// layer (K, N), for a channelwise function one per channel.
    case rows
    /// The rows packed in panels, for Cultivar's own products in the given precision. For a product in int16 whose
    /// input is already scaled, `inputBound` is the value of the largest integer.
    case panels(Precision = .float32, inputBound: Float? = nil)
    /// For a depthwise convolution: the rows, scaled so that outputs up to `bound` become int16 integers.
    case scaledRows(bound: Float)
    /// For 3 x 3 taps: the planes of Winograd's algorithm for tiles of `side` x `side` outputs, each packed in panels.
    case winograd(side: Int)
}

/// The factors and the summands (one per channel) of one operation.
struct Weights: Sendable {
    let factors: AlignedBuffer<Float>
    let bias: AlignedBuffer<Float>
    /// The format of the factors of a product; if it isn't float32, `factors` contains pairs of 16-bit elements.
    var precision = Precision.float32
    /// For int16, the value of one unit of each output's factors and of the input.
    var scales: AlignedBuffer<Float>?
}

extension Weights {
    /// The weights in rows; nil for operations without any.
    init?(_ operation: Operation) {
        switch operation {
        case .convolution(let convolution):
            factors = convolution.isDepthwise ? convolution.packedDepthwise() : convolution.packed()
            bias = AlignedBuffer(convolution.bias)
        case .dense(let dense):
            factors = dense.packed()
            bias = AlignedBuffer(dense.bias)
        case .affine(let affine):
            factors = AlignedBuffer(affine.scale)
            bias = AlignedBuffer(affine.shift)
        default: return nil
        }
    }

    /// A placeholder for the weights of steps that are never run.
    static let none = Weights(factors: AlignedBuffer(count: 0), bias: AlignedBuffer(count: 0))

    /// The largest int16 integer as a float32.
    static let integerLimit = Float(CULTIVAR_INT16_LIMIT)

    /// These weights, now in rows, in another order.
    func arranged(_ layout: WeightLayout, _ kernels: Kernels) -> Weights {
        guard let set = kernels.instructionSet else { return self }
        switch layout {
        case .rows: return self
        case .panels(.float32, _): return Weights(factors: panels(set), bias: bias)
        case .panels(let precision, let bound): return shortPanels(set, precision, inputBound: bound)
        case .scaledRows(let bound):
            let factor = Self.integerLimit / bound
            return Weights(
                factors: AlignedBuffer(factors.elements.map { $0 * factor }),
                bias: AlignedBuffer(bias.elements.map { $0 * factor }))
        case .winograd(let side): return Weights(factors: planes(set, side: side), bias: bias)
        }
    }

    private func panels(_ set: CultivarInstructionSet) -> AlignedBuffer<Float> {
        let columns = bias.count
        let depth = factors.count / columns
        let packed = AlignedBuffer<Float>(count: cultivar_packed_count(set, depth, columns))
        cultivar_pack(set, factors.baseAddress, depth, columns, packed.baseAddress)
        return packed
    }

    private func shortPanels(_ set: CultivarInstructionSet, _ precision: Precision, inputBound: Float?) -> Weights {
        let columns = bias.count
        let depth = factors.count / columns
        let units = AlignedBuffer<Float>(count: cultivar_short_units(depth) * columns)
        let scales = AlignedBuffer<Float>(count: columns)
        units.baseAddress.withMemoryRebound(to: UInt32.self, capacity: units.count) {
            cultivar_short_weights(
                precision.format, factors.baseAddress, depth, columns, $0, scales.baseAddress)
        }
        if let inputBound {
            for column in 0..<columns { scales[column] *= inputBound / Self.integerLimit }
        }
        return Weights(
            factors: Weights(factors: units, bias: bias).panels(set), bias: bias, precision: precision,
            scales: precision == .int16 ? scales : nil)
    }

    private func planes(_ set: CultivarInstructionSet, side: Int) -> AlignedBuffer<Float> {
        let outputs = bias.count
        let inputs = factors.count / 9 / outputs
        let workspace = AlignedBuffer<Float>(count: inputs * outputs)
        let packed = AlignedBuffer<Float>(
            count: (side + 2) * (side + 2) * cultivar_packed_count(set, inputs, outputs))
        cultivar_winograd_weights(
            set, side, factors.baseAddress, inputs, outputs, workspace.baseAddress, packed.baseAddress)
        return packed
    }
}

extension Convolution {
    fileprivate func packed() -> AlignedBuffer<Float> {
        let taps = window.kernel.height * window.kernel.width
        let (inputs, outputs) = (kernel.dimensions[1], outputChannels / groups)
        let result = AlignedBuffer<Float>(count: kernel.count)
        kernel.withFloats { source in
            for output in 0..<outputChannels {
                let factor = scale?[output] ?? 1
                let group = result.baseAddress + output / outputs * taps * inputs * outputs + output % outputs
                for input in 0..<inputs {
                    for tap in 0..<taps {
                        group[(tap * inputs + input) * outputs] =
                            source[(output * inputs + input) * taps + tap] * factor
                    }
                }
            }
        }
        return result
    }

    fileprivate func packedDepthwise() -> AlignedBuffer<Float> {
        let taps = window.kernel.height * window.kernel.width
        let result = AlignedBuffer<Float>(count: kernel.count)
        kernel.withFloats { source in
            for channel in 0..<outputChannels {
                let factor = scale?[channel] ?? 1
                for tap in 0..<taps { result[tap * outputChannels + channel] = source[channel * taps + tap] * factor }
            }
        }
        return result
    }
}

extension Dense {
    fileprivate func packed() -> AlignedBuffer<Float> {
        let result = AlignedBuffer<Float>(count: weights.count)
        weights.withFloats { source in
            for output in 0..<outputs {
                let factor = scale?[output] ?? 1
                for input in 0..<inputs {
                    let value = isTransposed ? source[output * inputs + input] : source[input * outputs + output]
                    result[input * outputs + output] = value * factor
                }
            }
        }
        return result
    }
}

extension AlignedBuffer where Element == Float {
    convenience init(_ values: [Float]) {
        self.init(count: values.count)
        for (index, value) in values.enumerated() { self[index] = value }
    }
}
