"""ONNX files of one or a few nodes, in protobuf's wire format, which are what the tests' networks are not."""

import struct

FLOAT, UINT8, INT64 = 1, 2, 7


def files():
    return {f"{name}.onnx": content for name, content in {**attributes(), **tensors(), **shapes(), **others()}.items()}


def words():
    operators = ("Conv Gemm MatMul BatchNormalization MaxPool AveragePool GlobalAveragePool GlobalMaxPool ReduceMean "
                 "Add Sub Mul Div Flatten Reshape Squeeze Unsqueeze Transpose Concat Pad Cast Constant Identity "
                 "Dropout Softmax Relu Clip LeakyRelu Sigmoid HardSigmoid HardSwish Tanh")
    names = ("alpha allowzero auto_pad axes axis beta ceil_mode count_include_pad dilations epsilon group keepdims "
             "kernel_shape max min mode momentum noop_with_empty_axes pads perm ratio saturate seed spatial "
             "storage_order strides to training_mode transA transB value value_float value_int value_ints NOTSET "
             "SAME_LOWER SAME_UPPER VALID constant input_size labels licence mean name pixel_scale std ai.onnx")
    return [word.encode() for word in (operators + " " + names).split()]


# protobuf


def varint(value):
    value &= 2**64 - 1
    result = b""
    while value >= 0x80:
        result += bytes([value & 0x7F | 0x80])
        value >>= 7
    return result + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def part(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


# onnx.proto


def tensor(name, dims, values=None, kind=FLOAT, typed=None):
    """`typed`: a field and its content instead of raw data."""
    body = b"".join(number(1, dim) for dim in dims) + number(2, kind)
    layout = {FLOAT: "f", UINT8: "B", INT64: "q"}.get(kind, "f")
    raw = part(9, struct.pack(f"<{len(values or [])}{layout}", *(values or [])))
    return body + part(8, name) + (part(*typed) if typed else raw)


INT, INTS, STRING, TENSOR, FLOATS, STRINGS, GRAPH, REAL = 2, 7, 3, 4, 6, 8, 5, 1


def attribute(name, kind, value):
    content = {
        INT: lambda: number(3, value), REAL: lambda: varint(2 << 3 | 5) + struct.pack("<f", value),
        STRING: lambda: part(4, value), TENSOR: lambda: part(5, value), GRAPH: lambda: part(6, value),
        FLOATS: lambda: part(7, struct.pack(f"<{len(value)}f", *value)),
        INTS: lambda: b"".join(number(8, entry) for entry in value),
        STRINGS: lambda: b"".join(part(9, entry) for entry in value),
    }[kind]()
    return part(1, name) + content + number(20, kind)


def node(operator, inputs, output, *attributes_):
    return (b"".join(part(1, name) for name in inputs) + part(2, output) + part(4, operator)
            + b"".join(part(5, entry) for entry in attributes_))


def value(name, dims, kind=FLOAT):
    shape = b"".join(part(1, part(2, dim) if isinstance(dim, str) else number(1, dim)) for dim in dims)
    return part(1, name) + part(2, part(1, number(1, kind) + part(2, shape)))


OPEN = ("N", 3, "H", "W")


def model(nodes, weights=(), dims=OPEN, kind=FLOAT, opset=17, metadata=None, output="y"):
    graph = b"".join(part(1, entry) for entry in nodes) + part(2, "g")
    graph += b"".join(part(5, weight) for weight in weights)
    graph += part(11, value("x", dims, kind)) + part(12, value(output, ("N", "C")))
    properties = {"input_size": "16", **(metadata or {})}
    return (number(1, 8) + part(7, graph) + part(8, number(2, opset))
            + b"".join(part(14, part(1, key) + part(2, text)) for key, text in properties.items()))


# Files


def attributes():
    """One of each operator with all of its attributes."""
    window = [attribute("kernel_shape", INTS, [3, 3]), attribute("strides", INTS, [2, 1])]
    kernel = tensor("w", [4, 3, 3, 3], [0.1] * 108)
    entries = {
        "conv": (node("Conv", ["x", "w", "b"], "y", *window, attribute("pads", INTS, [1, 0, 1, 2]),
                      attribute("dilations", INTS, [1, 1]), attribute("group", INT, 1)),
                 [kernel, tensor("b", [4], [1, 2, 3, 4])]),
        "conv-same": (node("Conv", ["x", "w"], "y", attribute("auto_pad", STRING, "SAME_LOWER")), [kernel]),
        "max-pool": (node("MaxPool", ["x"], "y", *window, attribute("ceil_mode", INT, 1),
                          attribute("storage_order", INT, 0), attribute("dilations", INTS, [1, 2])), []),
        "average-pool": (node("AveragePool", ["x"], "y", *window, attribute("count_include_pad", INT, 1),
                              attribute("pads", INTS, [1, 1, 1, 1])), []),
        "reduce-mean": (node("ReduceMean", ["x"], "y", attribute("axes", INTS, [2, -1]),
                             attribute("keepdims", INT, 0)), []),
        "leaky": (node("LeakyRelu", ["x"], "y", attribute("alpha", REAL, 0.1)), []),
        "hard-sigmoid": (node("HardSigmoid", ["x"], "y", attribute("alpha", REAL, 0.1),
                              attribute("beta", REAL, 0.4)), []),
        "flatten": (node("Flatten", ["x"], "y", attribute("axis", INT, -3)), []),
        "pad": (node("Pad", ["x"], "y", attribute("pads", INTS, [0, 0, 1, 2, 0, 0, 3, 4]),
                     attribute("value", REAL, 7.0), attribute("mode", STRING, "constant")), []),
        "transpose": (node("Transpose", ["x"], "y", attribute("perm", INTS, [0, 2, 3, 1])), []),
        "concat": (node("Concat", ["x", "x"], "y", attribute("axis", INT, 1)), []),
        "dropout": (node("Dropout", ["x"], "y", attribute("ratio", REAL, 0.5), attribute("seed", INT, 1)), []),
        "cast": (node("Cast", ["x"], "y", attribute("to", INT, 1), attribute("saturate", INT, 1)), []),
        "norm": (node("BatchNormalization", ["x", "s", "s", "s", "s"], "y", attribute("epsilon", REAL, 0.01),
                      attribute("momentum", REAL, 0.9), attribute("training_mode", INT, 0)),
                 [tensor("s", [3], [1, 2, 3])]),
        "strings": (node("Relu", ["x"], "y", attribute("names", STRINGS, ["a", "b"])), []),
        "floats": (node("Relu", ["x"], "y", attribute("values", FLOATS, [1, 2])), []),
        "subgraph": (node("Relu", ["x"], "y", attribute("body", GRAPH, part(2, "inner"))), []),
    }
    return {name: model([first], weights) for name, (first, weights) in entries.items()}


def tensors():
    """Weights in each field and of each type that a tensor may have."""
    floats = struct.pack("<3f", 1, 2, 3)
    typed = {
        "float-data": (FLOAT, (4, floats)), "int32-data": (6, (5, bytes([1, 2, 3]))),
        "int64-data": (INT64, (7, bytes([1, 2, 3]))), "uint8-data": (UINT8, (5, bytes([1, 2, 3]))),
        "float16-data": (10, (5, bytes([1, 2, 3]))), "double-data": (11, (10, struct.pack("<3d", 1, 2, 3))),
        "uint64-data": (13, (11, bytes([1, 2, 3]))), "string-data": (8, (6, "abc")),
    }
    result = {name: model([node("Mul", ["x", "w"], "y")], [tensor("w", [3, 1, 1], kind=kind, typed=content)])
              for name, (kind, content) in typed.items()}
    external = tensor("w", [3, 1, 1], [1, 2, 3]) + number(14, 1) + part(13, part(1, "location") + part(2, "/etc/passwd"))
    result["external-data"] = model([node("Mul", ["x", "w"], "y")], [external])
    result["huge-tensor"] = model([node("Mul", ["x", "w"], "y")], [tensor("w", [2**40, 2**40], [1])])
    result["constant"] = model([
        node("Constant", [], "c", attribute("value", TENSOR, tensor("", [3, 1, 1], [1, 2, 3]))),
        node("Constant", [], "a", attribute("value_ints", INTS, [2, 3])),
        node("Add", ["x", "c"], "z"), node("ReduceMean", ["z", "a"], "y")], opset=18)
    return result


def shapes():
    """Values that become other shapes, and sizes that are large or nothing."""
    dense = [tensor("s", [2], [0, -1], INT64), tensor("w", [768, 2], [0.5] * 1536)]
    doubled = [node("GlobalAveragePool", ["x"], "v0")]
    doubled += [node("Concat", [f"v{i}", f"v{i}"], f"v{i + 1}", attribute("axis", INT, 1)) for i in range(12)]
    return {
        "reshape": model([node("Reshape", ["x", "s"], "r"), node("MatMul", ["r", "w"], "y")], dense,
                         dims=("N", 3, 16, 16)),
        "squeeze": model([node("GlobalMaxPool", ["x"], "p"), node("Squeeze", ["p", "a"], "q"),
                          node("Unsqueeze", ["q", "a"], "u"), node("Mul", ["x", "u"], "y")],
                         [tensor("a", [2], [2, 3], INT64)]),
        "doubled": model(doubled, output="v12"),
        "one-side": model([node("GlobalAveragePool", ["x"], "y")], dims=("N", 3, 16, "W")),
        "wide-pad": model([node("Pad", ["x", "p"], "y")], [tensor("p", [8], [0, 0, 9, 9, 0, 0, 9, 99], INT64)]),
        "gate": model([node("Sigmoid", ["x"], "s"), node("Mul", ["s", "x"], "y")]),
    }


def others():
    weights = [tensor("k", [1], [1 / 255]), tensor("w", [3, 2], [0.1] * 6), tensor("b", [2], [0.0, 0.1])]
    classifier = model(
        [node("Cast", ["x"], "f", attribute("to", INT, 1)), node("Mul", ["f", "k"], "m"),
         node("ReduceMean", ["m"], "r", attribute("axes", INTS, [1, 2]), attribute("keepdims", INT, 0)),
         node("Gemm", ["r", "w", "b"], "g", attribute("alpha", REAL, 1.0), attribute("beta", REAL, 0.5),
              attribute("transB", INT, 0)),
         node("Softmax", ["g"], "y", attribute("axis", INT, 1))],
        weights, dims=("N", 16, 16, 3), kind=UINT8, metadata={"labels": '["a","b"]'})
    described = model([node("Relu", ["x"], "y")], metadata={
        "name": "net", "pixel_scale": "1", "mean": "1, 2, 3", "std": "1, 1, 1", "source_package": "p", "licence": "MIT"})
    residual = model(
        [node("Conv", ["x", "a"], "c"), node("Relu", ["c"], "r"), node("Conv", ["r", "d"], "e", attribute("group", INT, 4),
                                                                       attribute("pads", INTS, [1, 1, 1, 1])),
         node("Conv", ["e", "f"], "h"), node("Add", ["h", "x"], "y")],
        [tensor("a", [4, 3, 1, 1], [0.2] * 12), tensor("d", [4, 1, 3, 3], [0.3] * 36),
         tensor("f", [3, 4, 1, 1], [0.4] * 12)])
    return {"classifier": classifier, "described": described, "inverted-residual": residual,
            "unused": model([node("Einsum", ["x"], "z"), node("Relu", ["x"], "y")])}
