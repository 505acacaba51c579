internal import CKernels
internal import ONNX

/// The steps of convolutions and dense layers: which kernels compute which.
extension PlanBuilder {
    mutating func add(_ convolution: Convolution, _ entry: Entry) {
        let (node, origin) = (entry.node, entry.origin)
        if let set = network.kernels.instructionSet, let first = entry.before.first {
            if convolution.isPointwise { addInvertedResidual(entry, set) } else { addBands(first, entry, set) }
        } else if convolution.isDepthwise {
            steps.append(
                DepthwiseStep(
                    operands(node), window: convolution.window, weights: weights(of: origin),
                    activation: convolution.activation))
        } else if convolution.isPointwise {
            addProduct(node, origin: origin, activation: convolution.activation)
        } else if let set = network.kernels.instructionSet, let form = winogradForm(entry) {
            addWinograd(convolution, entry, form, set)
        } else if let set = network.kernels.instructionSet, DirectConvolutionStep.takes(convolution) {
            steps.append(
                DirectConvolutionStep(
                    operands(node), convolution, weights: weights(of: origin, .panels()), set: set))
        } else {
            addPatches(convolution, node, weights: weights(of: origin))
        }
    }

    private mutating func addWinograd(
        _ convolution: Convolution, _ entry: Entry, _ form: WinogradForm, _ set: CultivarInstructionSet
    ) {
        let blocking = WinogradStep.Blocking(
            form, inputs: convolution.inputChannels, outputs: convolution.outputChannels, group: group)
        let offset = memory.reserve(blocking.scratchCount)
        steps.append(
            WinogradStep(
                operands(entry.node), convolution, form: form, blocking: blocking, scratchOffset: offset,
                unpooled: shapes[graph.nodes[entry.origin].output]!,
                weights: weights(of: entry.origin, .winograd(side: form.side)), set: set))
        memory.release(offset)
    }

    private mutating func addInvertedResidual(_ entry: Entry, _ set: CultivarInstructionSet) {
        let filter = entry.before.last!
        let input = graph.nodes[filter.origin].inputs[0]
        let window = CultivarWindow(
            filter.convolution.window, input: shapes[input]!, output: shapes[filter.node.output]!)
        let bands = InvertedResidualStep.Bands(window, expands: entry.before.count > 1, group: group)
        let offset = memory.reserve(bands.scratchCount)
        let projection = network.precision(of: entry.origin)
        let form = filteredForm(filter, projection: projection)
        let bound = form.bound
        let expansion = entry.before.count > 1 ? entry.before[0] : nil
        var places: [Int] = []
        let layers = [
            expansion.map { layer($0, rows: bands.sourcePixels, &places) },
            layer(filter, bound.map { .scaledRows(bound: $0) } ?? .rows),
            form.isShort
                ? layer(entry, .panels(projection, inputBound: bound))
                : layer(entry, rows: bands.filteredPixels, &places),
        ]
        steps.append(
            InvertedResidualStep(
                operands: operands(entry.node), expansion: layers[0], filter: layers[1]!, projection: layers[2]!,
                window: window, bands: bands, filtered: form.form, scratchOffset: offset, set: set))
        for place in places + [offset] { memory.release(place) }
    }

    /// How Winograd's algorithm would compute the entry's convolution; nil if it can't or if something else is faster.
    func winogradForm(_ entry: Entry) -> WinogradForm? {
        guard network.kernels.instructionSet != nil, entry.node.inputs.count == 1,
            case .convolution(let convolution) = entry.node.operation
        else { return nil }
        let node = graph.nodes[entry.origin]
        return WinogradForm(
            convolution, input: shapes[node.inputs[0]]!, output: shapes[node.output]!, group: group)
    }

    mutating func addProduct(_ node: Graph.Node, origin: Int, activation: Activation) {
        if let set = network.kernels.instructionSet {
            let operands = operands(node)
            let rows = min(group * operands.input.shape.pixels, PackedProductStep.shortRows)
            let shorts = shortRows(of: origin, depth: operands.input.shape.channels, rows: rows)
            let weights = weights(of: origin, .panels(shorts?.precision ?? .float32))
            steps.append(
                PackedProductStep(operands, weights: weights, activation: activation, set: set, shorts: shorts))
            if let shorts { memory.release(shorts.offset) }
        } else {
            let weights = weights(of: origin)
            steps.append(ProductStep(operands(node), weights: weights, activation: activation))
        }
    }

    private mutating func addPatches(_ convolution: Convolution, _ node: Graph.Node, weights: Weights) {
        let operands = operands(node)
        let tiling = PatchTiling(convolution, input: operands.input.shape, output: operands.output.shape)
        let offset = memory.reserve(tiling.patchCount)
        steps.append(
            PatchStep(operands, patches: offset, tiling: tiling, weights: weights, convolution: convolution))
        memory.release(offset)
    }

    func weights(of origin: Int, _ layout: WeightLayout = .rows) -> Weights {
        measuresOnly ? .none : network.weights(of: origin, layout)
    }

    func operands(_ node: Graph.Node) -> Operands {
        Operands(
            input: regions[node.inputs[0]]!, output: regions[node.output]!,
            residual: node.inputs.count > 1 ? regions[node.inputs[1]] : nil)
    }
}
