"""What a Swift file imports, declares and uses, read without a compiler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ACCESS = {"package", "public", "open", "internal", "fileprivate", "private"}
TYPES = {"struct", "class", "enum", "actor", "protocol", "extension"}
VALUES = {"func", "var", "let", "typealias", "associatedtype", "init", "subscript", "macro"}
KEYWORDS = ACCESS | TYPES | VALUES | {"case", "import"}
NAMING = (TYPES | VALUES) - {"extension"}
"""What stands before a name that is new."""

_START = re.compile(r'//[^\n]*|/\*|(#*)("""|")|[()]')
_COMMENT_MARK = re.compile(r"/\*|\*/")
_IMPORT = re.compile(
    r"^[ \t]*(?P<attributes>(?:@\w+(?:\([^)]*\))?[ \t]+)*)(?:(?:public|package|internal|fileprivate|private)[ \t]+)?"
    r"import[ \t]+(?:(?:struct|class|enum|protocol|func|var|let|typealias)[ \t]+)?(?P<module>\w+)[\w.]*",
    re.MULTILINE,
)
_TOKEN = re.compile(r"`?[A-Za-z_]\w*`?|\d\w*(?:\.\d\w*)?|\.\.[.<]|[-+*/=<>!&|^~%?]+|[{}()\[\],.@#:;]")
_SUBSCRIPT = re.compile(r"(?<=[\w)\]?!])\[")


class _Blanker:
    """Puts blanks for comments and literals, but leaves what is interpolated, so that places stay the same."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: list[str] = []
        self.code(0, is_interpolation=False)

    def blank(self, start: int, end: int) -> None:
        self.parts.append(re.sub(r"[^\n]", " ", self.text[start:end]))

    def code(self, place: int, is_interpolation: bool) -> int:
        """Passes code, an interpolation up to its closing bracket; returns the place after it."""
        depth = 0
        while mark := _START.search(self.text, place):
            self.parts.append(self.text[place : mark.start()])
            found, place = mark.group(), mark.end()
            if found in "()":
                self.parts.append(found)
                depth += 1 if found == "(" else -1
                if is_interpolation and depth == 0:
                    return place
            elif found.startswith("//"):
                self.blank(mark.start(), place)
            elif found == "/*":
                place = self.comment(place)
                self.blank(mark.start(), place)
            else:
                self.blank(mark.start(), place)
                place = self.literal(place, mark.group(1), mark.group(2))
        self.parts.append(self.text[place:])
        return len(self.text)

    def comment(self, place: int) -> int:
        depth = 1
        while depth and (mark := _COMMENT_MARK.search(self.text, place)):
            depth += 1 if mark.group() == "/*" else -1
            place = mark.end()
        return place

    def literal(self, place: int, hashes: str, quote: str) -> int:
        ends = rf"{quote}{hashes}" if len(quote) == 3 else rf"{quote}{hashes}|\n"
        mark_pattern = re.compile(rf"(?P<inner>\\{hashes}\()|\\{hashes}[^(]|(?P<end>{ends})")
        while mark := mark_pattern.search(self.text, place):
            self.blank(place, mark.end() - (1 if mark["inner"] else 0))
            place = mark.end()
            if mark["end"]:
                return place
            if mark["inner"]:
                place = self.code(place - 1, is_interpolation=True)
        self.blank(place, len(self.text))
        return len(self.text)


def code_only(text: str) -> str:
    """The text with blanks for comments and for all of a literal but its interpolations; lines keep their places."""
    return "".join(_Blanker(text).parts)


@dataclass(frozen=True)
class Import:
    module: str
    line: int
    is_testable: bool


@dataclass(frozen=True)
class Declaration:
    name: str
    container: str | None
    """The innermost type or extension around it."""
    keyword: str
    access: str
    """`exported`, `inside` or `private`."""
    words: frozenset[str]
    """The types that its head names, and all words of a value that gives a variable its type."""


def _is_word(token: str) -> bool:
    return token[:1].isalpha() or token[:1] in ("_", "`")


def is_type_like(word: str) -> bool:
    """Swift's types begin with a capital; C's have an underscore."""
    return word[0].isupper() or "_" in word[1:]


@dataclass(frozen=True)
class _Scope:
    container: str | None
    keyword: str = ""
    opens: bool = False
    """Whether members without an access word are exported (of an enum only its cases)."""


class _Reader:
    """Reads declarations of files and types; passes bodies over."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = [*tokens, ""]
        self.place = 0
        self.found: list[Declaration] = []
        self.members(_Scope(None))

    def skip_brackets(self) -> None:
        """Goes behind the bracket that closes the one which has just been read."""
        depth = 1
        while depth and (token := self.tokens[self.place]):
            self.place += 1
            if token in "([{":
                depth += 1
            elif token in ")]}":
                depth -= 1

    def members(self, scope: _Scope) -> None:
        access = ""
        while token := self.tokens[self.place]:
            before = self.tokens[self.place - 1] if self.place else ""
            self.place += 1
            following = self.tokens[self.place]
            if token == "}":
                return
            if token in "([{":
                self.skip_brackets()
            elif token not in KEYWORDS or before in (".", "@", "#"):
                continue
            elif token in ACCESS:
                if following != "(":  # private(set) says nothing of reading
                    access = token
            elif token == "class" and following in VALUES:  # a modifier
                continue
            else:
                self.declaration(token, access, scope)
                access = ""

    def declaration(self, keyword: str, access: str, scope: _Scope) -> None:
        if keyword == "import":
            self.place += 1
        elif keyword in TYPES:
            self.type(keyword, access, scope)
        else:
            names = [keyword] if keyword in ("init", "subscript") else [self.name()]
            words = self.head(names if keyword in ("case", "let", "var") else None)
            self.add(names, words, keyword, access, scope)

    def type(self, keyword: str, access: str, scope: _Scope) -> None:
        name = self.name()
        while keyword == "extension" and self.tokens[self.place] == ".":
            self.place += 1
            name = self.name()
        words = self.head()
        self.add([name], words, keyword, access, scope)
        opens = self.found[-1].access == "exported" and keyword in ("protocol", "enum", "extension")
        if self.tokens[self.place] == "{":
            self.place += 1
            self.members(_Scope(name, keyword, opens))

    def name(self) -> str:
        token = self.tokens[self.place]
        if token != "[":  # of an extension of [Element]
            self.place += 1
        return token.strip("`")

    def head(self, names: list[str] | None = None) -> frozenset[str]:
        """The words of a declaration up to its body or the next one; `names` gets those that follow after commas."""
        words, depth, before = set(), 0, ""
        is_typed = is_inferred = False
        while token := self.tokens[self.place]:
            if depth == 0 and (token in "{}" or (token in KEYWORDS and before != ".")):
                break
            self.place += 1
            if token in "([{":
                depth += 1
            elif token in ")]}":
                depth -= 1
            elif depth == 0 and token == ":":
                is_typed = True
            elif depth == 0 and token == "=":
                is_inferred = names is not None and not is_typed
            elif _is_word(token):
                if names is not None and depth == 0 and before == ",":
                    names.append(token.strip("`"))
                if is_inferred or is_type_like(token):
                    words.add(token.strip("`"))
            before = token
        return frozenset(words)

    def add(self, names: list[str], words: frozenset[str], keyword: str, access: str, scope: _Scope) -> None:
        if access in ("fileprivate", "private"):
            level = "private"
        elif access in ("package", "public", "open"):
            level = "exported"
        else:
            opens = scope.opens and access == "" and (scope.keyword != "enum" or keyword == "case")
            level = "exported" if opens else "inside"
        self.found += [Declaration(name, scope.container, keyword, level, words) for name in names]


