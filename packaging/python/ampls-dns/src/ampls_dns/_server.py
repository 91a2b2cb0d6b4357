"""The server as a process of a test run."""

from __future__ import annotations

import collections
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from typing import Any, Optional, Sequence, Union

from ._admin import Admin, AdminError

__all__ = ["AdminError", "Server", "ServerError", "binary"]

PathLike = Union[str, "os.PathLike[str]"]


class ServerError(RuntimeError):
    """The server cannot be started; the message is what it printed."""


def binary() -> str:
    """The program: ``AMPLS_DNS_BINARY``, else the one of this Python environment, else the one on PATH."""
    chosen = os.environ.get("AMPLS_DNS_BINARY")
    if chosen:
        return chosen
    name = "ampls-dns" + (sysconfig.get_config_var("EXE") or "")
    for folder in (sysconfig.get_path("scripts"), os.path.dirname(sys.executable)):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    found = shutil.which(name)
    if found is None:
        raise ServerError("no program `ampls-dns`; install the package ampls-dns, or set AMPLS_DNS_BINARY")
    return found


class Server(Admin):
    """A server on free ports of loopback, from :meth:`start` or ``with`` until :meth:`stop`.

    ``scenario`` is a file or the name of a built-in scenario, ``at`` a step of it. ``arguments`` are further ones of
    ``ampls-dns serve``.
    """

    def __init__(self, scenario: Optional[PathLike] = None, at: Optional[str] = None, arguments: Sequence[str] = ()):
        self.scenario = None if scenario is None else os.fspath(scenario)
        self.at = at
        self.arguments = list(arguments)
        self.url = ""
        self._process: Optional[subprocess.Popen[str]] = None
        self._said: "collections.deque[str]" = collections.deque(maxlen=1000)
        self._listeners: dict[Optional[str], tuple[str, int]] = {}

    def _serve(self) -> list[str]:
        return [*([] if self.scenario is None else [self.scenario]), *([] if self.at is None else ["--at", self.at])]

    def start(self) -> "Server":
        """Starts it and waits until it answers."""
        command = [binary(), "serve", *self._serve(), "--admin", "127.0.0.1:0"]
        if "--listen" not in self.arguments and "--base-port" not in self.arguments:
            command += ["--base-port", "0"]
        # Settings of the surrounding shell are not those of the test.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AMPLS_DNS_")}
        self._process = subprocess.Popen(
            command + self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, env=environment,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(ready,), daemon=True).start()
        if not ready.wait(60) or not self.url:
            self.stop()
            raise ServerError("\n".join(self._said) or "the server did not start within 60 seconds")
        state = self.state()
        for network, address in [(None, (state["listeners"] or [None])[0]), *self.networks().items()]:
            if address:
                host, _, port = address.rpartition(":")
                self._listeners[network] = (host.strip("[]"), int(port))
        return self

    def _read(self, ready: threading.Event) -> None:
        assert self._process is not None and self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line.rstrip("\n"))
            found = re.match(r"admin: (http://\S+)", line)
            if found:
                self.url = found.group(1)
            if line.startswith("ctrl-c ends"):
                ready.set()
        # It ended.
        ready.set()

    def stop(self) -> None:
        """Ends it; a server that has ended already is no error."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def log(self) -> str:
        """The last lines that it printed."""
        return "\n".join(self._said)

    def address(self, network: Optional[str] = None) -> tuple[str, int]:
        """Host and port, for UDP and TCP, that answer as in a network; without one, the public view."""
        try:
            return self._listeners[network]
        except KeyError:
            known = ", ".join(repr(one) for one in self._listeners if one)
            raise KeyError(f"no listener for network {network!r}; there are {known}") from None

    def run(self, network: str, command: Sequence[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        """Runs a command inside a network of the estate, on Linux: its resolver is a server of its own, at the step where
        this server stands, and it reaches what the network reaches. ``options`` are those of ``subprocess.run``."""
        if sys.platform != "linux":
            raise NotImplementedError("a command can be run inside a network on Linux only")
        step = self.state().get("step")
        where = [*([] if self.scenario is None else [self.scenario]), *(["--at", step] if step else [])]
        options = {"text": True, "capture_output": True, "timeout": 60, **options}
        return subprocess.run([binary(), "run", *where, "--from", network, "--", *command], **options)
