internal import ONNX

/// Operators that only change the shape of a value. In memory, channels are innermost whatever the file says, so most
/// of them cost nothing.
extension GraphBuilder {
    mutating func readFlatten(_ node: Node) throws {
        let input = try value(node, 0)
        var attributes = AttributeReader(node)
        let axis = try attributes.int("axis", default: 1)
        try attributes.finish()
        let rank = input.layout == .matrix ? 2 : 4
        guard axis == 1 || axis == 1 - rank else { throw attributes.unsupported("axis", .int(Int64(axis))) }
        try flatten(node, input, requiresSinglePixel: false)
    }

    /// To (N, C), or to a single pixel: the shape starts with 0 or -1 (a fixed batch size can't be run) and has at most
    /// one axis that isn't 1.
    mutating func readReshape(_ node: Node) throws {
        let input = try value(node, 0)
        var attributes = AttributeReader(node)
        try attributes.require("allowzero", equals: 0)
        try attributes.finish()
        let shape = try integers(node, 1)
        let axes: (layout: Graph.Layout, channels: Int)? =
            switch (shape.first, shape.count) {
            case (0, 2), (-1, 2): (.matrix, shape[1])
            case (0, 4), (-1, 4):
                if shape[2...] == [1, 1] {
                    (.channelsFirst, shape[1])
                } else if shape[1...2] == [1, 1] {
                    (.channelsLast, shape[3])
                } else {
                    nil
                }
            default: nil
            }
        guard let axes, axes.channels > 0 || (axes.channels == -1 && shape[0] == 0) else {
            throw NetworkError.unsupportedShape(node: node.label, reason: "reshaping to \(shape) is not supported")
        }
        let flatten = Flatten(
            isPlanar: input.layout != .channelsLast, requiresSinglePixel: false,
            features: axes.channels > 0 ? axes.channels : nil)
        try add(node, .flatten(flatten), [input], layout: axes.layout)
    }

    mutating func readSqueeze(_ node: Node) throws {
        let input = try value(node, 0)
        let axes = try axes(node)
        guard axes.isEmpty || input.layout.isSpatial(axes) else {
            throw NetworkError.unsupportedShape(node: node.label, reason: "squeezing axes \(axes) is not supported")
        }
        try flatten(node, input, requiresSinglePixel: true)
    }

    mutating func readUnsqueeze(_ node: Node) throws {
        let input = try matrix(node, 0)
        let axes = try axes(node)
        let candidates: [Graph.Layout] = [.channelsFirst, .channelsLast]
        guard let layout = candidates.first(where: { $0.isSpatial(axes) }) else {
            throw NetworkError.unsupportedShape(node: node.label, reason: "unsqueezing axes \(axes) is not supported")
        }
        try define(node, Named(value: input.value, layout: layout))
    }

    mutating func readTranspose(_ node: Node) throws {
        let input = try value(node, 0)
        var attributes = AttributeReader(node)
        let permutation = try attributes.ints("perm") ?? []
        try attributes.finish()
        let layout: Graph.Layout
        switch (input.layout, permutation) {
        case (.channelsLast, [0, 3, 1, 2]): layout = .channelsFirst
        case (.channelsFirst, [0, 2, 3, 1]): layout = .channelsLast
        case (_, [0, 1, 2, 3]), (.matrix, [0, 1]): layout = input.layout
        default: throw attributes.unsupported("perm", .ints(permutation.map(Int64.init)))
        }
        try define(node, Named(value: input.value, layout: layout))
    }

    mutating func readConcat(_ node: Node) throws {
        let inputs = try node.inputs.indices.map { try value(node, $0) }
        var attributes = AttributeReader(node)
        let axis = try attributes.int("axis", default: 1)
        try attributes.finish()
        guard let layout = inputs.first?.layout, inputs.allSatisfy({ $0.layout == layout }) else {
            throw NetworkError.unsupportedShape(node: node.label, reason: "its inputs have different axis orders")
        }
        let rank = layout == .matrix ? 2 : 4
        guard (axis < 0 ? axis + rank : axis) == (layout == .channelsLast ? 3 : 1) else {
            throw attributes.unsupported("axis", .int(Int64(axis)))
        }
        try add(node, .concat, inputs, layout: layout)
    }

    mutating func readSoftmax(_ node: Node) throws {
        let input = try matrix(node, 0)
        var attributes = AttributeReader(node)
        let axis = try attributes.int("axis", default: opset < 13 ? 1 : -1)
        try attributes.finish()
        guard axis == 1 || axis == -1 else { throw attributes.unsupported("axis", .int(Int64(axis))) }
        try add(node, .softmax, [input], layout: .matrix)
    }

    private mutating func flatten(_ node: Node, _ input: Named, requiresSinglePixel: Bool) throws {
        let flatten = Flatten(
            isPlanar: input.layout != .channelsLast, requiresSinglePixel: requiresSinglePixel, features: nil)
        try add(node, .flatten(flatten), [input], layout: .matrix)
    }

    /// Axes from an attribute (before version 13) or an input; none if there is neither.
    private func axes(_ node: Node) throws -> [Int] {
        var attributes = AttributeReader(node)
        let axes = try attributes.ints("axes") ?? []
        try attributes.finish()
        return isPresent(node, 1) ? try integers(node, 1) : axes
    }
}
