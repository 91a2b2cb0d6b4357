"""Reads /metrics of a running server as Prometheus would: `prometheus.py http://127.0.0.1:5299`. Needs prometheus_client."""

import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

with urllib.request.urlopen(sys.argv[1] + "/metrics") as reply:
    kind = reply.headers["Content-Type"]
    assert kind.startswith("text/plain; version=0.0.4"), kind
    families = list(text_string_to_metric_families(reply.read().decode()))

for family in families:
    assert family.documentation and family.type in ("counter", "gauge", "histogram"), family
    assert family.name.startswith(("ampls_dns_", "process_")), family.name
    seen = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
    assert len(seen) == len(set(seen)), f"{family.name} has a value twice"
    if family.type == "counter":
        assert all(sample.name.endswith("_total") for sample in family.samples), family.name
    if family.type == "histogram":
        counts = [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
        assert counts == sorted(counts), f"{family.name} is not cumulative"

print(f"{len(families)} metrics, {sum(len(family.samples) for family in families)} values")
assert len(families) > 15
