internal import CKernels
internal import Numerics

/// Convolutions and dense layers with Cultivar's own products. Each output element is computed separately, in an order
/// that is fixed by the shapes, so a result never depends on what else is computed.

/// A 1 x 1 convolution or a dense layer: the pixels of all images are the rows of one product.
struct PackedProductStep: Step {
    private let operands: Operands
    private let epilogue: Epilogue
    private let prepared: PreparedProduct
    private let set: CultivarInstructionSet
    private let shorts: ShortRows?

    /// How many rows are rounded at a time if the product isn't in float32.
    static let shortRows = 448

    /// `shorts` is where the input is rounded, if it is.
    init(
        _ operands: Operands, weights: Weights, activation: Activation, set: CultivarInstructionSet,
        shorts: ShortRows? = nil
    ) {
        self.operands = operands
        self.set = set
        self.shorts = shorts
        epilogue = Epilogue(activation)
        prepared = PreparedProduct(weights, epilogue)
    }

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let (depth, columns) = (operands.input.shape.channels, operands.output.shape.channels)
        let rows = images * operands.output.shape.pixels
        let input = UnsafePointer(operands.input.pointer(scratch))
        let output = operands.output.pointer(scratch)
        var product = prepared.product
        product.setDepth(shorts?.units ?? depth)
        product.outputStep = columns
        for first in stride(from: 0, to: rows, by: shorts?.rows ?? rows) {
            product.rows = min(shorts?.rows ?? rows, rows - first)
            product.input = input + first * depth
            shorts?.prepare(&product, product.input, rows: product.rows, scratch: scratch, set: set)
            product.output = output + first * columns
            product.residual = operands.residual.map { UnsafePointer($0.pointer(scratch)) + first * columns }
            cultivar_product(set, &product)
        }
        epilogue.finish(output, rows: rows, channels: columns)
    }
}

/// A convolution whose patches are read in place: a row of the product is a patch, with one stretch per kernel row.
/// Output pixels with the same taps inside the image are computed together.
struct DirectConvolutionStep: Step {
    private let operands: Operands
    private let epilogue: Epilogue
    private let prepared: PreparedProduct
    private let set: CultivarInstructionSet
    private let window: CultivarWindow
    private let rowRuns: [TapRun]
    private let columnRuns: [TapRun]

    /// Whether the taps of a kernel row are contiguous in memory.
    static func takes(_ convolution: Convolution) -> Bool {
        convolution.groups == 1 && convolution.window.dilations.width == 1
    }

    init(_ operands: Operands, _ convolution: Convolution, weights: Weights, set: CultivarInstructionSet) {
        self.operands = operands
        self.set = set
        epilogue = Epilogue(convolution.activation)
        prepared = PreparedProduct(weights, epilogue)
        window = CultivarWindow(convolution.window, input: operands.input.shape, output: operands.output.shape)
        rowRuns = TapRun.runs(
            outputs: window.outputHeight, size: window.height, taps: window.kernelHeight, stride: window.strideY,
            dilation: window.dilationY, padding: window.padTop)
        columnRuns = TapRun.runs(
            outputs: window.outputWidth, size: window.width, taps: window.kernelWidth, stride: window.strideX,
            dilation: 1, padding: window.padLeft)
    }

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        for rows in rowRuns {
            for columns in columnRuns {
                // The longer direction gives better tiles: along a row of the map, or from image to image.
                if images > columns.outputs.count {
                    for y in rows.outputs {
                        for x in columns.outputs {
                            multiply(scratch, images: 0..<images, y: y, x: x..<x + 1, rows.taps, columns.taps)
                        }
                    }
                } else {
                    for image in 0..<images {
                        for y in rows.outputs {
                            multiply(
                                scratch, images: image..<image + 1, y: y, x: columns.outputs, rows.taps,
                                columns.taps)
                        }
                    }
                }
            }
        }
        let output = operands.output
        epilogue.finish(
            output.pointer(scratch), rows: images * output.shape.pixels, channels: output.shape.channels)
    }

    /// Output pixels at equal distances: several in one row, or the same one in several images.
    private func multiply(
        _ scratch: UnsafeMutablePointer<Float>, images: Range<Int>, y: Int, x: Range<Int>, _ rowTaps: Range<Int>,
        _ columnTaps: Range<Int>
    ) {
        let (channels, outputs) = (operands.input.shape.channels, operands.output.shape.channels)
        let acrossImages = images.count > 1
        let inputRow = y * window.strideY - window.padTop + rowTaps.lowerBound * window.dilationY
        let inputColumn = x.lowerBound * window.strideX - window.padLeft + columnTaps.lowerBound
        let place = (y * window.outputWidth + x.lowerBound) * outputs
        var product = prepared.product
        product.rows = acrossImages ? images.count : x.count
        product.segments = rowTaps.count
        product.segmentDepth = columnTaps.count * channels
        product.input = UnsafePointer(
            operands.input.pointer(scratch, image: images.lowerBound)
                + (inputRow * window.width + inputColumn) * channels)
        product.inputStep = acrossImages ? operands.input.shape.count : window.strideX * channels
        product.inputSegmentStep = window.dilationY * window.width * channels
        product.weightDepth = window.kernelHeight * window.kernelWidth * channels
        product.weightStart = (rowTaps.lowerBound * window.kernelWidth + columnTaps.lowerBound) * channels
        product.weightSegmentStep = window.kernelWidth * channels
        product.output = operands.output.pointer(scratch, image: images.lowerBound) + place
        product.residual = operands.residual.map {
            UnsafePointer($0.pointer(scratch, image: images.lowerBound) + place)
        }
        product.outputStep = acrossImages ? operands.output.shape.count : outputs
        cultivar_product(set, &product)
    }
}

