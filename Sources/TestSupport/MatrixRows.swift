package import Numerics

extension Matrix {
    /// The values of one row.
    package func row(_ index: Int) -> [Float] { Array(values[index * columns..<(index + 1) * columns]) }
}
