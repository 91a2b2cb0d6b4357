"""A program that sends telemetry resolves its host by the private link."""

import dns.resolver
import pytest

pytestmark = pytest.mark.ampls_dns(scenario="two-scopes-one-dns", at="first-scope")


def ingestion_address(nameserver):
    """The code under test: what the program's resolver gives it."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [nameserver[0]], nameserver[1]
    return resolver.resolve("api.monitor.azure.com", "A")[0].address


def test_the_private_link_has_the_name(ampls_dns_address):
    assert ingestion_address(ampls_dns_address("vnet1")) == "10.0.1.9"


def test_a_second_scope_takes_it(ampls_dns, ampls_dns_address):
    ampls_dns.step("second-scope")
    assert ingestion_address(ampls_dns_address("vnet1")) == "10.0.2.7"
