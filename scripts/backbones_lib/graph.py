"""Writes a convolutional network as an ONNX graph. Needs numpy and onnx."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .weights import StoredTensor

OPSET = 17
IR_VERSION = 8


def array(tensor: StoredTensor) -> np.ndarray:
    """The stored tensor as a numpy array."""
    strides = [stride * tensor.width for stride in tensor.strides]
    return np.ndarray(tensor.shape, dtype=tensor.kind, buffer=tensor.data, strides=strides)


def fold_batch_norm(
    weight: np.ndarray, scale: np.ndarray, shift: np.ndarray, mean: np.ndarray, variance: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """A bias-free convolution (OIHW) and the batch norm after it as one convolution: (weight, bias)."""
    factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    return weight * factor[:, None, None, None], shift - mean * factor


class GraphBuilder:
    """Appends nodes one by one; each method takes and returns the name of a value."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self.input = "input"

    def convolution(
        self,
        x: str,
        name: str,
        weight: np.ndarray,
        bias: np.ndarray,
        *,
        stride: int = 1,
        groups: int = 1,
        tensorflow_padding: bool = False,
    ) -> str:
        """A square convolution that keeps the size (at stride 1) or halves it (at stride 2).

        `weight` is OIHW. TensorFlow pads a strided convolution by the input's size, more at the bottom and right; this
        is ONNX's SAME_UPPER. Otherwise the padding is half the kernel on every side, as in torch.
        """
        side = weight.shape[2]
        attributes: dict[str, Any] = {"kernel_shape": [side, side], "strides": [stride, stride], "group": groups}
        if tensorflow_padding and stride > 1:
            attributes["auto_pad"] = "SAME_UPPER"
        else:
            attributes["pads"] = [side // 2] * 4
        inputs = [x, self._constant(f"{name}.weight", weight), self._constant(f"{name}.bias", bias)]
        return self._node("Conv", name, inputs, **attributes)

    def relu(self, x: str, name: str) -> str:
        return self._node("Relu", name, [x])

    def relu6(self, x: str, name: str) -> str:
        if not any(tensor.name == "zero" for tensor in self._initializers):
            self._constant("zero", np.array(0))
            self._constant("six", np.array(6))
        return self._node("Clip", name, [x, "zero", "six"])

    def add(self, x: str, y: str, name: str) -> str:
        return self._node("Add", name, [x, y])

    def max_pool(self, x: str, name: str) -> str:
        """The maximum of 2 x 2 squares; an odd last row or column is dropped, as in torch."""
        return self._node("MaxPool", name, [x], kernel_shape=[2, 2], strides=[2, 2])

    def model(self, x: str, channels: int, name: str, metadata: Mapping[str, str]) -> onnx.ModelProto:
        """The whole network, ending in `x` averaged over height and width: (N, 3, H, W) to (N, channels)."""
        pooled = self._node("GlobalAveragePool", "pool", [x])
        self._nodes.append(helper.make_node("Flatten", [pooled], ["features"], name="flatten", axis=1))
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, "H", "W"])],
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", channels])],
            self._initializers,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="cultivar scripts/backbones",
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model

    def _constant(self, name: str, value: np.ndarray) -> str:
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))
        return name

    def _node(self, operator: str, name: str, inputs: list[str], **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [f"{name}.out"], name=name, **attributes))
        return f"{name}.out"
