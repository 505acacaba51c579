"""Random trees as people, cameras and programs put them into an inbox: well-formed, half done, odd and hostile ones."""

from __future__ import annotations

import os
import random
import stat
from dataclasses import dataclass, field

from .accounting import Fate, Obstacle, TreeFile
from .pictures import png_file

LIMITS = {"max_file_bytes": 1 << 20, "max_drop_depth": 6, "max_drop_files": 80}
"""What the settings under test must say: `deep`, `many` and `huge` are made to be beyond."""

_ODD = [
    b"with space", b" led", b"trailed ", b"two  spaces", b"a\nb", b"\xff\xfe", b"caf\xc3", b"\x1b[31m", b"back\\slash",
    b"'quoted\"", b"-rf", b"%s%n", b"$(x)", b"*?", b"#1", b"~", b"a:b", b"CON", "кот".encode(), "猫".encode(),
    "e\u0301te\u0301".encode(), "x\u200cy".encode(), "\u202egnp".encode(), "🐈‍⬛".encode(), b"a..", b"x~syncthing~y",
    b"part", b"x.part.y", b"tmp", b"DS_Store", b"git",
]
_WORDS = [b"apple", b"Banana", b"pear", b"cat", b"dog", b"IMG", b"scan", b"ripe", b"b17", b"house"]
_SUFFIXES = [b".png", b".PNG", b".jpg", b"", b".jpeg", b".bin"]
_PARTIAL = [b".part", b".partial", b".tmp", b".filepart", b".crdownload", b".PART"]
_SPLITS = [
    [b"train", b"test"], [b"train", b"valid", b"test"], [b"training", b"testing"], [b"Train Set", b"Test Set"],
    [b"train", b"val"], [b"train", b"dev"], [b"train-data", b"holdout"], [b"TRAIN", b"TEST"], [b"train"], [b"eval", b"train"],
]
_CLUTTER_FILES = [b".DS_Store", b"Thumbs.db", b"desktop.ini", b"._photo.png", b"ehthumbs.db", b".directory"]
_CLUTTER_FOLDERS = [
    b"__MACOSX", b"@eaDir", b".ipynb_checkpoints", b"#recycle", b"@Recycle", b"@Recently-Snapshot", b".Trash-1000",
    b".AppleDouble", b"lost+found", b".git", b".dvc", b"$RECYCLE.BIN", b".thumbnails",
]


