internal import CKernels
internal import Numerics

/// Steps without products. Each runs image by image, so that no result depends on an image's place in the group.

struct AffineStep: Step {
    let input: Region
    let output: Region
    let weights: Weights
    let activation: Activation

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        for image in 0..<images {
            cultivar_affine(
                input.pointer(scratch, image: image), input.shape.pixels, input.shape.channels,
                weights.factors.baseAddress, weights.bias.baseAddress, activation.kernel,
                output.pointer(scratch, image: image))
        }
    }
}

struct ActivationStep: Step {
    let input: Region
    let output: Region
    let activation: Activation

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let count = input.shape.count
        for image in 0..<images {
            let result = output.pointer(scratch, image: image)
            if input.offset != output.offset { result.update(from: input.pointer(scratch, image: image), count: count) }
            cultivar_finish(result, 1, count, nil, nil, activation.kernel)
        }
    }
}

struct ArithmeticStep: Step {
    let left: Region
    let right: Region
    let output: Region
    let operation: Arithmetic
    let activation: Activation

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let shape = output.shape
        // With equal shapes, all elements form one row; a single pixel is repeated for every pixel of the other.
        let isFlat = left.shape == right.shape
        let (rows, columns) = isFlat ? (1, shape.count) : (shape.pixels, shape.channels)
        let leftStep = left.shape.pixels == 1 && !isFlat ? 0 : columns
        let rightStep = right.shape.pixels == 1 && !isFlat ? 0 : columns
        for image in 0..<images {
            cultivar_arithmetic(
                operation.kernel, left.pointer(scratch, image: image), leftStep, right.pointer(scratch, image: image),
                rightStep, rows, columns, activation.kernel, output.pointer(scratch, image: image))
        }
    }
}

struct SoftmaxStep: Step {
    let input: Region
    let output: Region

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        for image in 0..<images {
            cultivar_softmax(
                input.pointer(scratch, image: image), input.shape.count, output.pointer(scratch, image: image))
        }
    }
}

struct PoolStep: Step {
    let input: Region
    let output: Region
    let pool: Pool

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let padding = pool.window.resolvedPadding(input.shape)
        var window = CultivarWindow(pool.window, input: input.shape, output: output.shape)
        for image in 0..<images {
            let (source, target) = (input.pointer(scratch, image: image), output.pointer(scratch, image: image))
            switch pool.kind {
            case .maximum: cultivar_max_pool(&window, source, target)
            case .average:
                cultivar_average_pool(
                    &window, pool.countsPadding ? 1 : 0, padding.bottom, padding.right, source, target)
            }
        }
    }
}

struct GlobalPoolStep: Step {
    let input: Region
    let output: Region
    let kind: PoolKind

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        for image in 0..<images {
            let (source, target) = (input.pointer(scratch, image: image), output.pointer(scratch, image: image))
            switch kind {
            case .average: cultivar_global_average(source, input.shape.pixels, input.shape.channels, target)
            case .maximum: cultivar_global_max(source, input.shape.pixels, input.shape.channels, target)
            }
        }
    }
}

struct PadStep: Step {
    let input: Region
    let output: Region
    let padding: Padding
    let value: Float

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let (from, to) = (input.shape, output.shape)
        for image in 0..<images {
            let target = output.pointer(scratch, image: image)
            target.update(repeating: value, count: to.count)
            for row in 0..<from.height {
                let place = (row + padding.top) * to.width + padding.left
                (target + place * to.channels).update(
                    from: input.pointer(scratch, image: image) + row * from.width * from.channels,
                    count: from.width * from.channels)
            }
        }
    }
}

struct ConcatStep: Step {
    let inputs: [Region]
    let output: Region

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        var channel = 0
        for input in inputs {
            let count = input.shape.channels
            // Images are stored one after another, so their pixels are one sequence.
            for pixel in 0..<images * output.shape.pixels {
                (output.pointer(scratch) + pixel * output.shape.channels + channel).update(
                    from: input.pointer(scratch) + pixel * count, count: count)
            }
            channel += count
        }
    }
}

/// A map's elements in the order channels, rows, columns.
struct PlanarStep: Step {
    let input: Region
    let output: Region

    func run(_ scratch: UnsafeMutablePointer<Float>, images: Int) {
        let (pixels, channels) = (input.shape.pixels, input.shape.channels)
        for image in 0..<images {
            let (source, target) = (input.pointer(scratch, image: image), output.pointer(scratch, image: image))
            for channel in 0..<channels {
                for pixel in 0..<pixels { target[channel * pixels + pixel] = source[pixel * channels + channel] }
            }
        }
    }
}
