"""Makes the small ONNX networks that the Networks tests run, and onnxruntime's outputs for them.

Usage: python scripts/references/onnx_networks.py   (needs onnx, onnxruntime and numpy)

Writes into Tests/NetworksTests/Resources:
  networks/NAME.onnx  networks of random weights, one or a few operators each
  networks.json       of each: the picture's side, and where its output for picture 1 lies in networks.f32
  networks.f32        onnxruntime's outputs, float32, one network after the other
  backbones.json      for the backbones that are there: the norm and a few of onnxruntime's features, by input size

and, where the Outbox tests have written Tests/OutboxTests/Resources/classifier.onnx:
  classifier.json     onnxruntime's probabilities for pictures 0, 1 and 2, beside it

The pictures are `picture(size, index)` below, which the tests compute as well.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "Tests" / "NetworksTests" / "Resources"
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def picture(size, index):
    """A deterministic uint8 picture (size, size, 3)."""
    y, x, c = np.meshgrid(np.arange(size), np.arange(size), np.arange(3), indexing="ij")
    value = (y * 31 + x * 17 + c * 101 + index * 53 + (x * y) % 7 * 13 + (x * x + y * y) // 5) % 256
    return value.astype(np.uint8)


class Net:
    """Collects the nodes and weights of one network; every method returns the name of its result."""

    def __init__(self, name, size=9, opset=17, layout="nchw", seed=0, dims=None, metadata=None):
        self.name, self.size, self.opset = name, size, opset
        self.random = np.random.RandomState(sum(map(ord, name)) + seed)
        self.nodes, self.weights, self.metadata = [], [], metadata or {}
        default = ["N", 3, "H", "W"] if layout == "nchw" else ["N", "H", "W", 3]
        self.layout, self.dims = layout, dims or default

    def node(self, operator, *inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, name=f"n{len(self.nodes)}", **attributes))
        return names[0]

    def constant(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def floats(self, *shape, scale=0.5):
        return self.constant((self.random.randn(*shape) * scale).astype(np.float32))

    def conv(self, x, cin, cout, kernel=(3, 3), groups=1, bias=True, **attributes):
        fan = cin // groups * kernel[0] * kernel[1]
        inputs = [x, self.floats(cout, cin // groups, *kernel, scale=(1.5 / fan) ** 0.5)]
        if bias:
            inputs.append(self.floats(cout))
        return self.node("Conv", *inputs, kernel_shape=list(kernel), group=groups, **attributes)

    def norm(self, x, channels, **attributes):
        positive = lambda: self.constant((self.random.rand(channels) + 0.5).astype(np.float32))
        return self.node(
            "BatchNormalization", x, positive(), self.floats(channels), self.floats(channels), positive(), **attributes
        )

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def scalar(self, value):
        return self.constant(np.array(value, np.float32))

    def model(self, output, rank):
        shape = {2: ["N", "F"], 4: ["N", "C", "OH", "OW"], None: None}[rank]
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, self.dims)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        helper.set_model_props(model, {"input_size": str(self.size), **self.metadata})
        if rank:
            onnx.checker.check_model(model)
        return model

    def is_map(self, output):
        """Whether the value has four axes."""
        inferred = onnx.shape_inference.infer_shapes(self.model(output, rank=None))
        return len(inferred.graph.output[0].type.tensor_type.shape.dim) == 4

    def run(self, model):
        """onnxruntime's output for picture 1, as the engine shapes it: (1, features)."""
        pixels = picture(self.size, 1)[None].astype(np.float32)
        scale = np.float32(self.metadata.get("pixel_scale", 1 / 255))
        mean = np.array(self.metadata["mean"].split(","), np.float32) if "mean" in self.metadata else MEAN
        std = np.array(self.metadata["std"].split(","), np.float32) if "std" in self.metadata else STD
        x = (pixels * scale - mean) / std
        if self.layout == "nchw":
            x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        output = session.run(None, {"input": x})[0]
        return output.mean(axis=(2, 3)) if output.ndim == 4 else output


CASES = []


