internal import Numerics

/// A head in training: its weights, its optimiser, and all memory that a step on one batch needs.
///
/// A step allocates nothing. The hidden kernel's gradient, by far the largest, exists only in pieces that stay in the
/// cache: each is computed, used for the update and overwritten by the next. The gradient of the features is never
/// computed, because they are frozen.
package final class TrainingNetwork {
    private let hyperparameters: Hyperparameters
    private let layout: HeadLayout
    private let weights: AlignedBuffer<Float>
    private let optimizer: Optimizer
    private var dropout: Dropout
    private let inference: InferencePass

    private let input: AlignedBuffer<Float>
    private let normalized: AlignedBuffer<Float>
    private let hidden: AlignedBuffer<Float>
    private let dropped: AlignedBuffer<Float>
    private let hiddenGradient: AlignedBuffer<Float>
    private let logits: AlignedBuffer<Float>
    private let kernelGradient: AlignedBuffer<Float>
    private let smallGradient: AlignedBuffer<Float>
    private let mean: AlignedBuffer<Float>
    private let variance: AlignedBuffer<Float>
    private let betaGradient: AlignedBuffer<Float>
    /// How many rows of the hidden kernel a piece of its gradient covers: about 80 KB.
    private let pieceRows: Int

    /// A network with random initial weights.
    package init(_ hyperparameters: Hyperparameters, featureCount: Int, classCount: Int, seed: UInt64) {
        let layout = HeadLayout(
            features: featureCount, hidden: hyperparameters.hiddenUnits, classes: classCount,
            hasBatchNormalization: hyperparameters.batchNormalization)
        self.hyperparameters = hyperparameters
        self.layout = layout
        weights = AlignedBuffer(count: layout.count)
        optimizer = Optimizer(hyperparameters, values: weights.baseAddress, count: layout.trainedCount)
        let batch = hyperparameters.batchSize
        dropout = Dropout(rate: hyperparameters.dropout, count: batch * layout.hidden, seed: seed)
        inference = InferencePass(activation: hyperparameters.activation, layout: layout)
        input = AlignedBuffer(count: batch * featureCount)
        normalized = AlignedBuffer(count: layout.hasBatchNormalization ? batch * featureCount : 0)
        hidden = AlignedBuffer(count: batch * layout.hidden)
        dropped = AlignedBuffer(count: dropout.isActive ? batch * layout.hidden : 0)
        hiddenGradient = AlignedBuffer(count: batch * layout.hidden)
        logits = AlignedBuffer(count: batch * classCount)
        pieceRows = max(1, min(featureCount, 20_480 / layout.hidden))
        kernelGradient = AlignedBuffer(count: max(pieceRows * layout.hidden, layout.hidden * classCount))
        smallGradient = AlignedBuffer(count: max(layout.hidden, classCount, layout.gamma.count))
        mean = AlignedBuffer(count: layout.gamma.count)
        variance = AlignedBuffer(count: layout.gamma.count)
        betaGradient = AlignedBuffer(count: layout.beta.count)
        initialize(seed: seed)
    }

    /// A copy of the current weights.
    package var head: Head {
        get {
            var copy = Matrix(rows: 1, columns: layout.count)
            copy.withUnsafeMutableBuffer { $0.baseAddress!.update(from: weights.baseAddress, count: layout.count) }
            return Head(activation: hyperparameters.activation, layout: layout, parameters: copy)
        }
        set {
            precondition(newValue.layout == layout, "the head has different sizes")
            newValue.parameters.withUnsafeBuffer {
                weights.baseAddress.update(from: $0.baseAddress!, count: layout.count)
            }
        }
    }

    /// Of the next batch.
    package var learningRate: Float {
        get { optimizer.learningRate }
        set { optimizer.learningRate = newValue }
    }

    private func initialize(seed: UInt64) {
        func fill(_ range: Range<Int>, inputs: Int, outputs: Int, branch: UInt64) {
            var random = SeededRandom(seed: seed, path: 0, branch)
            let kernel = UnsafeMutableBufferPointer(rebasing: weights.elements[range])
            hyperparameters.initializer.fill(kernel, inputs: inputs, outputs: outputs, using: &random)
        }
        fill(layout.hiddenKernel, inputs: layout.features, outputs: layout.hidden, branch: 0)
        fill(layout.outputKernel, inputs: layout.hidden, outputs: layout.classes, branch: 1)
        for index in layout.gamma { weights[index] = 1 }
        for index in layout.movingVariance { weights[index] = 1 }
    }
}

