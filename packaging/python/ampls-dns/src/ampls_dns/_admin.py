"""The admin API of a running server, as tests use it."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Iterable, Optional


class AdminError(Exception):
    """The server refused a request; ``problem`` is the document that says why (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]):
        super().__init__(problem.get("detail") or problem.get("title") or f"HTTP status {status}")
        self.status = status
        self.problem = problem


class Admin:
    """Requests to the admin API at ``url``, with a token where the server wants one."""

    url: str
    token: Optional[str] = None

    def request(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Sends a request and returns the JSON document of the response."""
        url = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                problem = json.loads(text)
            except ValueError:
                problem = {"title": text.decode(errors="replace")}
            raise AdminError(error.code, problem) from None
        return json.loads(text) if text else None

    def reset(self) -> None:
        """Returns to the step that the server started at, without the events applied since, and clears all faults."""
        self.request("POST", "/v1/reset")
        self.request("DELETE", "/v1/faults")

    def step(self, name: str) -> None:
        """Goes to a step of the scenario, forward or back."""
        self.request("POST", "/v1/steps/goto", {"step": name})

    def apply(self, events: Iterable[dict[str, Any]]) -> None:
        """Applies events to the revision that is served now."""
        state = self.state()
        self.request("POST", "/v1/events", {"builtOn": state["revision"], "events": list(events)})

    def state(self) -> dict[str, Any]:
        """What is served: step, revision, networks, zones, scopes, endpoints."""
        return self.request("GET", "/v1/state")

    def explain(self, name: str, network: str, type: str = "A") -> dict[str, Any]:
        """Why clients of a network get the answer they get."""
        return self.request("GET", "/v1/explain", name=name, type=type, **{"from": network})

    def resolve(self, name: str, network: str, type: str = "A") -> list[str]:
        """The data that clients of a network get for a name, without aliases; empty where they get none."""
        return [record["data"] for record in self.explain(name, network, type)["answer"] if record["type"] == type]

    def findings(self) -> Any:
        """What ``ampls-dns check`` reports about the revision that is served now."""
        return self.request("GET", "/v1/findings")

    def networks(self) -> dict[str, Optional[str]]:
        """Each network with the ``address:port`` that answers with its view."""
        return {network["name"]: network.get("listener") for network in self.state()["networks"]}
