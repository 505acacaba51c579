import Foundation
import Learning
import TestSupport
import Testing

@Suite("The search space")
struct SearchSpaceTests {
    @Test("The default space is one backbone, two activations, optimisers and batch sizes and three rates")
    func defaults() {
        #expect(SearchSpace.usual.count == 24)
    }

    @Test("Candidates are different, and the same for the same seed")
    func sample() throws {
        let first = try SearchSpace.usual.sample(6, seed: 42)
        #expect(first.count == 6 && Set(first).count == 6)
        #expect(try SearchSpace.usual.sample(6, seed: 42) == first)
        #expect(try SearchSpace.usual.sample(6, seed: 43) != first)
    }

    @Test("A space with fewer candidates than asked for is used up", arguments: [24, 100])
    func exhausted(count: Int) throws {
        let all = try SearchSpace.usual.sample(count, seed: 1)
        #expect(all.count == 24 && Set(all).count == 24)
    }

    @Test("Every value of a list is drawn about equally often")
    func even() throws {
        var counts: [Double: Int] = [:]
        for seed in 0..<1000 as Range<UInt64> {
            for candidate in try SearchSpace.usual.sample(6, seed: seed) {
                counts[candidate.learningRate, default: 0] += 1
            }
        }
        #expect(counts.count == 3)
        #expect(counts.values.allSatisfy { abs($0 - 2000) < 150 })
    }

    @Test("A value that a list has twice is named")
    func repeated() {
        let space = changing(SearchSpace.usual) { $0.batchSize = [32, 64, 32] }
        #expect(throws: SearchSpaceError.repeated(key: "batch_size", value: "32")) { try space.validate() }
        #expect { try space.sample(1, seed: 1) } throws: {
            "\($0)" == "The search space's list 'batch_size' has the value 32 more than once."
        }
    }

    @Test("Hyperparameters are coded with Keras's names")
    func hyperparameters() throws {
        let parameters = changing(Hyperparameters.usual) { $0.initializer = .heNormal }
        let data = try JSONEncoder().encode(parameters)
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "backbone", "activation", "optimizer", "learning_rate", "batch_size", "dropout", "hidden_units",
                "initializer", "batch_normalization",
            ])
        #expect(object["initializer"] as? String == "he_normal")
        #expect(try JSONDecoder().decode(Hyperparameters.self, from: data) == parameters)
    }
}
