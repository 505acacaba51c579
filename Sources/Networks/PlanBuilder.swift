internal import ONNX

/// Creates a network's steps for one picture size, and gives every value memory that is free again once its last user
/// has run.
struct PlanBuilder {
    struct Entry {
        var node: Graph.Node
        /// The position of the weights' node in the graph.
        let origin: Int
        /// What is computed in bands along the way: before a 1 x 1 convolution, a depthwise one and maybe an expanding
        /// one before that; before one with 3 x 3 taps, any other.
        var before: [Entry] = []

        /// That of an entry that is known to be one.
        var convolution: Convolution {
            guard case .convolution(let convolution) = node.operation else {
                preconditionFailure("\(node.label) isn't a convolution")
            }
            return convolution
        }
    }

    /// A stretch of scratch memory; several values may use it one after another.
    private struct Block {
        let offset: Int
        var lastUse: Int
    }

    var memory = ScratchLayout()
    var steps: [any Step] = []
    private(set) var regions: [Graph.Value: Region] = [:]
    let network: Network
    let graph: Graph
    let group: Int
    /// Whether the steps will never run, so that their weights needn't be prepared.
    let measuresOnly: Bool
    /// The graph's nodes; nil if a node has been fused into another.
    var entries: [Entry?]
    let shapes: [Graph.Value: Shape]
    private var lastUse: [Graph.Value: Int] = [:]
    private var blocks: [Graph.Value: Int] = [:]
    private var blockList: [Block] = []

    init(_ network: Network, input: Shape, group: Int, measuresOnly: Bool) throws {
        self.network = network
        graph = network.graph
        self.group = group
        self.measuresOnly = measuresOnly
        entries = graph.nodes.enumerated().map { Entry(node: $1, origin: $0) }
        var shapes = [graph.input.value: input]
        for node in graph.nodes { shapes[node.output] = try node.outputShape(node.inputs.map { shapes[$0]! }) }
        self.shapes = shapes
        try checkExpandedFactors()
    }

    /// A single factor for all channels is expanded to one per channel; a node may have as many channels as a map has
    /// elements.
    private func checkExpandedFactors() throws {
        var count = 0
        for node in graph.nodes {
            guard case .affine(let affine) = node.operation, affine.scale.count == 1 else { continue }
            count += shapes[node.output]!.channels
            guard count <= Shape.maximumCount else { throw NetworkError.tooLarge(node: node.label, elements: count) }
        }
    }

    /// A builder that has finished its work.
    static func built(_ network: Network, input: Shape, group: Int, measuresOnly: Bool) throws -> PlanBuilder {
        var builder = try PlanBuilder(network, input: input, group: group, measuresOnly: measuresOnly)
        builder.fuseAdditions()
        builder.fusePools()
        builder.fuseInvertedResiduals()
        builder.fuseBands()
        try builder.build()
        return builder
    }

    private mutating func build() throws {
        for (index, entry) in entries.enumerated() {
            for value in entry?.node.inputs ?? [] { lastUse[value] = index }
        }
        lastUse[graph.output] = Int.max
        place(graph.input.value, at: -1)
        for (index, entry) in entries.enumerated() {
            guard let entry else { continue }
            add(entry, at: index)
            for block in blockList where block.lastUse == index { memory.release(block.offset) }
        }
        guard memory.count <= ScratchLayout.maximumCount else {
            throw NetworkError.unsupportedSize(
                requested: shapes[graph.input.value]!.height,
                reason: "\(group) of them at a time would need \(memory.count * 4) bytes")
        }
    }

    // MARK: Memory

    private mutating func place(_ value: Graph.Value, at index: Int) {
        let shape = shapes[value]!
        let offset = memory.reserve(group * shape.count)
        blocks[value] = blockList.count
        blockList.append(Block(offset: offset, lastUse: lastUse[value] ?? index))
        regions[value] = Region(offset: offset, shape: shape)
    }

