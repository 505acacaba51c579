"""Tests of the readers behind scripts/backbones: `python3 -m unittest discover scripts/tests`."""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import sys
import tempfile
import types
import unittest
from collections import OrderedDict
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from backbones_lib.catalogue import BACKBONES
from backbones_lib.distributions import check_sha256, read_member
from backbones_lib.errors import BackboneError
from backbones_lib.onnx_metadata import read_metadata
from backbones_lib.pickles import read_numpy_tree, read_torch_legacy
from backbones_lib.weights import StoredTensor, Weights, row_major


class Call:
    """Pickles as the call of a function, which need not exist here."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.parts


class Storage(tuple[Any, str, int]):
    """A reference to a torch storage: (type, key, element count)."""


class TorchPickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Storage):
            kind, key, count = value
            return ("storage", kind, key, "cpu", count, None)
        return None


def stand_in(module: str, name: str) -> Any:
    """A function that pickles as `module.name`."""

    def function() -> None:
        pass

    function.__module__, function.__qualname__, function.__name__ = module, name, name
    return function


def pretend_modules(*functions: Any) -> Any:
    """Lets those functions be pickled as if their modules were installed."""
    modules: dict[str, types.ModuleType] = {}
    for function in functions:
        parts = function.__module__.split(".")
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            modules.setdefault(name, types.ModuleType(name))
        setattr(modules[function.__module__], function.__name__, function)
    return mock.patch.dict(sys.modules, modules)


def torch_file(offset: int = 0, count: int = 6) -> bytes:
    """A file with one tensor "w" of shape (2, 3), stored column by column as 1, 4, 2, 5, 3, 6."""
    rebuild, kind = stand_in("torch._utils", "_rebuild_tensor_v2"), stand_in("torch", "FloatStorage")
    tensor = Call(rebuild, Storage((kind, "7", count)), offset, (2, 3), (1, 2), False, OrderedDict())
    stream = io.BytesIO()
    with pretend_modules(rebuild, kind):
        for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, OrderedDict(w=tensor), ["7"]):
            TorchPickler(stream, 2).dump(value)
    return stream.getvalue() + struct.pack("<q6f", 6, 1, 4, 2, 5, 3, 6)


def numpy_file(kind: str = "<") -> bytes:
    """A tree with one array, layer.kernel, of shape (1, 2)."""
    functions = [
        stand_in("numpy.core.multiarray", "_reconstruct"),
        stand_in("numpy", "ndarray"),
        stand_in("numpy", "dtype"),
    ]
    reconstruct, array, dtype = functions
    element = Call(dtype, "f4", False, True, state=(3, kind, None, None, None, -1, -1, 0))
    value = Call(reconstruct, array, (0,), b"b", state=(1, (1, 2), element, False, struct.pack("<2f", 1, 2)))
    with pretend_modules(*functions):
        return pickle.dumps({"layer": {"kernel": value}}, 3)


class PickleTests(unittest.TestCase):
    def test_a_torch_tensor_is_read_with_its_strides(self) -> None:
        tensor = read_torch_legacy(torch_file(), "w.pt")["w"]
        self.assertEqual((tensor.shape, tensor.strides, tensor.kind), ((2, 3), (1, 2), "<f4"))
        self.assertEqual(struct.unpack("<6f", tensor.data), (1, 4, 2, 5, 3, 6))

    def test_a_numpy_tree_is_read_by_path(self) -> None:
        tensor = StoredTensor((1, 2), "<f4", struct.pack("<2f", 1, 2), (2, 1))
        self.assertEqual(read_numpy_tree(numpy_file(), "w.ckpt"), {"layer.kernel": tensor})

    def test_a_big_endian_array_is_refused(self) -> None:
        with self.assertRaisesRegex(BackboneError, "not row-major and little-endian"):
            read_numpy_tree(numpy_file(">"), "w.ckpt")

    def test_a_pickle_that_asks_for_a_system_call_is_refused_and_calls_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            mark = Path(folder) / "called"
            content = b"cos\nsystem\n(S'touch %s'\ntR." % str(mark).encode()
            for read in (read_numpy_tree, read_torch_legacy):
                with self.assertRaisesRegex(BackboneError, r"w\.pt: the pickle asks for os\.system"):
                    read(content, "w.pt")
            self.assertFalse(mark.exists())

    def test_builtins_are_not_on_the_list(self) -> None:
        with self.assertRaisesRegex(BackboneError, r"asks for builtins\.eval"):
            read_numpy_tree(pickle.dumps(eval, 3), "w.pt")

    def test_a_truncated_file_is_refused_by_name(self) -> None:
        for content in (torch_file()[:-1], torch_file()[:40], b""):
            with self.assertRaisesRegex(BackboneError, r"w\.pt: "):
                read_torch_legacy(content, "w.pt")

    def test_a_tensor_beyond_its_storage_is_refused(self) -> None:
        for offset in (1, -1):
            with self.assertRaises(BackboneError):
                read_torch_legacy(torch_file(offset=offset), "w.pt")

    def test_a_storage_of_another_length_than_stated_is_refused(self) -> None:
        with self.assertRaisesRegex(BackboneError, "storage 7"):
            read_torch_legacy(torch_file(count=5), "w.pt")


class WeightsTests(unittest.TestCase):
    def setUp(self) -> None:
        tensor = StoredTensor((2,), "<f4", bytes(8), row_major((2,)))
        self.weights = Weights("w.pt", {"a.weight": tensor, "b.weight": tensor})

    def test_a_missing_tensor_is_named(self) -> None:
        for ask in (lambda: self.weights.take("c.weight", 2), lambda: self.weights.leave("c.weight")):
            with self.assertRaisesRegex(BackboneError, r"w\.pt: tensor c\.weight is missing"):
                ask()

    def test_a_tensor_is_used_once(self) -> None:
        self.weights.take("a.weight", 2)
        with self.assertRaisesRegex(BackboneError, "a.weight is missing"):
            self.weights.take("a.weight", 2)

    def test_surplus_tensors_are_named(self) -> None:
        self.weights.take("a.weight", 2)
        with self.assertRaisesRegex(BackboneError, r"w\.pt: surplus tensors: b\.weight"):
            self.weights.finish()
        self.weights.leave("b.weight")
        self.weights.finish()

    def test_a_wrong_shape_is_named_with_both_shapes(self) -> None:
        with self.assertRaisesRegex(BackboneError, r"a\.weight has shape \(2,\), expected \(3,\)"):
            self.weights.take("a.weight", 3)


class FileTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "some-1.0.tar.gz"

    def test_a_wrong_checksum_names_file_expected_and_found(self) -> None:
        self.file.write_bytes(b"content")
        found = hashlib.sha256(b"content").hexdigest()
        check_sha256(self.file, found)
        with self.assertRaises(BackboneError) as caught:
            check_sha256(self.file, "0" * 64)
        for part in (self.file.name, "0" * 64, found):
            self.assertIn(part, str(caught.exception))

    def test_an_archive_without_the_weights_is_refused(self) -> None:
        self.file.write_bytes(bytes(1024))
        with self.assertRaisesRegex(BackboneError, "some-1.0.tar.gz"):
            read_member(self.file, "weights.pt")

    def test_metadata_is_read_past_other_fields(self) -> None:
        pair = b"\x0a\x04name\x12\x05vgg16"
        content = b"\x08\x08" + b"\x3a\x03abc" + b"\x72" + bytes([len(pair)]) + pair
        self.file.write_bytes(content)
        self.assertEqual(read_metadata(self.file), {"name": "vgg16"})
        self.file.write_bytes(content[:-1])
        self.assertIsNone(read_metadata(self.file))
        self.assertIsNone(read_metadata(self.file.with_name("absent.onnx")))

    def test_metadata_states_the_normalization_in_full(self) -> None:
        metadata = BACKBONES["mobilenetv2"].metadata()
        self.assertEqual(metadata["pixel_scale"], "0.00392156862745098")
        self.assertEqual((metadata["mean"], metadata["std"]), ("0.485,0.456,0.406", "0.229,0.224,0.225"))


if __name__ == "__main__":
    unittest.main()
