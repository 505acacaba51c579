/// Nodes that are computed together, found once shapes are known.
extension PlanBuilder {
    /// Lets a convolution whose only user is an addition of the same shape add the other operand itself.
    mutating func fuseAdditions() {
        let uses = graph.useCounts
        let producers = Dictionary(uniqueKeysWithValues: graph.nodes.enumerated().map { ($1.output, $0) })
        for (index, node) in graph.nodes.enumerated() {
            guard case .arithmetic(.add, let activation) = node.operation else { continue }
            let candidates = node.inputs.filter { uses[$0] == 1 }.compactMap { producers[$0] }
            for candidate in candidates.sorted(by: >) where fuse(index, activation, into: candidate) { break }
        }
    }

    private mutating func fuse(_ addition: Int, _ activation: Activation, into candidate: Int) -> Bool {
        let operands = graph.nodes[addition].inputs
        guard var entry = entries[candidate], entry.node.inputs.count == 1,
            case .convolution(var convolution) = entry.node.operation, convolution.activation == .none,
            !convolution.isDepthwise, shapes[operands[0]] == shapes[operands[1]]
        else { return false }
        convolution.activation = activation
        entry.node.operation = .convolution(convolution)
        entry.node.inputs.append(operands[0] == entry.node.output ? operands[1] : operands[0])
        entry.node.output = graph.nodes[addition].output
        entries[candidate] = nil
        entries[addition] = entry
        return true
    }

    /// Lets a convolution with Winograd's algorithm compute the maxima of a 2 x 2 pool that is its only user.
    mutating func fusePools() {
        let uses = graph.useCounts
        for (index, entry) in entries.enumerated() {
            guard let entry, case .pool(let pool) = entry.node.operation, pool.takesQuarters,
                uses[entry.node.inputs[0]] == 1, let shape = shapes[entry.node.output],
                let producer = entries.firstIndex(where: { $0?.node.output == entry.node.inputs[0] }),
                var fused = entries[producer], winogradForm(fused) != nil,
                case .convolution(let convolution) = fused.node.operation, convolution.activation.isClip
            else { continue }
            let unpooled = shapes[fused.node.output]!
            guard shape.height == unpooled.height / 2, shape.width == unpooled.width / 2 else { continue }
            fused.node.output = entry.node.output
            entries[producer] = nil
            entries[index] = fused
        }
    }

    /// Lets a 1 x 1 convolution compute, in bands, the depthwise one that only it reads, and also the 1 x 1 convolution
    /// that only the depthwise one reads.
    mutating func fuseInvertedResiduals() {
        guard network.kernels.instructionSet != nil else { return }
        let uses = graph.useCounts
        var producers: [Graph.Value: Int] = [:]
        for (index, entry) in entries.enumerated() { if let entry { producers[entry.node.output] = index } }
        for (index, entry) in entries.enumerated() {
            guard var entry, entry.isConvolution(where: \.isPointwise),
                let filter = soleProducer(of: entry, uses, producers, where: \.isDepthwise)
            else { continue }
            let expansion = soleProducer(of: entries[filter]!, uses, producers, where: \.isPointwise)
            for producer in [expansion, filter].compactMap({ $0 }) {
                entry.before.append(entries[producer]!)
                entries[producer] = nil
            }
            entry.node.inputs[0] = entry.before[0].node.inputs[0]
            entries[index] = entry
        }
    }

    /// Lets a convolution with Winograd's algorithm compute, in bands, the one that only it reads, if the map between
    /// them is too large for the cache.
    mutating func fuseBands() {
        guard network.kernels.instructionSet != nil else { return }
        let uses = graph.useCounts
        var producers: [Graph.Value: Int] = [:]
        for (index, entry) in entries.enumerated() { if let entry { producers[entry.node.output] = index } }
        for (index, entry) in entries.enumerated() {
            guard var entry, winogradForm(entry) != nil, shapes[entry.node.inputs[0]]!.count > Self.bandedCount,
                let first = soleProducer(
                    of: entry, uses, producers,
                    where: { !$0.isPointwise && !$0.isDepthwise && DirectConvolutionStep.takes($0) }),
                let producer = entries[first], winogradForm(producer) == nil
            else { continue }
            entry.before = [producer]
            entry.node.inputs[0] = producer.node.inputs[0]
            entries[first] = nil
            entries[index] = entry
        }
    }

    /// The convolution that produces the first input of `entry`, if nobody else uses it and it has no fused addition.
    private func soleProducer(
        of entry: Entry, _ uses: [Graph.Value: Int], _ producers: [Graph.Value: Int],
        where condition: (Convolution) -> Bool
    ) -> Int? {
        let value = entry.node.inputs[0]
        guard uses[value] == 1, let index = producers[value], let producer = entries[index],
            producer.node.inputs.count == 1, producer.before.isEmpty, producer.isConvolution(where: condition)
        else { return nil }
        return index
    }
}

extension PlanBuilder.Entry {
    fileprivate func isConvolution(where condition: (Convolution) -> Bool) -> Bool {
        guard case .convolution(let convolution) = node.operation else { return false }
        return condition(convolution)
    }
}
