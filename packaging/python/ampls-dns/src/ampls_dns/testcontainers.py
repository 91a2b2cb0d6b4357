"""The container image as a Testcontainers module.

    from ampls_dns.testcontainers import AmplsDnsContainer

    with AmplsDnsContainer("two-scopes-one-dns", at="first-scope") as dns:
        dns.resolve("api.monitor.azure.com", "vnet1")
"""

from __future__ import annotations

import os
import secrets
import tempfile
from typing import Any, Optional, Union

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from ._admin import Admin

DNS_PORT = 53
ADMIN_PORT = 5299


class AmplsDnsContainer(DockerContainer, Admin):
    """A server in a container. Containers of its Docker network ask it at port 53; the source address or an EDNS client subnet
    chooses the view. Tests on the host use the admin API: ``resolve``, ``step``, ``apply``, ``reset``.

    ``scenario`` is the name of a built-in scenario or a file, which is mounted. The admin API is published on a port of the
    host, so it wants a token, which is made for each container.
    """

    def __init__(
        self,
        scenario: Optional[Union[str, "os.PathLike[str]"]] = None,
        at: Optional[str] = None,
        image: str = "ampls-dns",
        **options: Any,
    ):
        super().__init__(image, **options)
        self.token = secrets.token_urlsafe(32)
        self._folder = tempfile.TemporaryDirectory(prefix="ampls-dns-")
        token = os.path.join(self._folder.name, "token")
        with open(token, "w", encoding="ascii") as file:
            file.write(self.token)
        # The server in the container is user 65532.
        os.chmod(self._folder.name, 0o755)
        os.chmod(token, 0o644)
        self.with_volume_mapping(token, "/admin-token", "ro")
        self.with_env("AMPLS_DNS_ADMIN_TOKEN_FILE", "/admin-token")
        self.with_env("AMPLS_DNS_ADMIN", f"0.0.0.0:{ADMIN_PORT}")
        self.waiting_for(LogMessageWaitStrategy("ctrl-c ends the server"))
        self.with_exposed_ports(ADMIN_PORT, f"{DNS_PORT}/udp", DNS_PORT)
        if scenario is not None:
            path = os.fspath(scenario)
            if os.path.isfile(path):
                self.with_volume_mapping(os.path.abspath(path), "/estate/estate.yaml", "ro")
                path = "/estate/estate.yaml"
            self.with_env("AMPLS_DNS_SCENARIO", path)
        if at is not None:
            self.with_env("AMPLS_DNS_AT", at)

    def start(self) -> "AmplsDnsContainer":
        super().start()
        self.url = f"http://{self.get_container_host_ip()}:{self.get_exposed_port(ADMIN_PORT)}"
        return self

    def stop(self, *arguments: Any, **options: Any) -> None:
        super().stop(*arguments, **options)
        self._folder.cleanup()

    def address(self) -> "tuple[str, int]":
        """Host and TCP port at which the public view answers on the host."""
        return self.get_container_host_ip(), int(self.get_exposed_port(DNS_PORT))
