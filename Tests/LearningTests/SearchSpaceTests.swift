import Foundation
import Learning
import Testing

@Suite("The search space")
struct SearchSpaceTests {
    @Test("The default space is one backbone, two activations, optimisers and batch sizes and three rates")
    func defaults() {
        #expect(SearchSpace().count == 24)
    }

    @Test("Candidates are different, and the same for the same seed")
    func sample() throws {
        let first = try SearchSpace().sample(6, seed: 42)
        #expect(first.count == 6 && Set(first).count == 6)
        #expect(try SearchSpace().sample(6, seed: 42) == first)
        #expect(try SearchSpace().sample(6, seed: 43) != first)
    }

    @Test("A space with fewer candidates than asked for is used up", arguments: [24, 100])
    func exhausted(count: Int) throws {
        let all = try SearchSpace().sample(count, seed: 1)
        #expect(all.count == 24 && Set(all).count == 24)
    }

    @Test("Every value of a list is drawn about equally often")
    func even() throws {
        var counts: [Double: Int] = [:]
        for seed in 0..<1000 as Range<UInt64> {
            for candidate in try SearchSpace().sample(6, seed: seed) { counts[candidate.learningRate, default: 0] += 1 }
        }
        #expect(counts.count == 3)
        #expect(counts.values.allSatisfy { abs($0 - 2000) < 150 })
    }

    @Test("Keys that are missing in coded form have their defaults")
    func decoding() throws {
        let json = #"{"backbone":["own"],"learning_rate":[0.1],"batch_normalization":[true,false]}"#
        let space = try JSONDecoder().decode(SearchSpace.self, from: Data(json.utf8))
        #expect(space == SearchSpace(backbone: ["own"], learningRate: [0.1], batchNormalization: [true, false]))
        #expect(try JSONDecoder().decode(SearchSpace.self, from: JSONEncoder().encode(space)) == space)
    }

    @Test("A value that isn't known is refused")
    func unknownValue() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(SearchSpace.self, from: Data(#"{"optimizer":["adagrad"]}"#.utf8))
        }
    }

    @Test("Empty lists, repeated values and values out of range are named")
    func validation() {
        #expect(throws: SearchSpaceError.empty(key: "hidden_units")) { try SearchSpace(hiddenUnits: []).validate() }
        #expect(throws: SearchSpaceError.repeated(key: "batch_size", value: "32")) {
            try SearchSpace(batchSize: [32, 64, 32]).validate()
        }
        for (space, key) in [
            (SearchSpace(dropout: [1]), "dropout"), (SearchSpace(learningRate: [0]), "learning_rate"),
            (SearchSpace(learningRate: [.nan]), "learning_rate"), (SearchSpace(batchSize: [0]), "batch_size"),
            (SearchSpace(hiddenUnits: [-1]), "hidden_units"), (SearchSpace(backbone: [""]), "backbone"),
        ] {
            #expect { try space.sample(1, seed: 1) } throws: { "\($0)".contains("'\(key)'") }
        }
    }

    @Test("Hyperparameters are coded with Keras's names")
    func hyperparameters() throws {
        let parameters = Hyperparameters(backbone: "vgg16", initializer: .heNormal)
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
