/// What augmentation may do to a picture, with the names and meanings of Keras's `ImageDataGenerator`.
///
/// As JSON its keys are Keras's: `rotation_range`, `zoom_range`, `brightness_range`, `channel_shift_range`,
/// `horizontal_flip`, `vertical_flip`. Features that are stored are told apart by it, so it must not change.
package struct AugmentationSettings: Hashable, Sendable {
    /// Degrees: a picture is rotated by an angle drawn from -rotationRange...rotationRange. 0 is off.
    package var rotationRange: Double
    /// The smallest and the largest factor for width and height, drawn independently; above 1, more is shown, at a
    /// smaller size. [1, 1] is off.
    package var zoomRange: [Double]
    /// The smallest and the largest factor by which all samples are multiplied. [1, 1] is off.
    package var brightnessRange: [Double]
    /// Gray levels: an amount drawn from -channelShiftRange...channelShiftRange is added to all samples. 0 is off.
    package var channelShiftRange: Double
    /// Whether half of the copies are mirrored left to right.
    package var horizontalFlip: Bool
    /// Whether half of the copies are mirrored top to bottom.
    package var verticalFlip: Bool

    package init(
        rotationRange: Double, zoomRange: [Double], brightnessRange: [Double], channelShiftRange: Double,
        horizontalFlip: Bool, verticalFlip: Bool
    ) {
        self.rotationRange = rotationRange
        self.zoomRange = zoomRange
        self.brightnessRange = brightnessRange
        self.channelShiftRange = channelShiftRange
        self.horizontalFlip = horizontalFlip
        self.verticalFlip = verticalFlip
    }

    /// Nothing is changed.
    package static let off = AugmentationSettings(
        rotationRange: 0, zoomRange: [1, 1], brightnessRange: [1, 1], channelShiftRange: 0, horizontalFlip: false,
        verticalFlip: false)
}

extension AugmentationSettings: Encodable {
    private enum CodingKeys: String, CodingKey {
        case rotationRange = "rotation_range"
        case zoomRange = "zoom_range"
        case brightnessRange = "brightness_range"
        case channelShiftRange = "channel_shift_range"
        case horizontalFlip = "horizontal_flip"
        case verticalFlip = "vertical_flip"
    }
}
