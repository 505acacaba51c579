"""Settings files: the installed one with everything said, its parts, and YAML that people hardly write."""

import pathlib
import re

INSTALLED = pathlib.Path(__file__).resolve().parents[2] / "systemd" / "cultivar.yaml"


def files():
    sections = said().split("\n\n")
    result = {"everything": said(), "nothing": "# nothing\n"}
    result |= {f"section-{section.split(':')[0].strip()}": section + "\n" for section in sections}
    return {f"{name}.yaml": text.encode() for name, text in {**result, **ODD}.items()}


def words():
    keys = re.findall(r"^ *([a-z_]+):", said(), re.MULTILINE)
    values = re.findall(r": *([^\[\n]+)$", said(), re.MULTILINE)
    marks = ["---\n", "...\n", "!!str ", "!!null", "&a ", "*a", "<<: ", "|\n", ">\n", "? ", "~", "{}", "[]", "%YAML 1.1"]
    return [word.encode() for word in dict.fromkeys([key + ": " for key in keys] + values + marks)]


def said():
    """The installed file without its help: every key with its default."""
    lines = [line[1:] if line.startswith("#") else line for line in INSTALLED.read_text().splitlines()]
    lines = [line for line in lines if not line.strip() or re.match(r" *[a-z_]+:( |$)", line)]
    return "\n".join(lines).strip() + "\n"


ODD = {
    "flow": "{train: {every: 1h, min_new: 2}, search: {folds: 2, space: {dropout: [0, 0.5]}}}\n",
    "anchors": "train: &a {min_new: 2}\nsearch: {seed: &b 7, candidates: *b}\n",
    "merge": "base: &base {min_new: 2}\ntrain:\n  <<: *base\n  every: 1h\n",
    "tags": "train: !!map {min_new: !!int '3', on_drop: !!bool yes}\n",
    "block-scalars": "paths:\n  inbox: |\n    /a\n    /b\n  state: >-\n    /c\n    d\n",
    "quoted": "paths: {inbox: '/it''s', outbox: \"/tab\\t\\u00e9\\n\", state: '', backbones: \"\\0\"}\n",
    "numbers": "search: {seed: 0x10, space: {learning_rate: [1e-3, .5, 1_0], batch_size: [0b11, 017]}}\n",
    "not-numbers": "limits: {max_seconds: .nan}\npromotion: {min_gain: .inf}\nfit: {validation_share: -0.0}\n",
    "spans": "inbox: {settle: 0s}\ntrain: {every: 1.5 min}\n",
    "twice": "train: {min_new: 1}\ntrain: {min_new: 2}\n",
    "wrong": "train: [1]\nzebra: 1\nsearch: {fold: 3, space: relu}\naugment: {zoom_range: [2, 1]}\n",
    "keys": "1: 2\n? [a, b]\n: c\n~: d\n'': e\n.train: f\ntrain.every: 1h\n",
    "documents": "train: {min_new: 2}\n---\ntrain: {min_new: 3}\n...\n",
    "directives": "%YAML 1.1\n%TAG ! tag:example.com,2000:\n---\ntrain: !x {min_new: 2}\n",
    "null-section": "train:\nsearch: ~\npaths: null\n",
    "list": "- a\n- b\n",
    "open": "train: {min_new: [1\n",
    "deep": "a: " + "[" * 40 + "]" * 40 + "\n",
    "bom": "\ufefftrain: {min_new: 2}\r\n",
}
