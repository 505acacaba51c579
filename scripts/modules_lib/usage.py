"""Whether a file uses a module that it imports.

The compiler knows types, this knows names. A name proves a use if the module declares it at its top, or as a member of
a type that may be at hand: because the file names it, or names anything whose declaration does. So an import is called
unused only where no name can be the module's; one that merely shares names with the module passes.
"""

from __future__ import annotations

import re
from collections import defaultdict

from .manifest import Target
from .swift_code import TYPES, Declaration, SwiftFile, is_type_like
from .vocabulary import HEADERS, MODULES, Vocabulary

SYNTHESISED = {
    "allCases": {"CaseIterable"},
    "encode": {"Codable", "Encodable"},
    "rawValue": {"String", "Int", "UInt8", "Int32", "CodingKey", "OptionSet", "RawRepresentable"},
}
"""Members that a type has without declaring them, by what it conforms to."""
UNSEEN = {"appendInterpolation", "callAsFunction"}
"""Members whose names don't show where they are used."""
ITERATION = {"subscript", "next", "makeIterator", "callAsFunction", "Element"}
"""Members by which one type leads to another without being named."""
C_KEYWORDS = {"const", "else", "enum", "extern", "for", "if", "in", "int", "return", "static", "struct", "void"}


class Offer:
    """The names that a module of this package offers to its importers."""

    def __init__(self) -> None:
        self.top: set[str] = set()
        self.members: dict[str, set[str]] = defaultdict(set)
        """By the name of the type that has them."""

    def add(self, declaration: Declaration) -> None:
        if declaration.container:
            self.members[declaration.container].add(declaration.name)
        elif declaration.keyword != "extension":
            self.top.add(declaration.name)
        if declaration.keyword in TYPES:
            self.members[declaration.name] |= {
                name for name, reasons in SYNTHESISED.items() if not reasons.isdisjoint(declaration.words)
            }


class Catalogue:
    """All that the package declares."""

    def __init__(self, targets: list[Target], files: dict[str, list[SwiftFile]]) -> None:
        self.offers = {target.name: Offer() for target in targets}
        self.inner = {target.name: Offer() for target in targets}
        """With what isn't exported, for `@testable` imports."""
        self.foreign = {name: Foreign(vocabulary) for name, vocabulary in MODULES.items()}
        self.named: dict[str, set[str]] = defaultdict(set)
        """The types that a name leads to where it is used."""
        self.implied: dict[str, set[str]] = defaultdict(set)
        """The types that values of a type lead to."""
        self.own: set[str] = set()
        """The types that the package declares."""
        for target in targets:
            for file in files[target.name]:
                for declaration in file.declarations:
                    self._add(declaration, target.name)
            if not files[target.name]:
                self.foreign[target.name] = c_names(target)

    def _add(self, declaration: Declaration, module: str) -> None:
        name, container, words = declaration.name, declaration.container, declaration.words
        if declaration.access == "exported":
            self.offers[module].add(declaration)
        if declaration.access != "private":
            self.inner[module].add(declaration)
        self.named[container if container and name == "init" else name] |= words
        if container and name in ITERATION:
            self.implied[container] |= words
        elif declaration.keyword in TYPES | {"typealias"}:
            self.implied[name] |= words
        if declaration.keyword in TYPES - {"extension"}:
            self.own.add(name)

    def knows(self, module: str) -> bool:
        return module in self.offers or module in self.foreign

    def is_used(self, module: str, file: SwiftFile, is_testable: bool = False) -> bool:
        if module in file.uses.bare:
            return True
        if module in self.foreign:
            return self.foreign[module].is_in(file, self.reach(file.words))
        offer = (self.inner if is_testable else self.offers)[module]
        return not offer.top.isdisjoint(file.uses.bare) or self._are_members_used(offer, file)

    def _are_members_used(self, offer: Offer, file: SwiftFile) -> bool:
        at_hand = self.reach(file.words)
        inside = self.reach({name for one in file.declarations for name in (one.container, one.name) if name})
        for container, names in offer.members.items():
            is_own = container in self.own
            if is_own and container not in at_hand:
                continue
            words = file.uses.members if is_own and container not in inside else file.uses.all
            if not names.isdisjoint(words | UNSEEN) or ("init" in names and container in file.words):
                return True
        return False

    def reach(self, words: set[str]) -> set[str]:
        """The types of which there may be values where the words are used, among other words."""
        found: set[str] = set()
        waiting = list(words.union(*(self.named[word] for word in words if word in self.named)))
        while waiting:
            word = waiting.pop()
            if word not in found:
                found.add(word)
                # Words of small letters are of values that give variables their types.
                waiting += (self.implied if is_type_like(word) else self.named).get(word, ())
        return found


class Foreign:
    """The names of a module that isn't Swift code of this package."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.top = _any_of(vocabulary.top)
        self.functions = _any_of(vocabulary.functions)
        self.members = _any_of(vocabulary.members)
        self.labels = _any_of(vocabulary.labels)

    def is_in(self, file: SwiftFile, at_hand: set[str]) -> bool:
        uses = file.uses
        if _has(self.top, uses.all) or _has(self.functions, uses.bare) or _has(self.labels, uses.labels):
            return True
        return _has(self.members, uses.all) and _has(self.top, at_hand)


def _has(pattern: re.Pattern[str], words: set[str]) -> bool:
    return any(map(pattern.fullmatch, words))


def _any_of(words: str) -> re.Pattern[str]:
    return re.compile("|".join(words.split()) or "(?!)")


def c_names(target: Target) -> Foreign:
    """The names in a C target's headers, and those which are known of the libraries' headers that they include."""
    text = "\n".join(header.read_text() for header in target.headers)
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    included = [HEADERS[name] for name in re.findall(r"#include <(.+?)>", text) if name in HEADERS]
    names = set(re.findall(r"\b[A-Za-z_]\w*", re.sub(r"#include.*", "", text))) - C_KEYWORDS
    top = {name for name in names if is_type_like(name)}
    return Foreign(Vocabulary(" ".join([*included, *sorted(top)]), members=" ".join(sorted(names - top))))
