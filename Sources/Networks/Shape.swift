/// The size of one picture's value: a map of rows x columns x channels; a row of a matrix is a map of one pixel.
struct Shape: Sendable, Equatable {
    /// The maximum number of elements of a value of one picture.
    static let maximumCount = 1 << 27

    var height: Int
    var width: Int
    var channels: Int

    var pixels: Int { height * width }
    var count: Int { height * width * channels }

    static func vector(_ channels: Int) -> Shape { Shape(height: 1, width: 1, channels: channels) }
}

extension Graph.Node {
    /// The shape of the node's output for inputs of these shapes.
    func outputShape(_ inputs: [Shape]) throws -> Shape {
        let shape = try inferredShape(inputs)
        guard shape.height > 0, shape.width > 0 else {
            throw unsupported("its input of \(inputs[0].height) x \(inputs[0].width) pixels is too small")
        }
        let (pixels, overflow) = shape.height.multipliedReportingOverflow(by: shape.width)
        let (count, overflows) = pixels.multipliedReportingOverflow(by: shape.channels)
        guard !overflow, !overflows, count <= Shape.maximumCount else {
            throw NetworkError.tooLarge(node: label, elements: overflow || overflows ? Int.max : count)
        }
        return shape
    }

    private func inferredShape(_ inputs: [Shape]) throws -> Shape {
        let first = inputs[0]
        switch operation {
        case .convolution(let convolution):
            try expect(first.channels, convolution.inputChannels)
            return try windowShape(convolution.window, first, channels: convolution.outputChannels)
        case .dense(let dense):
            try expect(first.channels, dense.inputs)
            return .vector(dense.outputs)
        case .affine(let affine):
            if affine.scale.count != 1 { try expect(first.channels, affine.scale.count) }
            return first
        case .arithmetic: return try broadcastShape(first, inputs[1])
        case .pool(let pool): return try poolShape(pool, first)
        case .globalPool: return .vector(first.channels)
        case .pad(let padding, _):
            return Shape(
                height: first.height + padding.top + padding.bottom, width: first.width + padding.left + padding.right,
                channels: first.channels)
        case .concat: return try concatShape(inputs)
        case .flatten(let flatten): return try flattenShape(flatten, first)
        case .activation, .softmax: return first
        }
    }

    private func windowShape(_ window: Window, _ input: Shape, channels: Int) throws -> Shape {
        let padding = window.resolvedPadding(input)
        return Shape(
            height: Window.outputSize(
                input.height + padding.top + padding.bottom, window.kernel.height, window.strides.height,
                window.dilations.height),
            width: Window.outputSize(
                input.width + padding.left + padding.right, window.kernel.width, window.strides.width,
                window.dilations.width),
            channels: channels)
    }

    /// With ceil_mode, the last window may extend beyond the padding, but none starts beyond it.
    private func poolShape(_ pool: Pool, _ input: Shape) throws -> Shape {
        let padding = pool.window.resolvedPadding(input)
        guard padding.top < pool.window.reach.height, padding.left < pool.window.reach.width,
            padding.bottom < pool.window.reach.height, padding.right < pool.window.reach.width
        else { throw unsupported("its padding is as large as its window") }
        var shape = try windowShape(pool.window, input, channels: input.channels)
        guard pool.roundsUp, shape.height > 0, shape.width > 0 else { return shape }
        let (reach, strides) = (pool.window.reach, pool.window.strides)
        let restY = input.height + padding.top + padding.bottom - reach.height - (shape.height - 1) * strides.height
        let restX = input.width + padding.left + padding.right - reach.width - (shape.width - 1) * strides.width
        if restY > 0 && shape.height * strides.height < input.height + padding.top { shape.height += 1 }
        if restX > 0 && shape.width * strides.width < input.width + padding.left { shape.width += 1 }
        return shape
    }

    private func broadcastShape(_ left: Shape, _ right: Shape) throws -> Shape {
        guard left.channels == right.channels, left == right || left.pixels == 1 || right.pixels == 1 else {
            throw unsupported("its operands' sizes \(left.text) and \(right.text) don't match")
        }
        return left.pixels == 1 ? right : left
    }

    private func concatShape(_ inputs: [Shape]) throws -> Shape {
        var shape = inputs[0]
        for other in inputs.dropFirst() {
            guard other.height == shape.height, other.width == shape.width else {
                throw unsupported("its inputs' sizes \(shape.text) and \(other.text) don't match")
            }
            shape.channels += other.channels
        }
        return shape
    }

    private func flattenShape(_ flatten: Flatten, _ input: Shape) throws -> Shape {
        if flatten.requiresSinglePixel && input.pixels != 1 {
            throw unsupported("its input has \(input.height) x \(input.width) pixels rather than one")
        }
        if let features = flatten.features, features != input.count {
            throw unsupported("expected \(features) features, found \(input.count)")
        }
        return .vector(input.count)
    }

    private func expect(_ found: Int, _ expected: Int) throws {
        guard found == expected else {
            throw unsupported("its weights are for \(expected) channels, but its input has \(found)")
        }
    }

    private func unsupported(_ reason: String) -> NetworkError { .unsupportedShape(node: label, reason: reason) }
}

extension Shape {
    fileprivate var text: String { "\(height) x \(width) x \(channels)" }
}

extension Window {
    /// The pixels from the window's first tap to its last.
    var reach: Size {
        Size(height: (kernel.height - 1) * dilations.height + 1, width: (kernel.width - 1) * dilations.width + 1)
    }

    static func outputSize(_ padded: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
        let room = padded - (kernel - 1) * dilation - 1
        return room < 0 ? 0 : room / stride + 1
    }

    /// The padding for an input of this size.
    func resolvedPadding(_ input: Shape) -> Padding {
        let isUpper: Bool
        switch padding {
        case .explicit(let padding): return padding
        case .sameUpper: isUpper = true
        case .sameLower: isUpper = false
        }
        func split(_ size: Int, _ stride: Int, _ reach: Int) -> (start: Int, end: Int) {
            let total = max(((size + stride - 1) / stride - 1) * stride + reach - size, 0)
            return isUpper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
        }
        let (top, bottom) = split(input.height, strides.height, reach.height)
        let (left, right) = split(input.width, strides.width, reach.width)
        return Padding(top: top, left: left, bottom: bottom, right: right)
    }
}
