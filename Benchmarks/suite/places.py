"""Where everything is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .errors import BenchmarkError


@dataclass(frozen=True)
class Places:
    root: Path

    @staticmethod
    def standard() -> Places:
        return Places(Path(__file__).resolve().parents[2])

    @property
    def binary(self) -> Path:
        return self.root / ".build" / "release" / "cultivar"

    @property
    def driver(self) -> Path:
        return self.root / ".build" / "release" / "cultivar-bench"

    @property
    def backbones(self) -> Path:
        return self.root / "backbones"

    @property
    def peers(self) -> Path:
        return self.root / "Benchmarks" / "peers"

    @property
    def scratch(self) -> Path:
        """What the benchmarks make for themselves; ignored by git."""
        return self.root / ".bench"

    @property
    def environment(self) -> Path:
        return self.scratch / "venv"

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def data(self) -> Path:
        """Data sets beside the repository, where there are any."""
        return self.root.parent / "shared" / "data"

    def check(self) -> None:
        for path in (self.binary, self.driver, self.backbones / "mobilenetv2.onnx", self.backbones / "vgg16.onnx"):
            if not path.exists():
                raise BenchmarkError(f"{path} is missing; `make bench` makes it")