@dataclass
class Tree:
    """One entry of the inbox with everything below it."""

    top: bytes
    files: list[tuple[TreeFile, bytes | int]] = field(default_factory=list)
    """With their content, or the size of a sparse one."""
    folders: list[bytes] = field(default_factory=list)
    others: list[tuple[bytes, str]] = field(default_factory=list)
    """Links, pipes and sockets: path and what it is or leads to."""
    modes: list[tuple[bytes, int]] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    shape: str = ""

    def make(self, folder: bytes, owner: int | None) -> None:
        """Writes the tree into a folder; `owner` is the account that it shall belong to."""
        for path in self.folders:
            os.makedirs(os.path.join(folder, path), exist_ok=True)
        for file, content in self.files:
            target = os.path.join(folder, file.path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as stream:
                if isinstance(content, int):
                    stream.truncate(content)
                else:
                    stream.write(content)
        for path, kind in self.others:
            _make_other(os.path.join(folder, path), kind)
        if owner is not None:
            self._give(os.path.join(folder, self.top), owner)
        for path, mode in sorted(self.modes, reverse=True):
            os.chmod(os.path.join(folder, path), mode)

    @staticmethod
    def _give(top: bytes, owner: int) -> None:
        os.lchown(top, owner, owner)
        for parent, folders, names in os.walk(top):
            for name in folders + names:
                os.lchown(os.path.join(parent, name), owner, owner)


def _make_other(path: bytes, kind: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, 0o644 | stat.S_IFSOCK)
        case target:
            os.symlink(target, path)


class Grower:
    """Makes trees; the same seed gives the same ones."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(seed)
        self.number = 0
        self.known: list[bytes] = []
        """Contents of pictures, to be repeated now and then."""

    def tree(self) -> Tree:
        shapes = {
            self._labels: 8, self._splits: 5, self._wrapper: 3, self._label_above_split: 1, self._label: 3,
            self._loose: 2, self._keep: 1, self._hidden_drop: 2, self._partial_drop: 2, self._nested: 3, self._deep: 1,
            self._many: 1, self._nothing: 2,
        }
        shape = self.random.choices(list(shapes), list(shapes.values()))[0]
        self.number += 1
        tree = Tree(self._name(), shape=shape.__name__.strip("_"))
        shape(tree)
        return tree

    # Shapes

    def _labels(self, tree: Tree) -> None:
        for _ in range(self.random.randint(1, 3)):
            self._label_folder(tree, self._path(tree.top, self._name()))
        if self.random.random() < 0.2:
            self._file(tree, self._path(tree.top, self._file_name()))

    def _splits(self, tree: Tree) -> None:
        labels = [self._name() for _ in range(self.random.randint(1, 3))]
        for split in self.random.choice(_SPLITS):
            for label in labels:
                self._label_folder(tree, self._path(tree.top, split, label))

    def _wrapper(self, tree: Tree) -> None:
        inner = Tree(self._path(tree.top, b"archive", *([b"dataset"] if self.random.random() < 0.5 else [])))
        self.random.choice([self._labels, self._splits])(inner)
        for ours, theirs in [
            (tree.files, inner.files), (tree.folders, inner.folders), (tree.others, inner.others),
            (tree.modes, inner.modes), (tree.obstacles, inner.obstacles)
        ]:
            ours += theirs

    def _label_above_split(self, tree: Tree) -> None:
        for _ in range(2):
            label = self._name()
            for split in (b"train", b"test"):
                self._label_folder(tree, self._path(tree.top, label, split))

    def _label(self, tree: Tree) -> None:
        self._label_folder(tree, tree.top)

    def _loose(self, tree: Tree) -> None:
        tree.top += self.random.choice(_SUFFIXES)
        self._file(tree, tree.top)

    def _keep(self, tree: Tree) -> None:
        self._add(tree, self._path(tree.top, b".keep"), Fate.MARKER, b"")
        for _ in range(self.random.randint(1, 4)):
            self._file(tree, self._path(tree.top, self._file_name()))

    def _hidden_drop(self, tree: Tree) -> None:
        name, tree.top = tree.top, b"." + tree.top
        obstacle = self._obstacle(tree, tree.top, self.random.choice(["rename", "take"]), name)
        self._ordinary(tree, tree.top, [obstacle])

    def _partial_drop(self, tree: Tree) -> None:
        name = tree.top
        tree.top += self.random.choice(_PARTIAL)
        self._ordinary(tree, tree.top, [self._obstacle(tree, tree.top, "rename", name)])

    def _nested(self, tree: Tree) -> None:
        """A delivery that mv put into an earlier one, because that was still there."""
        self._labels(tree)
        hidden = self._path(tree.top, b"." + tree.top[:200])
        self._ordinary(tree, hidden, [self._obstacle(tree, hidden, "take")])

    def _deep(self, tree: Tree) -> None:
        folders = [b"d%d" % depth for depth in range(LIMITS["max_drop_depth"] + 2)]
        self._add(tree, self._path(tree.top, *folders, b"1.png"), Fate.ANY, self._picture())
        self._add(tree, self._path(tree.top, b"label", b"2.png"), Fate.ANY, self._picture())

    def _many(self, tree: Tree) -> None:
        for number in range(LIMITS["max_drop_files"] + 5):
            self._add(tree, self._path(tree.top, b"label", b"%d.png" % number), Fate.ANY, self._picture())

    def _nothing(self, tree: Tree) -> None:
        match self.random.randrange(4):
            case 0: tree.folders.append(tree.top)
            case 1: tree.folders.append(self._path(tree.top, b"a", b"b"))
            case 2: self._add(tree, self._path(tree.top, b"label", b".gitkeep"), Fate.NAMED, b"")
            case 3: self._clutter(tree, tree.top)

    # What is in folders

    def _ordinary(self, tree: Tree, folder: bytes, obstacles: list[Obstacle]) -> None:
        for _ in range(self.random.randint(1, 2)):
            label = self._path(folder, self._name())
            for _ in range(self.random.randint(1, 3)):
                self._file(tree, self._path(label, self._file_name()), obstacles)

    def _label_folder(self, tree: Tree, folder: bytes) -> None:
        for _ in range(self.random.randint(1, 4)):
            self._file(tree, self._path(folder, self._file_name()))
        extras = [
            self._hidden_file, self._partial_file, self._hidden_folder, self._part_folder, self._unreadable_file,
            self._unreadable_folder, self._unwritable_folder, self._huge, self._clutter, self._git_keep,
            self._empty_folder, self._other,
        ]
        for extra in self.random.sample(extras, self.random.choices([0, 1, 2, 4], [4, 3, 2, 1])[0]):
            extra(tree, folder)

    def _file(self, tree: Tree, path: bytes, obstacles: list[Obstacle] | None = None) -> None:
        """A file that is taken: a picture mostly, or what is refused."""
        match self.random.choices(["new", "known", "text", "cut", "empty"], [12, 2, 1, 1, 1])[0]:
            case "new": content = self._picture()
            case "known": content = self.random.choice(self.known or [self._picture()])
            case "text": content = b"no picture, number %d, and of some length" % self._next()
            case "cut": content = self._picture()[:60]
            case _: content = b""
        self._add(tree, path, Fate.TAKEN, content, obstacles)

    def _hidden_file(self, tree: Tree, folder: bytes) -> None:
        name = self._file_name()[:200]
        path = self._path(folder, b"." + name)
        change = self.random.choice(["rename", "take"])
        self._add(tree, path, Fate.TAKEN, self._picture(), [
            self._obstacle(tree, path, change, self._path(folder, name))])

    def _partial_file(self, tree: Tree, folder: bytes) -> None:
        name = self._file_name()[:200]
        path = self._path(folder, name + self.random.choice(_PARTIAL))
        if self.random.random() < 0.2:
            path = self._path(folder, b"~syncthing~" + name)
        self._add(tree, path, Fate.TAKEN, self._picture(), [
            self._obstacle(tree, path, self.random.choice(["rename", "rename", "take"]), self._path(folder, name))])

    def _hidden_folder(self, tree: Tree, folder: bytes) -> None:
        path = self._path(folder, b".net%d" % self._next())
        obstacle = self._obstacle(tree, path, "take")
        for _ in range(self.random.randint(1, 3)):
            self._add(tree, self._path(path, self._file_name()), Fate.TAKEN, self._picture(), [obstacle])

    def _part_folder(self, tree: Tree, folder: bytes) -> None:
        path = self._path(folder, b"engine%d" % self._next() + self.random.choice(_PARTIAL))
        self._file(tree, self._path(path, self._file_name()))

    def _unreadable_file(self, tree: Tree, folder: bytes) -> None:
        path = self._path(folder, self._file_name())
        tree.modes.append((path, 0))
        self._add(tree, path, Fate.TAKEN, self._picture(), [self._obstacle(tree, path, "chmod")])

    def _unreadable_folder(self, tree: Tree, folder: bytes) -> None:
        path = self._path(folder, b"closed%d" % self._next())
        tree.modes.append((path, self.random.choice([0o000, 0o311, 0o600])))
        obstacle = self._obstacle(tree, path, "chmod")
        for _ in range(self.random.randint(1, 2)):
            self._add(tree, self._path(path, self._file_name()), Fate.TAKEN, self._picture(), [obstacle])

    def _unwritable_folder(self, tree: Tree, folder: bytes) -> None:
        path = self._path(folder, b"fixed%d" % self._next())
        tree.modes.append((path, 0o555))
        self._add(tree, self._path(path, self._file_name()), Fate.TAKEN, self._picture())

    def _huge(self, tree: Tree, folder: bytes) -> None:
        size = LIMITS["max_file_bytes"] + self.random.randint(1, 1 << 20)
        self._add(tree, self._path(folder, self._file_name()), Fate.NAMED, size)

    def _clutter(self, tree: Tree, folder: bytes) -> None:
        if self.random.random() < 0.5:
            self._add(tree, self._path(folder, self.random.choice(_CLUTTER_FILES)), Fate.CLUTTER, b"left behind")
            return
        inside = self._path(folder, self.random.choice(_CLUTTER_FOLDERS))
        for name in [b"x.png", b"deeper/config"]:
            self._add(tree, self._path(inside, name), Fate.CLUTTER, self._picture())

    def _git_keep(self, tree: Tree, folder: bytes) -> None:
        self._add(tree, self._path(folder, b".gitkeep"), Fate.NAMED, b"")

    def _empty_folder(self, tree: Tree, folder: bytes) -> None:
        tree.folders.append(self._path(folder, b"empty%d" % self._next()))

    def _other(self, tree: Tree, folder: bytes) -> None:
        kind = self.random.choice(["pipe", "socket", "/etc/passwd", "nowhere", ".", "..", "/"])
        tree.others.append((self._path(folder, b"other%d.png" % self._next()), kind))

    # Small things

    def _add(
        self, tree: Tree, path: bytes, base: Fate, content: bytes | int, obstacles: list[Obstacle] | None = None
    ) -> None:
        if path not in {file.path for file, _ in tree.files}:
            tree.files.append((TreeFile(path, base, list(obstacles or [])), content))

    def _obstacle(self, tree: Tree, path: bytes, change: str, target: bytes = b"") -> Obstacle:
        try:
            path.decode()
        except UnicodeDecodeError:
            # The command line is no place for what isn't UTF-8: it stays hidden for ever.
            change = "nothing" if change == "take" else change
        tree.obstacles.append(Obstacle(path, change, target))
        return tree.obstacles[-1]

    def _picture(self) -> bytes:
        noise = self.random.randbytes(3 * 64)
        content = png_file(8, 8, b"".join(b"\0" + noise[row * 24:row * 24 + 24] for row in range(8)))
        if len(self.known) < 500:
            self.known.append(content)
        return content

    def _name(self) -> bytes:
        """Of a drop or a label; no two are the same, and none means anything to cultivar."""
        base = self.random.choice(_WORDS if self.random.random() < 0.6 else _ODD)
        name = base + b"%d" % self._next()
        return name + b"l" * (255 - 12 - len(name)) if self.random.random() < 0.03 else name

    def _file_name(self) -> bytes:
        base = self.random.choice(_WORDS if self.random.random() < 0.7 else _ODD)
        return base + b"%d" % self._next() + self.random.choice(_SUFFIXES)

    def _next(self) -> int:
        self.number += 1
        return self.number

    @staticmethod
    def _path(*components: bytes) -> bytes:
        return b"/".join(components)
