internal import ONNX
internal import Tensors

/// A graph with its weights in the order that the kernels read them: read-only, shared by all plans and workers.
final class Network: Sendable {
    let graph: Graph
    /// The weights of each node of `graph`; nil for those without any.
    let weights: [Weights?]
    let parameterCount: Int

    init(_ model: Model) throws {
        graph = try Graph(model)
        weights = graph.nodes.map { Weights($0.operation) }
        parameterCount = weights.reduce(0) { $0 + ($1?.count ?? 0) }
    }

    /// The plan for pictures of `height` x `width` pixels, `group` at a time.
    func plan(height: Int, width: Int, group: Int) throws -> Plan {
        try Plan(self, input: Shape(height: height, width: width, channels: 3), group: group)
    }
}

/// The factors and the summands (one a channel) of one operation.
struct Weights: Sendable {
    /// A convolution's are (groups, H x W x I / groups, O / groups), a depthwise one's (H x W, channels), a dense
    /// layer's (K, N), a channelwise function's one a channel.
    let factors: AlignedBuffer<Float>
    let bias: AlignedBuffer<Float>

    var count: Int { factors.count + bias.count }

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
