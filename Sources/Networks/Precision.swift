internal import CKernels

/// The format to which the factors of the expensive products are rounded before they are multiplied; sums, and
/// everything between the products, are float32.
package enum Precision: String, Sendable, CaseIterable, Codable {
    case float32
    /// The upper half of a float32. The loss of accuracy is measured when a backbone is loaded. Whether it is faster
    /// depends on the CPU: on some, the instruction for it is slower than that for float32.
    case bfloat16
    /// Fixed point with a scale for each pixel and each output channel; more accurate than bfloat16.
    case int16

    var format: CultivarFormat {
        switch self {
        case .float32: CULTIVAR_FLOAT32
        case .bfloat16: CULTIVAR_BFLOAT16
        case .int16: CULTIVAR_INT16
        }
    }

    /// Why this machine can't compute in it; nil if it can.
    package var problem: NetworkError? {
        do throws(NetworkError) {
            let kernels = try Kernels.chosen()
            return runs(on: kernels) ? nil : NetworkError.precisionNotAvailable(self, kernels: kernels)
        } catch {
            return error
        }
    }

    /// What products in this format need, for messages.
    var need: String {
        switch self {
        case .float32: "nothing"
        case .int16: "Cultivar's own kernels (a CPU with AVX2)"
        case .bfloat16: "the kernels \(Kernels.bf16.rawValue) (a CPU with AVX512_BF16)"
        }
    }

    /// Whether `kernels` have products in this format.
    func runs(on kernels: Kernels) -> Bool {
        switch self {
        case .float32: true
        case .int16: kernels.instructionSet != nil
        case .bfloat16: kernels == .bf16
        }
    }
}

/// Which of a network's products are computed in less than float32.
struct ReducedProducts: Sendable {
    let precision: Precision
    /// Nodes whose products stay float32 nevertheless.
    var exact: Set<Int> = []

    static let none = ReducedProducts(precision: .float32)

    /// The precision of the product of `graph.nodes[node]`.
    func precision(of node: Int) -> Precision { exact.contains(node) ? .float32 : precision }
}

extension Operation {
    /// Whether its product may be computed in less than float32: a 1 x 1 convolution with enough depth.
    var isReducible: Bool {
        guard case .convolution(let convolution) = self else { return false }
        return convolution.isPointwise && (8...65_536).contains(convolution.inputChannels)
    }
}

/// The scratch memory in which rows of float32 become rows of 16-bit elements for a product.
struct ShortRows: Sendable {
    let precision: Precision
    let depth: Int
    /// How many rows fit.
    let rows: Int
    let offset: Int

    var units: Int { cultivar_short_units(depth) }

    /// Floats of scratch memory for `rows` rows: the elements, then a scale for each row.
    static func scratchCount(rows: Int, depth: Int) -> Int { rows * cultivar_short_units(depth) + rows }

    /// Makes `product` multiply `count` rows of `input`, rounded.
    func prepare(
        _ product: inout CultivarProduct, _ input: UnsafePointer<Float>, rows count: Int,
        scratch: UnsafeMutablePointer<Float>, set: CultivarInstructionSet
    ) {
        precondition(count <= rows, "\(count) rows where \(rows) fit")
        let shorts = scratch + offset
        let scales = shorts + rows * units
        shorts.withMemoryRebound(to: UInt16.self, capacity: 2 * count * units) {
            cultivar_short_rows(set, precision.format, input, count, depth, $0, scales)
        }
        product.input = UnsafePointer(shorts)
        product.inputStep = units
        product.rowScales = precision == .int16 ? UnsafePointer(scales) : nil
        product.rows = count
    }
}
