/// What augmentation may do to a picture, with the names and meanings of Keras's `ImageDataGenerator`.
///
/// As JSON or YAML its keys are Keras's: `rotation_range`, `zoom_range`, `brightness_range`, `channel_shift_range`,
/// `horizontal_flip`, `vertical_flip`; all of them are required.
package struct AugmentationSettings: Hashable, Sendable {
    /// Degrees: a picture is rotated by an angle drawn from -rotationRange...rotationRange. 0 is off.
    package var rotationRange = 40.0
    /// The smallest and the largest factor for width and height, drawn independently; above 1, more is shown, at a
    /// smaller size. [1, 1] is off.
    package var zoomRange = [0.8, 1.2]
    /// The smallest and the largest factor by which all samples are multiplied. [1, 1] is off.
    package var brightnessRange = [0.5, 1.5]
    /// Gray levels: an amount drawn from -channelShiftRange...channelShiftRange is added to all samples. 0 is off.
    package var channelShiftRange = 50.0
    /// Whether half of the copies are mirrored left to right.
    package var horizontalFlip = true
    /// Whether half of the copies are mirrored top to bottom.
    package var verticalFlip = true

    package init() {}

    /// Nothing is changed.
    package static var off: AugmentationSettings {
        var settings = AugmentationSettings()
        settings.rotationRange = 0
        settings.zoomRange = [1, 1]
        settings.brightnessRange = [1, 1]
        settings.channelShiftRange = 0
        settings.horizontalFlip = false
        settings.verticalFlip = false
        return settings
    }

    /// Throws for values from which nothing can be drawn. Decoding does this automatically.
    package func validate() throws(AugmentationSettingsError) {
        guard rotationRange.isFinite, rotationRange >= 0 else { throw .rotationRange(rotationRange) }
        guard channelShiftRange.isFinite, channelShiftRange >= 0 else { throw .channelShiftRange(channelShiftRange) }
        guard zoomRange.isRange, zoomRange[0] > 0 else { throw .zoomRange(zoomRange) }
        guard brightnessRange.isRange, brightnessRange[0] >= 0 else { throw .brightnessRange(brightnessRange) }
    }
}

extension [Double] {
    /// Whether it is two finite numbers, the smaller first.
    fileprivate var isRange: Bool { count == 2 && allSatisfy(\.isFinite) && self[0] <= self[1] }
}

/// The setting from which nothing can be drawn, with its value.
package enum AugmentationSettingsError: Error, Equatable, Sendable {
    case rotationRange(Double)
    case zoomRange([Double])
    case brightnessRange([Double])
    case channelShiftRange(Double)
}

extension AugmentationSettingsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .rotationRange(let value): "rotation_range must be a number of degrees from 0, not \(value)"
        case .zoomRange(let value): "zoom_range must be two factors above 0, the smaller first, not \(value)"
        case .brightnessRange(let value): "brightness_range must be two factors from 0, the smaller first, not \(value)"
        case .channelShiftRange(let value): "channel_shift_range must be a number of gray levels from 0, not \(value)"
        }
    }
}

extension AugmentationSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case rotationRange = "rotation_range"
        case zoomRange = "zoom_range"
        case brightnessRange = "brightness_range"
        case channelShiftRange = "channel_shift_range"
        case horizontalFlip = "horizontal_flip"
        case verticalFlip = "vertical_flip"
    }

    /// Throws `DecodingError`, or ``AugmentationSettingsError`` for a value out of range.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        rotationRange = try values.decode(Double.self, forKey: .rotationRange)
        zoomRange = try values.decode([Double].self, forKey: .zoomRange)
        brightnessRange = try values.decode([Double].self, forKey: .brightnessRange)
        channelShiftRange = try values.decode(Double.self, forKey: .channelShiftRange)
        horizontalFlip = try values.decode(Bool.self, forKey: .horizontalFlip)
        verticalFlip = try values.decode(Bool.self, forKey: .verticalFlip)
        try validate()
    }
}
