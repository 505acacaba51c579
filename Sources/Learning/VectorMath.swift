/// Elementary functions and reductions as straight-line code that the compiler turns into vector instructions; those of
/// the C library only process one value at a time.
package enum VectorMath {
    /// e^x for x <= 0, to about 2 units in the last place; below -87 it stays at e^-87.
    @inline(__always)
    package static func expOfNegative(_ x: Float) -> Float {
        let (scale, fraction) = reduce(x)
        return scale * fraction + scale
    }

    /// e^x - 1 for x <= 0, with the same relative accuracy near 0.
    @inline(__always)
    package static func expMinus1OfNegative(_ x: Float) -> Float {
        let (scale, fraction) = reduce(x)
        return scale * fraction + (scale - 1)
    }

    @inline(__always)
    package static func tanh(_ x: Float) -> Float {
        // tanh |x| = (1 - e) / (1 + e) with e = exp(-2 |x|); written with e - 1, there is no cancellation.
        let lessOne = expMinus1OfNegative(-2 * x.magnitude)
        let result = -lessOne / (2 + lessOne)
        return x < 0 ? -result : result
    }

    @inline(__always)
    package static func sigmoid(_ x: Float) -> Float {
        let power = expOfNegative(-x.magnitude)
        let positive = 1 / (1 + power)
        return x < 0 ? power * positive : positive
    }

    /// The sum of a[i] * b[i].
    package static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
        var sums = SIMD16<Float>.zero
        let left = UnsafeRawPointer(a)
        let right = UnsafeRawPointer(b)
        let whole = count / 16 * 16
        for index in stride(from: 0, to: whole, by: 16) {
            sums +=
                left.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
                * right.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self)
        }
        var rest: Float = 0
        for index in whole..<count { rest += a[index] * b[index] }
        return sums.sum() + rest
    }

    /// e^x = scale * (1 + fraction), where scale is a power of two and fraction = e^r - 1 with |r| <= ln 2 / 2.
    @inline(__always)
    private static func reduce(_ x: Float) -> (scale: Float, fraction: Float) {
        let bounded: Float = x < -87 ? -87 : x
        // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
        let rounder: Float = 0x1.8p23
        let shifted = bounded * 1.442_695_04 + rounder
        let power = shifted - rounder
        // ln 2 in two parts, the first with few enough bits for an exact product.
        let r = (bounded - power * 0x1.62e4p-1) - power * 1.428_606_8e-6
        let scale = Float(bitPattern: (shifted.bitPattern &- rounder.bitPattern &+ 127) &<< 23)
        // Taylor's series: the first term left out is below 2e-8 relative to r.
        var series: Float = 1.0 / 5040
        series = series * r + 1.0 / 720
        series = series * r + 1.0 / 120
        series = series * r + 1.0 / 24
        series = series * r + 1.0 / 6
        series = series * r + 0.5
        series = series * r + 1
        return (scale, series * r)
    }
}

extension Activation {
    /// x = f(x + bias) for each of `rows` rows as long as `bias`.
    func apply(_ x: UnsafeMutablePointer<Float>, rows: Int, bias: UnsafePointer<Float>, columns: Int) {
        for row in 0..<rows {
            let values = x + row * columns
            switch self {
            case .relu:
                for index in 0..<columns {
                    let sum = values[index] + bias[index]
                    // Written so that a NaN stays a NaN instead of becoming 0.
                    values[index] = sum < 0 ? 0 : sum
                }
            case .tanh: for index in 0..<columns { values[index] = VectorMath.tanh(values[index] + bias[index]) }
            case .sigmoid: for index in 0..<columns { values[index] = VectorMath.sigmoid(values[index] + bias[index]) }
            }
        }
    }

    /// gradient *= f', where f' is computed from the outputs of f.
    func multiplyDerivative(_ gradient: UnsafeMutablePointer<Float>, outputs: UnsafePointer<Float>, count: Int) {
        switch self {
        case .relu: for index in 0..<count { gradient[index] = outputs[index] > 0 ? gradient[index] : 0 }
        case .tanh: for index in 0..<count { gradient[index] *= 1 - outputs[index] * outputs[index] }
        case .sigmoid: for index in 0..<count { gradient[index] *= outputs[index] * (1 - outputs[index]) }
        }
    }
}
