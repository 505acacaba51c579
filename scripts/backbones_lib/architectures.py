"""The networks, layer by layer, from the weights' own names for their tensors. Needs numpy and onnx."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import onnx

from .graph import GraphBuilder, array, fold_batch_norm
from .weights import Weights

Metadata = Mapping[str, str]
Architecture = Callable[[Weights, str, Metadata], onnx.ModelProto]


class _InvertedBottlenecks:
    """Bias-free convolutions with batch norm and ReLU6, as MobileNetV2 and EfficientNet-lite are made of."""

    def __init__(self, weights: Weights, epsilon: float, tensorflow_padding: bool) -> None:
        self.graph = GraphBuilder()
        self._weights = weights
        self._epsilon = epsilon
        self._tensorflow_padding = tensorflow_padding

    def convolution(
        self,
        x: str,
        name: str,
        tensors: tuple[str, str],
        shape: tuple[int, int, int],
        *,
        stride: int = 1,
        depthwise: bool = False,
        activation: bool = True,
    ) -> str:
        """One convolution; `tensors` are the prefixes of its own and its batch norm's tensors, `shape` (O, I, side)."""
        outputs, inputs, side = shape
        convolution, norm = tensors
        weight = array(self._weights.take(f"{convolution}.weight", outputs, inputs, side, side))
        scale, shift, mean, variance = (
            array(self._weights.take(f"{norm}.{part}", outputs))
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        self._weights.leave(f"{norm}.num_batches_tracked")
        weight, bias = fold_batch_norm(weight, scale, shift, mean, variance, self._epsilon)
        groups = outputs if depthwise else 1
        x = self.graph.convolution(
            x, name, weight, bias, stride=stride, groups=groups, tensorflow_padding=self._tensorflow_padding
        )
        return self.graph.relu6(x, f"{name}.relu6") if activation else x

    def block(
        self,
        x: str,
        name: str,
        tensors: Mapping[str, tuple[str, str]],
        channels: tuple[int, int, int],
        *,
        side: int,
        stride: int,
    ) -> str:
        """Expand (where `tensors` has it), filter each channel, project; plus the input where the shapes allow.

        `channels` are the input's, the expanded ones and the output's.
        """
        inputs, hidden, outputs = channels
        y = x
        if "expand" in tensors:
            y = self.convolution(y, f"{name}.expand", tensors["expand"], (hidden, inputs, 1))
        depthwise = tensors["depthwise"]
        y = self.convolution(y, f"{name}.depthwise", depthwise, (hidden, 1, side), stride=stride, depthwise=True)
        y = self.convolution(y, f"{name}.project", tensors["project"], (outputs, hidden, 1), activation=False)
        return self.graph.add(x, y, f"{name}.add") if stride == 1 and inputs == outputs else y


# Expansion factor, output channels, blocks, stride of the first: table 2 of the MobileNetV2 paper (arXiv:1801.04381).
_MOBILENET_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenetv2(weights: Weights, name: str, metadata: Metadata) -> onnx.ModelProto:
    """MobileNetV2 1.0 in torchvision's layout: 1,280 features."""
    network = _InvertedBottlenecks(weights, epsilon=1e-5, tensorflow_padding=False)
    x = network.convolution(network.graph.input, "stem", ("features.0.0", "features.0.1"), (32, 3, 3), stride=2)
    inputs, index = 32, 0
    for expansion, outputs, count, first_stride in _MOBILENET_STAGES:
        for repeat in range(count):
            index += 1
            parts = ("expand", "depthwise", "project") if expansion > 1 else ("depthwise", "project")
            prefix = f"features.{index}.conv"  # a convolution, its batch norm and an activation, in turn
            tensors = {part: (f"{prefix}.{3 * at}", f"{prefix}.{3 * at + 1}") for at, part in enumerate(parts)}
            channels = (inputs, inputs * expansion, outputs)
            stride = first_stride if repeat == 0 else 1
            x = network.block(x, f"block{index}", tensors, channels, side=3, stride=stride)
            inputs = outputs
    x = network.convolution(x, "head", ("features.18.0", "features.18.1"), (1280, inputs, 1))
    return network.graph.model(x, 1280, name, metadata)


# Output channels of each convolution; 0 is a max pool: configuration D of the VGG paper (arXiv:1409.1556).
_VGG16_LAYERS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)


def vgg16(weights: Weights, name: str, metadata: Metadata) -> onnx.ModelProto:
    """VGG16's convolutions from Flax's names and HWIO layout: 512 features."""
    graph = GraphBuilder()
    x, inputs, index = graph.input, 3, 0
    for position, layer in enumerate(_VGG16_LAYERS):
        if layer == 0:
            x = graph.max_pool(x, f"pool{position}")
            continue
        weight = array(weights.take(f"VGG16_0.Conv_{index}.kernel", 3, 3, inputs, layer)).transpose(3, 2, 0, 1)
        bias = array(weights.take(f"VGG16_0.Conv_{index}.bias", layer))
        x = graph.relu(graph.convolution(x, f"conv{index}", weight, bias), f"conv{index}.relu")
        inputs, index = layer, index + 1
    # The package's own use of the network, a perceptual distance, adds a 1 x 1 convolution on each of five layers.
    weights.leave(*(f"NetLinLayer_{layer}.Conv_0.kernel" for layer in range(5)))
    return graph.model(x, 512, name, metadata)


# Kernel side, stride of the first block, expansion factor, output channels, blocks: EfficientNet-B0 (arXiv:1905.11946).
_EFFICIENTNET_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def _scaled_channels(channels: int, width: float) -> int:
    """EfficientNet's rule: the nearest multiple of 8 that doesn't lose more than a tenth."""
    wanted = channels * width
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * wanted else nearest + 8


def efficientnet_lite(width: float, depth: float) -> Architecture:
    """EfficientNet-lite: no squeeze and excitation, ReLU6, a stem and head that don't scale: 1,280 features."""

    def build(weights: Weights, name: str, metadata: Metadata) -> onnx.ModelProto:
        network = _InvertedBottlenecks(weights, epsilon=1e-3, tensorflow_padding=True)
        x = network.convolution(network.graph.input, "stem", ("_conv_stem", "_bn0"), (32, 3, 3), stride=2)
        inputs, index = 32, 0
        for stage, (side, first_stride, expansion, base, count) in enumerate(_EFFICIENTNET_STAGES):
            outputs = _scaled_channels(base, width)
            scales = 0 < stage < len(_EFFICIENTNET_STAGES) - 1
            for repeat in range(math.ceil(count * depth) if scales else count):
                prefix = f"_blocks.{index}"
                tensors = {
                    "depthwise": (f"{prefix}._depthwise_conv", f"{prefix}._bn1"),
                    "project": (f"{prefix}._project_conv", f"{prefix}._bn2"),
                }
                if expansion > 1:
                    tensors["expand"] = (f"{prefix}._expand_conv", f"{prefix}._bn0")
                channels = (inputs, inputs * expansion, outputs)
                stride = first_stride if repeat == 0 else 1
                x = network.block(x, f"block{index}", tensors, channels, side=side, stride=stride)
                inputs, index = outputs, index + 1
        x = network.convolution(x, "head", ("_conv_head", "_bn1"), (1280, inputs, 1))
        weights.leave("_fc.weight", "_fc.bias")  # the classifier of ImageNet's 1,000 classes
        return network.graph.model(x, 1280, name, metadata)

    return build
