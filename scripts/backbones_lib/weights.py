"""The tensors of a weight file: each is used exactly once, and none is left over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import BackboneError


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as it lies in a file.

    `kind` is the element type as numpy writes it, such as "<f4"; `data` are its bytes from the first element on;
    `strides` say how many elements apart the neighbors along each axis are.
    """

    shape: tuple[int, ...]
    kind: str
    data: bytes
    strides: tuple[int, ...]

    def __post_init__(self) -> None:
        available = len(self.data) // self.width
        if len(self.strides) != len(self.shape) or min(self.strides, default=0) < 0:
            raise BackboneError(f"a tensor of shape {self.shape} has strides {self.strides}")
        if self.extent > available:
            raise BackboneError(
                f"a tensor of shape {self.shape} and strides {self.strides} needs {self.extent} elements, "
                f"but only {available} are stored"
            )

    @property
    def width(self) -> int:
        """Bytes an element."""
        return int(self.kind[2:])

    @property
    def extent(self) -> int:
        """Elements from the first to the last, both included."""
        if 0 in self.shape:
            return 0
        return 1 + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor whose last axis varies fastest."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


class Weights:
    """Hands out a file's tensors by name and keeps count of them."""

    def __init__(self, file: str, tensors: Mapping[str, StoredTensor]) -> None:
        self.file = file
        self._waiting = dict(tensors)

    def take(self, name: str, *shape: int) -> StoredTensor:
        """The float32 tensor of that name and shape, which is then used up."""
        tensor = self._remove(name)
        if tensor.shape != shape:
            raise BackboneError(f"{self.file}: tensor {name} has shape {tensor.shape}, expected {shape}")
        if tensor.kind != "<f4":
            raise BackboneError(f"{self.file}: tensor {name} has element type {tensor.kind}, expected <f4")
        return tensor

    def leave(self, *names: str) -> None:
        """Tensors that must be there and that the backbone has no use for."""
        for name in names:
            self._remove(name)

    def finish(self) -> None:
        """Refuses a file with tensors that nobody asked for."""
        if self._waiting:
            raise BackboneError(f"{self.file}: surplus tensors: {', '.join(sorted(self._waiting))}")

    def _remove(self, name: str) -> StoredTensor:
        if name not in self._waiting:
            raise BackboneError(f"{self.file}: tensor {name} is missing")
        return self._waiting.pop(name)
