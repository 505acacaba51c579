internal import ONNX

extension Model {
    /// The nodes that the output depends on, each after those whose outputs it uses; in the file's own order if that is
    /// valid.
    func orderedNodes() throws -> [Node] {
        guard outputs.count == 1 else {
            throw NetworkError.unsupportedOutput(reason: "expected one, found \(outputs.map(\.name))")
        }
        let producers = try producers()
        let needed = neededNodes(producers)
        var order: [Int] = []
        var state = [Visit](repeating: .new, count: nodes.count)
        for index in nodes.indices where needed[index] {
            try visit(index, producers: producers, state: &state, order: &order)
        }
        return order.map { nodes[$0] }
    }

    /// The model without nodes and initializers that the output doesn't depend on.
    func pruned() throws -> Model {
        var model = self
        model.nodes = try orderedNodes()
        let used = Set(model.nodes.flatMap(\.inputs))
        model.initializers.removeAll { !used.contains($0.name) }
        let constants = Set(initializers.map(\.name))
        model.inputs.removeAll { constants.contains($0.name) }
        return model
    }

    private enum Visit {
        case new
        case open
        case done
    }

    private func producers() throws -> [String: Int] {
        var producers: [String: Int] = [:]
        let given = Set(initializers.map(\.name)).union(inputs.map(\.name))
        for (index, node) in nodes.enumerated() {
            for name in node.outputs where !name.isEmpty {
                guard producers.updateValue(index, forKey: name) == nil, !given.contains(name) else {
                    throw NetworkError.duplicateValue(name)
                }
            }
        }
        return producers
    }

    private func neededNodes(_ producers: [String: Int]) -> [Bool] {
        var needed = [Bool](repeating: false, count: nodes.count)
        var open = [producers[outputs[0].name]].compactMap(\.self)
        while let index = open.popLast() {
            if needed[index] { continue }
            needed[index] = true
            open += nodes[index].inputs.compactMap { producers[$0] }
        }
        return needed
    }

    /// Depth first with an explicit stack: a file may chain more nodes than calls can nest.
    private func visit(
        _ start: Int, producers: [String: Int], state: inout [Visit], order: inout [Int]
    ) throws {
        var stack = [(node: start, next: 0)]
        while let (node, next) = stack.last {
            if next == 0 {
                if state[node] == .done {
                    stack.removeLast()
                    continue
                }
                state[node] = .open
            }
            guard next < nodes[node].inputs.count else {
                state[node] = .done
                order.append(node)
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].next += 1
            guard let input = producers[nodes[node].inputs[next]], state[input] != .done else { continue }
            guard state[input] == .new else { throw NetworkError.cycle(node: nodes[input].label) }
            stack.append((input, 0))
        }
    }
}