    /// Makes `value` use the memory of `other`.
    private mutating func place(_ value: Graph.Value, over other: Graph.Value, at index: Int) {
        let block = blocks[other]!
        blocks[value] = block
        blockList[block].lastUse = max(blockList[block].lastUse, lastUse[value] ?? index)
        regions[value] = Region(offset: regions[other]!.offset, shape: shapes[value]!)
    }

    /// Puts an elementwise operation's output in place of its first input if nobody needs that any more.
    private mutating func placeElementwise(_ node: Graph.Node, at index: Int) {
        let first = node.inputs[0]
        if blockList[blocks[first]!].lastUse == index && shapes[first] == shapes[node.output] {
            place(node.output, over: first, at: index)
        } else {
            place(node.output, at: index)
        }
    }

    // MARK: Steps

    private mutating func add(_ entry: Entry, at index: Int) {
        let node = entry.node
        switch node.operation {
        case .convolution(let convolution):
            place(node.output, at: index)
            add(convolution, entry)
        case .dense(let dense):
            place(node.output, at: index)
            addProduct(node, origin: entry.origin, activation: dense.activation)
        case .flatten(let flatten): add(flatten, node, at: index)
        case .affine, .activation, .arithmetic, .softmax:
            placeElementwise(node, at: index)
            addElementwise(node)
        case .pool, .globalPool, .pad, .concat:
            place(node.output, at: index)
            addSpatial(node)
        }
    }

    private mutating func add(_ flatten: Flatten, _ node: Graph.Node, at index: Int) {
        let input = node.inputs[0]
        if shapes[input]!.pixels == 1 || !flatten.isPlanar {
            place(node.output, over: input, at: index)
        } else {
            place(node.output, at: index)
            steps.append(PlanarStep(input: regions[input]!, output: regions[node.output]!))
        }
    }

    private mutating func addElementwise(_ node: Graph.Node) {
        let inputs = node.inputs.map { regions[$0]! }
        let output = regions[node.output]!
        switch node.operation {
        case .affine(let affine):
            let expanded = measuresOnly ? nil : Weights(.affine(affine.expanded(to: output.shape.channels)))
            steps.append(
                AffineStep(
                    input: inputs[0], output: output, weights: expanded ?? .none, activation: affine.activation))
        case .activation(let activation):
            steps.append(ActivationStep(input: inputs[0], output: output, activation: activation))
        case .arithmetic(let operation, let activation):
            steps.append(
                ArithmeticStep(
                    left: inputs[0], right: inputs[1], output: output, operation: operation, activation: activation))
        case .softmax: steps.append(SoftmaxStep(input: inputs[0], output: output))
        default: preconditionFailure("\(node.label) is not elementwise")
        }
    }

    private mutating func addSpatial(_ node: Graph.Node) {
        let inputs = node.inputs.map { regions[$0]! }
        let output = regions[node.output]!
        switch node.operation {
        case .pool(let pool): steps.append(PoolStep(input: inputs[0], output: output, pool: pool))
        case .globalPool(let kind): steps.append(GlobalPoolStep(input: inputs[0], output: output, kind: kind))
        case .pad(let padding, let value):
            steps.append(PadStep(input: inputs[0], output: output, padding: padding, value: value))
        case .concat: steps.append(ConcatStep(inputs: inputs, output: output))
        default: preconditionFailure("\(node.label) has no spatial step")
        }
    }
}

/// Hands out stretches of scratch memory, lowest first, aligned to 16 floats.
struct ScratchLayout {
    /// No plan may need more floats than this (2 GiB).
    static let maximumCount = 1 << 29

    /// Total number of floats.
    private(set) var count = 0
    private var taken: [Range<Int>] = []

    mutating func reserve(_ size: Int) -> Int {
        let size = (max(size, 1) + 15) / 16 * 16
        var offset = 0
        var place = 0
        while place < taken.count && taken[place].lowerBound < offset + size {
            offset = taken[place].upperBound
            place += 1
        }
        taken.insert(offset..<offset + size, at: place)
        count = max(count, offset + size)
        return offset
    }

    mutating func release(_ offset: Int) { taken.removeAll { $0.lowerBound == offset } }
}
