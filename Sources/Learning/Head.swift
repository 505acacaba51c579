package import Numerics

/// A trained classifier head: features -> batch normalization (optional) -> dense, activation -> dense, softmax.
///
/// Dropout only exists in training. Kernels are stored as in Keras and in ONNX's MatMul: inputs x outputs.
package struct Head: Sendable, Equatable {
    /// The activation of the hidden layer.
    package let activation: Activation
    let layout: HeadLayout
    /// All tensors, 1 x layout.count.
    let parameters: Matrix

    init(activation: Activation, layout: HeadLayout, parameters: Matrix) {
        precondition(parameters.count == layout.count, "\(parameters.count) parameters, expected \(layout.count)")
        self.activation = activation
        self.layout = layout
        self.parameters = parameters
    }

    /// Inputs of the head.
    package var featureCount: Int { layout.features }
    package var hiddenUnits: Int { layout.hidden }
    package var classCount: Int { layout.classes }

    /// A batch normalization in inference: (x - mean) / sqrt(variance + epsilon) * gamma + beta, with one value per
    /// feature.
    package struct Normalization: Sendable, Equatable {
        package let gamma: [Float]
        package let beta: [Float]
        package let mean: [Float]
        package let variance: [Float]
        /// Added to the variance; Keras's default is 0.001.
        package let epsilon = BatchNormalization.epsilon
    }

    /// A dense layer: x * kernel (inputs x outputs) + bias (outputs).
    package struct Dense: Sendable, Equatable {
        /// Inputs x outputs.
        package let kernel: Matrix
        /// One value per output.
        package let bias: [Float]

        package init(kernel: Matrix, bias: [Float]) {
            precondition(bias.count == kernel.columns, "\(bias.count) biases for \(kernel.columns) outputs")
            self.kernel = kernel
            self.bias = bias
        }
    }

    /// The normalization of the features, if the head has one.
    package var normalization: Normalization? {
        guard layout.hasBatchNormalization else { return nil }
        return Normalization(
            gamma: values(layout.gamma), beta: values(layout.beta), mean: values(layout.movingMean),
            variance: values(layout.movingVariance))
    }

    /// features -> hiddenUnits, followed by `activation`.
    package var hidden: Dense { dense(layout.hiddenKernel, layout.hiddenBias, outputs: layout.hidden) }

    /// hiddenUnits -> classCount, followed by a softmax.
    package var output: Dense { dense(layout.outputKernel, layout.outputBias, outputs: layout.classes) }

    /// A head with given weights.
    package init(activation: Activation, normalization: Normalization? = nil, hidden: Dense, output: Dense) {
        let layout = HeadLayout(
            features: hidden.kernel.rows, hidden: hidden.kernel.columns, classes: output.kernel.columns,
            hasBatchNormalization: normalization != nil)
        precondition(output.kernel.rows == hidden.kernel.columns, "the two layers don't match")
        var parameters = Matrix(rows: 1, columns: layout.count)
        parameters.withUnsafeMutableBuffer { block in
            func put(_ values: [Float], _ range: Range<Int>) {
                precondition(values.count == range.count, "\(values.count) values for \(range.count)")
                for (index, value) in zip(range, values) { block[index] = value }
            }
            put(hidden.kernel.values, layout.hiddenKernel)
            put(hidden.bias, layout.hiddenBias)
            put(output.kernel.values, layout.outputKernel)
            put(output.bias, layout.outputBias)
            guard let normalization else { return }
            put(normalization.gamma, layout.gamma)
            put(normalization.beta, layout.beta)
            put(normalization.mean, layout.movingMean)
            put(normalization.variance, layout.movingVariance)
        }
        self.init(activation: activation, layout: layout, parameters: parameters)
    }

    private func dense(_ kernel: Range<Int>, _ bias: Range<Int>, outputs: Int) -> Dense {
        Dense(
            kernel: Matrix(rows: kernel.count / outputs, columns: outputs, values: values(kernel)), bias: values(bias))
    }

    private func values(_ range: Range<Int>) -> [Float] {
        parameters.withUnsafeBuffer { Array($0[range]) }
    }
}

extension Head {
    /// The probabilities of the classes, rows x classCount, for features of rows x featureCount.
    package func predict(_ features: Matrix) -> Matrix {
        precondition(features.columns == featureCount, "\(features.columns) features, expected \(featureCount)")
        let rows = Array(0..<Int32(features.rows))
        var probabilities = Matrix(rows: features.rows, columns: classCount)
        features.withUnsafeBuffer { features in
            probabilities.withUnsafeMutableBuffer { result in
                forEachBatch(rows, of: features.baseAddress!) { batch, logits in
                    let target = result.baseAddress! + batch.startIndex * classCount
                    target.update(from: logits, count: batch.count * classCount)
                    Softmax.apply(target, rows: batch.count, columns: classCount)
                }
            }
        }
        return probabilities
    }

    /// The share of the given rows whose most probable class is their label.
    func accuracy(on rows: [Int32], of data: LabeledFeatures) -> Double {
        var score = Score()
        data.features.withUnsafeBuffer { features in
            forEachBatch(rows, of: features.baseAddress!) { batch, logits in
                score += CrossEntropy.score(logits, rows: batch, labels: data.rows.labels, columns: classCount)
            }
        }
        return score.accuracy
    }

    private func forEachBatch(
        _ rows: [Int32], of features: UnsafePointer<Float>,
        _ body: (ArraySlice<Int32>, UnsafeMutablePointer<Float>) -> Void
    ) {
        let pass = InferencePass(activation: activation, layout: layout)
        parameters.withUnsafeBuffer { weights in
            for start in stride(from: 0, to: rows.count, by: pass.capacity) {
                let batch = rows[start..<min(start + pass.capacity, rows.count)]
                body(batch, pass.logits(weights: weights.baseAddress!, features: features, rows: batch))
            }
        }
    }

    /// The most probable class of each row; the first one if several are equal.
    package static func classes(of probabilities: Matrix) -> [Int32] {
        probabilities.withUnsafeBuffer { values in
            (0..<probabilities.rows).map { row in
                let start = values.baseAddress! + row * probabilities.columns
                return Int32(Softmax.firstMaximum(start, count: probabilities.columns))
            }
        }
    }
}
