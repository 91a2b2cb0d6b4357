"""Starts the DNS server ``ampls-dns`` for tests and talks to it."""

from ._server import AdminError, Server, ServerError, binary

__all__ = ["AdminError", "Server", "ServerError", "binary"]
