internal import Numerics

/// Measures on generated pictures how much accuracy is lost when products are computed in less than float32, and
/// decides for which products the loss is too large.
///
/// Most of the error comes from a few products: those whose input is large in a few channels, such as the first
/// expansion of MobileNetV2. Which ones they are depends on the weights.
struct Calibration {
    struct Reduction: Sendable, CustomStringConvertible {
        static let none = Reduction(products: .none, error: 0)

        let products: ReducedProducts
        /// The mean deviation of the features, relative to their mean magnitude.
        let error: Float

        var description: String {
            let exact = products.exact.sorted().map(String.init).joined(separator: " ")
            return products.precision.rawValue + (exact.isEmpty ? "" : " but for nodes \(exact)")
        }
    }

    /// The target for the error.
    static let target: Float = 0.015

    /// The sides of the generated pictures in pixels, if the network leaves them open: the smallest size that settings
    /// allow, at which features are means over the fewest pixels, and one at which all networks see something. The
    /// larger error counts.
    static let inputSizes = [32, 128]

    let network: Network
    let preprocessing: Preprocessing
    /// The network must take all of them.
    let inputSizes: [Int]

    /// As many products in `precision` as possible with the error below the target; those with the largest errors stay
    /// float32.
    func reduction(_ precision: Precision) throws -> Reduction {
        guard precision != .float32 else { return .none }
        let pictures = inputSizes.map { ($0, Self.pictures(size: $0)) }
        let expected = try pictures.map { try features(.none, of: $1, size: $0) }
        func error(_ products: ReducedProducts) throws -> Float {
            try zip(pictures, expected).map { pictures, expected in
                Self.error(try features(products, of: pictures.1, size: pictures.0), expected)
            }.max() ?? 0
        }
        var products = ReducedProducts(precision: precision)
        var total = try error(products)
        guard total > Self.target else { return Reduction(products: products, error: total) }
        let candidates = network.graph.nodes.indices.filter { network.graph.nodes[$0].operation.isReducible }
        let alone = try candidates.map { node in
            try error(ReducedProducts(precision: precision, exact: Set(candidates).subtracting([node])))
        }
        for (node, _) in zip(candidates, alone).sorted(by: { $0.1 > $1.1 }) where total > Self.target {
            products.exact.insert(node)
            total = try error(products)
        }
        return Reduction(products: products, error: total)
    }

    private func features(_ products: ReducedProducts, of pictures: [UInt8], size: Int) throws -> Matrix {
        let network = Network(network.graph, kernels: network.kernels, reduced: products)
        return try FeatureExtractor(network, inputSize: size, preprocessing: preprocessing).extract(pictures)
    }

    private static func error(_ found: Matrix, _ expected: Matrix) -> Float {
        var (deviation, magnitude) = (Float(0), Float(0))
        for (found, expected) in zip(found.values, expected.values) {
            deviation += abs(found - expected)
            magnitude += abs(expected)
        }
        return magnitude > 0 ? deviation / magnitude : deviation > 0 ? .infinity : 0
    }

    private static let pictureCount = 4

    /// Pictures with soft random shades and some noise, (count, size, size, 3).
    private static func pictures(size: Int) -> [UInt8] {
        var random = SeededRandom(seed: 1)
        return (0..<pictureCount).flatMap { _ in picture(size: size, &random) }
    }

    private static func picture(size: Int, _ random: inout SeededRandom) -> [UInt8] {
        let nodes = 8
        let grid = (0..<nodes * nodes * 3).map { _ in random.uniform(0, 255) }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(size * size * 3)
        for y in 0..<size {
            for x in 0..<size {
                let (v, u) = (Float(y * (nodes - 1)) / Float(size), Float(x * (nodes - 1)) / Float(size))
                let (top, left) = (Int(v), Int(u))
                for channel in 0..<3 {
                    func shade(_ row: Int, _ column: Int) -> Float { grid[(row * nodes + column) * 3 + channel] }
                    let (a, b) = (u - Float(left), v - Float(top))
                    let upper = shade(top, left) * (1 - a) + shade(top, left + 1) * a
                    let lower = shade(top + 1, left) * (1 - a) + shade(top + 1, left + 1) * a
                    let value = upper * (1 - b) + lower * b + random.uniform(-16, 16)
                    pixels.append(UInt8(max(0, min(255, value))))
                }
            }
        }
        return pixels
    }
}
