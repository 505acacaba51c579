/// A network laid out for pictures of one size, a fixed number at a time: steps in order, each with the positions of
/// its operands in one block of scratch memory.
final class Plan: Sendable {
    let group: Int
    let input: Region
    let output: Region
    /// Floats of scratch memory that `run` needs.
    let scratchCount: Int
    let steps: [any Step]

    /// The output's shape and the scratch memory of a plan, without creating it.
    struct Measures: Sendable {
        let output: Shape
        let scratchCount: Int
    }

    init(_ network: Network, input shape: Shape, group: Int) throws {
        let builder = try PlanBuilder.built(network, input: shape, group: group, measuresOnly: false)
        self.group = group
        input = builder.regions[network.graph.input.value]!
        output = builder.regions[network.graph.output]!
        scratchCount = builder.memory.count
        steps = builder.steps
    }

    static func measure(_ network: Network, input shape: Shape, group: Int) throws -> Measures {
        let builder = try PlanBuilder.built(network, input: shape, group: group, measuresOnly: true)
        return Measures(output: builder.regions[network.graph.output]!.shape, scratchCount: builder.memory.count)
    }

    /// Computes the output of the first `images` pictures of a group from what has been written to the input's region.
    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        precondition(images <= group, "\(images) pictures in a group of \(group)")
        for step in steps { step.run(scratch, images: images) }
    }
}

/// A value's position in scratch memory: `group` maps of `shape`, one after another.
struct Region: Sendable {
    let offset: Int
    let shape: Shape

    func pointer(_ scratch: UnsafeMutablePointer<Float>, image: Int = 0) -> UnsafeMutablePointer<Float> {
        scratch + offset + image * shape.count
    }
}

/// The positions of what a convolution or a dense layer reads and writes.
struct Operands: Sendable {
    let input: Region
    let output: Region
    /// What is added before the activation; it has the output's shape.
    let residual: Region?
}

/// One operation with the positions of its operands.
protocol Step: Sendable {
    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int)
}
