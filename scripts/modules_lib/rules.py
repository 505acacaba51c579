"""What imports and declared dependencies must keep to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .manifest import Package, Target
from .swift_code import Import, SwiftFile
from .usage import Catalogue
from .vocabulary import COMMON, MODULES, TOOLCHAIN

Files = dict[str, list[SwiftFile]]
"""The Swift files of each target."""

FILE_MODULE = "System"
"""The one shipped module that may open, list or change files."""

_FILE_ACCESS = re.compile(
    r"\b(?:FileDescriptor\.open|FileManager|FileHandle\(|fopen\(|opendir\(|O_(?:RDONLY|WRONLY|RDWR|PATH)"
    r"|(?:Data|String|InputStream|OutputStream)\((?:contentsOf|url|fileAtPath|toFileAtPath)\b)"
)

DECODER_FOLDER = Path("Sources", "Decoding", "Child")
"""The files that run in decoder processes: only they may decode pictures."""
FUZZER = "cultivar-fuzz"
"""It decodes in its own process, which is there to break."""

_DECODER_USE = re.compile(
    r"\b(?:Picture(?:Decoder|Judge)(?:\(|\.(?:init|self)\b)|cic_jpeg_\w+|cic_png_(?:measure|decode)\b)"
)


@dataclass(frozen=True, order=True)
class Problem:
    file: Path
    line: int
    text: str

    def within(self, root: Path) -> str:
        return f"{self.file.relative_to(root)}:{self.line}: {self.text}"


def find_problems(package: Package, files: Files) -> list[Problem]:
    catalogue = Catalogue(package.targets, files)
    found = [
        *_unused_dependencies(package, files), *_second_importers(package, files), *_file_accesses(package, files),
        *_decoder_uses(package, files),
    ]
    for target in package.targets:
        for file in files[target.name]:
            for one in file.imports:
                texts = (_upward(package, target, one), _undeclared(target, one), _unused(catalogue, file, one))
                found += [Problem(file.path, one.line, text) for text in texts if text]
    return sorted(found)


def _upward(package: Package, target: Target, one: Import) -> str | None:
    if one.module not in package.names or package.level(one.module) < package.level(target.name):
        return None
    return f"imports {one.module}, which doesn't stand below {target.name} in Package.swift"


def _undeclared(target: Target, one: Import) -> str | None:
    if one.module in TOOLCHAIN or one.module in target.dependencies:
        return None
    return f"imports {one.module}, which {target.name} doesn't declare in Package.swift"


def _unused(catalogue: Catalogue, file: SwiftFile, one: Import) -> str | None:
    if not catalogue.knows(one.module):
        return f"imports {one.module}, of which modules_lib/vocabulary.py has no names yet"
    if file.is_generated or catalogue.is_used(one.module, file, one.is_testable):
        return None
    if one.module in MODULES:
        return f"imports {one.module} and uses none of its names (those in modules_lib/vocabulary.py)"
    return f"imports {one.module} and uses nothing of it"


def _unused_dependencies(package: Package, files: Files) -> Iterator[Problem]:
    for target in package.targets:
        imported = {one.module for file in files[target.name] for one in file.imports}
        for name in target.dependencies:
            if files[target.name] and name not in imported:
                text = f"{target.name} declares {name}, which no file of it imports"
                yield Problem(package.manifest, package.line(target.name, name), text)


def _second_importers(package: Package, files: Files) -> Iterator[Problem]:
    free = TOOLCHAIN | COMMON.keys() | {target.name for target in package.targets if not target.wraps_library}
    places: dict[str, dict[str, list[tuple[Path, int]]]] = defaultdict(lambda: defaultdict(list))
    for target in package.targets:
        for file in files[target.name]:
            for one in file.imports:
                if one.module not in free:
                    places[one.module][target.name].append((file.path, one.line))
    for module, importers in places.items():
        owner = max(importers, key=lambda name: (len(importers[name]), -package.level(name)))
        for name, (place, *_) in importers.items():
            if name != owner:
                yield Problem(*place, f"imports {module} into {name}, but {owner} imports it too: one target alone may")


def _file_accesses(package: Package, files: Files) -> Iterator[Problem]:
    for name in package.shipped - {FILE_MODULE}:
        for file in files[name]:
            for found in _FILE_ACCESS.finditer(file.code):
                line = file.code.count("\n", 0, found.start()) + 1
                yield Problem(file.path, line, f"uses {found.group()} in {name}, but only {FILE_MODULE} may open files")


def _decoder_uses(package: Package, files: Files) -> Iterator[Problem]:
    for target in package.targets:
        for file in files[target.name] if target.name != FUZZER else []:
            if file.path.is_relative_to(package.manifest.parent / DECODER_FOLDER):
                continue
            for found in _DECODER_USE.finditer(file.code):
                line = file.code.count("\n", 0, found.start()) + 1
                use = found.group().rstrip("(")
                text = f"uses {use} in {target.name}, but only decoder processes ({DECODER_FOLDER}) may decode pictures"
                yield Problem(file.path, line, text)
