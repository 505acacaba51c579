"""Reads the metadata of an ONNX file without the onnx package.

An ONNX file is one protocol-buffers message, ModelProto; its field 14, metadata_props, repeats pairs of strings (field
1 the key, field 2 the value). Everything else, in particular the graph, is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_METADATA_PROPS = 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read_metadata(file: Path) -> dict[str, str] | None:
    """The file's metadata; None if there is no file or it isn't a complete protocol-buffers message."""
    try:
        content = memoryview(file.read_bytes())
        pairs = (dict(_fields(value)) for number, value in _fields(content) if number == _METADATA_PROPS)
        return {str(pair[1], "utf-8"): str(pair[2], "utf-8") for pair in pairs}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Each field's number and its bytes. The bytes of numbers aren't needed here and are left out."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        wire_type = tag & 7
        if wire_type == _VARINT:
            _, end = _varint(message, position)
            start = end
        elif wire_type == _BYTES:
            length, start = _varint(message, position)
            end = start + length
        elif wire_type in (_FIXED64, _FIXED32):
            start = end = position + (8 if wire_type == _FIXED64 else 4)
        else:
            raise ValueError(f"wire type {wire_type}")
        if end > len(message):
            raise ValueError("the message ends too early")
        yield tag >> 3, message[start:end]
        position = end


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """The number at that position, seven bits per byte, and the position after it."""
    value = shift = 0
    while position < len(message) and shift < 64:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
    raise ValueError("the message ends in a number")
