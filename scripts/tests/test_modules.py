"""Tests of scripts/modules on made-up packages: `python3 -m unittest discover scripts/tests`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[1] / "modules"
sys.path.insert(0, str(SCRIPT.parent))

from modules_lib.manifest import read_package
from modules_lib.rules import find_problems
from modules_lib.swift_code import SwiftFile, code_only

DOCUMENT = """\
# Architecture

<!-- modules: begin -->
| Upper | what commands share |
<!-- modules: end -->

More.
"""
SHAPES = """\
package struct Square { package let side: Int }
package enum Colour: String { case red, green(Int) }
package protocol Drawn {}
extension Drawn { package func draw() {} }
extension Int { package var doubled: Int { 2 * self } }
extension String { package init(shape: Square) { self = "square" } }
package func area(of square: Square) -> Int { square.side }
struct Hidden { var inner = 1 }
package struct Grid { package subscript(index: Int) -> Int { index } }
"""
MANIFEST = """\
// swift-tools-version: 6.2
import PackageDescription

let package = Package(name: "made-up", targets: [.target(name: "Always")])
if Context.environment["CULTIVAR_FUZZING"] != nil {
    package.targets.append(.executableTarget(name: "Sometimes", dependencies: ["Always"], path: "Elsewhere"))
}
"""


def target(name: str, modules: Iterable[str] = (), products: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    """A target as `swift package dump-package` tells of it."""
    dependencies = [{"byName": [other, None]} for other in modules]
    dependencies += [{"product": [other, "somewhere", None, None]} for other in products]
    return {"name": name, "type": "regular", "dependencies": dependencies, "settings": []} | more


class ModulesTests(unittest.TestCase):
    """Program imports Upper, which imports Lower; each test changes that package in one place."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        self.targets = [target("Program", ["Upper"]), target("Upper", ["Lower"]), target("Lower")]
        self.write("docs/architecture.md", DOCUMENT)
        self.write("Sources/Program/Main.swift", "import Upper\n\nlet figure = Figure()\n")
        self.write("Sources/Upper/Figure.swift", "internal import Lower\n\npackage struct Figure { let one: Square }\n")
        self.write("Sources/Lower/Shapes.swift", SHAPES)
        page = "# ``Program``\n\nPrints ``Figure``\nand | ends.\n\nMore.\n"
        self.write("Sources/Program/Program.docc/Program.md", page)
        self.write("Sources/Lower/Lower.docc/Lower.md", "# ``Lower``\n\nShapes.\n")
        self.swift = self.write("swift", '#!/bin/sh\ncat "$(dirname "$0")/description.json"\n')
        self.swift.chmod(0o755)

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def describe(self) -> None:
        """Writes what Swift and Package.swift say of the targets."""
        products = [{"name": "program", "targets": ["Program"]}]
        self.write("description.json", json.dumps({"targets": self.targets, "products": products}))
        manifest = "".join(
            f'.target(\n    name: "{one["name"]}",\n    dependencies: '
            f"{json.dumps([name for kind in one['dependencies'] for name, *_ in kind.values()])}\n),\n"
            for one in self.targets
        )
        self.write("Package.swift", manifest)

    def run_script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.describe()
        command: list[str | Path] = [sys.executable, SCRIPT, "--root", self.root, "--swift", self.swift, *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def problems(self) -> list[str]:
        """What is wrong once the table is written."""
        self.assertEqual(self.run_script("--write").returncode, 0)
        result = self.run_script("--check")
        lines = result.stderr.splitlines()[:-1]
        self.assertEqual(result.returncode, 1 if lines else 0, result.stderr)
        return lines

    def import_into_upper(self, code: str, imported: str = "internal import Lower") -> list[str]:
        """What is wrong with one more file of Upper's."""
        self.write("Sources/Upper/More.swift", f"{imported}\n\n{code}\n")
        self.describe()
        package = read_package(self.root, str(self.swift))
        files = {one.name: [SwiftFile(file) for file in one.swift_files] for one in package.targets}
        return [problem.within(self.root) for problem in find_problems(package, files)]

    # Rules

    def test_a_sound_package_passes(self) -> None:
        self.assertEqual(self.problems(), [])

    def test_an_import_from_above_is_told(self) -> None:
        self.targets[2] = target("Lower", ["Upper"])
        self.write("Sources/Lower/Worse.swift", "// Nothing.\npackage import Upper\n\nfunc worse(_ one: Figure) {}\n")
        self.assertEqual(
            self.problems(),
            ["Sources/Lower/Worse.swift:2: imports Upper, which doesn't stand below Lower in Package.swift"],
        )

    def test_files_are_opened_by_one_module_alone(self) -> None:
        self.targets.append(target("System"))
        self.targets[1] = target("Upper", ["Lower", "System"])
        self.write("Sources/System/System.docc/System.md", "# ``System``\n\nFiles.\n")
        opening = 'import SystemPackage\n\n// FileManager\nlet name = "FileManager"\n'
        opening += "let file = try FileDescriptor.open(name)\n"
        self.write("Sources/System/Files.swift", opening.replace("let name", "package let name"))
        more = f"internal import System\n{opening}let other = String(contentsOf: name)\n"
        self.write("Sources/Upper/More.swift", more)
        found = [line for line in self.problems() if "open files" in line]
        self.assertEqual(
            found,
            [
                "Sources/Upper/More.swift:6: uses FileDescriptor.open in Upper, but only System may open files",
                "Sources/Upper/More.swift:7: uses String(contentsOf in Upper, but only System may open files",
            ],
        )

    def test_pictures_are_decoded_by_decoder_processes_alone(self) -> None:
        decoding = "let decoder = PictureDecoder(limits: limits)\nlet status = cic_png_decode(bytes)\n"
        self.targets += [
            target("Decoding"), target("cultivar-bench", path="Benchmarks/Driver"),
            target("cultivar-fuzz", path="Fuzzing/Driver"),
        ]
        for name in ("Decoding/Child/Decoder", "Decoding/Pool", "Upper/More"):
            self.write(f"Sources/{name}.swift", decoding)
        fine = "// PictureDecoder(\nlet PictureDecoders = 1, file = cic_png_encode()\n"
        self.write("Sources/Upper/Fine.swift", fine)
        self.write("Benchmarks/Driver/Work.swift", "// Photos.\nlet judge = PictureJudge.init(limits: limits)\n")
        self.write("Fuzzing/Driver/Target.swift", decoding)
        rest = "but only decoder processes (Sources/Decoding/Child) may decode pictures"
        self.assertEqual(
            [line for line in self.problems() if "decode pictures" in line],
            [
                f"Benchmarks/Driver/Work.swift:2: uses PictureJudge.init in cultivar-bench, {rest}",
                f"Sources/Decoding/Pool.swift:1: uses PictureDecoder in Decoding, {rest}",
                f"Sources/Decoding/Pool.swift:2: uses cic_png_decode in Decoding, {rest}",
                f"Sources/Upper/More.swift:1: uses PictureDecoder in Upper, {rest}",
                f"Sources/Upper/More.swift:2: uses cic_png_decode in Upper, {rest}",
            ],
        )

    def test_what_is_not_shipped_stands_above_what_is(self) -> None:
        self.targets.append(target("Tool", ["Upper"], type="executable", path="Tools/Tool"))
        self.write("Tools/Tool/Main.swift", "import Upper\nlet figure = Figure()\n")
        self.write("Tools/Tool/Tool.docc/Tool.md", "# Tool\n\nA tool.")
        self.assertEqual(self.problems(), [])

    def test_an_undeclared_import_is_told(self) -> None:
        code = "import Foundation\nimport Lower\nlet square = Square(), now = Date()\n"
        self.write("Sources/Program/More.swift", code)
        self.assertEqual(
            self.problems(),
            ["Sources/Program/More.swift:2: imports Lower, which Program doesn't declare in Package.swift"],
        )

    def test_a_dependency_that_nobody_imports_is_told(self) -> None:
        self.targets[0] = target("Program", ["Upper", "Lower"])
        self.assertEqual(self.problems(), ["Package.swift:3: Program declares Lower, which no file of it imports"])

    def test_a_second_importer_of_a_package_is_told(self) -> None:
        self.targets[:2] = [target("Program", ["Upper"], ["GRDB"]), target("Upper", ["Lower"], ["GRDB", "Logging"])]
        self.write("Sources/Program/Log.swift", "import GRDB\nlet row: Row? = nil\n")
        self.write("Sources/Upper/Log.swift", "import GRDB\nimport Logging\nlet row: Row?, logger: Logger?\n")
        self.assertEqual(
            self.problems(),
            ["Sources/Program/Log.swift:1: imports GRDB into Program, but Upper imports it too: one target alone may"],
        )

    def test_common_packages_have_any_number_of_importers(self) -> None:
        self.targets[:2] = [target("Program", ["Upper"], ["Logging"]), target("Upper", ["Lower"], ["Logging"])]
        for name in ("Program", "Upper"):
            self.write(f"Sources/{name}/Log.swift", "import Logging\nlet logger: Logger?\n")
        self.assertEqual(self.problems(), [])

    def test_a_c_library_has_one_importer_and_c_of_our_own_any_number(self) -> None:
        links = {"settings": [{"tool": "linker", "kind": {"linkedLibrary": {"_0": "z"}}}]}
        names = ["CModuleMap", "CLinking", "COwn"]
        self.targets[:2] = [target("Program", ["Upper", *names]), target("Upper", ["Lower", *names])]
        self.targets += [target("CModuleMap", type="system"), target("CLinking", **links), target("COwn")]
        header = "// Words.\nvoid {0}_call(void);\n"
        self.write("Sources/CModuleMap/module.modulemap", "")
        self.write("Sources/CModuleMap/shim.h", header.format("CModuleMap"))
        for name in names[1:]:
            self.write(f"Sources/{name}/include/{name}.h", header.format(name))
        for name in ("Program", "Upper"):
            lines = [f"import {other}\nlet one{other}: Void = {other}_call()\n" for other in names]
            self.write(f"Sources/{name}/Calls.swift", "".join(lines))
        self.assertEqual(
            self.problems(),
            [
                f"Sources/Program/Calls.swift:{line}: imports {name} into Program, but Upper imports it too: "
                "one target alone may"
                for line, name in ((1, "CModuleMap"), (3, "CLinking"))
            ],
        )

    def test_a_package_without_vocabulary_is_told(self) -> None:
        self.targets[1] = target("Upper", ["Lower"], ["Novelty"])
        told = self.import_into_upper("let novel = 1", imported="import Novelty")
        self.assertEqual(
            told,
            ["Sources/Upper/More.swift:1: imports Novelty, of which modules_lib/vocabulary.py has no names yet"],
        )

    # Uses

    def test_an_unused_import_is_told(self) -> None:
        unused = ["Sources/Upper/More.swift:1: imports Lower and uses nothing of it"]
        self.assertEqual(self.import_into_upper("let count = 1"), unused)
        self.assertEqual(self.import_into_upper("/* Square /* area */ */ let text = \"Square\" // Grid"), unused)
        self.assertEqual(self.import_into_upper("struct Hidden { let side = 1 }"), unused)
        self.assertEqual(self.import_into_upper("let value = call(side: 1)"), unused)
        self.assertEqual(self.import_into_upper("func area() {}"), unused)

    def test_whatever_may_be_a_name_of_the_module_is_a_use(self) -> None:
        for code in (
            "let shape: Square? = nil",
            "extension Square {}",
            'let text = "\\(area(of: figure))"',
            'let text = #"a " quote"# + """\n  " \\(area(of: figure))\n  """',
            "let double = 2.doubled",
            "let text = String(shape: figure.one)",
            "let other = Lower.self",
            "func measure(_ figure: Figure) -> Int { figure.one.side }",
            "struct Pen: Drawn {}",
            "@testable",
        ):
            imported = "@testable import Lower" if code == "@testable" else "package import Lower"
            code = "let hidden = Hidden()" if code == "@testable" else code
            with self.subTest(code):
                self.assertEqual(self.import_into_upper(code, imported), [])

    def test_members_count_where_their_type_is_at_hand(self) -> None:
        pen = "import Lower\nstruct Pen: Drawn { let grid = Grid(), ink = Colour.red; let spare = makeGrid() }\n"
        self.write("Sources/Upper/Pen.swift", f"{pen}func makeGrid() -> Grid {{ Grid() }}\n")
        for code in (
            "func move(_ pen: Pen) { pen.draw() }",
            "extension Pen { func twice() { draw() } }",
            "let first = pen.grid[0]",
            "let first = pen.spare[0]",
            "let name = pen.ink.rawValue",
        ):
            with self.subTest(code):
                self.assertEqual(self.import_into_upper(code), [])
        self.assertEqual(len(self.import_into_upper("let name = stranger.rawValue")), 1)

    def test_names_of_the_toolchain_are_known(self) -> None:
        for imported, code in (
            ("Foundation", 'let name = text.trimmingCharacters(in: .whitespaces)'),
            ("Foundation", 'let text = String(format: "%d", 1)'),
            ("Foundation", "let one = cos(0)"),
            ("Glibc", "let failed = errno == ENOENT"),
            ("Synchronization", "let state = Mutex(0)"),
        ):
            with self.subTest(code):
                self.assertEqual(self.import_into_upper(code, f"import {imported}"), [])
        (told,) = self.import_into_upper("let length = text.count + one.cos", "import Foundation")
        self.assertIn("Sources/Upper/More.swift:1: imports Foundation and uses none of its names", told)

    # The table

    def test_the_table_is_written_and_then_fresh(self) -> None:
        self.assertEqual(self.problems(), [])
        text = (self.root / "docs/architecture.md").read_text()
        self.assertIn("| Program | Prints `Figure` and \\| ends | Upper | |\n", text)
        self.assertIn("| Upper | what commands share | Lower | |\n| Lower | Shapes | | |\n<!-- modules", text)

    def test_a_stale_table_is_told(self) -> None:
        self.assertEqual(self.problems(), [])
        self.write("Sources/Program/Log.swift", "import Logging\nlet logger: Logger?\n")
        self.targets[0] = target("Program", ["Upper"], ["Logging"])
        result = self.run_script("--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("docs/architecture.md:3: the table of modules is stale", result.stderr)

    def test_a_module_that_nothing_describes_is_told(self) -> None:
        shutil.rmtree(self.root / "Sources/Lower/Lower.docc")
        (told,) = self.problems()
        self.assertIn("Sources/Lower/Lower.docc/Lower.md:1: nothing says what Lower is for", told)

    def test_a_document_without_marks_is_an_error(self) -> None:
        self.write("docs/architecture.md", "# Architecture\n")
        result = self.run_script("--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("docs/architecture.md has no table of modules", result.stderr)

    def test_sizes_are_printed(self) -> None:
        lines = [line.split() for line in self.run_script("--sizes").stdout.splitlines()]
        self.assertIn(["Upper", "1", "3"], lines)
        self.assertEqual(lines[-1], ["all", "3", str(6 + SHAPES.count("\n"))])


class ManifestTests(unittest.TestCase):
    @unittest.skipUnless(shutil.which("swift"), "needs Swift's toolchain")
    def test_targets_that_depend_on_the_environment_are_seen(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "Package.swift").write_text(MANIFEST)
            package = read_package(Path(folder), "swift")
            self.assertEqual(package.names, ["Always", "Sometimes"])
            self.assertEqual(package.targets[1].dependencies, ("Always",))
            self.assertEqual(package.targets[1].folder, Path(folder, "Elsewhere"))
            self.assertEqual((package.line("Always"), package.line("Sometimes", "Always")), (4, 6))


class SwiftCodeTests(unittest.TestCase):
    def declared(self, code: str) -> dict[str, tuple[str | None, str]]:
        with tempfile.NamedTemporaryFile("w", suffix=".swift") as file:
            file.write(code)
            file.flush()
            return {one.name: (one.container, one.access) for one in SwiftFile(Path(file.name)).declarations}

    def test_blanks_keep_places(self) -> None:
        text = 'a /* b /* c\n*/ " */ d("e \\(f("g") + h) i", #"\\(j) \\#(k)"#) // l\nm'
        blanked = code_only(text)
        self.assertEqual([len(line) for line in blanked.splitlines()], [len(line) for line in text.splitlines()])
        self.assertEqual(blanked.split(), ["a", "d(", "(f(", ")", "+", "h)", ",", "(k)", ")", "m"])

    def test_access_follows_swifts_rules(self) -> None:
        declared = self.declared(
            "package extension A { var b: Int { let c = 1; return c }; private func d() {} }\n"
            "package protocol E { associatedtype F; func g() -> F }\n"
            "package enum H { case i, j(K: Int); case k; var l: Int { 1 } }\n"
            "public private(set) var m = 1, n = 2\n"
            "package class O { class func p() {} ; package class func q() {} ; package init() {} }\n"
        )
        exported = {name for name, (_, access) in declared.items() if access == "exported"}
        self.assertEqual(exported, {"A", "b", "E", "F", "g", "H", "i", "j", "k", "m", "n", "O", "q", "init"})
        self.assertEqual(declared["d"], ("A", "private"))
        self.assertEqual((declared["l"], declared["p"]), (("H", "inside"), ("O", "inside")))
        self.assertNotIn("c", declared)


if __name__ == "__main__":
    unittest.main()
