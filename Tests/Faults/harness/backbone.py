"""A tiny backbone as an ONNX file: Conv 3 x 3 with stride 2, Relu, GlobalAveragePool, Flatten."""

from __future__ import annotations

import random
import struct

FEATURES = 12
_FLOAT, _INTS = 1, 7


def tiny(seed: int = 1) -> bytes:
    """A ModelProto, written field by field (onnx.proto has the numbers)."""
    noise = random.Random(seed)
    weights = struct.pack(f"<{FEATURES * 27}f", *(noise.uniform(-0.5, 0.5) for _ in range(FEATURES * 27)))
    tensor = _numbers(1, FEATURES, 3, 3, 3) + _number(2, _FLOAT) + _text(8, "w") + _bytes(9, weights)
    convolution = _attribute("strides", 2, 2) + _attribute("pads", 1, 1, 1, 1)
    nodes = (
        _node("Conv", ["x", "w"], "c", convolution) + _node("Relu", ["c"], "r")
        + _node("GlobalAveragePool", ["r"], "p") + _node("Flatten", ["p"], "y"))
    shape = b"".join(_bytes(1, size) for size in (_text(2, "N"), _number(1, 3), _text(2, "H"), _text(2, "W")))
    graph = (
        nodes + _text(2, "tiny") + _bytes(5, tensor) + _bytes(11, _value("x", _bytes(2, shape)))
        + _bytes(12, _value("y", b"")))
    input_size = _text(1, "input_size") + _text(2, "32")
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _number(2, 17)) + _bytes(14, input_size)


def _node(operator: str, inputs: list[str], output: str, attributes: bytes = b"") -> bytes:
    names = b"".join(_text(1, name) for name in inputs)
    return _bytes(1, names + _text(2, output) + _text(3, output) + _text(4, operator) + attributes)


def _attribute(name: str, *values: int) -> bytes:
    return _bytes(5, _text(1, name) + _numbers(8, *values) + _number(20, _INTS))


def _value(name: str, shape: bytes) -> bytes:
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + shape))


def _numbers(field: int, *values: int) -> bytes:
    return b"".join(_number(field, value) for value in values)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(result + bytes([value]))
