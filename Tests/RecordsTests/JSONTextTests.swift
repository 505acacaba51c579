import Foundation
import Testing

@testable import Records

@Suite("JSON kept as text")
struct JSONTextTests {
    @Test("A document is encoded as itself, not as a string")
    func nesting() throws {
        let text = try JSONText(["rate": 0.001, "units": 128])
        #expect(text.text == #"{"rate":0.001,"units":128}"#)
        #expect(try JSONText(["parameters": text]).text == #"{"parameters":{"rate":0.001,"units":128}}"#)
    }

    @Test("Every kind of JSON value goes through unchanged")
    func kinds() throws {
        let text = JSONText(trusted: #"{"a":[1,2.5,"x",true,null,{"b":[]}],"c":-9007199254740993}"#)
        #expect(try JSONText([text]).text == "[\(text.text)]")
        #expect(try JSONDecoder().decode([JSONText].self, from: Data("[\(text.text)]".utf8)) == [text])
    }

    @Test("Not a number can't be a document")
    func notANumber() { #expect(throws: EncodingError.self) { try JSONText([Double.nan]) } }

    @Test("An absent value of a list is written as null, so that the keys stay the same")
    func nulls() throws {
        let epoch = EpochRecord(
            epoch: 1, loss: 1, accuracy: 0.5, valLoss: nil, valAccuracy: nil, learningRate: 0.001)
        let text = try JSONText(epoch).text
        let expected =
            #"{"accuracy":0.5,"epoch":1,"learning_rate":0.001,"loss":1,"val_accuracy":null,"val_loss":null}"#
        #expect(text == expected)
    }

    @Test("A trial has the same keys whatever became of it, and its failure is a sentence")
    func trials() throws {
        func text(_ result: TrialRecord.Result) throws -> String {
            try JSONText(TrialRecord(candidate: 1, fold: 2, result: result, seconds: 0.5, curve: [])).text
        }
        #expect(
            try text(.accuracy(0.75, bestEpoch: 3))
                == #"{"accuracy":0.75,"best_epoch":3,"curve":[],"failure":null,"fold":2,"seconds":0.5}"#)
        let sentence = "The loss stopped being a finite number in epoch 4 at learning rate 0.1."
        #expect(
            try text(.failure(.diverged(epoch: 4, learningRate: 0.1)))
                == #"{"accuracy":null,"best_epoch":null,"curve":[],"failure":"\#(sentence)","fold":2,"seconds":0.5}"#)
    }
}
