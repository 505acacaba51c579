import Testing

@testable import Networks

@Suite("The choice of kernels")
struct KernelsTests {
    @Test("Every kind that runs here can be forced by its name", arguments: Kernels.available)
    func forced(kernels: Kernels) throws {
        #expect(try Kernels.choose(kernels.rawValue).get() == kernels)
    }

    @Test("Without a wish the fastest is taken")
    func fastest() throws {
        #expect(try Kernels.choose(nil).get() == Kernels.available.last)
        #expect(Kernels.available.first == .openblas)
    }

    @Test("An unknown name is refused with the names there are", arguments: ["", "AVX2", "fast"])
    func unknown(name: String) {
        let error = #expect(throws: NetworkError.self) { try Kernels.choose(name).get() }
        #expect(error?.description.contains("CULTIVAR_KERNELS is \"\(name)\"") == true)
        #expect(error?.description.contains("openblas") == true)
    }
}
