internal import Glibc

/// A fixed-size block of zero-initialised memory, aligned to 64 bytes (a cache line, and an AVX-512 register).
///
/// The buffer doesn't protect against concurrent writes: threads that share one must write disjoint parts.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    /// In elements.
    package let count: Int
    /// The first of `count` elements; valid as long as the buffer exists.
    package let baseAddress: UnsafeMutablePointer<Element>

    /// `count` elements, all zero bytes. Ends the program if there is no memory for them.
    package init(count: Int) {
        precondition(count >= 0, "a buffer's count must not be negative, got \(count)")
        self.count = count
        baseAddress = Self.allocate(max(count * MemoryLayout<Element>.stride, 1))
            .bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit {
        let byteCount = count * MemoryLayout<Element>.stride
        if byteCount < Self.mappedByteCount {
            UnsafeMutableRawPointer(baseAddress).deallocate()
        } else {
            munmap(baseAddress, byteCount)
        }
    }

    /// Blocks from this size on are separate mappings: the system zeroes their pages when they are first used, and gets
    /// them back immediately. The allocator would keep memory between other blocks.
    private static var mappedByteCount: Int { 1 << 20 }

    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= mappedByteCount else {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
            memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            return memory
        }
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no memory for a buffer of \(byteCount) bytes") }
        return memory
    }

    /// An element; the index isn't checked.
    package subscript(index: Int) -> Element {
        get { baseAddress[index] }
        set { baseAddress[index] = newValue }
    }

    /// All elements; valid as long as the buffer exists.
    package var elements: UnsafeMutableBufferPointer<Element> { .init(start: baseAddress, count: count) }
}
