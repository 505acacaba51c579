internal import CKernels

/// Two convolutions, the second with Winograd's algorithm, computed one band of rows of one image at a time, so that
/// the map between them stays in the cache and needs little memory.
extension PlanBuilder {
    /// From how many floats on one image's map between two convolutions is computed in bands.
    static let bandedCount = 1 << 19

    /// How many floats of the map in between a band should have.
    private static let bandCount = 256 << 10

    /// One band: the computed rows of each convolution's output; for the second one, before any pool.
    private struct Band {
        let image: Int
        let first: Range<Int>
        let second: Range<Int>
    }

    mutating func addBands(_ first: Entry, _ second: Entry, _ set: CultivarInstructionSet) {
        let (convolution, form) = (second.convolution, winogradForm(second)!)
        let between = shapes[graph.nodes[second.origin].inputs[0]]!
        let whole = shapes[graph.nodes[second.origin].output]!
        let padding = convolution.window.resolvedPadding(between)
        let fitting = Self.bandCount / (between.width * between.channels) - 2
        let rows = max(fitting / form.side, 1) * form.side
        let buffer = memory.reserve((rows + 2) * between.width * between.channels)
        let largest = WinogradForm(side: form.side, output: whole.rows(0..<min(rows, whole.height)))
        let blocking = WinogradStep.Blocking(
            largest, inputs: convolution.inputChannels, outputs: convolution.outputChannels, group: 1)
        let scratch = memory.reserve(blocking.scratchCount)
        for image in 0..<group {
            for row in stride(from: 0, to: whole.height, by: rows) {
                let made = row..<min(row + rows, whole.height)
                let needed = max(row - padding.top, 0)..<min(made.upperBound - padding.top + 2, between.height)
                let band = Band(image: image, first: needed, second: made)
                let map = Region(offset: buffer, shape: between.rows(needed))
                let steps: [any Step] = [
                    direct(first, band, into: map, set),
                    winograd(second, band, from: map, blocking, scratch, set),
                ]
                self.steps.append(ImageStep(image: image, steps: steps))
            }
        }
        memory.release(scratch)
        memory.release(buffer)
    }

    private func direct(_ entry: Entry, _ band: Band, into map: Region, _ set: CultivarInstructionSet) -> any Step {
        let (inside, convolution) = part(of: entry, band.first)
        let input = regions[graph.nodes[entry.origin].inputs[0]]!.advanced(image: band.image).rows(inside)
        return DirectConvolutionStep(
            Operands(input: input, output: map, residual: nil), convolution,
            weights: weights(of: entry.origin, .panels()), set: set)
    }

    private func winograd(
        _ entry: Entry, _ band: Band, from map: Region, _ blocking: WinogradStep.Blocking, _ scratch: Int,
        _ set: CultivarInstructionSet
    ) -> any Step {
        let (_, convolution) = part(of: entry, band.second)
        let form = winogradForm(entry)!
        let whole = shapes[graph.nodes[entry.origin].output]!
        let output = regions[entry.node.output]!
        let pool = output.shape == whole ? 1 : 2
        let kept = band.second.lowerBound / pool..<band.second.upperBound / pool
        let made = whole.rows(band.second)
        return WinogradStep(
            Operands(input: map, output: output.advanced(image: band.image).rows(kept), residual: nil), convolution,
            form: WinogradForm(side: form.side, output: made), blocking: blocking, scratchOffset: scratch,
            unpooled: made, weights: weights(of: entry.origin, .winograd(side: form.side)), set: set)
    }

    /// The input rows that a convolution needs for the rows `rows` of its output, and the convolution of just these
    /// rows.
    private func part(of entry: Entry, _ rows: Range<Int>) -> (input: Range<Int>, convolution: Convolution) {
        var convolution = entry.convolution
        let shape = shapes[graph.nodes[entry.origin].inputs[0]]!
        let window = convolution.window
        var padding = window.resolvedPadding(shape)
        let start = rows.lowerBound * window.strides.height - padding.top
        let end = (rows.upperBound - 1) * window.strides.height - padding.top + window.reach.height
        let inside = max(start, 0)..<min(end, shape.height)
        padding.top = inside.lowerBound - start
        padding.bottom = end - inside.upperBound
        convolution.window.padding = .explicit(padding)
        return (inside, convolution)
    }
}

/// Steps that are laid out for one image of a group.
struct ImageStep: Step {
    let image: Int
    let steps: [any Step]

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        guard image < images else { return }
        for step in steps { step.run(scratch, images: 1) }
    }
}

extension Shape {
    fileprivate func rows(_ rows: Range<Int>) -> Shape { Shape(height: rows.count, width: width, channels: channels) }
}

extension Region {
    /// The position of one image of the group.
    fileprivate func advanced(image: Int) -> Region { Region(offset: offset + image * shape.count, shape: shape) }

    /// Some rows of the first image.
    fileprivate func rows(_ rows: Range<Int>) -> Region {
        Region(offset: offset + rows.lowerBound * shape.width * shape.channels, shape: shape.rows(rows))
    }
}
