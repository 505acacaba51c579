"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe() -> str:
    """Processor, instruction sets, cores, memory and load, in a line."""
    info = Path("/proc/cpuinfo").read_text()
    fields = dict(line.split(":", 1) for line in info.split("\n\n")[0].splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    name = fields.get("model name", platform.machine())
    flags = fields.get("flags", "").split()
    sets = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"{name}; {', '.join(sets) or 'no vector extension known here'}; {os.cpu_count()} cores, {gigabytes:.0f} GiB; "
        f"load {os.getloadavg()[0]:.1f}")


def busy() -> bool:
    """Whether something else keeps this machine busy, so that figures are worth less."""
    return os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1)