def case(size=9, rank=2, **options):
    """Registers a function that builds a network; a rank-2 result is flattened so that every element is compared."""

    def register(function):
        CASES.append((function, size, rank, options))
        return function

    return register


def convolution(name, cin=3, cout=5, size=9, **attributes):
    """A network of one convolution of the input (after a 1 x 1 one to `cin` channels)."""

    def build(net):
        x = net.conv("input", 3, cin, (1, 1)) if cin != 3 else "input"
        return net.conv(x, cin, cout, **attributes)

    build.__name__ = name
    CASES.append((build, size, 2, {}))


convolution("conv_plain")
convolution("conv_pads", pads=[1, 1, 1, 1], cout=16)
convolution("conv_uneven_pads", pads=[0, 1, 2, 1], kernel=(2, 3), cout=17)
convolution("conv_strides", pads=[1, 1, 1, 1], strides=[2, 1], cin=20, cout=8)
convolution("conv_strides_across", pads=[1, 2, 1, 2], strides=[1, 3], kernel=(3, 5), cin=7, cout=33)
convolution("conv_dilations", dilations=[2, 1], pads=[2, 1, 2, 1], cin=5, cout=4)
convolution("conv_same_upper", auto_pad="SAME_UPPER", strides=[2, 2], size=10)
convolution("conv_same_lower", auto_pad="SAME_LOWER", strides=[2, 2], size=10)
convolution("conv_valid", auto_pad="VALID", kernel=(4, 2), strides=[1, 2])
convolution("conv_no_bias", bias=False, kernel=(5, 5), pads=[2, 2, 2, 2], size=7)
convolution("conv_pointwise", cin=24, cout=40, kernel=(1, 1), size=5)
convolution("conv_pointwise_strided", cin=18, cout=9, kernel=(1, 1), strides=[2, 2])
convolution("conv_pointwise_padded", cin=6, cout=7, kernel=(1, 1), pads=[1, 0, 0, 1], size=4)
convolution("conv_groups", cin=12, cout=6, groups=3, pads=[1, 1, 1, 1], size=6)
convolution("conv_groups_pointwise", cin=8, cout=12, groups=4, kernel=(1, 1), size=6)
convolution("conv_wide", cin=128, cout=2, pads=[1, 1, 1, 1], size=17, strides=[4, 4])
convolution("depthwise", cin=16, cout=16, groups=16, pads=[1, 1, 1, 1], size=8)
convolution("depthwise_strided", cin=40, cout=40, groups=40, strides=[2, 2], pads=[1, 1, 1, 1], size=11)
convolution("depthwise_5x5", cin=24, cout=24, groups=24, kernel=(5, 5), strides=[2, 2], auto_pad="SAME_UPPER", size=14)
convolution("depthwise_7x3", cin=33, cout=33, groups=33, kernel=(7, 3), pads=[3, 1, 3, 1], size=6)
convolution("depthwise_dilated", cin=17, cout=17, groups=17, dilations=[2, 3], pads=[2, 3, 2, 3], size=8)
convolution("depthwise_narrow", cin=3, cout=3, groups=3, pads=[1, 1, 1, 1])
convolution("depthwise_wider_than_map", cin=16, cout=16, groups=16, kernel=(5, 5), pads=[2, 2, 2, 2], size=2)
convolution("depthwise_multiplier", cin=6, cout=12, groups=6, pads=[1, 1, 1, 1], size=5)


def unary(name, operator, opset=17, constants=(), **attributes):
    def build(net):
        x = net.conv("input", 3, 19, pads=[1, 1, 1, 1])
        y = net.node("MaxPool", x, kernel_shape=[3, 3], strides=[3, 3])  # keeps it from being fused
        return net.node(operator, y, *[net.scalar(value) for value in constants], **attributes)

    build.__name__ = name
    CASES.append((build, 9, 2, {"opset": opset}))


