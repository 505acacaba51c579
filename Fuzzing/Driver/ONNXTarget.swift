internal import Numerics
internal import ONNX

@testable import Networks

/// An ONNX file from bytes to a network that is run: as a backbone, and as a published classifier.
struct ONNXTarget: Target {
    /// Beyond this a network isn't run: it takes long, and tells nothing that a smaller one doesn't.
    private static let maximumCost = 4e6
    private static let maximumScratch = 1 << 18

    func take(_ bytes: UnsafeRawBufferPointer) {
        guard let model = try? ModelFile.decode(Array(bytes)) else { return }
        // Which kernels compute it depends on the bytes alone, so that a finding can be seen again.
        let kernels = Kernels.available[bytes.reduce(0) { $0 &+ Int($1) } % Kernels.available.count]
        do {
            let backbone = try Backbone(model, fallbackName: "fuzz", kernels: kernels)
            publish(backbone, kernels)
            try run(backbone, model, kernels)
            try classify(model, kernels)
        } catch {
            precondition(error is NetworkError, "an error that names nothing: \(error)")
            precondition(!"\(error)".isEmpty)
        }
    }

    /// A backbone that is accepted can be written, and gives the same when it is read again.
    private func publish(_ backbone: Backbone, _ kernels: Kernels) {
        do {
            let written = try ModelFile.encode(backbone.model)
            let copy = try Backbone(ModelFile.decode(written), fallbackName: "fuzz", kernels: kernels)
            precondition(copy.featureCount == backbone.featureCount, "another number of features when read again")
            let again = try ModelFile.encode(copy.model)
            precondition(again == written, "other bytes when written again")
        } catch { preconditionFailure("an accepted backbone can't be published: \(error)") }
    }

    private func run(_ backbone: Backbone, _ model: Model, _ kernels: Kernels) throws {
        let size = backbone.acceptsAnySize ? 32 : backbone.defaultInputSize
        guard try isCheap(model, kernels, size: size) else { return }
        let extractor = try backbone.makeExtractor(inputSize: size)
        let pixels = (0..<2 * size * size * 3).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let both = bits(extractor.extract(pixels))
        let second = bits(extractor.extract(Array(pixels[(pixels.count / 2)...])))
        precondition(Array(both[(both.count / 2)...]) == second, "features depend on a picture's company")
    }

    private func classify(_ model: Model, _ kernels: Kernels) throws {
        guard case .fixed(let size)? = model.inputs.first?.shape?.dropFirst().first,
            try isCheap(model, kernels, size: size)
        else { return }
        let classifier = try Classifier(model, kernels: kernels)
        let probabilities = classifier.probabilities([UInt8](repeating: 100, count: size * size * 3))
        precondition(probabilities.columns == classifier.labels.count, "not a column for each class")
    }

    private func isCheap(_ model: Model, _ kernels: Kernels, size: Int) throws -> Bool {
        guard size <= 64 else { return false }
        let network = try Network(model, kernels: kernels)
        let input = Shape(height: size, width: size, channels: 3)
        let builder = try PlanBuilder.built(network, input: input, group: 1, measuresOnly: true)
        let cost = network.graph.nodes.reduce(0) { cost, node in
            cost + node.cost(input: builder.shapes[node.inputs[0]]!, output: builder.shapes[node.output]!)
        }
        return cost <= Self.maximumCost && builder.memory.count <= Self.maximumScratch
    }

    /// The bits: two that aren't numbers are equal then.
    private func bits(_ matrix: Matrix) -> [UInt32] { matrix.withUnsafeBuffer { $0.map(\.bitPattern) } }

    /// Mostly the fields of the file's messages are changed, for a changed byte rarely leaves a message whole.
    func mutate(_ input: [UInt8], capacity: Int, random: inout SeededRandom) -> [UInt8] {
        guard random.below(8) > 0, var file = WireMessage(input) else {
            return anyMutation(of: input, capacity: capacity)
        }
        for _ in 0...random.below(4) { file.mutate(&random) }
        return file.bytes.count <= capacity ? file.bytes : anyMutation(of: input, capacity: capacity)
    }
}

extension Graph.Node {
    /// Multiplications and the like for one picture.
    fileprivate func cost(input: Shape, output: Shape) -> Double {
        let taps =
            switch operation {
            case .convolution(let convolution): convolution.kernel.count / convolution.outputChannels
            case .dense(let dense): dense.inputs
            case .pool(let pool):
                min(pool.window.kernel.height, input.height) * min(pool.window.kernel.width, input.width)
            default: 1
            }
        return Double(output.count) * Double(taps) + Double(input.count)
    }
}