extension TrainingNetwork {
    /// One step on one batch: rows of `data`, at most batchSize; the score is from before the update, with dropout.
    package func train(on rows: ArraySlice<Int32>, of data: TrainingData) -> Score {
        precondition(!rows.isEmpty && rows.count <= hyperparameters.batchSize, "a batch of \(rows.count)")
        let count = rows.count
        gather(rows, of: data.features, columns: layout.features, into: input.baseAddress)
        forward(count)
        let score = CrossEntropy.scoreAndGradient(
            logits.baseAddress, rows: rows, labels: data.labels, columns: layout.classes)
        optimizer.beginStep()
        backwardToHidden(count)
        updateOutputLayer(count)
        updateHiddenLayer(count)
        return score
    }

    /// The score of rows of `data` in inference.
    package func evaluate(_ rows: ArraySlice<Int32>, of data: TrainingData) -> Score {
        var total = Score()
        for start in stride(from: rows.startIndex, to: rows.endIndex, by: inference.capacity) {
            let batch = rows[start..<min(start + inference.capacity, rows.endIndex)]
            let logits = inference.logits(weights: weights.baseAddress, features: data.features, rows: batch)
            total += CrossEntropy.score(logits, rows: batch, labels: data.labels, columns: layout.classes)
        }
        return total
    }

    /// Computes the logits.
    private func forward(_ count: Int) {
        let denseInput = layout.hasBatchNormalization ? normalize(count) : input.baseAddress
        GEMM.multiply(
            m: count, n: layout.hidden, k: layout.features, denseInput, leadingA: layout.features,
            at(layout.hiddenKernel), leadingB: layout.hidden, into: hidden.baseAddress, leadingC: layout.hidden)
        hyperparameters.activation.apply(
            hidden.baseAddress, rows: count, bias: at(layout.hiddenBias), columns: layout.hidden)
        if dropout.isActive {
            dropout.draw()
            dropout.apply(hidden.baseAddress, count: count * layout.hidden, into: dropped.baseAddress)
        }
        multiplyToLogits(
            hiddenOutput, rows: count, weights: weights.baseAddress, layout: layout, into: logits.baseAddress)
    }

    private func normalize(_ count: Int) -> UnsafeMutablePointer<Float> {
        let statistics = BatchNormalization.Statistics(mean: mean.baseAddress, variance: variance.baseAddress)
        BatchNormalization.measure(input.baseAddress, rows: count, columns: layout.features, into: statistics)
        BatchNormalization.follow(at(layout.movingMean), mean.baseAddress, count: layout.features)
        BatchNormalization.follow(at(layout.movingVariance), variance.baseAddress, count: layout.features)
        BatchNormalization.normalize(
            input.baseAddress, rows: count, columns: layout.features, with: statistics, gamma: at(layout.gamma),
            beta: at(layout.beta), into: normalized.baseAddress)
        return normalized.baseAddress
    }

    /// The gradient of the input of the hidden layer's activation.
    private func backwardToHidden(_ count: Int) {
        GEMM.multiply(
            m: count, n: layout.hidden, k: layout.classes, logits.baseAddress, leadingA: layout.classes,
            at(layout.outputKernel), leadingB: layout.classes, transposeB: true, into: hiddenGradient.baseAddress,
            leadingC: layout.hidden)
        if dropout.isActive {
            dropout.apply(
                hiddenGradient.baseAddress, count: count * layout.hidden, into: hiddenGradient.baseAddress)
        }
        hyperparameters.activation.multiplyDerivative(
            hiddenGradient.baseAddress, outputs: hidden.baseAddress, count: count * layout.hidden)
    }

    private func updateOutputLayer(_ count: Int) {
        GEMM.multiply(
            m: layout.hidden, n: layout.classes, k: count, hiddenOutput, leadingA: layout.hidden, transposeA: true,
            logits.baseAddress, leadingB: layout.classes, into: kernelGradient.baseAddress, leadingC: layout.classes)
        optimizer.update(layout.outputKernel, kernelGradient.baseAddress)
        sumRows(logits.baseAddress, rows: count, columns: layout.classes, into: smallGradient.baseAddress)
        optimizer.update(layout.outputBias, smallGradient.baseAddress)
    }