unary("relu", "Relu")
unary("relu6", "Clip", constants=[0.0, 6.0])
unary("clip_attributes", "Clip", opset=10, min=-0.5, max=1.5)
unary("clip_low_only", "Clip", constants=[0.25])
unary("leaky_relu", "LeakyRelu", alpha=0.2)
unary("leaky_relu_default", "LeakyRelu")
unary("sigmoid", "Sigmoid")
unary("hard_sigmoid", "HardSigmoid", alpha=0.3, beta=0.4)
unary("hard_swish", "HardSwish")
unary("tanh", "Tanh")
unary("dropout", "Dropout")
unary("global_average", "GlobalAveragePool")
unary("global_max", "GlobalMaxPool")
unary("reduce_mean_attribute", "ReduceMean", axes=[2, 3], keepdims=1)
unary("reduce_mean_negative", "ReduceMean", axes=[-1, -2], keepdims=0)
unary("flatten", "Flatten", axis=1)


@case(size=8)
def fused_activations(net):
    """Every activation right behind a convolution, and through a depthwise one."""
    x = net.conv("input", 3, 20, strides=[2, 2])
    x = net.node("LeakyRelu", x, alpha=0.3)
    x = net.node("Sigmoid", net.conv(x, 20, 20, groups=20, pads=[1, 1, 1, 1]))
    x = net.node("Tanh", net.conv(x, 20, 8, (1, 1)))
    x = net.node("HardSwish", net.conv(x, 8, 8, groups=8, pads=[1, 1, 1, 1]))
    return net.node("HardSigmoid", net.conv(x, 8, 18, (1, 1)))


@case()
def silu_and_hard_swish(net):
    x = net.conv("input", 3, 12, strides=[2, 2])
    x = net.node("Mul", x, net.node("Sigmoid", x))
    x = net.conv(x, 12, 12, groups=12, pads=[1, 1, 1, 1])
    x = net.node("Mul", net.node("HardSigmoid", x, alpha=1 / 6, beta=0.5), x)
    x = net.node("MaxPool", x, kernel_shape=[2, 2])
    return net.node("Mul", net.node("Sigmoid", x), x)


@case()
def batch_norm_everywhere(net):
    """Behind and before convolutions, behind a pool, and on a matrix."""
    x = net.norm("input", 3, epsilon=1e-3)
    x = net.node("Relu", net.norm(net.conv(x, 3, 20, pads=[1, 1, 1, 1], bias=False), 20))
    x = net.node("Relu", net.norm(net.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), 20))
    x = net.norm(net.conv(x, 20, 20, groups=20, pads=[1, 1, 1, 1]), 20)
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    x = net.norm(x, 20)
    return net.norm(net.node("MatMul", x, net.floats(20, 7)), 7)


@case()
def constant_arithmetic(net):
    x = net.node("Div", net.node("Sub", "input", net.floats(1, 3, 1, 1)), net.scalar(0.7))
    x = net.conv(x, 3, 10, strides=[2, 2])
    x = net.node("Mul", net.node("Add", x, net.floats(10, 1, 1)), net.floats(1, 10, 1, 1))
    x = net.node("MaxPool", x, kernel_shape=[2, 2])
    x = net.node("Sub", net.scalar(1.5), x)
    x = net.node("Mul", net.node("Relu", x), net.floats(10, 1, 1))
    return net.node("Add", net.constant(np.float32([0.5])), x)


@case()
def two_operand_arithmetic(net):
    a = net.node("Sigmoid", net.conv("input", 3, 18, strides=[2, 2]))
    b = net.node("Tanh", net.conv("input", 3, 18, strides=[2, 2]))
    x = net.node("Div", net.node("Sub", b, a), net.node("Add", a, net.scalar(0.5)))
    return net.node("Relu", net.node("Add", net.node("Mul", a, b), x))


@case()
def broadcast_arithmetic(net):
    x = net.conv("input", 3, 18, strides=[2, 2])
    pooled = net.node("GlobalAveragePool", x)
    x = net.node("Sub", pooled, x)
    x = net.node("Mul", x, net.node("Sigmoid", net.conv(pooled, 18, 18, (1, 1))))
    return net.node("Add", net.conv(net.node("GlobalMaxPool", x), 18, 18, (1, 1)), x)


