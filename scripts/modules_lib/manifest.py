"""The package as SwiftPM understands it.

SwiftPM is asked rather than Package.swift read as text: the manifest is a program, with loops and conditions. An answer
takes 0.3 seconds, and 0.9 after Package.swift has changed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import ModulesError

CONDITIONS = {"CULTIVAR_FUZZING": "1"}
"""What Package.swift must find in its environment to show all of its targets."""


@dataclass(frozen=True)
class Target:
    name: str
    folder: Path
    modules: tuple[str, ...]
    """Targets of this package that it declares as dependencies."""
    products: tuple[str, ...]
    """Products of other packages that it declares as dependencies."""
    wraps_library: bool
    """Whether it stands for a C library: a module map of one, or C code that links one."""

    @cached_property
    def swift_files(self) -> list[Path]:
        return sorted(self.folder.rglob("*.swift"))

    @cached_property
    def headers(self) -> list[Path]:
        """The headers that an importer sees, its own one first."""
        found = sorted([*self.folder.glob("include/**/*.h"), *self.folder.glob("*.h")])
        public = [file for file in found if file.parent != self.folder or (self.folder / "module.modulemap").exists()]
        return sorted(public, key=lambda file: file.stem != self.name)

    @cached_property
    def files(self) -> list[Path]:
        return [file for file in sorted(self.folder.rglob("*")) if file.suffix in (".swift", ".c", ".h", ".modulemap")]

    @property
    def dependencies(self) -> tuple[str, ...]:
        return self.modules + self.products


@dataclass(frozen=True)
class Package:
    manifest: Path
    targets: list[Target]
    """All but the tests, in the order of Package.swift: each imports only what stands below it."""
    shipped: frozenset[str]
    """The targets that the package's products are made of."""

    @cached_property
    def names(self) -> list[str]:
        return [target.name for target in self.targets]

    def level(self, name: str) -> int:
        """How high a target stands; what isn't shipped stands above all that is."""
        place = len(self.names) - self.names.index(name)
        return place if name in self.shipped else place + len(self.names)

    def line(self, target: str, dependency: str | None = None) -> int:
        """Where Package.swift names the target, or a dependency of it."""
        text = self.manifest.read_text()
        start = re.search(rf'(?:[tT]arget|Library)\(\s*name: "{re.escape(target)}"', text)
        if start is None:
            return 1
        found = text.find(f'"{dependency}"', start.end()) if dependency else -1
        return text.count("\n", 0, max(found, start.end())) + 1


def read_package(root: Path, swift: str) -> Package:
    description = _dump(root, swift)
    listed = [target for target in description["targets"] if target["type"] != "test"]
    names = {target["name"] for target in listed}
    targets = [_target(root, target, names) for target in listed]
    modules = {target.name: target.modules for target in targets}
    shipped: set[str] = set()
    waiting = [name for product in description["products"] for name in product["targets"]]
    while waiting:
        name = waiting.pop()
        if name not in shipped:
            shipped.add(name)
            waiting += modules.get(name, ())
    return Package(root / "Package.swift", targets, frozenset(shipped))


def _dump(root: Path, swift: str) -> dict[str, Any]:
    command = [swift, "package", "--package-path", str(root), "dump-package"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, env=os.environ | CONDITIONS)
    except OSError as error:
        raise ModulesError(f"{swift} can't be run, which reads Package.swift: {error.strerror}") from error
    if result.returncode != 0:
        raise ModulesError(f"{root / 'Package.swift'} can't be read:\n{result.stderr.strip()}")
    description: dict[str, Any] = json.loads(result.stdout)
    return description


def _target(root: Path, description: dict[str, Any], names: set[str]) -> Target:
    dependencies = [name for kind in description["dependencies"] for name, *_ in kind.values()]
    links = any("linkedLibrary" in setting["kind"] for setting in description["settings"])
    return Target(
        name=description["name"],
        folder=root / (description.get("path") or f"Sources/{description['name']}"),
        modules=tuple(name for name in dependencies if name in names),
        products=tuple(name for name in dependencies if name not in names),
        wraps_library=description["type"] == "system" or links,
    )