/// Neighbouring outputs along one axis for which the same taps of a window are inside the image.
struct TapRun: Sendable, Equatable {
    var outputs: Range<Int>
    let taps: Range<Int>

    static func runs(
        outputs: Int, size: Int, taps: Int, stride: Int, dilation: Int, padding: Int
    ) -> [TapRun] {
        var runs: [TapRun] = []
        for output in 0..<outputs {
            let origin = output * stride - padding
            let inside = (0..<taps).filter { (0..<size).contains(origin + $0 * dilation) }
            let range = inside.first.map { $0..<$0 + inside.count } ?? 0..<0
            if let last = runs.last, last.taps == range {
                runs[runs.count - 1].outputs = last.outputs.lowerBound..<output + 1
            } else {
                runs.append(TapRun(outputs: output..<output + 1, taps: range))
            }
        }
        return runs
    }
}

/// What follows a product: a clip is part of the product itself, any other activation is a pass over its output.
struct Epilogue: Sendable {
    static let none = Epilogue(.none)

    let low: Float
    let high: Float
    private let activation: CultivarActivation?

    init(_ activation: Activation) {
        let kernel = activation.kernel
        let isClip = kernel.kind == CULTIVAR_CLIP
        low = isClip ? kernel.first : -.infinity
        high = isClip ? kernel.second : .infinity
        self.activation = isClip ? nil : kernel
    }

    func finish(_ values: UnsafeMutablePointer<Float>, rows: Int, channels: Int) {
        if let activation { cultivar_finish(values, rows, channels, nil, nil, activation) }
    }
}

/// A product that owns its weights; its matrices are set later. While it runs, a step only needs copies of a few
/// pointers: counting references there would be slow, because the workers share the weights.
struct PreparedProduct: @unchecked Sendable {
    let product: CultivarProduct
    private let weights: Weights

    init(_ weights: Weights, _ epilogue: Epilogue) {
        self.weights = weights
        product = CultivarProduct(weights, epilogue)
    }
}

extension CultivarProduct {
    fileprivate init(_ weights: Weights, _ epilogue: Epilogue) {
        self.init()
        columns = weights.bias.count
        self.weights = UnsafePointer(weights.factors.baseAddress)
        bias = UnsafePointer(weights.bias.baseAddress)
        format = weights.precision.format
        columnScales = weights.scales.map { UnsafePointer($0.baseAddress) }
        low = epilogue.low
        high = epilogue.high
    }

    /// One stretch of `units` elements (pairs of 16-bit elements) per row, one row after another.
    mutating func setDepth(_ units: Int) {
        segments = 1
        segmentDepth = units
        weightDepth = units
        inputStep = units
    }
}
