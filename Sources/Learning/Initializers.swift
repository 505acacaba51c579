internal import Numerics

extension Initializer {
    /// Draws a dense kernel of inputs x outputs.
    func fill(_ kernel: UnsafeMutableBufferPointer<Float>, inputs: Int, outputs: Int, using random: inout SeededRandom)
    {
        switch self {
        case .glorotUniform:
            let limit = (6 / Float(inputs + outputs)).squareRoot()
            for index in kernel.indices { kernel[index] = random.uniform(-limit, limit) }
        case .heNormal:
            // Keras truncates at two standard deviations and widens the distribution to make up for it.
            let deviation = (2 / Float(inputs)).squareRoot() / 0.879_625_661_034_239_78
            for index in kernel.indices { kernel[index] = deviation * Self.truncatedNormal(using: &random) }
        }
    }

    private static func truncatedNormal(using random: inout SeededRandom) -> Float {
        while true {
            let value = random.normal()
            if value.magnitude <= 2 { return value }
        }
    }
}
