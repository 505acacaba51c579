internal import Foundation

/// A constant of a model: its elements are stored like ONNX's `raw_data` (little-endian, row-major), and shared with
/// the decoded file rather than copied.
package struct Tensor: Sendable, Equatable {
    /// The name under which nodes use it.
    package var name: String
    package let elementType: ElementType
    /// Every dimension is 0 or more; their product times the element's size is the number of bytes. [] is a scalar.
    package let dimensions: [Int]
    let bytes: Data
}

extension Tensor {
    /// A float32 tensor of `values` in row-major order.
    package init(name: String, dimensions: [Int], floats values: some Collection<Float>) {
        let count = dimensions.reduce(1, *)
        precondition(values.count == count, "a tensor \(dimensions) needs \(count) values, got \(values.count)")
        let bytes = ContiguousArray(values).withUnsafeBytes { Data($0) }
        self.init(name: name, elementType: .float32, dimensions: dimensions, bytes: bytes)
    }

    /// An int64 tensor of `values` in row-major order.
    package init(name: String, dimensions: [Int], integers values: [Int]) {
        let count = dimensions.reduce(1, *)
        precondition(values.count == count, "a tensor \(dimensions) needs \(count) values, got \(values.count)")
        let bytes = values.map(Int64.init).withUnsafeBytes { Data($0) }
        self.init(name: name, elementType: .int64, dimensions: dimensions, bytes: bytes)
    }

    /// The number of elements.
    package var count: Int { dimensions.reduce(1, *) }

    /// Calls `body` with the elements of a float32 tensor, without a copy if the memory is aligned.
    package func withFloats<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        precondition(elementType == .float32, "tensor \"\(name)\" holds \(elementType), not float32")
        return try withElements(body)
    }

    /// The elements of a float32 tensor; nil for any other type.
    package var floats: [Float]? {
        elementType == .float32 ? withElements { Array($0) } : nil
    }

    /// The elements of an int64 or int32 tensor; nil for any other type.
    package var integers: [Int]? {
        switch elementType {
        case .int64: withElements { (elements: UnsafeBufferPointer<Int64>) in elements.map(Int.init) }
        case .int32: withElements { (elements: UnsafeBufferPointer<Int32>) in elements.map(Int.init) }
        default: nil
        }
    }

    private func withElements<Element, R>(_ body: (UnsafeBufferPointer<Element>) throws -> R) rethrows -> R {
        try bytes.withUnsafeBytes { raw in
            let isAligned = raw.baseAddress.map { UInt(bitPattern: $0) % UInt(MemoryLayout<Element>.alignment) == 0 }
            if isAligned ?? true { return try body(raw.assumingMemoryBound(to: Element.self)) }
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: raw.count, alignment: MemoryLayout<Element>.alignment)
            defer { copy.deallocate() }
            copy.copyMemory(from: raw)
            return try body(UnsafeBufferPointer(copy.assumingMemoryBound(to: Element.self)))
        }
    }
}
