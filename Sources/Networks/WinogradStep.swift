internal import CKernels

/// How a convolution with 3 x 3 taps is computed by Winograd's algorithm, if that is worthwhile.
struct WinogradForm: Sendable, Equatable {
    /// Output pixels along a tile's side, 2 or 4.
    let side: Int
    /// Tiles of one image.
    let tiles: Int

    var planes: Int { (side + 2) * (side + 2) }

    /// The variant with the least arithmetic; nil if the direct method needs less.
    ///
    /// Transforming a value in either direction costs about as much as `transformCost` multiplications; reading a
    /// weight from memory takes as long as `weightCost` of them.
    init?(_ convolution: Convolution, input: Shape, output: Shape, group: Int) {
        let window = convolution.window
        let (three, one) = (Window.Size(height: 3, width: 3), Window.Size(height: 1, width: 1))
        guard window.kernel == three, window.strides == one, window.dilations == one, convolution.groups == 1,
            min(convolution.inputChannels, convolution.outputChannels) >= Self.minimumChannels
        else { return nil }
        let forms = [2, 4].map { Self(side: $0, output: output) }
        let best = forms.min { $0.cost(convolution, group) < $1.cost(convolution, group) }!
        let taps = window.tapCount(input: input, output: output)
        let products = convolution.inputChannels * convolution.outputChannels
        guard best.cost(convolution, group) < group * taps * products + 9 * products * Self.weightCost else {
            return nil
        }
        self = best
    }

    init(side: Int, output: Shape) {
        self.side = side
        tiles = ((output.height + side - 1) / side) * ((output.width + side - 1) / side)
    }

    private static let minimumChannels = 16
    private static let transformCost = 8
    private static let weightCost = 6

    private func cost(_ convolution: Convolution, _ group: Int) -> Int {
        let (inputs, outputs) = (convolution.inputChannels, convolution.outputChannels)
        let perTile = planes * (inputs * outputs + (inputs + outputs) * Self.transformCost)
        return group * tiles * perTile + planes * inputs * outputs * Self.weightCost
    }
}

extension Window {
    /// Taps inside the image, over all output pixels.
    fileprivate func tapCount(input: Shape, output: Shape) -> Int {
        let padding = resolvedPadding(input)
        let rows = TapRun.runs(
            outputs: output.height, size: input.height, taps: kernel.height, stride: strides.height,
            dilation: dilations.height, padding: padding.top)
        let columns = TapRun.runs(
            outputs: output.width, size: input.width, taps: kernel.width, stride: strides.width,
            dilation: dilations.width, padding: padding.left)
        return rows.reduce(0) { $0 + $1.tapCount } * columns.reduce(0) { $0 + $1.tapCount }
    }
}

extension TapRun {
    fileprivate var tapCount: Int { outputs.count * taps.count }
}

/// A convolution of 3 x 3 taps by Winograd's algorithm, a block of tiles at a time so that the block stays in the
/// cache; the maximum of each 2 x 2 pixels is computed along the way if a pool has been fused.
struct WinogradStep: Step {
    private let input: Region
    private let output: Region
    private let prepared: PreparedProduct
    private let epilogue: Epilogue
    private let set: CultivarInstructionSet
    private let winograd: CultivarWinograd
    private let form: WinogradForm
    private let blocking: Blocking
    private let scratchOffset: Int
    private let packedPlane: Int

    /// How many tiles are processed at a time, and the scratch memory for them.
    struct Blocking: Sendable {
        let tiles: Int
        let planeStep: Int
        let sumStep: Int
        let scratchCount: Int
        let sumOffset: Int

        /// How many floats a block's planes should have in total, so that they stay in the cache.
        private static let targetCount = 256 << 10
        /// With fewer tiles, reading the weights wouldn't be worthwhile.
        private static let minimumTiles = 56

        init(_ form: WinogradForm, inputs: Int, outputs: Int, group: Int) {
            let fitting = max(Self.targetCount / (form.planes * (inputs + outputs)), Self.minimumTiles)
            let all = group * form.tiles
            let blocks = (all + fitting - 1) / fitting
            tiles = (all + blocks - 1) / blocks
            // The 16 extra floats prevent planes from sharing the same cache sets.
            planeStep = tiles * inputs + 16
            sumStep = tiles * outputs + 16
            sumOffset = (form.planes * planeStep + 15) / 16 * 16
            scratchCount = sumOffset + form.planes * sumStep
        }
    }

    /// `unpooled` is the shape of the convolution's own output.
    init(
        _ operands: Operands, _ convolution: Convolution, form: WinogradForm, blocking: Blocking, scratchOffset: Int,
        unpooled: Shape, weights: Weights, set: CultivarInstructionSet
    ) {
        input = operands.input
        output = operands.output
        prepared = PreparedProduct(weights, .none)
        self.set = set
        self.form = form
        self.blocking = blocking
        self.scratchOffset = scratchOffset
        epilogue = Epilogue(convolution.activation)
        packedPlane = cultivar_packed_count(set, input.shape.channels, output.shape.channels)
        let padding = convolution.window.resolvedPadding(input.shape)
        winograd = CultivarWinograd(
            side: form.side, height: input.shape.height, width: input.shape.width, channels: input.shape.channels,
            padTop: padding.top, padLeft: padding.left, outputHeight: unpooled.height, outputWidth: unpooled.width,
            outputs: unpooled.channels, pools: output.shape == unpooled ? 0 : 1, planeStep: blocking.planeStep,
            sumStep: blocking.sumStep)
    }

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let all = images * form.tiles
        for first in stride(from: 0, to: all, by: blocking.tiles) {
            compute(scratch, tiles: first..<min(first + blocking.tiles, all))
        }
        let shape = output.shape
        epilogue.finish(output.pointer(scratch), rows: images * shape.pixels, channels: shape.channels)
    }

    private func compute(_ scratch: UnsafeMutablePointer<Float>, tiles: Range<Int>) {
        let planes = scratch + scratchOffset
        let sums = planes + blocking.sumOffset
        withUnsafePointer(to: winograd) { winograd in
            cultivar_winograd_patches(
                set, winograd, input.pointer(scratch), tiles.lowerBound, tiles.upperBound, planes)
            multiply(planes, into: sums, tiles: tiles.count)
            cultivar_winograd_outputs(
                set, winograd, sums, tiles.lowerBound, tiles.upperBound, prepared.product.bias, epilogue.low,
                epilogue.high, output.pointer(scratch))
        }
    }

    private func multiply(
        _ planes: UnsafeMutablePointer<Float>, into sums: UnsafeMutablePointer<Float>, tiles: Int
    ) {
        var product = prepared.product
        product.bias = nil
        product.rows = tiles
        product.segments = 1
        product.segmentDepth = winograd.channels
        product.weightDepth = winograd.channels
        product.inputStep = winograd.channels
        product.outputStep = winograd.outputs
        for plane in 0..<form.planes {
            product.input = UnsafePointer(planes + plane * blocking.planeStep)
            product.weights = prepared.product.weights + plane * packedPlane
            product.output = sums + plane * blocking.sumStep
            cultivar_product(set, &product)
        }
    }
}