class Uses:
    """The names that code uses, but for those that it declares."""

    def __init__(self, tokens: list[str]) -> None:
        self.members: set[str] = set()
        """Words after a dot, and `subscript`."""
        self.bare: set[str] = set()
        """Words and operators without a dot."""
        self.labels: set[str] = set()
        brackets, before = [""], ""
        for token, second, third in zip(tokens, [*tokens[1:], ""], [*tokens[2:], "", ""]):
            is_label = brackets[-1] == "(" and before in "(," and ":" in (second, _is_word(second) and third)
            if token in "([{":
                brackets.append(token)
            elif token in ")]}":
                brackets = brackets[:-1] or [""]
            elif before == ".":
                self.members.add(token.strip("`"))
            elif is_label:
                self.labels.add(token)
            elif before not in NAMING and token != "init":
                self.bare.add(token.strip("`"))
            before = token

    @property
    def all(self) -> set[str]:
        return self.bare | self.members


class SwiftFile:
    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text()
        self.is_generated = "DO NOT EDIT" in text[:2000]
        self.code = code_only(text)
        self.imports = list(_imports(self.code))
        self.tokens: list[str] = _TOKEN.findall(_SUBSCRIPT.sub(".subscript[", _IMPORT.sub("", self.code)))

    @cached_property
    def declarations(self) -> list[Declaration]:
        return _Reader(self.tokens).found

    @cached_property
    def uses(self) -> Uses:
        return Uses(self.tokens)

    @cached_property
    def words(self) -> set[str]:
        """All words of the code, labels and declared names too."""
        return {token.strip("`") for token in set(self.tokens) if _is_word(token)}


def _imports(code: str) -> Iterator[Import]:
    for found in _IMPORT.finditer(code):
        line = code.count("\n", 0, found.start("module")) + 1
        yield Import(found["module"], line, "@testable" in found["attributes"])
