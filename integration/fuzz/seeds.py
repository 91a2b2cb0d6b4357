"""Writes queries and replies that the corpora of `packet` and `wire` begin with: seeds.py FOLDER."""

import pathlib
import struct
import sys

NAMES = [
    "api.monitor.azure.com",
    "api.loganalytics.io",
    "privatelink.monitor.azure.com",
    "11111111-1111-4111-8111-111111111111.ods.opinsights.azure.com",
    "nobody.monitor.azure.com",
    "www.example.org",
    "",
]
TYPES = [1, 5, 6, 16, 28, 65, 252, 255]


def name(text):
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def option(code, octets):
    return struct.pack("!HH", code, len(octets)) + octets


def edns(size=1232, flags=0, options=b""):
    return b"\0" + struct.pack("!HHIH", 41, size, flags, len(options)) + options


def query(text, kind, extra=b"", flags=0x0100, klass=1):
    head = struct.pack("!6H", 0x1234, flags, 1, 0, 0, 1 if extra else 0)
    return head + name(text) + struct.pack("!HH", kind, klass) + extra


def main():
    folder = pathlib.Path(sys.argv[1])
    packets = [query(text, kind) for text in NAMES for kind in TYPES]
    subnet = option(8, struct.pack("!HBB", 1, 24, 0) + bytes([10, 0, 1]))
    for options in [b"", subnet, option(10, b"12345678"), option(12, b"\0" * 40), option(3, b""), subnet + subnet]:
        packets.append(query(NAMES[0], 1, edns(options=options)))
    packets += [query(NAMES[0], 1, edns(flags=1 << 16)), query("hostname.bind", 16, klass=3), query(NAMES[0], 1, flags=0x2800)]
    for number, packet in enumerate(packets):
        path = folder / "packet" / f"seed-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number % 32]) + packet)
    # A reply: the question again, two records with compressed owners, and EDNS.
    data = [(1, b"\x0a\0\x01\x09"), (5, b"\xc0\x10"), (16, b"\x02hi"), (15, b"\0\x0a\xc0\x0c"), (65280, b"any")]
    for number, (kind, octets) in enumerate(data):
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 10, len(octets)) + octets
        reply = struct.pack("!6H", 0x1234, 0x8180, 1, 2, 0, 1) + name(NAMES[0]) + struct.pack("!HH", kind, 1)
        path = folder / "wire" / f"seed-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(reply + record + record + edns())
    # A subnet option of family 0 beside a cookie: found by fuzzing.
    found = query(NAMES[0], 1, edns(options=option(8, b"\0" * 4) + option(10, b"\x33\0\0\0\x0a\0\x01\x08\0\x07")))
    (folder / "packet" / "found-0").write_bytes(b"\x20" + found)
    # A label that begins as punycode does and is none: found by fuzzing.
    found = "12636f6d00000f0001c00c000f786e2d2d000000ce004800ce00c0021003000c0100005e020000291000000c020000291d1d1d1d1d1d1d1d1233ffffff04000000000000007a0000"
    (folder / "wire" / "found-0").write_bytes(bytes.fromhex(found))
    events = [
        "builtOn: 27\nevents:\n- deletePrivateEndpoint: pe1\n",
        "[createPrivateLinkScope: {name: other}]",
        "a: &a [x, x]\nb: [*a, *a]\n",
    ]
    requests = ["name=api.monitor.azure.com&from=vnet1", "from=first-scope&to=second-scope", "builtOn=27"]
    bodies = [*events, '{"step": "first-scope"}', '{"name": "one"}', '{"fault": "drop"}', ""]
    for kind in ["addition", "admin"]:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(events):
        (folder / "addition" / f"seed-{number}").write_text(text)
    for number, body in enumerate(bodies):
        for place in range(23):
            path = folder / "admin" / f"seed-{number}-{place}"
            path.write_bytes(bytes([place]) + f"{requests[number % len(requests)]}\n{body}".encode())
    # Expressions that the tests know the value of, and objects for each form.
    functions = pathlib.Path(__file__).parent.parent / "templates" / "functions.yaml"
    for number, line in enumerate(functions.read_text().splitlines()):
        if '"expression": "[' not in line and 'expression: "[' not in line:
            continue
        expression = line.split('expression: "[', 1)[1].split(']", ', 1)[0].encode().decode("unicode_escape")
        path = folder / "expression" / f"seed-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(expression)
    # A number format that begins with a letter of several octets: found by fuzzing.
    (folder / "expression" / "found-0").write_text("format('{0:\u2039}', 7)")
    body = '{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z.example"}'
    plan = f'{{"resources": [{{"type": "azurerm_private_dns_zone", "name": "z", "address": "a", "values": {body}}}]}}'
    # What is known only after apply: in one object, what stands in three places of a plan.
    network = (
        '{"address": "azurerm_virtual_network.v", "mode": "managed", "type": "azurerm_virtual_network", "name": "v", '
        '"values": {"name": "v", "address_space": ["10.0.0.0/16"], "dns_servers": [null]}, '
        '"change": {"actions": ["create"], "after_unknown": {"dns_servers": [true]}}, '
        '"expressions": {"dns_servers": {"references": ["azurerm_firewall.f.ip_configuration"]}}}'
    )
    azapi = (
        '{"address": "azapi_resource.l", "mode": "managed", "type": "azapi_resource", "name": "l", '
        '"values": {"type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01", "name": "l", '
        '"parent_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z.example", '
        '"body": {"properties": {"registrationEnabled": false}}}, '
        '"change": {"actions": ["create"], "after_unknown": {"body": {"properties": {"virtualNetwork": {"id": true}}}}}, '
        '"expressions": {"body": {"references": ["azurerm_virtual_network.v.id"]}}}'
    )
    nested = (
        '{"type": "Microsoft.Resources/deployments", "name": "m", "properties": {"templateLink": {"uri": "x/form"}, '
        '"parametersLink": {"uri": "x/other"}, "parameters": {"a": {"value": 1}}}}'
    )
    objects = [
        ("template", 0, '{"type": "Microsoft.Network/privateDnsZones", "name": "z.example"}'),
        ("template", 1, '{"type": "Microsoft.Network/privateDnsZones", "name": "[concat(\'z\', \'.example\')]"}'),
        ("template", 2, '"[format(\'{0}.example\', \'z\')]"'),
        ("template", 3, '{"a": {"type": "string", "defaultValue": "[utcNow()]"}}'),
        ("template", 4, '{"a": "[createArray(1, 2)]"}'),
        ("template", 0, nested),
        ("template", 2, '"[reduce(range(0, 9), \'\', lambda(\'a\', \'b\', concat(lambdaVariables(\'a\'), \'x\')))]"'),
        ("parameters", 0, '"z.example"'),
        ("parameters", 1, '{"reference": {"keyVault": {"id": "x"}, "secretName": "y"}}'),
        ("what_if", 0, f'{{"changeType": "Create", "resourceId": "x", "after": {body}}}'),
        ("what_if", 1, f'{{"changeType": "Ignore", "resourceId": "x", "before": {body}}}'),
        ("what_if", 2, body),
        ("snapshot", 0, body),
        ("snapshot", 1, '"group Warning: a nested deployment was not expanded"'),
        ("graph", 0, body),
        ("graph", 1, f'["x", {body}]'),
        ("graph", 2, body),
        ("state", 0, f'{{"type": "azurerm_private_dns_zone", "name": "z", "instances": [{{"attributes": {body}}}]}}'),
        ("state", 1, f'{{"type": "azurerm_private_dns_zone", "name": "z", "address": "a", "values": {body}}}'),
        ("state", 2, plan),
        ("plan", 0, plan),
        ("plan", 1, f'{{"type": "azurerm_private_dns_zone", "name": "z", "address": "a", "values": {body}}}'),
        ("plan", 3, network),
        ("plan", 3, azapi),
        ("pulumi", 0, f'{{"urn": "u", "type": "azure-native:network:PrivateZone", "id": "x", "outputs": {body}}}'),
        ("resources", 0, body),
        ("resources", 1, body),
        ("zone", 0, "host 300 IN A 10.0.0.1\n"),
        ("zone", 1, "@ 3600 IN SOA a. b. 1 2 3 4 5\nhost 300 IN A 10.0.0.1\n"),
    ]
    for number, (form, shape, text) in enumerate(objects):
        path = folder / f"form_{form}" / f"seed-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([shape]) + text.encode())

main()
