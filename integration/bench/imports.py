"""Large imports: how long `ampls-dns import` takes and how much memory, at most.

imports.py PROGRAM [FOLDER] writes three files to FOLDER (a temporary folder by default) and imports each of them:

- 5,000 private DNS zones with a link each and 20,000 record sets, as `az rest` prints them;
- the same as a Terraform state;
- a Terraform plan of 50 MB on one line, as `terraform show -json` prints it.

The last line of each says how long it took, how much of that was CPU time, and the largest resident size. An import uses one
thread, so on an idle machine both times are alike; beside other work only the CPU time means anything. Exit code 1 if the plan takes
over 10 s of it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ZONES = 5_000
RECORD_SETS = 20_000
PLAN_BYTES = 50_000_000
MAX_SECONDS = 10
# Azure's limits: so many private zones in a subscription, and so many linked to a network.
ZONES_EACH = 1_000


def group(number):
    """The resource group of a zone, its links and its network: a subscription of its own for each thousand."""
    return f"/subscriptions/11111111-1111-4111-8111-{number // ZONES_EACH:012}/resourceGroups/{name_of_group(number)}"


def name_of_group(number):
    return f"rg-large-{number // ZONES_EACH}"


def network(number):
    return f"{group(number)}/providers/Microsoft.Network/virtualNetworks/vnet-{number // ZONES_EACH}"


def zone(number):
    return f"z{number}.corp.example"


def records():
    for number in range(RECORD_SETS):
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield number % ZONES, f"host{number // ZONES}", address


def resources():
    for number in range(0, ZONES, ZONES_EACH):
        yield {
            "id": network(number),
            "type": "Microsoft.Network/virtualNetworks",
            "location": "westeurope",
            "properties": {"addressSpace": {"addressPrefixes": [f"10.{number // ZONES_EACH}.0.0/16"]}, "subnets": []},
        }
    kind = "Microsoft.Network/privateDnsZones"
    for number in range(ZONES):
        own = f"{group(number)}/providers/{kind}/{zone(number)}"
        yield {"id": own, "name": zone(number), "type": kind, "location": "global", "properties": {}}
        yield {
            "id": f"{own}/virtualNetworkLinks/link",
            "name": "link",
            "type": f"{kind}/virtualNetworkLinks",
            "location": "global",
            "properties": {"registrationEnabled": False, "virtualNetwork": {"id": network(number)}},
        }
    for number, name, address in records():
        yield {
            "id": f"{group(number)}/providers/{kind}/{zone(number)}/A/{name}",
            "name": name,
            "type": f"{kind}/A",
            "properties": {"ttl": 300, "fqdn": f"{name}.{zone(number)}.", "aRecords": [{"ipv4Address": address}]},
        }


def attributes():
    """Resources of azurerm: type, name and values."""
    for number in range(0, ZONES, ZONES_EACH):
        yield "azurerm_virtual_network", f"n{number // ZONES_EACH}", {
            "id": network(number),
            "name": f"vnet-{number // ZONES_EACH}",
            "resource_group_name": name_of_group(number),
            "location": "westeurope",
            "address_space": [f"10.{number // ZONES_EACH}.0.0/16"],
            "dns_servers": [],
        }
    for number in range(ZONES):
        own = f"{group(number)}/providers/Microsoft.Network/privateDnsZones/{zone(number)}"
        more = {"resource_group_name": name_of_group(number), "tags": {"owner": "network", "number": str(number)}}
        yield "azurerm_private_dns_zone", f"z{number}", {"id": own, "name": zone(number), **more}
        yield "azurerm_private_dns_zone_virtual_network_link", f"l{number}", {
            "id": f"{own}/virtualNetworkLinks/link",
            "name": "link",
            "private_dns_zone_name": zone(number),
            "virtual_network_id": network(number),
            "registration_enabled": False,
            **more,
        }
    for index, (number, name, address) in enumerate(records()):
        yield "azurerm_private_dns_a_record", f"r{index}", {
            "id": f"{group(number)}/providers/Microsoft.Network/privateDnsZones/{zone(number)}/A/{name}",
            "name": name,
            "zone_name": zone(number),
            "resource_group_name": name_of_group(number),
            "ttl": 300,
            "records": [address],
            "tags": {},
        }


def state():
    provider = 'provider["registry.terraform.io/hashicorp/azurerm"]'
    all_of_it = [
        {
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider": provider,
            "instances": [{"schema_version": 0, "attributes": values, "sensitive_attributes": []}],
        }
        for kind, name, values in attributes()
    ]
    return {"version": 4, "terraform_version": "1.13.3", "serial": 1, "lineage": "large", "outputs": {}, "resources": all_of_it}


def plan():
    """Everything is created: ids are unknown, and references stand in the configuration."""
    planned, changes, configured = [], [], []
    for kind, name, values in attributes():
        address = f"{kind}.{name}"
        known = {key: value for key, value in values.items() if key not in ("id", "virtual_network_id")}
        provider = {"provider_name": "registry.terraform.io/hashicorp/azurerm"}
        own = {"address": address, "mode": "managed", "type": kind, "name": name}
        planned.append({**own, **provider, "schema_version": 0, "values": known, "sensitive_values": {}})
        unknown = {"id": True, **({"virtual_network_id": True} if "virtual_network_id" in values else {})}
        change = {"actions": ["create"], "before": None, "after": known, "after_unknown": unknown}
        changes.append({**own, **provider, "change": {**change, "before_sensitive": False, "after_sensitive": {}}})
        expressions = {key: {"constant_value": value} for key, value in known.items()}
        if "virtual_network_id" in values:
            own_network = f"azurerm_virtual_network.n{int(name[1:]) // ZONES_EACH}"
            expressions["virtual_network_id"] = {"references": [f"{own_network}.id", own_network]}
        if "private_dns_zone_name" in values:
            other = f"azurerm_private_dns_zone.z{name[1:]}"
            expressions["private_dns_zone_name"] = {"references": [f"{other}.name", other]}
        configured.append({**own, "provider_config_key": "azurerm", "expressions": expressions, "schema_version": 0})
    made = {
        "format_version": "1.2",
        "terraform_version": "1.13.3",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"provider_config": {"azurerm": {"name": "azurerm"}}, "root_module": {"resources": configured}},
        "padding": "",
    }
    # What a plan has besides grows it to its size: values of the configuration.
    made["padding"] = "x" * max(0, PLAN_BYTES - len(json.dumps(made)))
    return made


def measure(program, path):
    begun = time.monotonic()
    child = subprocess.Popen([program, "import", path, "-o", f"{path}.yaml", "--force"], stderr=subprocess.PIPE, text=True)
    with child.stderr:
        said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - begun
    cpu = usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    size = os.path.getsize(path) / 1e6
    first = said.splitlines()[0] if said else ""
    print(f"{first}\n  {size:.1f} MB, exit code {code}, {seconds:.2f} s, {cpu:.2f} s of CPU, {usage.ru_maxrss / 1024:.0f} MiB", flush=True)
    return cpu if code in (0, 1) else float("inf")


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as own:
        folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else own)
        files = {"zones.json": {"value": list(resources())}, "zones.tfstate": state(), "plan.json": plan()}
        taken = {}
        for name, value in files.items():
            path = folder / name
            path.write_text(json.dumps(value))
            taken[name] = measure(program, str(path))
    sys.exit(taken["plan.json"] > MAX_SECONDS)


main()
