/// A row-major matrix of `Float`, 64-byte aligned, with value semantics (copied on write).
package struct Matrix: Sendable {
    package let rows: Int
    package let columns: Int
    private var storage: AlignedBuffer<Float>

    /// A matrix of zeros.
    package init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "a matrix can't be \(rows) x \(columns)")
        self.rows = rows
        self.columns = columns
        storage = AlignedBuffer(count: rows * columns)
    }

    /// A matrix of `values` in row-major order.
    package init(rows: Int, columns: Int, values: some Collection<Float>) {
        precondition(values.count == rows * columns, "\(rows) x \(columns) needs \(rows * columns) values")
        self.init(rows: rows, columns: columns)
        for (index, value) in values.enumerated() { storage[index] = value }
    }

    /// The number of values.
    package var count: Int { rows * columns }

    /// All values in row-major order.
    package var values: [Float] { Array(storage.elements) }

    /// One value; the indices aren't checked.
    package subscript(row: Int, column: Int) -> Float {
        get { storage[row * columns + column] }
        set {
            makeUnique()
            storage[row * columns + column] = newValue
        }
    }

    /// Calls `body` with all values in row-major order; they are valid only during the call.
    package func withUnsafeBuffer<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(storage.elements))
    }

    /// The same, to change the values in place; makes a copy first if they are shared.
    package mutating func withUnsafeMutableBuffer<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        makeUnique()
        defer { withExtendedLifetime(storage) {} }
        return try body(storage.elements)
    }

    private mutating func makeUnique() {
        guard !isKnownUniquelyReferenced(&storage) else { return }
        let copy = AlignedBuffer<Float>(count: storage.count)
        copy.baseAddress.update(from: storage.baseAddress, count: storage.count)
        storage = copy
    }
}

extension Matrix: Equatable {
    /// The same size and values; a NaN is unequal to itself.
    package static func == (left: Matrix, right: Matrix) -> Bool {
        left.rows == right.rows && left.columns == right.columns
            && left.storage.elements.elementsEqual(right.storage.elements)
    }
}
