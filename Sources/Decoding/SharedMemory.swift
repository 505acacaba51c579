internal import CSandbox
internal import Glibc
internal import SystemPackage

/// Memory that the service shares with a decoder process. It is mapped as long as this exists.
final class SharedMemory {
    /// In bytes: the files of a request go through memory of this size, as far as they aren't larger than the store's
    /// `PictureStore.contentsLimit`.
    static let inputBytes = 4 << 20

    private let mapped: UnsafeMutableRawBufferPointer
    /// For the child, until it is closed; -1 then.
    private(set) var descriptor: Int32

    /// Memory that only the service writes.
    convenience init(input count: Int) throws(Errno) {
        var start: UnsafeMutableRawPointer?
        let descriptor = csb_input_memory(count, &start)
        try self.init(descriptor, start, count: count)
    }

    /// Memory that only the child writes.
    convenience init(output count: Int) throws(Errno) {
        var start: UnsafeRawPointer?
        let descriptor = csb_output_memory(count, &start)
        try self.init(descriptor, UnsafeMutableRawPointer(mutating: start), count: count)
    }

    private init(_ descriptor: Int32, _ start: UnsafeMutableRawPointer?, count: Int) throws(Errno) {
        guard descriptor >= 0, let start else { throw Errno(rawValue: errno) }
        self.descriptor = descriptor
        mapped = UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    deinit {
        closeDescriptor()
        munmap(mapped.baseAddress, mapped.count)
    }

    func closeDescriptor() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// What is in it. The other side may change it at any time.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(mapped) }

    /// Only for input memory; it must have room.
    func write(_ source: [UInt8], at offset: Int) {
        UnsafeMutableRawBufferPointer(rebasing: mapped[offset...]).copyBytes(from: source)
    }
}
