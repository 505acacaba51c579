import Foundation
import Pictures
import TestSupport
import Testing

/// What Keras makes of a picture; made by scripts/references/keras_augmentation.py.
struct AugmentationCase: Decodable, CustomTestStringConvertible {
    struct Parameters: Decodable {
        let theta: Double
        let zx: Double
        let zy: Double
        let flipHorizontal: Bool
        let flipVertical: Bool
        let channelShiftIntensity: Double?
        let brightness: Double?
    }

    let picture: String
    let parameters: Parameters
    /// In 1/256 of a gray level, 16 bits each, little-endian.
    let samples: Data

    var testDescription: String { "\(picture) \(parameters)" }

    var asDrawn: AugmentationParameters {
        var drawn = AugmentationParameters()
        drawn.theta = parameters.theta
        (drawn.zx, drawn.zy) = (parameters.zx, parameters.zy)
        (drawn.flipHorizontal, drawn.flipVertical) = (parameters.flipHorizontal, parameters.flipVertical)
        drawn.channelShift = parameters.channelShiftIntensity
        drawn.brightness = parameters.brightness
        return drawn
    }

    var levels: [Double] {
        stride(from: 0, to: samples.count, by: 2).map { Double(Int(samples[$0]) | Int(samples[$0 + 1]) << 8) / 256 }
    }
}

@Suite("Augmentation")
struct AugmentationTests {
    @Test(
        "With the same parameters a picture is Keras's, rounded",
        arguments: try resource([AugmentationCase].self, "augmentation"))
    func augmentsAsKeras(_ expected: AugmentationCase) throws {
        let source = try resourcePicture(expected.picture)
        let augmented = source.augmented(by: expected.asDrawn)
        #expect(augmented.width == source.width && augmented.height == source.height)
        #expect(augmented.pixels.count == expected.levels.count)
        let worst = zip(augmented.pixels, expected.levels).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(worst <= 0.51)
    }

    @Test("Copies are drawn from seed, picture and index alone, within the ranges")
    func draws() {
        let settings = AugmentationSettings.usual
        let draws = (0..<500).map {
            AugmentationParameters(drawnFrom: settings, seed: 9, digest: [1, 2, 3], index: $0)
        }
        #expect(Set(draws).count == 500)
        #expect(draws[7] == AugmentationParameters(drawnFrom: settings, seed: 9, digest: [1, 2, 3], index: 7))
        #expect(draws[7] != AugmentationParameters(drawnFrom: settings, seed: 10, digest: [1, 2, 3], index: 7))
        #expect(draws[7] != AugmentationParameters(drawnFrom: settings, seed: 9, digest: [1, 2, 4], index: 7))
        for draw in draws {
            #expect(abs(draw.theta) <= 40 && (0.8...1.2).contains(draw.zx) && (0.8...1.2).contains(draw.zy))
            #expect(abs(draw.channelShift ?? 99) <= 50 && (0.5...1.5).contains(draw.brightness ?? 99))
        }
        #expect(draws.contains { $0.theta < -35 } && draws.contains { $0.theta > 35 })
        #expect((200...300).contains(draws.count { $0.flipHorizontal }))
        #expect((200...300).contains(draws.count { $0.flipVertical }))
    }

    @Test("Each change can be turned off and leaves the others as they were")
    func turnsOff() {
        var settings = AugmentationSettings.usual
        let all = AugmentationParameters(drawnFrom: settings, seed: 1, digest: [5], index: 3)
        settings.rotationRange = 0
        settings.brightnessRange = [1, 1]
        let some = AugmentationParameters(drawnFrom: settings, seed: 1, digest: [5], index: 3)
        #expect(some.theta == 0 && some.brightness == nil)
        #expect(some.zx == all.zx && some.zy == all.zy && some.channelShift == all.channelShift)
        let none = AugmentationParameters(drawnFrom: .off, seed: 1, digest: [5], index: 3)
        #expect(none == AugmentationParameters())
        let picture = TinyPictures.noise(seed: 8)
        #expect(picture.augmented(by: none) == picture)
    }

    @Test("Settings are written with Keras's names, by which stored features are found again")
    func codes() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(AugmentationSettings.usual), as: UTF8.self)
        #expect(
            text == """
                {"brightness_range":[0.5,1.5],"channel_shift_range":50,"horizontal_flip":true,"rotation_range":40,\
                "vertical_flip":true,"zoom_range":[0.8,1.2]}
                """)
    }

    @Test("The contact sheet shows the picture, then copies 0 to 7")
    func contactSheet() {
        let picture = TinyPictures.noise(seed: 2, width: 40, height: 30)
        let settings = AugmentationSettings.usual
        let sheet = ContactSheet.augmentations(of: picture, settings: settings, seed: 6, digest: [1], side: 20)
        #expect(sheet.width == 3 * 20 + 4 * 4 && sheet.height == sheet.width)
        let small = picture.resized(width: 20, height: 20)
        let last = small.augmented(
            by: AugmentationParameters(drawnFrom: settings, seed: 6, digest: [1], index: 7))
        for (x, y) in [(0, 0), (19, 0), (7, 13), (19, 19)] {
            #expect(sheet[4 + x, 4 + y] == small[x, y])
            #expect(sheet[52 + x, 52 + y] == last[x, y])
        }
        #expect(sheet[0, 0] == (255, 255, 255) && sheet[25, 40] == (255, 255, 255))
    }
}

extension RGBImage {
    /// The red, green and blue of one pixel, counted from the top left.
    fileprivate subscript(x: Int, y: Int) -> (UInt8, UInt8, UInt8) {
        let index = (y * width + x) * 3
        return (pixels[index], pixels[index + 1], pixels[index + 2])
    }
}
