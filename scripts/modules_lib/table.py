"""The table of modules in docs/architecture.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .errors import ModulesError
from .manifest import Package, Target
from .rules import Files, Problem

BEGIN, END = "<!-- modules: begin -->", "<!-- modules: end -->"
HEAD = "| module | what it is for | imports | packages |\n|---|---|---|---|\n"

_ROW = re.compile(r"^\| (\S+) \| ((?:\\\||[^|\n])+?) \|", re.MULTILINE)
_HEADER_COMMENT = re.compile(r"\A(?:#.*\n|\s*\n)*((?://(?!/).*\n)+)")


class ModuleTable:
    def __init__(self, document: Path, package: Package, files: Files) -> None:
        self.document, self.package, self.files = document, package, files
        self.text = document.read_text()
        start, end = self.text.find(BEGIN), self.text.find(END)
        if not 0 <= start < end:
            raise ModulesError(f"{document} has no table of modules: a line {BEGIN}, and below it one {END}")
        self.start, self.end = start + len(BEGIN), end
        self.purposes = dict(_ROW.findall(self.text[self.start : self.end]))
        self.purposes |= {target.name: text for target in package.targets if (text := _own_words(target))}

    def rows(self) -> str:
        return HEAD + "".join(self._row(target) for target in self.package.targets)

    def _row(self, target: Target) -> str:
        imported = {one.module for file in self.files[target.name] for one in file.imports}
        modules = [name for name in self.package.names if name in imported]
        products = sorted(set(target.products) & imported)
        cells = [target.name, self.purposes.get(target.name, ""), ", ".join(modules), ", ".join(products)]
        return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells) + "\n"

    def write(self) -> None:
        self.document.write_text(f"{self.text[: self.start]}\n{self.rows()}{self.text[self.end :]}")

    def problems(self) -> Iterator[Problem]:
        if self.text[self.start : self.end] != f"\n{self.rows()}":
            line = self.text.count("\n", 0, self.start) + 1
            yield Problem(self.document, line, "the table of modules is stale; scripts/modules --write renews it")
        for target in self.package.targets:
            if target.name not in self.purposes:
                text = f"nothing says what {target.name} is for; what this file begins with would"
                yield Problem(_place_of_words(target), 1, text)


def _place_of_words(target: Target) -> Path:
    """The one file that says what a module is for: its documentation's start page, or C's header."""
    if target.swift_files or not target.headers:
        return target.folder / f"{target.name}.docc" / f"{target.name}.md"
    return target.headers[0]


def _own_words(target: Target) -> str | None:
    """The first paragraph of a page, or of the comment that a header begins with."""
    file = _place_of_words(target)
    if not file.exists():
        return None
    text = file.read_text()
    if file.suffix == ".h":
        comment = _HEADER_COMMENT.match(text)
        text = re.sub(r"^// ?", "", comment[1], flags=re.MULTILINE) if comment else ""
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text))
    first = next((part for part in paragraphs if part and part[0] not in "#@"), "")
    return " ".join(first.replace("``", "`").replace("|", "\\|").split()).removesuffix(".") or None
