internal import CKernels

/// A 1 x 1 convolution that expands the channels (which may be missing), a depthwise one and a 1 x 1 one that projects
/// them down again, one band at a time: the expanded maps, which are several times as large as input and output, never
/// leave the cache. A band is some rows of an image or, for small maps, several whole images. Rows that two bands need
/// are kept from one band to the next.
struct InvertedResidualStep: Step {
    let operands: Operands
    let expansion: Layer?
    let filter: Layer
    let projection: Layer
    let window: CultivarWindow
    let bands: Bands
    /// What the depthwise convolution writes for the projection.
    let filtered: FilteredForm
    let scratchOffset: Int
    let set: CultivarInstructionSet

    struct Layer: Sendable {
        let prepared: PreparedProduct
        let isShort: Bool
        let activation: CultivarActivation
        let epilogue: Epilogue
        /// Where the layer's input is rounded, if it is.
        let shorts: ShortRows?

        init(weights: Weights, activation: Activation, shorts: ShortRows? = nil) {
            self.activation = activation.kernel
            self.shorts = shorts
            isShort = weights.precision != .float32
            epilogue = Epilogue(activation)
            prepared = PreparedProduct(weights, epilogue)
        }
    }

    enum FilteredForm: Sendable {
        case float32
        /// 16-bit elements, rounded when they are computed; for int16, scaled by the filter's weights.
        case shorts(CultivarFormat, CultivarActivation)
    }

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        for image in stride(from: 0, to: images, by: bands.images) {
            let together = image..<min(image + bands.images, images)
            var held = 0..<0
            for row in stride(from: 0, to: window.outputHeight, by: bands.rows) {
                let rows = row..<min(row + bands.rows, window.outputHeight)
                let needed = bands.isWhole ? 0..<window.height : window.inputRows(rows)
                let source = expand(scratch, images: together, held: held, needed: needed)
                apply(source, scratch, images: together.count, rows: rows, source: needed)
                project(scratch, images: together, rows: rows)
                held = needed
            }
        }
    }

    /// Computes the rows `needed` of the expanded maps, except those `held` from the previous band, and returns where
    /// they are.
    private func expand(
        _ scratch: UnsafeMutablePointer<Float>, images: Range<Int>, held: Range<Int>, needed: Range<Int>
    ) -> UnsafePointer<Float> {
        let width = window.width
        let channels = operands.input.shape.channels
        let input = operands.input.pointer(scratch, image: images.lowerBound)
        guard let expansion else { return UnsafePointer(input + needed.lowerBound * width * channels) }
        let expanded = scratch + scratchOffset
        let rowCount = width * window.channels
        let kept = held.clamped(to: needed)
        if !kept.isEmpty {
            expanded.update(
                from: expanded + (kept.lowerBound - held.lowerBound) * rowCount, count: kept.count * rowCount)
        }
        let missing = kept.isEmpty ? needed : kept.upperBound..<needed.upperBound
        multiply(
            expansion, input + missing.lowerBound * width * channels, depth: channels,
            rows: images.count * missing.count * width, scratch, residual: nil,
            into: expanded + (missing.lowerBound - needed.lowerBound) * rowCount)
        return UnsafePointer(expanded)
    }

    /// The depthwise convolution of rows `rows` of the output, from rows `source` of the expanded maps.
    private func apply(
        _ expanded: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>, images: Int, rows: Range<Int>,
        source: Range<Int>
    ) {
        var window = window
        window.padTop = source.lowerBound - (rows.lowerBound * window.strideY - window.padTop)
        window.height = source.count
        window.outputHeight = rows.count
        let target = scratch + scratchOffset + bands.filteredOffset
        let weights = filter.prepared.product
        let sourceCount = source.count * window.width * window.channels
        let count = rows.count * window.outputWidth * window.channels
        for image in 0..<images {
            let source = expanded + image * sourceCount
            switch filtered {
            case .float32:
                cultivar_depthwise(
                    &window, source, weights.weights, weights.bias, filter.activation, target + image * count)
            case .shorts(let format, let activation):
                target.withMemoryRebound(to: UInt16.self, capacity: 2 * images * count) { target in
                    cultivar_depthwise_short(
                        format, &window, source, weights.weights, weights.bias, activation, target + image * count)
                }
            }
        }
    }

    private func project(_ scratch: UnsafeMutablePointer<Float>, images: Range<Int>, rows: Range<Int>) {
        let place = rows.lowerBound * window.outputWidth * operands.output.shape.channels
        multiply(
            projection, scratch + scratchOffset + bands.filteredOffset, depth: window.channels,
            rows: images.count * rows.count * window.outputWidth, scratch,
            residual: operands.residual.map { $0.pointer(scratch, image: images.lowerBound) + place },
            into: operands.output.pointer(scratch, image: images.lowerBound) + place)
    }

    private func multiply(
        _ layer: Layer, _ input: UnsafeMutablePointer<Float>, depth: Int, rows: Int,
        _ scratch: UnsafeMutablePointer<Float>, residual: UnsafeMutablePointer<Float>?,
        into output: UnsafeMutablePointer<Float>
    ) {
        var product = layer.prepared.product
        product.rows = rows
        product.setDepth(layer.isShort ? cultivar_short_units(depth) : depth)
        product.input = UnsafePointer(input)
        layer.shorts?.prepare(&product, product.input, rows: rows, scratch: scratch, set: set)
        product.residual = residual.map { UnsafePointer($0) }
        product.output = output
        product.outputStep = product.columns
        cultivar_product(set, &product)
        layer.epilogue.finish(output, rows: rows, channels: product.columns)
    }
}

