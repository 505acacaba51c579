internal import CLibFuzzer
internal import Glibc
internal import Numerics

/// libFuzzer with one of the targets. All arguments are libFuzzer's.
@main
enum Main {
    static func main() {
        GEMM.prepare()
        _ = chosenTarget
        var count = CommandLine.argc
        var arguments = Optional(CommandLine.unsafeArgv)
        let status = withUnsafeMutablePointer(to: &arguments) { arguments in
            LLVMFuzzerRunDriver(&count, arguments) { bytes, count in
                chosenTarget.take(UnsafeRawBufferPointer(start: bytes, count: count))
                return 0
            }
        }
        exit(status)
    }
}

/// The environment names it: libFuzzer starts this program again with arguments of its own choice.
private let chosenTarget: any Target = {
    let targets: [String: any Target] = [
        "onnx": ONNXTarget(), "pictures": PictureTarget(), "settings": SettingsTarget(),
    ]
    let name = getenv("CULTIVAR_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = targets[name] else {
        fatalError("CULTIVAR_FUZZ_TARGET must be one of \(targets.keys.sorted()), not \"\(name)\"")
    }
    return target
}()

/// Something of the product that reads bytes from strangers.
protocol Target: Sendable {
    /// Reads the bytes, and ends the process where something isn't as it must be whatever they are.
    func take(_ bytes: UnsafeRawBufferPointer)

    /// Changes an input that has been of use; the result may have `capacity` bytes.
    func mutate(_ input: [UInt8], capacity: Int, random: inout SeededRandom) -> [UInt8]
}

extension Target {
    func mutate(_ input: [UInt8], capacity: Int, random: inout SeededRandom) -> [UInt8] {
        anyMutation(of: input, capacity: capacity)
    }
}

/// One of libFuzzer's own changes, which know nothing of a format.
func anyMutation(of input: [UInt8], capacity: Int) -> [UInt8] {
    let capacity = max(capacity, input.count, 1)
    return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        _ = buffer.update(fromContentsOf: input)
        count = LLVMFuzzerMutate(buffer.baseAddress, input.count, capacity)
    }
}

/// libFuzzer calls this where it is there.
@_cdecl("LLVMFuzzerCustomMutator")
func customMutator(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int, _ seed: UInt32) -> Int {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    var random = SeededRandom(seed: UInt64(seed))
    let output = chosenTarget.mutate(input, capacity: capacity, random: &random).prefix(capacity)
    return UnsafeMutableBufferPointer(start: bytes, count: capacity).update(fromContentsOf: output)
}
