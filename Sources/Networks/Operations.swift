internal import ONNX

/// What a node of a `Graph` computes, independent of the picture's size. Weights are still as the ONNX file has them.
enum Operation: Sendable {
    /// Inputs: the map, and a second one that is added before the activation if `Plan` has fused an addition.
    case convolution(Convolution)
    case dense(Dense)
    case affine(Affine)
    case activation(Activation)
    /// Elementwise on two values; one may be (N, C, 1, 1) if the other is a map.
    case arithmetic(Arithmetic, Activation)
    case pool(Pool)
    case globalPool(PoolKind)
    case pad(Padding, value: Float)
    case concat
    case flatten(Flatten)
    case softmax
}

struct Convolution: Sendable {
    var window: Window
    var groups: Int
    /// O x I / groups x H x W.
    var kernel: Tensor
    /// One factor per output channel, from a batch normalisation after the convolution.
    var scale: [Float]?
    var bias: [Float]
    var activation = Activation.none

    var outputChannels: Int { kernel.dimensions[0] }
    var inputChannels: Int { kernel.dimensions[1] * groups }
    var isDepthwise: Bool { groups > 1 && groups == outputChannels && kernel.dimensions[1] == 1 }
    var isPointwise: Bool { groups == 1 && window.isPointwise }
}

struct Dense: Sendable {
    /// K x N, or N x K if `isTransposed`.
    var weights: Tensor
    var isTransposed: Bool
    var scale: [Float]?
    var bias: [Float]
    var activation = Activation.none

    var inputs: Int { weights.dimensions[isTransposed ? 1 : 0] }
    var outputs: Int { weights.dimensions[isTransposed ? 0 : 1] }
}

/// activation(x * scale + shift), with one value per channel or one for all.
struct Affine: Sendable {
    var scale: [Float]
    var shift: [Float]
    var activation = Activation.none
}

enum Arithmetic: Sendable {
    case add
    case subtract
    case multiply
    case divide
}

enum PoolKind: Sendable {
    case average
    case maximum
}

struct Pool: Sendable {
    var kind: PoolKind
    var window: Window
    var countsPadding = false
    var roundsUp = false

    /// The maximum of each 2 x 2 pixels.
    var takesQuarters: Bool {
        let two = Window.Size(height: 2, width: 2)
        return kind == .maximum && window.kernel == two && window.strides == two
            && window.dilations == Window.Size(height: 1, width: 1) && window.padding == .explicit(Padding())
    }
}

/// Turns a map into a row of a matrix, in ONNX's order of elements, or the reverse for 1 x 1 maps.
struct Flatten: Sendable {
    /// Whether channels come before rows and columns in the file's order of axes.
    var isPlanar: Bool
    /// Whether only a 1 x 1 map is allowed.
    var requiresSinglePixel: Bool
    /// The number of features that the file expects.
    var features: Int?
}

/// Shared by convolution and pooling: a window of `kernel` pixels, height before width.
struct Window: Sendable, Equatable {
    struct Size: Sendable, Equatable {
        var height: Int
        var width: Int
    }

    var kernel: Size
    var strides = Size(height: 1, width: 1)
    var dilations = Size(height: 1, width: 1)
    var padding = WindowPadding.explicit(Padding())

    /// A 1 x 1 window at every pixel. (For such a window, SAME padding means none.)
    var isPointwise: Bool {
        let one = Size(height: 1, width: 1)
        guard kernel == one, strides == one else { return false }
        if case .explicit(let padding) = padding { return padding == Padding() }
        return true
    }
}

enum WindowPadding: Sendable, Equatable {
    case explicit(Padding)
    /// As much as gives an output of ceil(size / stride), with the odd pixel at the end (or at the start).
    case sameUpper
    case sameLower
}

struct Padding: Sendable, Equatable {
    var top = 0
    var left = 0
    var bottom = 0
    var right = 0
}
