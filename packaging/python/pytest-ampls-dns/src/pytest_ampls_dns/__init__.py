"""Fixtures: a DNS server that answers as Azure does, for each scenario of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, Callable, Iterator, Optional, Sequence

import pytest
from ampls_dns import Server

MARK = "ampls_dns(scenario=None, at=None): the scenario and the step that the fixture `ampls_dns` serves"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("ampls_dns_scenario", "scenario of the fixture `ampls_dns`: a file or the name of a built-in one", default="")
    parser.addini("ampls_dns_at", "step that its server starts at", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARK)


@pytest.fixture(scope="session")
def _ampls_dns_servers() -> Iterator[dict[Any, Server]]:
    servers: dict[Any, Server] = {}
    yield servers
    for server in servers.values():
        server.stop()


def _wanted(request: pytest.FixtureRequest) -> tuple[Optional[str], Optional[str]]:
    mark = request.node.get_closest_marker("ampls_dns")
    if mark is not None and (mark.args or set(mark.kwargs) - {"scenario", "at"}):
        raise pytest.UsageError(f"{MARK.split(':')[0]} takes the keywords `scenario` and `at` alone")
    given = mark.kwargs if mark is not None else {}
    scenario = given.get("scenario") or request.config.getini("ampls_dns_scenario") or None
    at = given.get("at") or request.config.getini("ampls_dns_at") or None
    if scenario is not None:
        beside = os.path.join(os.path.dirname(str(request.node.path)), scenario)
        scenario = beside if os.path.exists(beside) else os.fspath(scenario)
    return scenario, at


@pytest.fixture
def ampls_dns(request: pytest.FixtureRequest, _ampls_dns_servers: dict[Any, Server]) -> Server:
    """A running server at the step that the test's mark or pytest's settings name."""
    wanted = _wanted(request)
    server = _ampls_dns_servers.get(wanted)
    if server is None:
        server = _ampls_dns_servers[wanted] = Server(*wanted).start()
    server.reset()
    return server


@pytest.fixture
def ampls_dns_address(ampls_dns: Server) -> Callable[[Optional[str]], tuple[str, int]]:
    """Where each network's view is answered."""
    return ampls_dns.address


@pytest.fixture
def ampls_dns_run(ampls_dns: Server) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs a command inside a network; skips the test where this system has no network namespaces for it."""
    if sys.platform != "linux":
        pytest.skip("commands run inside a network on Linux only")

    def run(network: str, command: Sequence[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        ended = ampls_dns.run(network, command, **options)
        # 125: the network could not be created.
        if ended.returncode == 125 and os.environ.get("CI") != "true":
            pytest.skip(str(ended.stderr))
        return ended

    return run
