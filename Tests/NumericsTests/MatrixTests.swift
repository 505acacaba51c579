import Numerics
import Testing

@Suite("Matrices and aligned buffers")
struct MatrixTests {
    @Test("A matrix starts at zero and at a 64-byte boundary")
    func zeros() {
        let matrix = Matrix(rows: 3, columns: 5)
        #expect(matrix.values == [Float](repeating: 0, count: 15))
        matrix.withUnsafeBuffer { #expect(UInt(bitPattern: $0.baseAddress) % 64 == 0) }
    }

    @Test("Values are row-major")
    func rowMajor() {
        let matrix = Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
        #expect(matrix[0, 2] == 3)
        #expect(matrix[1, 0] == 4)
    }

    @Test("Changing a copy leaves the original as it was")
    func valueSemantics() {
        let original = Matrix(rows: 2, columns: 2, values: [1, 2, 3, 4])
        var copy = original
        copy[0, 1] = 9
        copy.withUnsafeMutableBuffer { $0[3] = 8 }
        #expect(original.values == [1, 2, 3, 4])
        #expect(copy.values == [1, 9, 3, 8])
    }

    @Test("Matrices are equal if their shapes and values are")
    func equality() {
        let matrix = Matrix(rows: 2, columns: 2, values: [1, 2, 3, 4])
        #expect(matrix == Matrix(rows: 2, columns: 2, values: [1, 2, 3, 4]))
        #expect(matrix != Matrix(rows: 1, columns: 4, values: [1, 2, 3, 4]))
        #expect(matrix != Matrix(rows: 2, columns: 2, values: [1, 2, 3, 5]))
    }

    @Test("A matrix without rows has no values")
    func empty() {
        #expect(Matrix(rows: 0, columns: 4).values.isEmpty)
        #expect(AlignedBuffer<Int32>(count: 0).elements.isEmpty)
    }

    @Test("Inside `flushed` subnormal results are zero, and after it they aren't")
    func subnormals() {
        let (tiny, half) = ([Float.leastNormalMagnitude], [Float(0.5)])
        let inside = Subnormals.flushed { zip(tiny, half).map { $0 * $1 } }
        let outside = zip(tiny, half).map { $0 * $1 }
        #expect(inside == [0])
        #expect(outside != [0])
    }
}
