"""Runs a program on a system that has no system call filters, as far as that program and its children can tell.

Usage: unfiltered.py PROGRAM ARGUMENT…

A filter of its own, which they inherit, refuses the call that sets one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys

PRCTL = {"x86_64": 157, "aarch64": 167}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2
LOAD, JUMP_IF_EQUAL, ANSWER = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16
"""Where the kernel puts them for a filter."""
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EINVAL


class Step(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16), ("if_true", ctypes.c_uint8), ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    ]


class Filter(ctypes.Structure):
    _fields_ = [("count", ctypes.c_uint16), ("steps", ctypes.POINTER(Step))]


def prefix() -> list[str]:
    """What to put before a command."""
    return [sys.executable, __file__]


def main() -> None:
    steps = [
        (LOAD, 0, 0, NUMBER), (JUMP_IF_EQUAL, 0, 3, PRCTL[platform.machine()]), (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 0, 1, PR_SET_SECCOMP), (ANSWER, 0, 0, REFUSE), (ANSWER, 0, 0, ALLOW),
    ]
    program = Filter(len(steps), (Step * len(steps))(*(Step(*step) for step in steps)))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0), (PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program))):
        if libc.prctl(*arguments, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "can't set a filter")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
