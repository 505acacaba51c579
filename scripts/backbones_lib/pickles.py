"""Readers for the two kinds of pickle that contain the weights, with an allow-list of types.

A pickle may name any function to call while it is read. These readers know the few names that tensors need and map
each to a small class of their own. If a file asks for anything else, it is rejected before anything is called.
Neither torch nor numpy is imported.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import BackboneError
from .weights import StoredTensor, row_major

_TORCH_MAGIC = 0x1950A86A20F9469CFC6C
_TORCH_PROTOCOL = 1001


class _AllowListUnpickler(pickle.Unpickler):
    """An unpickler that finds only the types that it was given."""

    def __init__(self, stream: io.BytesIO, file: str, allowed: Mapping[tuple[str, str], Any]) -> None:
        super().__init__(stream)
        self._file = file
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._allowed[module, name]
        except KeyError:
            raise BackboneError(
                f"{self._file}: the pickle asks for {module}.{name}, which no weight file needs; the file was not read"
            ) from None


def _load(unpickler: pickle.Unpickler, file: str) -> Any:
    """Reads one pickle. A damaged one leads to an error that names the file."""
    try:
        return unpickler.load()
    except BackboneError:
        raise
    except Exception as error:  # a damaged pickle can raise almost any type
        raise BackboneError(f"{file}: not a readable pickle ({type(error).__name__}: {error})") from error


# Torch, before the zip format -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Storage:
    key: str
    kind: str
    count: int


@dataclass(frozen=True)
class _TorchTensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> _TorchTensor:
    return _TorchTensor(storage, offset, shape, strides)


_TORCH_TYPES: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _TorchUnpickler(_AllowListUnpickler):
    def persistent_load(self, pid: tuple[Any, ...]) -> _Storage:
        _, kind, key, _, count, _ = pid
        return _Storage(key, kind, count)


def read_torch_legacy(content: bytes, file: str) -> dict[str, StoredTensor]:
    """The state dict in a file that torch wrote before version 1.6.

    Such a file is five pickles (magic number, protocol, byte order, the state dict with references to storages, the
    storages' keys), then each storage as a 64-bit element count and its raw little-endian elements.
    """
    stream = io.BytesIO(content)

    def load() -> Any:
        return _load(_TorchUnpickler(stream, file, _TORCH_TYPES), file)

    for what, expected in (("magic number", _TORCH_MAGIC), ("protocol", _TORCH_PROTOCOL)):
        found = load()
        if found != expected:
            raise BackboneError(f"{file}: the {what} is {found!r}, expected {expected}")
    if not load().get("little_endian"):
        raise BackboneError(f"{file}: the tensors are not little-endian")
    state: Mapping[str, _TorchTensor] = load()
    storages = _read_storages(stream, load(), {t.storage.key: t.storage for t in state.values()}, file)
    return {name: _cut(tensor, storages[tensor.storage.key]) for name, tensor in state.items()}


def _read_storages(
    stream: io.BytesIO, keys: list[str], storages: Mapping[str, _Storage], file: str
) -> dict[str, bytes]:
    if set(keys) != set(storages):
        raise BackboneError(f"{file}: the list of storages doesn't match the tensors")
    content: dict[str, bytes] = {}
    for key in keys:
        header = stream.read(8)
        expected = storages[key].count
        size = expected * int(storages[key].kind[2:])
        content[key] = stream.read(size)
        if len(header) != 8 or len(content[key]) != size:
            raise BackboneError(f"{file}: the file ends in the middle of storage {key}")
        if struct.unpack("<q", header)[0] != expected:
            raise BackboneError(f"{file}: storage {key} has a wrong length, expected {expected} elements")
    return content


def _cut(tensor: _TorchTensor, storage: bytes) -> StoredTensor:
    width = int(tensor.storage.kind[2:])
    if tensor.offset < 0:
        raise BackboneError(f"a tensor of shape {tensor.shape} has the offset {tensor.offset}")
    return StoredTensor(tensor.shape, tensor.storage.kind, storage[tensor.offset * width :], tensor.strides)


# Numpy arrays in nested dictionaries ----------------------------------------------------------------------------------


class _NumpyType:
    """Stands in for numpy.dtype: its kind, and the byte order that its state adds."""

    def __init__(self, kind: str, *_: Any) -> None:
        self.kind = kind

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.kind = state[1] + self.kind


class _NumpyArray:
    """Stands in for numpy.ndarray: keeps what the array's state says."""

    def __init__(self, *_: Any) -> None:
        self.tensor: StoredTensor | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, column_major, data = state
        if column_major or not kind.kind.startswith("<"):
            raise BackboneError(f"an array of shape {shape} is not row-major and little-endian")
        self.tensor = StoredTensor(shape, kind.kind, data, row_major(shape))


def _reconstruct(*_: Any) -> _NumpyArray:
    return _NumpyArray()


_NUMPY_TYPES: Mapping[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _NumpyArray,
    ("numpy", "dtype"): _NumpyType,
}


def read_numpy_tree(content: bytes, file: str) -> dict[str, StoredTensor]:
    """The arrays of a pickled tree of dictionaries, each by its path, such as "VGG16_0.Conv_0.kernel"."""
    tree = _load(_AllowListUnpickler(io.BytesIO(content), file, _NUMPY_TYPES), file)
    tensors: dict[str, StoredTensor] = {}
    _flatten(tree, "", tensors, file)
    return tensors


def _flatten(node: Any, path: str, into: dict[str, StoredTensor], file: str) -> None:
    if isinstance(node, dict):
        for name, child in node.items():
            _flatten(child, f"{path}.{name}" if path else str(name), into, file)
    elif isinstance(node, _NumpyArray) and node.tensor is not None:
        into[path] = node.tensor
    else:
        raise BackboneError(f"{file}: {path or 'the file'} is neither an array nor a dictionary")
