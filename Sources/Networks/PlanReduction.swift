/// Where products in less than float32 get their input from.
extension PlanBuilder {
    /// How a depthwise convolution hands its output to a projection.
    struct Filtered {
        let form: InvertedResidualStep.FilteredForm
        /// For int16, the value of the largest integer.
        let bound: Float?

        var isShort: Bool {
            if case .shorts = form { return true }
            return false
        }
    }

    /// Rounds immediately if a vector of channels is full and, for int16, if a clip determines the largest value.
    func filteredForm(_ filter: Entry, projection: Precision) -> Filtered {
        let unchanged = Filtered(form: .float32, bound: nil)
        let convolution = filter.convolution
        guard projection != .float32, convolution.outputChannels >= 16, convolution.outputChannels % 2 == 0 else {
            return unchanged
        }
        if projection == .bfloat16 {
            let form = InvertedResidualStep.FilteredForm.shorts(
                projection.format, convolution.activation.kernel)
            return Filtered(form: form, bound: nil)
        }
        guard case .clip(let low, let high) = convolution.activation, max(abs(low), abs(high)).isFinite,
            max(abs(low), abs(high)) > 0
        else { return unchanged }
        let bound = max(abs(low), abs(high))
        let factor = Weights.integerLimit / bound
        let activation = Activation.clip(low: low * factor, high: high * factor)
        return Filtered(form: .shorts(projection.format, activation.kernel), bound: bound)
    }

    /// The layer of a 1 x 1 convolution, with its input rounded if it is computed in less than float32; `places` gets
    /// the scratch memory for that.
    mutating func layer(_ entry: Entry, rows: Int, _ places: inout [Int]) -> InvertedResidualStep.Layer {
        let shorts = shortRows(of: entry.origin, depth: entry.convolution.inputChannels, rows: rows)
        if let shorts { places.append(shorts.offset) }
        return layer(entry, .panels(shorts?.precision ?? .float32), shorts)
    }

    func layer(
        _ entry: Entry, _ layout: WeightLayout, _ shorts: ShortRows? = nil
    ) -> InvertedResidualStep.Layer {
        InvertedResidualStep.Layer(
            weights: weights(of: entry.origin, layout), activation: entry.convolution.activation, shorts: shorts)
    }

    /// Reserves scratch memory for the rounded input of the product of node `origin`; nil if that is in float32.
    mutating func shortRows(of origin: Int, depth: Int, rows: Int) -> ShortRows? {
        let precision = network.precision(of: origin)
        guard precision != .float32 else { return nil }
        let offset = memory.reserve(ShortRows.scratchCount(rows: rows, depth: depth))
        return ShortRows(precision: precision, depth: depth, rows: rows, offset: offset)
    }
}
