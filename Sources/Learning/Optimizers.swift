internal import CKernels
internal import Glibc
internal import Numerics

/// The state of an optimiser over a flat block of trained values, with the formulas and defaults of Keras 3.
///
/// SGD uses momentum, but not Nesterov's. Adam (Kingma and Ba, 2015) has beta 0.9 and 0.999, epsilon 1e-7 outside the
/// root. RMSprop (Hinton, 2012) has rho 0.9, no momentum, epsilon 1e-7 inside the root.
///
/// An update reads the gradient once and writes values and state once, whatever the optimiser.
final class Optimizer {
    private let kind: OptimizerKind
    /// For SGD; the other optimisers have none.
    private let momentum: Float = 0.9
    private let values: UnsafeMutablePointer<Float>
    /// SGD's velocity, Adam's first moment; not used by RMSprop.
    private let first: AlignedBuffer<Float>
    /// Adam's second moment and RMSprop's mean square; not used by SGD.
    private let second: AlignedBuffer<Float>
    private var stepCount = 0

    var learningRate: Float

    /// `values` must outlive the optimiser.
    init(_ hyperparameters: Hyperparameters, values: UnsafeMutablePointer<Float>, count: Int) {
        kind = hyperparameters.optimizer
        learningRate = Float(hyperparameters.learningRate)
        self.values = values
        first = AlignedBuffer(count: kind == .rmsprop ? 0 : count)
        second = AlignedBuffer(count: kind == .sgd ? 0 : count)
    }

    /// Begins the next step, in which every value is to be updated once.
    func beginStep() { stepCount += 1 }

    /// Updates the values of `range`, given the gradients of these values.
    func update(_ range: Range<Int>, _ gradient: UnsafePointer<Float>) {
        let weight = values + range.lowerBound
        let first = first.baseAddress + range.lowerBound
        let second = second.baseAddress + range.lowerBound
        switch kind {
        case .sgd: cultivar_sgd(weight, first, gradient, range.count, learningRate, momentum)
        case .adam: cultivar_adam(weight, first, second, gradient, range.count, correctedRate, 0.1, 0.001, 1e-7)
        case .rmsprop: cultivar_rmsprop(weight, second, gradient, range.count, learningRate, 0.9, 1e-7)
        }
    }

    /// Adam's rate with its bias correction (Kingma and Ba, 2015, section 2, the remark on efficiency).
    private var correctedRate: Float {
        let step = Float(stepCount)
        return learningRate * (1 - powf(0.999, step)).squareRoot() / (1 - powf(0.9, step))
    }
}
