"""The Testcontainers module with a container engine: DOCKER_HOST, AMPLS_DNS_TEST_IMAGE and AMPLS_DNS_TEST_NETWORK say which."""

import os

from ampls_dns.testcontainers import AmplsDnsContainer

NAME = "api.monitor.azure.com"


def container(**options):
    made = AmplsDnsContainer(image=os.environ["AMPLS_DNS_TEST_IMAGE"], **options)
    network = os.environ.get("AMPLS_DNS_TEST_NETWORK")
    return made.with_kwargs(network=network) if network else made


def test_a_container_serves_and_is_stepped():
    with container(scenario="two-scopes-one-dns", at="first-scope") as dns:
        assert dns.resolve(NAME, "vnet1") == ["10.0.1.9"]
        dns.step("second-scope")
        assert dns.resolve(NAME, "vnet1") == ["10.0.2.7"]
        dns.reset()
        assert dns.state()["step"] == "first-scope"


def test_a_file_is_mounted(tmp_path):
    estate = tmp_path / "estate.yaml"
    estate.write_text("version: 1\ntitle: an estate of one's own\nnetworks: { office: { addressSpace: [10.9.0.0/24] } }\n")
    with container(scenario=estate) as dns:
        assert dns.state()["title"] == "an estate of one's own"