extension InvertedResidualStep {
    /// How the output is divided into bands: `rows` rows of one image, or `images` whole images if `isWhole`.
    struct Bands: Sendable {
        let images: Int
        let rows: Int
        let isWhole: Bool
        /// Where the depthwise convolution's output is, after the expanded rows.
        let filteredOffset: Int
        let scratchCount: Int
        /// The maximum number of pixels of expanded rows, and of filtered rows, in a band.
        let sourcePixels: Int
        let filteredPixels: Int

        /// How many floats of expanded and filtered maps should be in use at a time.
        private static let targetCount = 160 << 10

        init(_ window: CultivarWindow, expands: Bool, group: Int) {
            let expandedRow = expands ? window.width * window.channels : 0
            let filteredRow = window.outputWidth * window.channels
            let image = window.height * expandedRow + window.outputHeight * filteredRow
            isWhole = image <= Self.targetCount
            images = isWhole ? min(max(Self.targetCount / image, 1), group) : 1
            var rows = window.outputHeight
            func count(_ rows: Int) -> Int { window.reach(rows) * expandedRow + rows * filteredRow }
            while !isWhole && rows > 1 && count(rows) > Self.targetCount { rows -= 1 }
            let bandCount = (window.outputHeight + rows - 1) / rows
            self.rows = (window.outputHeight + bandCount - 1) / bandCount
            let sourceRows = isWhole ? window.height : min(window.reach(self.rows), window.height)
            filteredOffset = (images * sourceRows * expandedRow + 15) / 16 * 16
            scratchCount = filteredOffset + images * self.rows * filteredRow
            sourcePixels = images * sourceRows * window.width
            filteredPixels = images * self.rows * window.outputWidth
        }
    }
}

extension CultivarWindow {
    /// Input rows needed for `rows` neighbouring output rows, including padding.
    fileprivate func reach(_ rows: Int) -> Int { (rows - 1) * strideY + (kernelHeight - 1) * dilationY + 1 }

    /// The rows inside the image that the output rows `rows` need.
    fileprivate func inputRows(_ rows: Range<Int>) -> Range<Int> {
        let start = rows.lowerBound * strideY - padTop
        let end = min(start + reach(rows.count), height)
        return min(max(start, 0), max(end, 0))..<max(end, 0)
    }
}
