package import System
package import SystemPackage

/// Why an ONNX file can't be read or written.
package enum ModelFileError: Error, CustomStringConvertible, Equatable {
    /// It can't be read or written.
    case file(FileFailure)
    case notAFile(FilePath)
    case tooLarge(bytes: Int, limit: Int)
    case malformed(String)
    case missingGraph
    case missingOpset
    case tooManyNodes(count: Int, limit: Int)
    case tooManyParts(limit: Int)
    case badDimension(tensor: String, dimension: Int64)
    case tooManyElements(tensor: String, dimensions: [Int64])
    case dataLength(tensor: String, expected: Int, found: Int)
    case externalData(tensor: String)
    case unknownElementType(value: String, number: Int)
    case unsupportedTensor(tensor: String, elementType: ElementType)
    case sparseInitializers
    case duplicateAttribute(node: String, attribute: String)
    case badAttribute(node: String, attribute: String)
    case untypedValue(String)
    case duplicateMetadata(key: String)

    package var description: String {
        switch self {
        case .file(let failure): failure.description
        case .notAFile(let path): "\(path) is not a regular file"
        case .tooLarge(let bytes, let limit): "the model has \(bytes) bytes, more than the limit of \(limit)"
        case .malformed(let reason): "not an ONNX model, or a damaged one (\(reason))"
        case .missingGraph: "not an ONNX model: it has no graph"
        case .missingOpset: "the model doesn't say which version of the ONNX operator set it uses"
        case .tooManyNodes(let count, let limit): "the graph has \(count) nodes, more than the limit of \(limit)"
        case .tooManyParts(let limit):
            "the model consists of more than \(limit) nodes, attributes, tensors, values in lists and the like"
        case .badDimension(let tensor, let dimension): "tensor \"\(tensor)\" has a dimension of \(dimension)"
        case .tooManyElements(let tensor, let dimensions): "tensor \"\(tensor)\" is too large: \(dimensions)"
        case .dataLength(let tensor, let expected, let found):
            "tensor \"\(tensor)\" needs \(expected) bytes of data, found \(found)"
        case .externalData(let tensor): "tensor \"\(tensor)\" has its data in another file, which is not supported"
        case .unknownElementType(let value, let number): "\"\(value)\" has the unknown element type \(number)"
        case .unsupportedTensor(let tensor, let type): "tensor \"\(tensor)\" holds \(type), which is not supported"
        case .sparseInitializers: "the graph has sparse initializers, which are not supported"
        case .duplicateAttribute(let node, let attribute): "\(node) has the attribute \(attribute) twice"
        case .badAttribute(let node, let attribute): "the attribute \(attribute) of \(node) has no value of its type"
        case .untypedValue(let value): "\"\(value)\" is not declared as a tensor"
        case .duplicateMetadata(let key): "the metadata entry \"\(key)\" occurs twice"
        }
    }
}

extension ModelFileError: MachineProblem {
    /// Whether the file couldn't be read because of the machine; all other cases are about its content.
    package var isOfMachine: Bool { if case .file(let failure) = self { failure.isOfMachine } else { false } }
}