@case(size=16)
def residuals(net):
    """Additions that a convolution can do itself, on either side, twice in a row, and one that it can't."""
    x = net.node("Relu", net.conv("input", 3, 16, strides=[2, 2], pads=[1, 1, 1, 1]))
    y = net.conv(x, 16, 16, (1, 3), pads=[0, 1, 0, 1])
    x = net.node("Relu", net.node("Add", y, x))
    y = net.conv(net.conv(x, 16, 24, (1, 1)), 24, 16, (1, 1))
    x = net.node("Add", x, y)
    x = net.node("Add", net.conv(x, 16, 12, (1, 1), strides=[2, 2]), net.conv(x, 16, 12, (2, 2), strides=[2, 2]))
    y = net.conv(x, 12, 12, groups=12, pads=[1, 1, 1, 1])
    x = net.node("Add", y, x)
    y = net.conv(x, 12, 12, (1, 1))
    return net.node("Add", net.node("Add", x, y), y)


def pool(name, operator, size=9, **attributes):
    def build(net):
        x = net.conv("input", 3, 18, (1, 1))
        return net.node(operator, x, **attributes)

    build.__name__ = name
    CASES.append((build, size, 2, {}))


pool("max_pool", "MaxPool", kernel_shape=[2, 2], strides=[2, 2])
pool("max_pool_pads", "MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
pool("max_pool_ceil", "MaxPool", kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1, size=8)
pool("max_pool_same", "MaxPool", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER", size=8)
pool("max_pool_dilated", "MaxPool", kernel_shape=[2, 3], strides=[2, 3], dilations=[3, 2])
pool("average_pool", "AveragePool", kernel_shape=[3, 3], strides=[2, 2])
pool("average_pool_pads", "AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
pool("average_pool_counted", "AveragePool", kernel_shape=[3, 3], strides=[3, 2], pads=[1, 1, 1, 1], count_include_pad=1)
pool("average_pool_ceil", "AveragePool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, size=8)
pool(
    "average_pool_ceil_counted", "AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
    ceil_mode=1, count_include_pad=1, size=8,
)
pool("average_pool_same", "AveragePool", kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_LOWER", size=7)


@case()
def pads(net):
    """Zero padding before a convolution, another value, padding before a pool."""
    x = net.conv(net.node("Pad", "input", net.ints(0, 0, 0, 1, 0, 0, 1, 2)), 3, 7, strides=[2, 2])
    x = net.node("Pad", x, net.ints(0, 0, 1, 0, 0, 0, 0, 1), net.scalar(0.75))
    x = net.conv(x, 7, 7, groups=7, pads=[1, 1, 1, 1])
    x = net.node("Pad", x, net.ints(0, 0, 1, 1, 0, 0, 0, 0))
    return net.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])


@case(opset=10)
def pad_attributes(net):
    return net.node("Pad", net.conv("input", 3, 2, strides=[3, 3]), pads=[0, 0, 1, 0, 0, 0, 2, 1], value=-1.0)


@case()
def concats(net):
    x = net.node("Relu", net.conv("input", 3, 5, strides=[2, 2]))
    y = net.node("Concat", x, net.conv(x, 5, 9, pads=[1, 1, 1, 1]), net.node("Tanh", x), axis=1)
    z = net.node("Concat", y, x, axis=-3)
    pooled = net.node("Flatten", net.node("GlobalMaxPool", z))
    return net.node("Concat", pooled, net.node("Flatten", z), axis=-1)


@case()
def dense(net):
    """Flattening a map of several pixels, then all forms of dense layers, and Softmax."""
    x = net.node("Flatten", net.conv("input", 3, 6, strides=[3, 3]))
    x = net.node("Gemm", x, net.floats(24, 54, scale=0.2), net.floats(24), transB=1, alpha=0.5, beta=2.0)
    x = net.node("Relu", x)
    x = net.node("Tanh", net.node("Add", net.node("MatMul", x, net.floats(24, 17)), net.floats(17)))
    x = net.node("Gemm", x, net.floats(17, 11), net.floats(1, 11))
    return net.node("Softmax", net.node("Gemm", x, net.floats(11, 9)), axis=-1)


@case(opset=11)
def softmax_default_axis(net):
    x = net.node("Flatten", net.node("GlobalAveragePool", net.conv("input", 3, 40)))
    return net.node("Softmax", x)


@case(opset=18)
def reduce_mean_input(net):
    x = net.conv("input", 3, 18)
    return net.node("ReduceMean", x, net.ints(-2, -1), keepdims=0)


@case()
def reshapes(net):
    x = net.node("GlobalAveragePool", net.conv("input", 3, 18))
    a = net.node("Reshape", x, net.ints(-1, 18))
    b = net.node("Reshape", x, net.ints(0, -1))
    c = net.node("Squeeze", x, net.ints(2, 3))
    d = net.node("Squeeze", net.node("Unsqueeze", net.node("Add", b, c), net.ints(2, 3)), net.ints(-1, -2))
    e = net.node("Reshape", net.node("Reshape", d, net.ints(-1, 18, 1, 1)), net.ints(-1, 18))
    return net.node("Concat", a, net.node("Identity", e), axis=1)


@case(rank=4)
def map_output(net):
    """A map as output: its mean is taken."""
    return net.node("Relu", net.conv("input", 3, 22, pads=[1, 1, 1, 1]))


@case(metadata={"pixel_scale": "1", "mean": "127,127,127", "std": "128,128,128"})
def other_preprocessing(net):
    return net.conv("input", 3, 4, strides=[2, 2])


@case(dims=["N", 3, 9, 9])
def fixed_size(net):
    return net.node("GlobalAveragePool", net.conv("input", 3, 6))


@case(size=20)
def mobilenet_like(net):
    """Batch norms unfolded, limits in Constant nodes, inverted residuals: as torchvision's export."""

    def relu6(x):
        low, high = (
            net.node("Constant", value=numpy_helper.from_array(np.float32(value))) for value in (0.0, 6.0)
        )
        return net.node("Clip", x, low, high)

    x = relu6(net.norm(net.conv("input", 3, 8, strides=[2, 2], pads=[1, 1, 1, 1], bias=False), 8))
    for cin, cout, stride in [(8, 8, 1), (8, 12, 2), (12, 12, 1), (12, 16, 2)]:
        y = relu6(net.norm(net.conv(x, cin, cin * 3, (1, 1), bias=False), cin * 3))
        y = net.conv(y, cin * 3, cin * 3, groups=cin * 3, strides=[stride, stride], pads=[1, 1, 1, 1], bias=False)
        y = net.norm(net.conv(relu6(net.norm(y, cin * 3)), cin * 3, cout, (1, 1), bias=False), cout)
        x = net.node("Add", x, y) if stride == 1 else y
    x = net.node("ReduceMean", relu6(net.norm(net.conv(x, 16, 40, (1, 1)), 40)), axes=[2, 3], keepdims=0)
    return net.node("Gemm", net.node("Dropout", x), net.floats(10, 40), net.floats(10), transB=1)


@case(size=24)
def resnet_like(net):
    x = net.node("Relu", net.norm(net.conv("input", 3, 8, (7, 7), strides=[2, 2], pads=[3, 3, 3, 3]), 8))
    x = net.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for cin, cout, stride in [(8, 8, 1), (8, 12, 2)]:
        y = net.node("Relu", net.norm(net.conv(x, cin, cout, strides=[stride, stride], pads=[1, 1, 1, 1]), cout))
        y = net.norm(net.conv(y, cout, cout, pads=[1, 1, 1, 1]), cout)
        if stride > 1:
            x = net.norm(net.conv(x, cin, cout, (1, 1), strides=[stride, stride]), cout)
        x = net.node("Relu", net.node("Add", y, x))
    return net.node("GlobalAveragePool", x)


@case(size=16)
def efficientnet_like(net):
    """Squeeze and excitation with SiLU."""
    silu = lambda x: net.node("Mul", x, net.node("Sigmoid", x))
    x = silu(net.norm(net.conv("input", 3, 8, strides=[2, 2], pads=[1, 1, 1, 1]), 8))
    y = silu(net.norm(net.conv(x, 8, 24, (1, 1)), 24))
    y = silu(net.norm(net.conv(y, 24, 24, (5, 5), groups=24, pads=[2, 2, 2, 2]), 24))
    gate = silu(net.conv(net.node("GlobalAveragePool", y), 24, 4, (1, 1)))
    y = net.node("Mul", net.node("Sigmoid", net.conv(gate, 4, 24, (1, 1))), y)
    return net.node("GlobalAveragePool", net.node("Add", net.norm(net.conv(y, 24, 8, (1, 1)), 8), x))


@case(size=16, layout="nhwc")
def keras_like(net):
    """Channels last at the input, arithmetic on it there, SAME padding, explicit zero padding, a mean at the end."""
    x = net.node("Sub", net.node("Mul", "input", net.scalar(0.9)), net.floats(3))
    x = net.node("Transpose", x, perm=[0, 3, 1, 2])
    x = net.node("Clip", net.conv(x, 3, 8, strides=[2, 2], auto_pad="SAME_UPPER"), net.scalar(0), net.scalar(6))
    x = net.node("Pad", x, net.ints(0, 0, 0, 0, 0, 0, 1, 1))
    x = net.node("Relu", net.conv(x, 8, 8, groups=8, strides=[2, 2], auto_pad="VALID"))
    x = net.node("Transpose", net.conv(x, 8, 20, (1, 1)), perm=[0, 2, 3, 1])
    gate = net.node("ReduceMean", x, axes=[1, 2], keepdims=0)
    gate = net.node("Reshape", net.node("Sigmoid", gate), net.ints(-1, 1, 1, 20))
    return net.node("ReduceMean", net.node("Mul", x, gate), axes=[1, 2], keepdims=0)


@case(layout="nhwc")
def channels_last_flatten(net):
    x = net.conv(net.node("Transpose", "input", perm=[0, 3, 1, 2]), 3, 4, strides=[2, 2])
    return net.node("Flatten", net.node("Transpose", x, perm=[0, 2, 3, 1]))


def write_networks():
    folder = RESOURCES / "networks"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.onnx"):
        old.unlink()
    index, values = {}, []
    for function, size, rank, options in CASES:
        name = function.__name__
        net = Net(name, size=size, **options)
        output = function(net)
        if net.is_map(output) and rank == 2:
            output = net.node("Flatten", output)
        model = net.model(output, rank)
        result = net.run(model).astype(np.float32)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
        index[name] = {"size": size, "offset": sum(map(len, values)), "count": result.size}
        values.append(result.ravel())
    (RESOURCES / "networks.json").write_text(json.dumps(index, indent=1) + "\n")
    (RESOURCES / "networks.f32").write_bytes(np.concatenate(values).astype("<f4").tobytes())


def write_backbones():
    result = {}
    for path in sorted((ROOT / "backbones").glob("*.onnx")):
        metadata = {p.key: p.value for p in onnx.load(path).metadata_props}
        values = lambda key: np.array(metadata[key].split(","), np.float32)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        result[path.stem] = {}
        for size in sorted({32, 96, int(metadata["input_size"])}):
            pixels = np.stack([picture(size, i) for i in range(2)]).astype(np.float32)
            x = (pixels * np.float32(metadata["pixel_scale"]) - values("mean")) / values("std")
            x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
            features = session.run(None, {session.get_inputs()[0].name: x})[0][1]
            step = max(len(features) // 24, 1)
            result[path.stem][str(size)] = {
                "norm": float(np.linalg.norm(features.astype(np.float64))),
                "step": step,
                "features": [round(float(value), 7) for value in features[::step]],
            }
    (RESOURCES / "backbones.json").write_text(json.dumps(result, indent=1) + "\n")


def write_classifier():
    path = ROOT / "Tests" / "OutboxTests" / "Resources" / "classifier.onnx"
    if not path.exists():
        return
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    size = session.get_inputs()[0].shape[1]
    result = session.run(["probabilities"], {"images": np.stack([picture(size, i) for i in range(3)])})[0]
    path.with_suffix(".json").write_text(json.dumps(result.astype(float).round(7).tolist()) + "\n")


if __name__ == "__main__":
    write_networks()
    write_backbones()
    write_classifier()
