internal import CKernels
internal import Numerics

/// How the rows of a matrix product are split into tiles, each within one image: OpenBLAS rounds a row differently
/// depending on how many others are multiplied with it, and an image's result must not depend on other images.
struct RowTiles: Sendable {
    let rowsPerImage: Int
    let tilesPerImage: Int

    init(rowsPerImage: Int, target: Int) {
        self.rowsPerImage = rowsPerImage
        tilesPerImage = max((rowsPerImage + target / 2) / target, 1)
    }

    var largestTile: Int { (rowsPerImage + tilesPerImage - 1) / tilesPerImage }

    /// Calls `body` with the image and its rows for every tile of the first `images` images.
    func forEach(images: Int, _ body: (Int, Range<Int>) -> Void) {
        for image in 0..<images {
            for tile in 0..<tilesPerImage {
                body(
                    image, rowsPerImage * tile / tilesPerImage..<rowsPerImage * (tile + 1) / tilesPerImage)
            }
        }
    }
}

/// A 1 x 1 convolution or a dense layer on OpenBLAS: one product of pixels x channels with channels x outputs.
struct ProductStep: Step {
    private let input: Region
    private let output: Region
    private let residual: Region?
    private let weights: Weights
    private let activation: CultivarActivation
    private let tiles: RowTiles

    /// How many floats of input and output a tile should have, so that it is still in the cache when it is finished.
    private static let tileCount = 1 << 19

    init(_ operands: Operands, weights: Weights, activation: Activation) {
        input = operands.input
        output = operands.output
        residual = operands.residual
        self.weights = weights
        self.activation = activation.kernel
        let target = max(Self.tileCount / (input.shape.channels + output.shape.channels), 192)
        tiles = RowTiles(rowsPerImage: input.shape.pixels, target: target)
    }

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let (k, n) = (input.shape.channels, output.shape.channels)
        tiles.forEach(images: images) { image, rows in
            let result = output.pointer(scratch, image: image) + rows.lowerBound * n
            GEMM.multiply(
                m: rows.count, n: n, k: k, input.pointer(scratch, image: image) + rows.lowerBound * k, leadingA: k,
                weights.factors.baseAddress, leadingB: n, into: result, leadingC: n)
            cultivar_finish(
                result, rows.count, n, weights.bias.baseAddress,
                residual.map { $0.pointer(scratch, image: image) + rows.lowerBound * n }, activation)
        }
    }
}

/// How a convolution's patches are divided so that those in use at a time fit into the cache.
struct PatchTiling: Sendable {
    let tiles: RowTiles
    /// How many kernel rows are multiplied at a time; the products of several are added up.
    let kernelRows: Int
    let patchCount: Int

    /// How many floats of patches should be in use at a time.
    private static let targetCount = 1 << 20
    private static let minimumRows = 512

    init(_ convolution: Convolution, input: Shape, output: Shape) {
        let kernel = convolution.window.kernel
        let perKernelRow = kernel.width * input.channels / convolution.groups
        let whole = perKernelRow * kernel.height
        kernelRows = whole * Self.minimumRows <= Self.targetCount ? kernel.height : 1
        let width = kernelRows * perKernelRow
        let target = max(Self.targetCount / width, Self.minimumRows)
        tiles = RowTiles(rowsPerImage: output.pixels, target: target)
        patchCount = tiles.largestTile * width
    }
}

/// A convolution on OpenBLAS: the product of patches (pixels x taps) with taps x outputs, group by group.
struct PatchStep: Step {
    private let input: Region
    private let output: Region
    private let residual: Region?
    private let patches: Int
    private let tiling: PatchTiling
    private let weights: Weights
    private let groups: Int
    private let window: CultivarWindow
    private let activation: CultivarActivation

    init(
        _ operands: Operands, patches: Int, tiling: PatchTiling, weights: Weights, convolution: Convolution
    ) {
        input = operands.input
        output = operands.output
        residual = operands.residual
        self.patches = patches
        self.tiling = tiling
        self.weights = weights
        groups = convolution.groups
        window = CultivarWindow(convolution.window, input: input.shape, output: output.shape)
        activation = convolution.activation.kernel
    }

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let channels = output.shape.channels
        tiling.tiles.forEach(images: images) { image, pixels in
            for group in 0..<groups {
                var kernelRow = 0
                while kernelRow < window.kernelHeight {
                    let end = min(kernelRow + tiling.kernelRows, window.kernelHeight)
                    multiply(scratch, image: image, pixels: pixels, group: group, kernelRows: kernelRow..<end)
                    kernelRow = end
                }
            }
            cultivar_finish(
                output.pointer(scratch, image: image) + pixels.lowerBound * channels, pixels.count, channels,
                weights.bias.baseAddress,
                residual.map { $0.pointer(scratch, image: image) + pixels.lowerBound * channels }, activation)
        }
    }

    private func multiply(
        _ scratch: UnsafeMutablePointer<Float>, image: Int, pixels: Range<Int>, group: Int, kernelRows: Range<Int>
    ) {
        let groupInputs = input.shape.channels / groups
        let groupOutputs = output.shape.channels / groups
        let perKernelRow = window.kernelWidth * groupInputs
        let k = kernelRows.count * perKernelRow
        withUnsafePointer(to: window) { window in
            cultivar_patches(
                window, input.pointer(scratch, image: image), pixels.lowerBound, pixels.upperBound,
                kernelRows.lowerBound, kernelRows.upperBound, group * groupInputs, groupInputs, scratch + patches)
        }
        let factors =
            weights.factors.baseAddress + (group * window.kernelHeight + kernelRows.lowerBound) * perKernelRow
            * groupOutputs
        GEMM.multiply(
            m: pixels.count, n: groupOutputs, k: k, scratch + patches, leadingA: k, factors, leadingB: groupOutputs,
            beta: kernelRows.lowerBound == 0 ? 0 : 1,
            into: output.pointer(scratch, image: image) + pixels.lowerBound * output.shape.channels
                + group * groupOutputs,
            leadingC: output.shape.channels)
    }
}

struct DepthwiseStep: Step {
    private let input: Region
    private let output: Region
    private let window: CultivarWindow
    private let weights: Weights
    private let activation: CultivarActivation

    init(_ operands: Operands, window: Window, weights: Weights, activation: Activation) {
        input = operands.input
        output = operands.output
        self.window = CultivarWindow(window, input: input.shape, output: output.shape)
        self.weights = weights
        self.activation = activation.kernel
    }

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        withUnsafePointer(to: window) { window in
            for image in 0..<images {
                cultivar_depthwise(
                    window, input.pointer(scratch, image: image), weights.factors.baseAddress,
                    weights.bias.baseAddress, activation, output.pointer(scratch, image: image))
            }
        }
    }
}

extension CultivarWindow {
    init(_ window: Window, input: Shape, output: Shape) {
        let padding = window.resolvedPadding(input)
        self.init(
            height: input.height, width: input.width, channels: input.channels, outputHeight: output.height,
            outputWidth: output.width, kernelHeight: window.kernel.height, kernelWidth: window.kernel.width,
            strideY: window.strides.height, strideX: window.strides.width, dilationY: window.dilations.height,
            dilationX: window.dilations.width, padTop: padding.top, padLeft: padding.left)
    }
}
