internal import Glibc
internal import Intake

/// The bytes of a command-line argument, which needn't be UTF-8: what the argument parser hands on is repaired.
enum RawArgument {
    /// The argument of this process that reads so when it is repaired; the text's own bytes where there is none.
    static func path(reading text: String) -> RawPath {
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let bytes = UnsafeBufferPointer(start: argument, count: strlen(argument)).map { UInt8(bitPattern: $0) }
            if String(decoding: bytes, as: UTF8.self) == text { return RawPath(bytes) }
        }
        return RawPath(text)
    }
}
