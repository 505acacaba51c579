/// A fixed-size block of zero-initialised memory, aligned to 64 bytes (a cache line, and an AVX-512 register).
///
/// The buffer itself doesn't guard against concurrent writes: whoever shares one between threads writes disjoint parts.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    package let count: Int
    package let baseAddress: UnsafeMutablePointer<Element>

    package init(count: Int) {
        precondition(count >= 0, "a buffer's count must not be negative, got \(count)")
        self.count = count
        let byteCount = max(count * MemoryLayout<Element>.stride, 1)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        baseAddress = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit { UnsafeMutableRawPointer(baseAddress).deallocate() }

    package subscript(index: Int) -> Element {
        get { baseAddress[index] }
        set { baseAddress[index] = newValue }
    }

    package var elements: UnsafeMutableBufferPointer<Element> { .init(start: baseAddress, count: count) }
}
