internal import System
package import SystemPackage

/// Why a model can't be run by this engine. Every case names the cause.
package enum NetworkError: Error, CustomStringConvertible, Equatable {
    case unsupportedOpset(Int)
    case unsupportedOperator(node: String, operatorType: String)
    case unsupportedAttribute(node: String, attribute: String, value: String)
    case missingAttribute(node: String, attribute: String)
    case unsupportedOperand(node: String, operand: String, reason: String)
    case unknownValue(node: String, value: String)
    case duplicateValue(String)
    case cycle(node: String)
    case unsupportedInput(reason: String)
    case unsupportedOutput(reason: String)
    case unsupportedShape(node: String, reason: String)
    case tooLarge(node: String, elements: Int)
    case tooManyWeights(node: String, limit: Int)
    case unsupportedSize(requested: Int, reason: String)
    case badMetadata(key: String, value: String)
    case unknownKernels(value: String, available: [String])
    case precisionNotAvailable(Precision, kernels: Kernels)

    package var description: String {
        switch self {
        case .unsupportedOpset(let version):
            "the model uses version \(version) of the ONNX operator set; versions 7 to 24 are supported"
        case .unsupportedOperator(let node, let type): "node \(node): the operator \(type) is not supported"
        case .unsupportedAttribute(let node, let attribute, let value):
            "node \(node): the attribute \(attribute) = \(value) is not supported"
        case .missingAttribute(let node, let attribute): "node \(node): the attribute \(attribute) is missing"
        case .unsupportedOperand(let node, let operand, let reason): "node \(node): operand \"\(operand)\" \(reason)"
        case .unknownValue(let node, let value): "node \(node) uses the value \"\(value)\", which nothing produces"
        case .duplicateValue(let value): "the value \"\(value)\" is defined twice"
        case .cycle(let node): "node \(node) depends on its own output"
        case .unsupportedInput(let reason): "the model's input is not supported: \(reason)"
        case .unsupportedOutput(let reason): "the model's output is not supported: \(reason)"
        case .unsupportedShape(let node, let reason): "node \(node): \(reason)"
        case .tooLarge(let node, let elements):
            "node \(node): its output would have \(elements) elements, more than the limit of \(Shape.maximumCount)"
        case .tooManyWeights(let node, let limit):
            "node \(node): with its weights the network has more than \(limit)"
        case .unsupportedSize(let size, let reason): "pictures of \(size) x \(size) pixels can't be used: \(reason)"
        case .badMetadata(let key, let value): "the metadata entry \(key) is malformed: \"\(value)\""
        case .unknownKernels(let value, let available):
            "\(Kernels.variable) is \"\(value)\"; this machine can run \(available.joined(separator: ", "))"
        case .precisionNotAvailable(let precision, let kernels):
            "the precision \(precision.rawValue) needs \(precision.need); the kernels are \(kernels.rawValue)"
        }
    }
}

/// A `NetworkError` (or an error of reading) together with the file it is about.
package struct NetworkFileError: Error, CustomStringConvertible {
    package let path: FilePath
    package let cause: any Error

    package var description: String { "\(path): \(cause)" }
}

extension NetworkFileError: MachineProblem {
    /// Whether the file couldn't be read because of the machine.
    package var isOfMachine: Bool { cause.isProblemOfMachine }
}
