internal import Dispatch
internal import Glibc
internal import Settings
internal import Synchronization

/// A settings file: it gives settings, or problems in plain words.
struct SettingsTarget: Target {
    /// A file without a name, which is gone when the process is, and a path to it.
    private let descriptor: Int32
    private let path: String

    init() {
        var name = Array("/tmp/cultivar-fuzz-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        precondition(descriptor >= 0 && unlink(name) == 0, "no temporary file: errno \(errno)")
        path = "/proc/self/fd/\(descriptor)"
    }

    func take(_ bytes: UnsafeRawBufferPointer) {
        switch settings(in: bytes) {
        case .failure(let problems):
            precondition(!problems.problems.isEmpty, "refused without a reason")
            precondition(problems.problems.allSatisfy { !$0.description.isEmpty }, "a problem without words")
        case .success(let read):
            let text = SettingsTemplate.yaml(of: read)
            switch text.utf8.withContiguousStorageIfAvailable({ settings(in: UnsafeRawBufferPointer($0)) })! {
            case .failure(let problems): preconditionFailure("what was accepted is written so: \(text)\n\(problems)")
            case .success(let again): precondition(again == read, "what was accepted reads differently when written")
            }
        }
    }

    private func settings(in bytes: UnsafeRawBufferPointer) -> Result<Settings, SettingsProblems> {
        precondition(
            ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count)
        let loader = SettingsLoader(file: path, environment: [:])
        let result = Mutex<Result<Settings, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        // libFuzzer calls from a thread that may be blocked, and knows no other way.
        Task {
            let loaded: Result<Settings, any Error>
            do { loaded = .success(try await loader.load()) } catch { loaded = .failure(error) }
            result.withLock { $0 = loaded }
            done.signal()
        }
        done.wait()
        return result.withLock { $0! }.mapError { error in
            guard let problems = error as? SettingsProblems else {
                preconditionFailure("an error that isn't about the settings: \(type(of: error)) \(error)")
            }
            return problems
        }
    }
}
