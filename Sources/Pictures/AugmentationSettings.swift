/// What augmentation may do to a picture, by the names and meanings of Keras's `ImageDataGenerator`.
///
/// As JSON or YAML its keys are Keras's: `rotation_range`, `zoom_range`, `brightness_range`, `channel_shift_range`,
/// `horizontal_flip`, `vertical_flip`. All but `brightness_range` must be there.
package struct AugmentationSettings: Hashable, Sendable {
    /// Degrees: a picture is turned by an angle drawn from -rotationRange...rotationRange. 0 is off.
    package let rotationRange: Double
    /// Factors for width and height, drawn independently; above 1 more is shown, smaller. 1...1 is off.
    package let zoomRange: ClosedRange<Double>
    /// Factors that multiply all samples; `nil` is off.
    package let brightnessRange: ClosedRange<Double>?
    /// Gray levels: an amount drawn from -channelShiftRange...channelShiftRange is added to all samples. 0 is off.
    package let channelShiftRange: Double
    /// Whether half of the copies are mirrored left to right.
    package let horizontalFlip: Bool
    /// Whether half of the copies are mirrored top to bottom.
    package let verticalFlip: Bool

    package init(
        rotationRange: Double = 40, zoomRange: ClosedRange<Double> = 0.8...1.2,
        brightnessRange: ClosedRange<Double>? = 0.5...1.5, channelShiftRange: Double = 50,
        horizontalFlip: Bool = true, verticalFlip: Bool = true
    ) throws(AugmentationSettingsError) {
        guard rotationRange.isFinite, rotationRange >= 0 else { throw .rotationRange(rotationRange) }
        guard channelShiftRange.isFinite, channelShiftRange >= 0 else { throw .channelShiftRange(channelShiftRange) }
        guard zoomRange.lowerBound > 0, zoomRange.upperBound.isFinite else {
            throw .zoomRange([zoomRange.lowerBound, zoomRange.upperBound])
        }
        if let brightnessRange, brightnessRange.lowerBound < 0 || !brightnessRange.upperBound.isFinite {
            throw .brightnessRange([brightnessRange.lowerBound, brightnessRange.upperBound])
        }
        self.rotationRange = rotationRange
        self.zoomRange = zoomRange
        self.brightnessRange = brightnessRange
        self.channelShiftRange = channelShiftRange
        self.horizontalFlip = horizontalFlip
        self.verticalFlip = verticalFlip
    }
}

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

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let zoom = try values.decode([Double].self, forKey: .zoomRange)
        let brightness = try values.decodeIfPresent([Double].self, forKey: .brightnessRange)
        guard let zoomRange = Self.range(zoom) else { throw AugmentationSettingsError.zoomRange(zoom) }
        if let brightness, Self.range(brightness) == nil {
            throw AugmentationSettingsError.brightnessRange(brightness)
        }
        try self.init(
            rotationRange: values.decode(Double.self, forKey: .rotationRange), zoomRange: zoomRange,
            brightnessRange: brightness.flatMap(Self.range),
            channelShiftRange: values.decode(Double.self, forKey: .channelShiftRange),
            horizontalFlip: values.decode(Bool.self, forKey: .horizontalFlip),
            verticalFlip: values.decode(Bool.self, forKey: .verticalFlip))
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(rotationRange, forKey: .rotationRange)
        try values.encode([zoomRange.lowerBound, zoomRange.upperBound], forKey: .zoomRange)
        try values.encode(brightnessRange.map { [$0.lowerBound, $0.upperBound] }, forKey: .brightnessRange)
        try values.encode(channelShiftRange, forKey: .channelShiftRange)
        try values.encode(horizontalFlip, forKey: .horizontalFlip)
        try values.encode(verticalFlip, forKey: .verticalFlip)
    }

    /// A range of two bounds in order, from the form it has in JSON and YAML.
    package static func range(_ bounds: [Double]) -> ClosedRange<Double>? {
        bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : nil
    }
}
