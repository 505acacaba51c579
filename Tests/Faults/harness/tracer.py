#!/usr/bin/env python3
"""Runs a program and kills it at its Nth system call that changes or synchronises files, before the call is made.

    tracer.py --log FILE [--kill-at N] [--from TEXT] [--ignore REGEX] -- PROGRAM ARGUMENT...

strace can kill too (-e inject=…:signal=KILL:when=N), but it counts for each thread on its own, so that most calls of a
program with threads are never the Nth. Here the whole process has one count. What its child processes do isn't counted.

A seccomp filter hands the calls in question to the tracer; all others run at full speed. Linux on x86-64 only.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import re
import signal
import struct
import sys
from pathlib import Path

# unistd_64.h
OPENING = {"open": (2, 1), "openat": (257, 2)}
"""With the place of the flags among the arguments: only those that make or empty a file count."""
WITH_DESCRIPTOR = {
    "write": 1, "pwrite64": 18, "writev": 20, "pwritev": 296, "pwritev2": 328, "ftruncate": 77, "fallocate": 285,
    "fsync": 74, "fdatasync": 75, "syncfs": 306, "sync_file_range": 277, "fchmod": 91, "fchown": 93}
WITH_PATH = {
    "creat": 85, "truncate": 76, "rename": 82, "mkdir": 83, "rmdir": 84, "unlink": 87, "chmod": 90}
WITH_TARGET_AND_PATH = {"link": 86, "symlink": 88}
WITH_FOLDER = {
    "mkdirat": 258, "unlinkat": 263, "renameat": 264, "linkat": 265, "fchmodat": 268, "renameat2": 316}
WITH_TARGET_FIRST = {"symlinkat": 266}
COPYING = {"sendfile": 40, "copy_file_range": 326}
CALLS = {number: name for name, (number, _) in OPENING.items()} | {
    number: name
    for group in (
        WITH_DESCRIPTOR, WITH_PATH, WITH_TARGET_AND_PATH, WITH_FOLDER, WITH_TARGET_FIRST, COPYING)
    for name, number in group.items()}

# linux/ptrace.h
TRACEME, CONT, SETOPTIONS, GETEVENTMSG, GET_SYSCALL_INFO = 0, 7, 0x4200, 0x4201, 0x420E
EVENT_FORK, EVENT_VFORK, EVENT_CLONE, EVENT_EXEC, EVENT_SECCOMP = 1, 2, 3, 4, 7
TRACE_FORK, TRACE_VFORK, TRACE_CLONE, TRACE_EXEC, TRACE_SECCOMP, EXITKILL = 2, 4, 8, 16, 1 << 7, 1 << 20
WALL = 0x40000000

# linux/filter.h, linux/seccomp.h
LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
RET_ALLOW, RET_TRACE = 0x7FFF0000, 0x7FF00000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2
O_CREAT_OR_TRUNC = os.O_CREAT | os.O_TRUNC

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def is_supported() -> bool:
    return sys.platform == "linux" and platform.machine() == "x86_64"


def ptrace(request: int, pid: int, address: int = 0, data: int | ctypes.Array | None = 0) -> int:
    pointer = ctypes.cast(data, ctypes.c_void_p) if isinstance(data, ctypes.Array) else data
    result = libc.ptrace(request, pid, address, pointer)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def filter_program() -> bytes:
    """The seccomp filter: the calls of `CALLS` are traced, openings only if they may change something."""
    code = [(LOAD, 0, 0, 0)]
    for number, place in OPENING.values():
        code += [
            (JUMP_EQUAL, 0, 4, number), (LOAD, 0, 0, 16 + 8 * place), (JUMP_SET, 0, 1, O_CREAT_OR_TRUNC),
            (RETURN, 0, 0, RET_TRACE), (RETURN, 0, 0, RET_ALLOW)]
    plain = [number for number in CALLS if number not in {number for number, _ in OPENING.values()}]
    for number in plain:
        code += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, RET_TRACE)]
    code.append((RETURN, 0, 0, RET_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def become_traced(command: list[str]) -> None:
    """In the child: waits for the tracer, puts the filter on, and becomes the program."""
    program = ctypes.create_string_buffer(filter_program())
    header = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(program)))
    ptrace(TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, header, 0, 0):
        raise OSError(ctypes.get_errno(), "the filter was refused")
    os.execv(command[0], command)


class Trace:
    """One traced process with its threads, and its children, which are let be."""

    def __init__(self, process: int, options: argparse.Namespace, log) -> None:
        self.process = process
        self.options = options
        self.log = log
        self.count = 0
        self.has_begun = False
        self.threads = {process}
        self.children: set[int] = set()
        self.status = 0

    def run(self) -> int:
        """Follows the process to its end; returns its wait status."""
        os.waitpid(self.process, WALL)
        options = TRACE_FORK | TRACE_VFORK | TRACE_CLONE | TRACE_EXEC | TRACE_SECCOMP | EXITKILL
        ptrace(SETOPTIONS, self.process, 0, options)
        ptrace(CONT, self.process)
        while True:
            task, status = os.waitpid(-1, WALL)
            if os.WIFSTOPPED(status):
                self._go_on(task, self._stopped(task, status))
            elif task == self.process:
                return status

    def _stopped(self, task: int, status: int) -> int:
        """Deals with a stop; returns the signal to go on with."""
        event, number = status >> 16, os.WSTOPSIG(status)
        if event in (EVENT_FORK, EVENT_VFORK, EVENT_CLONE):
            message = ctypes.create_string_buffer(8)
            ptrace(GETEVENTMSG, task, 0, message)
            is_thread = event == EVENT_CLONE and task in self.threads
            (self.threads if is_thread else self.children).add(struct.unpack("Q", message)[0])
        elif event == EVENT_EXEC:
            self.has_begun = True
        elif event == EVENT_SECCOMP and task not in self.children and self.has_begun:
            self._called(task)
        # A new task begins with a SIGSTOP of the tracing; nobody else sends one here.
        return 0 if event or number == signal.SIGSTOP else number

    def _called(self, task: int) -> None:
        info = ctypes.create_string_buffer(96)
        ptrace(GET_SYSCALL_INFO, task, len(info), info)
        number, *arguments = struct.unpack_from("7Q", info, 24)
        path = path_of(task, CALLS[number], arguments)
        if path is None or self.options.ignore.search(path) or (self.count == 0 and self.options.start not in path):
            return
        self.count += 1
        self.log.write(f"{self.count} {CALLS[number]} {path}\n")
        if self.count == self.options.kill_at:
            os.kill(self.process, signal.SIGKILL)

    def _go_on(self, task: int, number: int) -> None:
        try:
            ptrace(CONT, task, 0, number)
        except ProcessLookupError:
            pass  # It has been killed while it stood.


def path_of(task: int, call: str, arguments: list[int]) -> str | None:
    """What a call is about; None where it isn't about files, as a write to a socket."""
    if call in WITH_DESCRIPTOR:
        return descriptor_path(task, arguments[0])
    if call in COPYING:
        return descriptor_path(task, arguments[0 if call == "sendfile" else 2])
    if call in WITH_PATH or call == "open":
        return text_at(task, arguments[0])
    if call in WITH_TARGET_AND_PATH:
        return text_at(task, arguments[1])
    place = 1 if call in WITH_TARGET_FIRST else 0
    name = text_at(task, arguments[place + 1])
    folder = ctypes.c_int(arguments[place] & 0xFFFFFFFF).value
    return name if name.startswith("/") or folder < 0 else f"{descriptor_path(task, folder)}/{name}"


def descriptor_path(task: int, descriptor: int) -> str | None:
    try:
        path = os.readlink(f"/proc/{task}/fd/{descriptor}")
    except OSError:
        return None
    return path if path.startswith("/") and not path.startswith(("/dev/", "/proc/")) else None


def text_at(task: int, address: int) -> str:
    with open(f"/proc/{task}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        page_rest = 4096 - address % 4096
        content = memory.read(page_rest)
        if b"\0" not in content:
            content += memory.read(4096)
    return os.fsdecode(content.split(b"\0")[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="where each call is noted")
    parser.add_argument("--kill-at", type=int, default=0, metavar="N")
    parser.add_argument("--from", default="", dest="start", metavar="TEXT", help="the first call is about such a path")
    parser.add_argument("--ignore", default="^$", type=re.compile, metavar="REGEX", help="paths that don't count")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    process = os.fork()
    if process == 0:
        become_traced(arguments.command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: os.kill(process, number))
    with arguments.log.open("w", errors="backslashreplace") as log:
        status = Trace(process, arguments, log).run()
    return os.waitstatus_to_exitcode(status) % 256 if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


if __name__ == "__main__":
    sys.exit(main())
