import Foundation
import Learning
import Numerics

/// Reads a file of reference values beside the tests.
func reference<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Resources")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: folder.appending(path: name)))
}

/// The largest difference between two lists of the same length; infinite if the lengths differ.
func largestDifference(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { ($0 - $1).magnitude }.max() ?? 0
}

/// Seeded pictures in clusters, one a class: `perClass` pictures each, with `copies` noisy copies that follow them.
func clusters(
    classes: Int = 3, perClass: Int = 20, features: Int = 12, copies: Int = 0, spread: Float = 0.6, seed: UInt64 = 1
) -> LabeledFeatures {
    var random = SeededRandom(seed: seed)
    let centers = (0..<classes).map { _ in (0..<features).map { _ in random.normal() } }
    var values: [Float] = []
    var (labels, pictures, flags): ([Int32], [Int32], [Bool]) = ([], [], [])
    for picture in 0..<classes * perClass {
        let label = picture % classes
        for copy in 0...copies {
            values += centers[label].map { $0 + spread * random.normal() }
            labels.append(Int32(label))
            pictures.append(Int32(picture))
            flags.append(copy > 0)
        }
    }
    return LabeledFeatures(
        features: Matrix(rows: labels.count, columns: features, values: values),
        rows: LabeledRows(labels: labels, pictures: pictures, isAugmented: flags, classCount: classes))
}
