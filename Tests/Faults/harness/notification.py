"""The other end of sd_notify(3): what a service manager hears."""

from __future__ import annotations

import socket
import time
import unittest
from pathlib import Path


class NotificationSocket:
    def __init__(self, case: unittest.TestCase, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        case.addCleanup(self._socket.close)
        self._socket.bind(str(path))

    def variables(self, watchdog_seconds: float) -> dict[str, str]:
        """What the service finds in its environment."""
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(int(watchdog_seconds * 1e6))}

    def hears(self, message: str, seconds: float) -> bool:
        """Whether the message comes within that time."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            self._socket.settimeout(rest)
            try:
                if self._socket.recv(4096).decode().startswith(message):
                    return True
            except TimeoutError:
                break
        return False

    def forget(self) -> None:
        """Throws away what has come so far."""
        self._socket.settimeout(0)
        try:
            while True:
                self._socket.recv(4096)
        except BlockingIOError:
            pass
