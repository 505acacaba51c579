"""Turns one downloaded distribution into one ONNX file: `python -m backbones_lib.convert NAME ARCHIVE OUTPUT`.

Runs in the virtual environment, which has numpy and onnx.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from . import architectures, pickles
from .catalogue import BACKBONES
from .distributions import read_member
from .errors import BackboneError
from .weights import StoredTensor, Weights

Reader = Callable[[bytes, str], dict[str, StoredTensor]]

_RECIPES: Mapping[str, tuple[Reader, architectures.Architecture]] = {
    "mobilenetv2": (pickles.read_torch_legacy, architectures.mobilenetv2),
    "vgg16": (pickles.read_numpy_tree, architectures.vgg16),
    "efficientnet-lite0": (pickles.read_torch_legacy, architectures.efficientnet_lite(width=1.0, depth=1.0)),
    "efficientnet-lite1": (pickles.read_torch_legacy, architectures.efficientnet_lite(width=1.0, depth=1.1)),
    "efficientnet-lite2": (pickles.read_torch_legacy, architectures.efficientnet_lite(width=1.1, depth=1.2)),
}


def convert(name: str, archive: Path, output: Path) -> None:
    """Writes the backbone to `output`, completely or not at all."""
    backbone = BACKBONES[name]
    read, build = _RECIPES[name]
    member = backbone.source.member
    weights = Weights(member, read(read_member(archive, member), member))
    model = build(weights, name, backbone.metadata())
    weights.finish()
    _write_atomically(model.SerializeToString(), output)


def _write_atomically(content: bytes, output: Path) -> None:
    temporary = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, output)
    finally:
        temporary.unlink(missing_ok=True)


def main() -> int:
    name, archive, output = sys.argv[1:]
    try:
        convert(name, Path(archive), Path(output))
    except BackboneError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
