"""Example tests, which are the tests of the fixtures too. `dnspython` is the DNS client of the code under test."""

import sys

import dns.message
import dns.query
import pytest
from ampls_dns import AdminError, Server, ServerError

NAME = "api.monitor.azure.com"


def addresses(where, name=NAME, over=dns.query.udp):
    host, port = where
    reply = over(dns.message.make_query(name, "A"), host, port=port, timeout=5)
    return [str(data) for set_ in reply.answer if set_.rdtype == dns.rdatatype.A for data in set_]


@pytest.mark.ampls_dns(scenario="two-scopes-one-dns", at="first-scope")
class TestTwoScopes:
    def test_each_network_has_an_address_of_its_own(self, ampls_dns_address):
        assert addresses(ampls_dns_address("vnet1")) == ["10.0.1.9"]
        assert addresses(ampls_dns_address("vnet1"), over=dns.query.tcp) == ["10.0.1.9"]
        with pytest.raises(KeyError, match="vnet1"):
            ampls_dns_address("vnet9")

    def test_the_second_scope_takes_the_name(self, ampls_dns, ampls_dns_address):
        ampls_dns.step("second-scope")
        assert addresses(ampls_dns_address("vnet1")) == ["10.0.2.7"]
        assert ampls_dns.resolve(NAME, "vnet1") == ["10.0.2.7"]
        ampls_dns.apply([{"deletePrivateEndpoint": "pe2"}])
        assert ampls_dns.resolve(NAME, "vnet1") == []

    def test_the_test_before_left_nothing(self, ampls_dns):
        assert ampls_dns.state()["step"] == "first-scope"
        assert ampls_dns.resolve(NAME, "vnet1") == ["10.0.1.9"]

    def test_a_command_runs_inside_a_network(self, ampls_dns_run):
        code = f"import socket; print(socket.gethostbyname('{NAME}'))"
        ended = ampls_dns_run("vnet1", [sys.executable, "-c", code])
        assert (ended.returncode, ended.stdout.strip()) == (0, "10.0.1.9"), ended.stderr

    def test_a_step_that_is_not_there_is_an_error_with_the_reason(self, ampls_dns):
        with pytest.raises(AdminError, match="third-scope") as refused:
            ampls_dns.step("third-scope")
        assert refused.value.status in (404, 422)


@pytest.mark.ampls_dns(scenario="estate.yaml")
def test_a_scenario_beside_the_test_file(ampls_dns):
    assert ampls_dns.resolve(NAME, "office") == ["10.9.0.7"]
    ampls_dns.step("public")
    assert ampls_dns.resolve(NAME, "office") != ["10.9.0.7"]


def test_without_a_mark_the_built_in_scenario_is_served(ampls_dns):
    assert ampls_dns.state()["title"] == "Two scopes, one DNS"


def test_a_server_that_cannot_start_says_why():
    with pytest.raises(ServerError, match="no-such-estate.yaml"):
        Server("no-such-estate.yaml").start()
