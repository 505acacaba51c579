/// How a backbone expects the bytes of its pictures (RGB order): value = (byte * pixelScale - mean[c]) /
/// standardDeviation[c].
package struct Preprocessing: Sendable, Hashable, CustomStringConvertible {
    /// A factor, usually 1 or 1 / 255.
    package let pixelScale: Float
    /// One value each for red, green and blue, in units of the scaled byte.
    package let mean: [Float]
    /// The same for the standard deviation; above 0.
    package let standardDeviation: [Float]

    /// The values with which torchvision trains on ImageNet.
    package static let imageNet = Preprocessing(
        pixelScale: 1 / 255, mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

    /// Unchanged bytes, for networks that do the rest themselves.
    package static let none = Preprocessing(pixelScale: 1, mean: [0, 0, 0], standardDeviation: [1, 1, 1])

    package var description: String { "(pixel * \(pixelScale) - \(mean)) / \(standardDeviation)" }

    /// The same as one factor and one summand per channel.
    var affine: Affine {
        Affine(
            scale: standardDeviation.map { pixelScale / $0 }, shift: zip(mean, standardDeviation).map { -$0 / $1 })
    }
}

extension Preprocessing {
    /// Reads the entries `pixel_scale`, `mean` and `std`; a missing one has ImageNet's value.
    init(metadata: [String: String]) throws {
        let scale = try Self.values("pixel_scale", metadata, count: 1) { $0 > 0 }
        pixelScale = scale?[0] ?? Self.imageNet.pixelScale
        mean = try Self.values("mean", metadata, count: 3) { _ in true } ?? Self.imageNet.mean
        standardDeviation = try Self.values("std", metadata, count: 3) { $0 > 0 } ?? Self.imageNet.standardDeviation
    }

    private static func values(
        _ key: String, _ metadata: [String: String], count: Int, where isValid: (Float) -> Bool
    ) throws -> [Float]? {
        guard let text = metadata[key] else { return nil }
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Float($0.drop { $0 == " " })
        }
        guard values.count == count, values.allSatisfy({ $0.map { $0.isFinite && isValid($0) } ?? false }) else {
            throw NetworkError.badMetadata(key: key, value: text)
        }
        return values.map { $0! }
    }
}
