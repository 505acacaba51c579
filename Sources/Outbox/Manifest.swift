internal import Foundation
internal import Networks
package import Records

/// What a published model is and how good it is: `manifest.json` beside `model.onnx`.
package struct Manifest: Codable, Sendable, Equatable {
    /// The backbone that is part of the model.
    package struct Backbone: Codable, Sendable, Equatable {
        package var name: String
        /// SHA-256 of the backbone's ONNX file, in hexadecimal.
        package var sha256: String
        /// The package that the weights were taken from; missing if the file doesn't say.
        package var source: String?
        /// The licence of that package.
        package var licence: String?
        /// Missing if the head was trained on features in float32.
        package var training: TrainingArithmetic?

        package init(
            name: String, sha256: String, source: String?, licence: String?, training: TrainingArithmetic? = nil
        ) {
            self.training = training
            self.name = name
            self.sha256 = sha256
            self.source = source
            self.licence = licence
        }
    }

    /// How the features of training pictures were computed, if faster than in the model, which uses float32. The test
    /// scores use float32, too.
    package struct TrainingArithmetic: Codable, Sendable, Equatable {
        /// The number format: `int16` or `bfloat16`.
        package var precision: String
        /// The mean deviation from features in float32, relative to their mean magnitude.
        package var meanRelativeError: Double

        private enum CodingKeys: String, CodingKey {
            case precision
            case meanRelativeError = "mean_relative_error"
        }

        package init(precision: String, meanRelativeError: Double) {
            self.precision = precision
            self.meanRelativeError = meanRelativeError
        }
    }

    /// The model's input: uint8 pictures of shape (N, height, width, 3), RGB, upright.
    package struct Input: Codable, Sendable, Equatable {
        package var name = "images"
        package var type = "uint8"
        package var layout = "NHWC"
        package var channels = "RGB"
        /// In pixels.
        package var height: Int
        /// In pixels.
        package var width: Int
        /// How a picture of another size must be resized to height x width for the model.
        package var resize =
            "bilinear with antialiasing to exactly width x height, aspect ratio not kept; JPEGs are scaled down by "
            + "2, 4 or 8 while decoding, as far as both sides stay at least that long"

        /// A square of `size` pixels a side.
        package init(size: Int) {
            height = size
            width = size
        }
    }

    /// The model's scores on the test set of its run.
    package struct Test: Codable, Sendable, Equatable {
        /// How many the test set has.
        package var pictures: Int
        /// 0 to 1.
        package var accuracy: Double
        /// Wilson's 95 % interval of the accuracy: lower and upper bound, 0 to 1.
        package var interval: [Double]
        /// One for each class of the test set, in class order: the model's labels, and those that only the champion of
        /// that time knew.
        package var classes: [ClassScore<String>]

        package init(pictures: Int, accuracy: Double, interval: [Double], classes: [ClassScore<String>]) {
            self.pictures = pictures
            self.accuracy = accuracy
            self.interval = interval
            self.classes = classes
        }
    }

    /// Also the name of the folder: `v0001`.
    package var version: String
    /// The number of the training run in the history.
    package var run: Int64
    /// When the model was made.
    package var created: Timestamp
    /// In the order of the model's output `probabilities`, (N, classes).
    package var labels: [String]
    package var backbone: Backbone
    package var input: Input
    /// The name of the model's output, (N, classes): each row adds up to 1.
    package var output = "probabilities"
    /// The hyperparameters of the head, with Keras's names.
    package var parameters: JSONText
    package var test: Test
    /// The classes that aren't among the labels although there were pictures of them; missing in older manifests.
    package var leftOut: [Shortage]?
    /// SHA-256 of every other file of the version, in hexadecimal, by name; empty until the version is staged.
    package var files: [String: String] = [:]

    private enum CodingKeys: String, CodingKey {
        case version, run, created, labels, backbone, input, output, parameters, test, files
        case leftOut = "left_out"
    }

    package init(
        version: String, run: Int64, created: Timestamp, labels: [String], backbone: Backbone, input: Input,
        parameters: JSONText, test: Test, leftOut: [Shortage] = []
    ) {
        self.version = version
        self.run = run
        self.created = created
        self.labels = labels
        self.backbone = backbone
        self.input = input
        self.parameters = parameters
        self.test = test
        self.leftOut = leftOut
    }

    /// The file's bytes; equal manifests give equal bytes.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    static func decode(_ bytes: [UInt8]) throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(bytes))
    }
}
