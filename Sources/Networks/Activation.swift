internal import CKernels

/// An elementwise function, with the semantics of the ONNX operator of the same name.
enum Activation: Sendable, Equatable {
    case none
    case clip(low: Float, high: Float)
    case leakyRelu(alpha: Float)
    case sigmoid
    case hardSigmoid(alpha: Float, beta: Float)
    case hardSwish
    case tanh
    /// x * sigmoid(x), recognised from the two operators.
    case silu

    static let relu = Activation.clip(low: 0, high: .infinity)

    /// Whether it is no more than a clip (or nothing).
    var isClip: Bool { kernel.kind == CULTIVAR_CLIP }

    var kernel: CultivarActivation {
        switch self {
        case .none: CultivarActivation(kind: CULTIVAR_CLIP, first: -.infinity, second: .infinity)
        case .clip(let low, let high): CultivarActivation(kind: CULTIVAR_CLIP, first: low, second: high)
        case .leakyRelu(let alpha): CultivarActivation(kind: CULTIVAR_LEAKY_RELU, first: alpha, second: 0)
        case .sigmoid: CultivarActivation(kind: CULTIVAR_SIGMOID, first: 0, second: 0)
        case .hardSigmoid(let alpha, let beta):
            CultivarActivation(kind: CULTIVAR_HARD_SIGMOID, first: alpha, second: beta)
        case .hardSwish: CultivarActivation(kind: CULTIVAR_HARD_SWISH, first: 0, second: 0)
        case .tanh: CultivarActivation(kind: CULTIVAR_TANH, first: 0, second: 0)
        case .silu: CultivarActivation(kind: CULTIVAR_SILU, first: 0, second: 0)
        }
    }
}

extension Arithmetic {
    var kernel: CultivarArithmetic {
        switch self {
        case .add: CULTIVAR_ADD
        case .subtract: CULTIVAR_SUBTRACT
        case .multiply: CULTIVAR_MULTIPLY
        case .divide: CULTIVAR_DIVIDE
        }
    }
}
