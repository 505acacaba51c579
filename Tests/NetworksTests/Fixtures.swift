import Foundation
import Numerics
import ONNX
import SystemPackage
import TestSupport

@testable import Networks

/// The package's folder: three levels above this file.
let packageRoot: URL = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

let resources = packageRoot.appending(path: "Tests/NetworksTests/Resources")

/// Picture `index` of scripts/references/onnx_networks.py, (size, size, 3).
func picture(size: Int, index: Int) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(size * size * 3)
    for y in 0..<size {
        for x in 0..<size {
            for c in 0..<3 {
                let value = y * 31 + x * 17 + c * 101 + index * 53 + (x * y) % 7 * 13 + (x * x + y * y) / 5
                pixels.append(UInt8(value % 256))
            }
        }
    }
    return pixels
}

/// The largest difference of two lists, relative to the largest value of the second.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    let largest = expected.map(abs).max() ?? 0
    let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    return found.contains(where: \.isNaN) ? .infinity : difference / max(largest, 1e-6)
}

extension Matrix {
    var rowList: [[Float]] { (0..<rows).map { row($0) } }
}

/// Builds a model of a few nodes; the input is float32 (N, 3, H, W) named "x", the output is named "y".
func makeModel(
    _ nodes: [Node], weights: [Tensor] = [], opset: Int = 17, input: ValueInfo? = nil, metadata: [String: String] = [:]
) -> Model {
    let dynamicInput = ValueInfo(
        name: "x", elementType: .float32, shape: [.dynamic("N"), .fixed(3), .dynamic("H"), .dynamic("W")])
    return Model(
        opsetVersion: opset, graphName: "test", nodes: nodes, initializers: weights, inputs: [input ?? dynamicInput],
        outputs: [ValueInfo(name: "y", elementType: .float32, shape: nil)], metadata: metadata)
}

func node(
    _ type: String, _ inputs: [String] = ["x"], _ outputs: [String] = ["y"], _ attributes: [String: Attribute] = [:]
) -> Node {
    Node(name: "the node", operatorType: type, inputs: inputs, outputs: outputs, attributes: attributes)
}

/// A weight of ones.
func ones(_ name: String, _ dimensions: Int...) -> Tensor {
    Tensor(name: name, dimensions: dimensions, floats: [Float](repeating: 1, count: dimensions.reduce(1, *)))
}

/// A weight of normally distributed values, scaled so that a sum over all but the first axis keeps its input's size.
func random(_ name: String, _ dimensions: Int...) -> Tensor {
    var generator = SeededRandom(seed: UInt64(name.utf8.reduce(7) { ($0 * 31 + Int($1)) % 65_537 }))
    let scale = (2 / Float(dimensions.dropFirst().reduce(1, *))).squareRoot()
    let values = (0..<dimensions.reduce(1, *)).map { _ in generator.normal() * scale }
    return Tensor(name: name, dimensions: dimensions, floats: values)
}
