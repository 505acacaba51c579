internal import Decoding
internal import Logging
internal import Settings

extension DecoderPool {
    /// For pictures that the user names, which nobody has judged yet: within the limits of the settings. What there is
    /// to tell of its processes is logged.
    ///
    /// - Parameter side: height and width of the pictures to make, in pixels.
    convenience init(_ settings: Settings, side: Int) {
        self.init(
            limits: settings.limits, maxFileBytes: settings.drops.maxFileBytes, side: side, attempts: nil,
            notify: { notice in
                LogOutput.logger().warning("picture decoder", metadata: ["decoder.notice": "\(notice)"])
            })
    }
}
