#!/usr/bin/env python3
"""How a test suite in another language uses a running ampls-dns: start it once, reset it before each test.

    docker run --rm -p 127.0.0.1:5299:5299 …   or   ampls-dns serve
    AMPLS_DNS_ADMIN=http://127.0.0.1:5299 python3 test_shared_names.py

Nothing but the standard library is needed.
"""

import json
import os
import unittest
import urllib.error
import urllib.parse
import urllib.request

ADMIN = os.environ.get("AMPLS_DNS_ADMIN", "http://127.0.0.1:5299")
TOKEN_FILE = os.environ.get("AMPLS_DNS_ADMIN_TOKEN_FILE")


def admin(method, path, body=None, **query):
    """Sends a request to the admin API and gives back the document it answers with."""
    url = ADMIN + path + ("?" + urllib.parse.urlencode(query) if query else "")
    request = urllib.request.Request(url, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if TOKEN_FILE:
        with open(TOKEN_FILE, encoding="ascii") as file:
            request.add_header("Authorization", "Bearer " + file.read().strip())
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def address(name, network):
    """What clients of a network get for a name; None if they get no address."""
    answer = admin("GET", "/v1/explain", name=name, **{"from": network})["answer"]
    return next((record["data"] for record in answer if record["type"] == "A"), None)


class SharedNames(unittest.TestCase):
    def setUp(self):
        admin("POST", "/v1/reset")

    def test_a_second_scope_takes_the_shared_names(self):
        admin("POST", "/v1/steps/goto", {"step": "first-scope"})
        self.assertEqual(address("api.monitor.azure.com", "vnet1"), "10.0.1.9")
        admin("POST", "/v1/steps/next")
        self.assertEqual(address("api.monitor.azure.com", "vnet1"), "10.0.2.7")

    def test_deleting_the_second_endpoint_brings_nothing_back(self):
        state = admin("GET", "/v1/state")
        events = {"builtOn": state["revision"], "events": [{"deletePrivateEndpoint": "pe2"}]}
        admin("POST", "/v1/events", events)
        self.assertIsNone(address("api.monitor.azure.com", "vnet1"))
        with self.assertRaises(urllib.error.HTTPError) as stale:
            admin("POST", "/v1/events", events)
        self.assertEqual(stale.exception.code, 409)
        self.assertEqual(json.load(stale.exception)["currentRevision"], state["revision"] + 1)


if __name__ == "__main__":
    unittest.main()