    private func updateHiddenLayer(_ count: Int) {
        sumRows(hiddenGradient.baseAddress, rows: count, columns: layout.hidden, into: smallGradient.baseAddress)
        optimizer.update(layout.hiddenBias, smallGradient.baseAddress)
        // `smallGradient` keeps the gradient of the bias for `differentiateNormalization`.
        for start in stride(from: 0, to: layout.features, by: pieceRows) {
            let rows = min(pieceRows, layout.features - start)
            GEMM.multiply(
                m: rows, n: layout.hidden, k: count, input.baseAddress + start, leadingA: layout.features,
                transposeA: true, hiddenGradient.baseAddress, leadingB: layout.hidden,
                into: kernelGradient.baseAddress, leadingC: layout.hidden)
            if layout.hasBatchNormalization { differentiateNormalization(start..<start + rows) }
            let first = layout.hiddenKernel.lowerBound + start * layout.hidden
            optimizer.update(first..<first + rows * layout.hidden, kernelGradient.baseAddress)
        }
        guard layout.hasBatchNormalization else { return }
        optimizer.update(layout.gamma, mean.baseAddress)
        optimizer.update(layout.beta, betaGradient.baseAddress)
    }

    /// Turns the piece G = (normalized x)^T * (hidden gradient) of some features into the hidden kernel's gradient, and
    /// leaves the gradients of gamma (in `mean`, which isn't needed any more) and beta.
    ///
    /// With y = gamma x + beta, d the hidden gradient and s its sum over the batch (the bias's gradient): dW[j][k] =
    /// gamma[j] G[j][k] + beta[j] s[k], dgamma[j] = sum over k of W[j][k] G[j][k], dbeta[j] = the same for W[j][k]
    /// s[k]. So the gradient of y, a product as large as the forward one, isn't needed.
    private func differentiateNormalization(_ features: Range<Int>) {
        let columns = layout.hidden
        let sums = smallGradient.baseAddress
        for feature in features {
            let kernel = at(layout.hiddenKernel) + feature * columns
            let gradient = kernelGradient.baseAddress + (feature - features.lowerBound) * columns
            mean[feature] = VectorMath.dot(kernel, gradient, count: columns)
            betaGradient[feature] = VectorMath.dot(kernel, sums, count: columns)
            let gamma = weights[layout.gamma.lowerBound + feature]
            let beta = weights[layout.beta.lowerBound + feature]
            for column in 0..<columns { gradient[column] = gamma * gradient[column] + beta * sums[column] }
        }
    }

    private var hiddenOutput: UnsafePointer<Float> {
        UnsafePointer(dropout.isActive ? dropped.baseAddress : hidden.baseAddress)
    }

    private func at(_ tensor: Range<Int>) -> UnsafeMutablePointer<Float> { weights.baseAddress + tensor.lowerBound }

    private func sumRows(
        _ x: UnsafePointer<Float>, rows: Int, columns: Int, into sums: UnsafeMutablePointer<Float>
    ) {
        sums.update(repeating: 0, count: columns)
        for row in 0..<rows {
            let values = x + row * columns
            for column in 0..<columns { sums[column] += values[column] }
        }
    }
}

/// The data of a network; valid while a fit runs.
package struct TrainingData {
    /// Rows x features, row-major.
    let features: UnsafePointer<Float>
    /// The class of each row.
    let labels: [Int32]
}

/// Inverted dropout: the values that are kept are scaled by 1 / (1 - rate), so that inference needs no scaling.
private struct Dropout {
    let isActive: Bool
    private let keepBelow: UInt32
    private let scale: Float
    private let mask: AlignedBuffer<Float>
    private var random: SeededRandom

    init(rate: Double, count: Int, seed: UInt64) {
        isActive = rate > 0
        keepBelow = UInt32((1 - rate) * 0x1p32 - 1)
        scale = Float(1 / (1 - rate))
        mask = AlignedBuffer(count: rate > 0 ? count : 0)
        random = SeededRandom(seed: seed, path: 1)
    }

    /// Draws a new mask.
    mutating func draw() {
        var random = random
        let values = mask.baseAddress
        for index in stride(from: 0, to: mask.count - 1, by: 2) {
            let bits = random.next()
            values[index] = UInt32(truncatingIfNeeded: bits) <= keepBelow ? scale : 0
            values[index + 1] = UInt32(truncatingIfNeeded: bits >> 32) <= keepBelow ? scale : 0
        }
        if mask.count % 2 == 1 { values[mask.count - 1] = random.next() >> 32 <= UInt64(keepBelow) ? scale : 0 }
        self.random = random
    }

    func apply(_ x: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Float>) {
        let mask = mask.baseAddress
        for index in 0..<count { target[index] = x[index] * mask[index] }
    }
}
