"""Tests of scripts/docs with stand-ins for Swift's tools: `python3 -m unittest discover scripts/tests`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[1] / "docs"

COMPILER = """\
import pathlib, sys
options = sys.argv[1:]
folder = pathlib.Path(options[options.index("-emit-symbol-graph-dir") + 1])
(folder / "graph.json").write_text("\\n".join(options))
"""
DOCC = """\
import pathlib, shutil, sys
def option(name):
    return pathlib.Path(sys.argv[sys.argv.index(name) + 1])
site, graphs = option("--output-path"), option("--additional-symbol-graph-dir")
site.mkdir()
(site / "index.html").write_text("a site")
shutil.copy(graphs / "graph.json", site)
shutil.copy(pathlib.Path(sys.argv[2]) / "report.json", option("--diagnostics-file"))
"""


MANIFEST = """\
// swift-tools-version: 6.2
var settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("Other")]
let package = Package(
    name: "made-up", targets: [])
"""


def warning(summary: str, file: Path | None = None, line: int = 1, severity: str = "warning") -> dict[str, Any]:
    """An entry of docc's report."""
    source = {"source": file.as_uri()} if file else {}
    return {"severity": severity, "summary": summary, "range": {"start": {"line": line, "column": 4}}, **source}


class DocsTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        tools = self.root / "tools"
        tools.mkdir()
        for name, code in (("swift", ""), ("swiftc", COMPILER), ("docc", DOCC)):
            (tools / name).write_text(f"#!{sys.executable} -ES\n{code}")
            (tools / name).chmod(0o755)
        self.swift = tools / "swift"
        (self.root / "Package.swift").write_text(MANIFEST)

    def module(self, name: str, *diagnostics: dict[str, Any], is_built: bool = True) -> None:
        catalogue = self.root / "Sources" / name / f"{name}.docc"
        catalogue.mkdir(parents=True)
        (catalogue / "report.json").write_text(json.dumps({"diagnostics": diagnostics}))
        if is_built:
            modules = self.root / ".build" / "release" / "Modules"
            modules.mkdir(parents=True, exist_ok=True)
            (modules / f"{name}.swiftmodule").touch()

    def docs(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, SCRIPT, "--root", self.root, "--swift", self.swift, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.root)

    def site(self, name: str) -> Path:
        return self.root / ".build" / "docs" / name

    def test_each_module_that_was_built_gets_a_site_and_a_link(self) -> None:
        self.module("Upper")
        self.module("Lower")
        self.module("ForTests", is_built=False)
        result = self.docs()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((self.site("Upper") / "index.html").read_text(), "a site")
        self.assertFalse(self.site("ForTests").exists())
        self.assertIn("ForTests isn't part of this build", result.stderr)
        index = (self.root / ".build" / "docs" / "index.html").read_text()
        self.assertIn("/Lower/documentation/lower/", index)
        self.assertIn("/Upper/documentation/upper/", index)

    def test_a_site_takes_the_place_of_an_older_one(self) -> None:
        self.module("Upper")
        self.site("Upper").mkdir(parents=True)
        (self.site("Upper") / "old.html").touch()
        self.assertEqual(self.docs().returncode, 0)
        self.assertFalse((self.site("Upper") / "old.html").exists())

    def test_c_modules_are_found_here_in_checkouts_and_in_the_build(self) -> None:
        self.module("Upper")
        maps = [
            "Sources/CHere/module.modulemap", ".build/checkouts/There/Sources/CThere/module.modulemap",
            ".build/checkouts/There/Sources/COther/include/module.modulemap",
            ".build/release/CMade.build/module.modulemap",
        ]
        for name in maps:
            (self.root / name).parent.mkdir(parents=True)
            (self.root / name).touch()
        self.assertEqual(self.docs().returncode, 0)
        options = (self.site("Upper") / "graph.json").read_text().splitlines()
        for name in maps[:3]:
            self.assertIn(f"-I{(self.root / name).parent}", options)
        self.assertIn(f"-fmodule-map-file={self.root / maps[3]}", options)

    def test_sources_are_read_as_package_swift_says(self) -> None:
        self.module("Upper")
        source = self.root / "Sources" / "Upper" / "Deep" / "Figure.swift"
        source.parent.mkdir()
        source.touch()
        self.assertEqual(self.docs().returncode, 0)
        options = (self.site("Upper") / "graph.json").read_text().splitlines()
        pairs = list(zip(options, options[1:], strict=False))
        self.assertIn(("-package-name", self.root.resolve().name.lower()), pairs)
        self.assertIn(("-enable-upcoming-feature", "ExistentialAny"), pairs)
        self.assertIn(("-enable-upcoming-feature", "Other"), pairs)
        self.assertEqual(options[-1], str(source))

    def test_a_link_that_leads_nowhere_fails_with_file_and_line(self) -> None:
        file = self.root / "Sources" / "Upper" / "A file.swift"
        link = warning("'gone' doesn't exist at '/Upper'", file, line=7)
        self.module("Upper", link, link, warning("page without a title", severity="error"))
        self.module("Lower")
        result = self.docs()
        self.assertEqual(result.returncode, 1)
        self.assertIn("Sources/Upper/A file.swift:7: 'gone' doesn't exist at '/Upper'\n", result.stderr)
        self.assertIn("page without a title", result.stderr)
        self.assertIn("2 problems", result.stderr)

    def test_a_comment_need_not_describe_each_parameter(self) -> None:
        missing = warning("Parameter 'count' is missing documentation", self.root / "A.swift")
        self.module("Upper", missing, warning("a hint", severity="note"))
        result = self.docs()
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_what_is_missing_is_named(self) -> None:
        self.module("Upper", is_built=False)
        self.assertIn("make build", self.docs().stderr)
        self.assertIn("Upper isn't in", self.docs("Upper").stderr)
        self.module("Lower")
        self.assertIn("Other.docc", self.docs("Other").stderr)
        (self.root / "tools" / "docc").unlink()
        result = self.docs("Lower")
        self.assertEqual(result.returncode, 1)
        self.assertIn("there is no docc beside", result.stderr)

    def test_a_tool_that_fails_is_quoted(self) -> None:
        self.module("Upper")
        (self.root / "tools" / "swiftc").write_text("#!/bin/sh\necho no such module >&2\nexit 3\n")
        result = self.docs()
        self.assertEqual(result.returncode, 1)
        self.assertIn("no such module", result.stderr)
        self.assertNotIn("Traceback", result.stderr)


if __name__ == "__main__":
    unittest.main()
