internal import ONNX

extension GraphBuilder {
    /// Sizes above this serve no purpose and could overflow a product of three.
    private static let maximumExtent = 1 << 16

    /// The attributes that convolution and pooling share. `kernel` is nil if the attribute must specify it.
    func readWindow(_ attributes: inout AttributeReader, kernel: Window.Size?) throws -> Window {
        let declared = try size(&attributes, "kernel_shape")
        guard let kernel = kernel ?? declared else {
            throw attributes.missing("kernel_shape")
        }
        guard declared == nil || declared == kernel else {
            throw attributes.unsupported("kernel_shape", .ints([declared!.height, declared!.width].map(Int64.init)))
        }
        var window = Window(kernel: kernel)
        window.strides = try size(&attributes, "strides") ?? window.strides
        window.dilations = try size(&attributes, "dilations") ?? window.dilations
        window.padding = try padding(&attributes)
        return window
    }

    private func padding(_ attributes: inout AttributeReader) throws -> WindowPadding {
        let mode = try attributes.string("auto_pad", default: "NOTSET")
        let pads = try attributes.ints("pads")
        switch mode {
        case "NOTSET", "": break
        case "VALID": return .explicit(Padding())
        case "SAME_UPPER": return .sameUpper
        case "SAME_LOWER": return .sameLower
        default: throw attributes.unsupported("auto_pad", .string(mode))
        }
        guard let pads else { return .explicit(Padding()) }
        guard pads.count == 4, pads.allSatisfy({ (0...Self.maximumExtent).contains($0) }) else {
            throw attributes.unsupported("pads", .ints(pads.map(Int64.init)))
        }
        return .explicit(Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3]))
    }

    private func size(_ attributes: inout AttributeReader, _ name: String) throws -> Window.Size? {
        guard let values = try attributes.ints(name) else { return nil }
        guard values.count == 2, values.allSatisfy({ (1...Self.maximumExtent).contains($0) }) else {
            throw attributes.unsupported(name, .ints(values.map(Int64.init)))
        }
        return Window.Size(height: values[0], width: values[1])
    }

    mutating func readPool(_ node: Node) throws {
        let input = try map(node, 0)
        var attributes = AttributeReader(node)
        let kind: PoolKind = node.operatorType == "MaxPool" ? .maximum : .average
        var pool = Pool(kind: kind, window: try readWindow(&attributes, kernel: nil))
        pool.roundsUp = try attributes.int("ceil_mode", default: 0) != 0
        switch kind {
        case .maximum: try attributes.require("storage_order", equals: 0)
        case .average: pool.countsPadding = try attributes.int("count_include_pad", default: 0) != 0
        }
        try attributes.finish()
        try add(node, .pool(pool), [input], layout: .channelsFirst)
    }

    mutating func readGlobalPool(_ node: Node, _ kind: PoolKind) throws {
        try AttributeReader(node).finish()
        try add(node, .globalPool(kind), [map(node, 0)], layout: .channelsFirst)
    }

    /// The mean over rows and columns, with axes from an attribute (before version 18) or an input.
    mutating func readReduceMean(_ node: Node) throws {
        let input = try value(node, 0)
        var attributes = AttributeReader(node)
        let keepsAxes = try attributes.int("keepdims", default: 1) != 0
        try attributes.require("noop_with_empty_axes", equals: 0)
        var axes = try attributes.ints("axes")
        try attributes.finish()
        if isPresent(node, 1) { axes = try integers(node, 1) }
        guard let axes, input.layout.isSpatial(axes) else {
            throw attributes.unsupported("axes", .ints((axes ?? []).map(Int64.init)))
        }
        try add(node, .globalPool(.average), [input], layout: keepsAxes ? input.layout : .matrix)
    }

    mutating func readPad(_ node: Node) throws {
        let input = try value(node, 0)
        var attributes = AttributeReader(node)
        let mode = try attributes.string("mode", default: "constant")
        guard mode == "constant" else { throw attributes.unsupported("mode", .string(mode)) }
        var fill = try attributes.float("value", default: 0)
        var pads = try attributes.ints("pads") ?? []
        try attributes.finish()
        if isPresent(node, 1) { pads = try integers(node, 1) }
        if isPresent(node, 2) { fill = try scalar(node, 2) }
        guard !isPresent(node, 3), let padding = input.layout.padding(pads) else {
            throw attributes.unsupported("pads", .ints(pads.map(Int64.init)))
        }
        try add(node, .pad(padding, value: fill), [input], layout: input.layout)
    }
}

extension Graph.Layout {
    /// The axes of rows and columns; none for a matrix.
    private var spatialAxes: [Int] {
        switch self {
        case .channelsFirst: [2, 3]
        case .channelsLast: [1, 2]
        case .matrix: []
        }
    }

    /// Whether `axes`, which may count from the end, are exactly those of rows and columns.
    func isSpatial(_ axes: [Int]) -> Bool {
        self != .matrix && axes.map { $0 < 0 ? $0 + 4 : $0 }.sorted() == spatialAxes
    }

    /// The padding from ONNX's list (starts of all axes, then ends); nil if it isn't one of rows and columns.
    fileprivate func padding(_ pads: [Int]) -> Padding? {
        guard self != .matrix, pads.count == 8, pads.allSatisfy({ (0...1 << 16).contains($0) }) else { return nil }
        let (row, column) = (spatialAxes[0], spatialAxes[1])
        for axis in 0..<4 where axis != row && axis != column {
            guard pads[axis] == 0, pads[axis + 4] == 0 else { return nil }
        }
        return Padding(top: pads[row], left: pads[column], bottom: pads[row + 4], right: pads[column + 4])
    }
}
