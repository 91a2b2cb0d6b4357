"""Random histories, each a scenario that `ampls-dns` reads: networks, their DNS, zones, scopes, endpoints and resources,
and what happens to them step by step. The same seed gives the same history on every machine.

    python3 histories.py COUNT [FIRST_SEED]     one scenario a line, as JSON
"""

import json
import random
import sys

from estate import Estate
from facts import MONITOR, ODS, OMS, PRIVATE_ZONES, REGIONS, SERVICES, Rules

STAMPS = ["westeurope-5", "westeurope-1", "northeurope-0", "global"]
GROUPS = ["rg-dns", "rg-other"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        # For what came to histories later, so that the rest of a history stays what it was.
        self.later = random.Random(f"later {seed}")
        self.newest = random.Random(f"newest {seed}")
        self.count = 0
        switches = {}
        if self.chance(0.25):
            switches["deletion"] = "delete-if-owner"
        if self.chance(0.15):
            switches["workspaceHop"] = "always"
        if self.chance(0.2):
            switches["append"] = "rewrite-all"
        # Most estates follow the newest rules. Some begin before April, September or December 2021, and time goes on in them.
        self.date = self.random.choice([None] * 6 + ["2021-03-01", "2021-06-01", "2021-08-01", "2021-10-01"])
        self.has_tenants, self.has_groups = self.chance(0.3), self.chance(0.35)
        self.scenario = {"version": 1, "switches": switches, "steps": []}
        self.estate = Estate(Rules(), switches)
        self.events = []

    def chance(self, share):
        return self.random.random() < share

    def one(self, of):
        of = list(of)
        return self.random.choice(of) if of else None

    def name(self, kind):
        self.count += 1
        return f"{kind}{self.count}"

    def happen(self, kind, what):
        event = {kind: what}
        self.estate.apply(event, self.date)
        self.events.append(event)

    def end_step(self):
        if not self.events:
            return
        step = {"name": f"step{len(self.scenario['steps']) + 1}", "events": self.events}
        if self.date:
            step["date"] = self.date
        self.scenario["steps"].append(step)
        self.events = []
        if self.date and self.chance(0.4):
            self.date = self.one(day for day in ("2021-06-01", "2021-10-01", "2022-02-01") if day >= self.date) or self.date

    def virtual(self):
        return [name for name, spec in self.estate.networks.items() if spec.get("kind") != "onPremises"]

    # Parts of events

    def access(self):
        return self.random.choice(["Enabled", "Enabled", "Disabled"])

    def guarded(self, what, keys, is_one=False):
        """Some resources are in a perimeter, whose rules decide on public requests."""
        if self.chance(0.2):
            what[self.one(keys)] = "SecuredByPerimeter"
        if "SecuredByPerimeter" in what.values() and self.chance(0.8):
            lets_in = [self.chance(0.5), self.chance(0.5)]
            what["perimeterAllowsInbound"] = lets_in[0] if is_one else dict(zip(("ingestion", "query"), lets_in))
        return what

    def mode(self):
        return self.random.choice(["Open", "Open", "PrivateOnly"])

    def modes(self):
        return {"ingestionAccessMode": self.mode(), "queryAccessMode": self.mode()}

    def policy(self):
        return self.random.choice(["Default", "Default", "NxDomainRedirect"])

    def dns(self, network, kind):
        """A DNS server of the network's own; sometimes one that asks what it cannot reach, or asks in a circle."""
        others = [one for one in self.estate.networks if one != network]
        targets = ["public", "azureProvided"] if kind != "onPremises" else ["public"]
        targets += [f"network/{one}" for one in others if self.estate.reach(network, one) != "unknown"]
        targets += [
            f"inboundEndpoint/{name}" for name, at in self.estate.inbound.items()
            if self.estate.reach(network, at) != "unknown"
        ]
        if self.chance(0.1):
            targets = ["azureProvided"]
        suffixes = [MONITOR, ODS, OMS, "privatelink." + MONITOR, "blob.core.windows.net"]
        forward = {suffix: self.one(targets) for suffix in self.random.sample(suffixes, self.random.randrange(4))}
        return {
            "kind": self.random.choice(["acceptsChain", "restartsAtCname"]),
            "forward": forward,
            "default": self.one(targets),
        }

    def group(self):
        """A zone group: all zones of a resource group that are there, or some of them."""
        place = self.one(group for group in GROUPS if (group, PRIVATE_ZONES[0]) in self.estate.zones)
        if place is None:
            return None
        zones = [apex for apex in PRIVATE_ZONES if (place, apex) in self.estate.zones]
        if len(zones) == 5 and self.chance(0.75):
            return place
        if len(zones) > 1 and self.chance(0.5):
            zones.remove(self.one(zones))
        return {"resourceGroup": place, "zones": zones}

    # Events

    def network(self):
        number = len(self.estate.networks) + 1
        spec = {"name": f"vnet{number}", "addressSpace": [f"10.0.{number}.0/24"]}
        has_ipv6 = self.newest.random() < 0.7
        if has_ipv6:
            spec["addressSpace"].append(f"fd00:0:{number}::/48")
        if number > 2 and self.chance(0.3):
            spec |= {"name": f"office{number}", "kind": "onPremises"}
        else:
            spec["subnets"] = {"endpoints": f"10.0.{number}.0/25"}
            if self.chance(0.5):
                spec["subnets"]["machines"] = f"10.0.{number}.128/26"
            if has_ipv6:
                prefixes = [[prefix, f"fd00:0:{number}:{at}::/64"] for at, prefix in enumerate(spec["subnets"].values())]
                spec["subnets"] = dict(zip(spec["subnets"], prefixes))
        self.happen("createNetwork", spec)

    def subnets(self, network):
        return list(self.estate.networks[network]["subnets"])

    def subnet(self, network):
        """Most endpoints are in the subnet that is named after them."""
        return f"{network}/{self.one(self.subnets(network)) if self.chance(0.2) else 'endpoints'}"

    def peering(self):
        pair = self.random.sample(list(self.estate.networks), 2)
        ways = self.estate.ways
        if not {tuple(pair), tuple(reversed(pair))} & set(ways.halves) and not self.are_joined(pair):
            self.happen("createPeering", pair)

    def are_joined(self, pair):
        """Whether something else than a peering joins two networks: both at once is not in the histories."""
        ways = self.estate.ways
        return (
            any(set(pair) <= {gateway["network"], *gateway.get("connects", [])} for gateway in ways.gateways.values())
            or any(set(pair) & set(hub["connections"]) for hub in ways.hubs.values())
        )

    def unpeering(self):
        pair = self.one(sorted(pair for pair in self.estate.ways.halves if pair[::-1] in self.estate.ways.halves))
        if pair:
            self.happen("deletePeering", list(pair))

    # Ways

    def half(self, one, other):
        """A half of a peering with its flags; a network uses the gateway of one other network only."""
        ways, flags = self.estate.ways, {}
        if one in ways.gateways and self.chance(0.8):
            flags["allowGatewayTransit"] = True
        if other in ways.gateways and one not in ways.gateways and self.chance(0.8):
            if not any(half.get("useRemoteGateways") for (start, _), half in ways.halves.items() if start == one):
                flags["useRemoteGateways"] = True
        # Whether it stops what a gateway passes on is disputed.
        are_complete = all(table.get("isComplete", True) for table in ways.tables.values())
        if not ways.gateways and self.chance(0.2) and are_complete:
            flags["allowVirtualNetworkAccess"] = False
        self.happen("setPeering", {"from": one, "to": other, **flags})

    def hub_and_spokes(self):
        """A hub with a gateway, a firewall, or both, and spokes that are peered with it by halves."""
        hub, *spokes = self.virtual()
        offices = [name for name in self.estate.networks if name not in (hub, *spokes)]
        if self.chance(0.7):
            self.gateway(hub, offices)
        self.appliance(hub)
        for spoke in spokes:
            self.half(hub, spoke)
            if not self.chance(0.1):
                self.half(spoke, hub)
            if self.chance(0.7):
                self.route_table(spoke)
            if self.chance(0.3):
                self.endpoint_policy(spoke)
        for network in (hub, *spokes):
            if self.later.random() < 0.4:
                what = {"subnet": f"{network}/endpoints", "privateEndpointNetworkPolicies": "RouteTableEnabled"}
                self.happen("setEndpointPolicy", what)

    def gateway(self, hub, offices):
        kind = self.one(["vpn", "vpn", "expressRoute"])
        self.happen("setGateway", {"network": hub, "kind": kind, "connects": offices})

    def other_gateway(self):
        gateway = self.one(self.estate.ways.gateways.values())
        if gateway and self.chance(0.5):
            self.gateway(gateway["network"], gateway["connects"])
        elif gateway and self.chance(0.5):
            self.happen("deleteRouting", {"gateway": gateway["network"]})

    def appliance(self, network):
        number = list(self.estate.networks).index(network) + 1
        self.happen("setAppliance", {
            "name": f"fw-{network}", "network": network, "privateIPAddress": f"10.0.{number}.200",
            "forwards": self.one(["Allow", "Allow", "Deny", "Unknown"]),
        })

    def other_appliance(self):
        appliance = self.one(self.estate.ways.appliances.values())
        if appliance and self.chance(0.7):
            self.appliance(appliance["network"])
        elif appliance:
            self.happen("deleteRouting", {"appliance": appliance["name"]})

    def route_table(self, network):
        if any(network in one["between"] for one in self.estate.ways.transits):
            return
        appliances = [one["privateIPAddress"] for one in self.estate.ways.appliances.values()] or ["10.0.1.200"]
        others = [spec["addressSpace"][0] for name, spec in self.estate.networks.items() if name != network]
        routes = []
        prefixes = ["0.0.0.0/0", "10.0.0.0/16", *others]
        for prefix in self.random.sample(prefixes, self.random.randrange(1, min(4, len(prefixes)))):
            kind = self.one(["VirtualAppliance"] * 4 + ["VirtualNetworkGateway", "VirtualNetworkGateway", "None", "Internet"])
            route = {"addressPrefix": prefix, "nextHopType": kind}
            if kind == "VirtualAppliance":
                route["nextHopIpAddress"] = self.one(appliances) if self.chance(0.9) else "10.0.1.201"
            routes.append(route)
        subnets = self.subnets(network)
        subnets = subnets if self.chance(0.5) else [self.one(subnets)]
        table = {"name": f"rt-{network}", "routes": routes, "subnets": [f"{network}/{subnet}" for subnet in subnets]}
        if self.chance(0.25):
            table["disableBgpRoutePropagation"] = True
        lets_all_in = all(half.get("allowVirtualNetworkAccess", True) for half in self.estate.ways.halves.values())
        if self.chance(0.05) and lets_all_in:
            table["isComplete"] = False
        self.happen("setRouteTable", table)

    def other_table(self):
        table = self.one(self.estate.ways.tables.values())
        if table and self.chance(0.6):
            self.route_table(table["subnets"][0].split("/")[0])
        elif table:
            self.happen("deleteRouting", {"routeTable": table["name"]})

    def endpoint_policy(self, network):
        policy = self.one(["Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", "RouteTableEnabled", "Enabled"])
        self.happen("setEndpointPolicy", {"subnet": self.subnet(network), "privateEndpointNetworkPolicies": policy})

    def other_policy(self):
        if self.estate.ways.tables:
            self.endpoint_policy(self.one(self.virtual()))

    def half_of_peering(self):
        pair = self.one(sorted(self.estate.ways.halves))
        if pair is None:
            return
        # The written form deletes halves that it made one by one.
        if self.chance(0.4) and "from" in self.estate.ways.halves[pair]:
            self.happen("deleteRouting", {"peering": {"from": pair[0], "to": pair[1]}})
        elif not set(pair) - set(self.virtual()):
            self.half(*pair)

    def wan(self):
        """Hubs of one Virtual WAN, or of two."""
        networks = list(self.estate.networks)
        self.random.shuffle(networks)
        for number in range(self.random.randrange(1, 3)):
            connections, networks = networks[:2], networks[2:]
            if connections:
                self.hub(f"vhub{number + 1}", self.one(["wan", "wan", "wan-of-others"]), connections)

    def hub(self, name, wan, connections):
        what = {"name": name, "virtualWan": wan, "connections": connections}
        if self.chance(0.4):
            what["firewall"] = self.one(["Allow", "Deny", "Unknown"])
        self.happen("setVirtualHub", what)

    def other_hub(self):
        hub = self.one(self.estate.ways.hubs.values())
        if hub and self.chance(0.7):
            self.hub(hub["name"], hub["virtualWan"], hub["connections"])
        elif hub:
            self.happen("deleteRouting", {"virtualHub": hub["name"]})

    def transit(self):
        """Two networks without route tables, both peered with a third one."""
        ways = self.estate.ways
        found = [
            (one, middle, other) for middle in self.estate.networks for one in ways.peers(middle) for other in ways.peers(middle)
            if one < other and not ways.places_with_tables(one) and not ways.places_with_tables(other)
        ]
        known = [set(what["between"]) for what in ways.transits]
        found = [one for one in found if {one[0], one[2]} not in known]
        if found:
            one, middle, other = self.one(found)
            self.happen("setTransit", {"through": middle, "between": [one, other], "by": "a firewall"})

    # Machines

    def machine(self):
        what = {"name": self.name("vm"), "network": self.one(self.virtual())}
        if self.chance(0.6):
            what["subnet"] = self.one(self.subnets(what["network"]))
        if self.chance(0.3):
            what["associations"] = self.associations()
        self.happen("createVirtualMachine", what)

    def associations(self):
        """What an agent is associated with: rules, and an endpoint or none."""
        of_kind = lambda kind: [name for name, one in self.estate.resources.items() if one.kind == kind]
        what = {"dataCollectionRules": [rule for rule in of_kind("rule") if self.chance(0.6)]}
        if of_kind("collection") and self.chance(0.7):
            what["configurationAccessEndpoint"] = self.one(of_kind("collection"))
        return what

    def other_associations(self):
        machine = self.one(self.estate.machines)
        if machine:
            self.happen("setAssociations", {"machine": machine, "associations": self.associations()})

    def rule(self):
        """A data collection rule."""
        what = self.somewhere({"name": self.name("dcr"), "location": self.one(REGIONS)})
        endpoints = [name for name, one in self.estate.resources.items() if one.kind == "collection"]
        if endpoints and self.chance(0.7):
            what["dataCollectionEndpoint"] = self.one(endpoints)
        self.happen("createDataCollectionRule", what)

    # Security groups

    def group_rule(self, priority, is_inbound):
        what = {
            "name": f"rule{priority}", "priority": priority, "direction": "Inbound" if is_inbound else "Outbound",
            "access": self.one(["Allow", "Deny", "Deny"]),
        }
        spaces = [spec["addressSpace"][0] for spec in self.estate.networks.values()]
        subnets = [prefix for spec in self.estate.networks.values() for prefix in spec.get("subnets", {}).values()]
        private = ["10.0.0.0/16", "VirtualNetwork", *spaces, *subnets]
        if is_inbound and self.chance(0.8):
            what["sourceAddressPrefix"] = self.one(private)
        elif not is_inbound and self.chance(0.8):
            public = ["AzureMonitor", "Internet", "AzureCloud", "AzureResourceManager", "Storage"]
            what["destinationAddressPrefix"] = self.one(private if self.chance(0.6) else public)
        if self.chance(0.4):
            what["destinationPortRange"] = self.one(["443", "53", ["53", "443"], "1-1024", "8080"])
        if self.chance(0.3):
            what["protocol"] = self.one(["Tcp", "Tcp", "Udp", "*"])
        return what

    def security_group(self, network, subnet=None, machine=None):
        number = self.random.randrange(1, 4)
        priorities = self.random.sample(range(100, 1000, 100), number)
        is_for_endpoints = machine is None and self.chance(0.4)
        what = {
            "name": f"nsg-{machine or network + '-' + subnet}",
            "rules": [self.group_rule(one, is_for_endpoints) for one in priorities],
        }
        what |= {"virtualMachines": [machine]} if machine else {"subnets": [f"{network}/{subnet}"]}
        self.happen("setSecurityGroup", what)
        if is_for_endpoints and self.chance(0.7):
            policy = self.one(["NetworkSecurityGroupEnabled", "Enabled"])
            self.happen("setEndpointPolicy", {"subnet": f"{network}/{subnet}", "privateEndpointNetworkPolicies": policy})

    def other_group(self):
        if not self.has_groups:
            return
        group = self.one(self.estate.groups.groups)
        machine = self.one(self.estate.machines)
        if group and self.chance(0.3):
            self.happen("deleteRouting", {"securityGroup": group})
        elif machine and self.chance(0.3):
            self.security_group(None, machine=machine)
        else:
            network = self.one(self.virtual())
            self.security_group(network, self.one(self.subnets(network)))

    # Tenants

    def owners(self, **what):
        """Puts objects into a subscription of one of two tenants, in estates that say who owns what."""
        if self.has_tenants and self.chance(0.85):
            name = self.one(["contoso-prod", "contoso-prod", "contoso-test", "fabrikam-prod"])
            self.happen("setSubscription", {"name": name, "tenant": name.split("-")[0], **what})

    def other_owner(self):
        resource = self.one(self.estate.resources)
        if resource:
            self.owners(resources=[resource])

    def session(self):
        machine = self.one(self.estate.machines)
        resource = self.one(self.estate.resources)
        if machine and resource and resource not in self.estate.sessions[machine]:
            self.happen("openSession", {"machine": machine, "resource": resource})

    def new_sessions(self):
        machine = self.one(name for name, used in self.estate.sessions.items() if used)
        if machine:
            self.happen(self.one(["reboot", "cutSessions"]), machine)

    # Other services

    def service(self):
        kind, region = self.one(SERVICES), self.one(REGIONS)
        name = self.name({"Microsoft.KeyVault/vaults": "kv", "Microsoft.Storage/storageAccounts": "st"}.get(kind, "amw"))
        what = {"name": name + f"{self.random.randrange(16**6):06x}", "type": kind, "location": region}
        if kind == "Microsoft.Monitor/accounts":
            what["hosts"] = {"prometheusMetrics": [f"{what['name']}-ab1c.{region}.prometheus.{MONITOR}"]}
        else:
            self.somewhere(what)
        what["publicNetworkAccess"] = self.access()
        self.happen("createResource", self.guarded(what, ["publicNetworkAccess"], is_one=True))

    def service_endpoint(self):
        names = [name for name, one in self.estate.resources.items() if one.kind == "service"]
        if not names:
            return
        name = self.one(names)
        spec = self.estate.resources[name].spec
        zone = SERVICES[spec["type"]][2].replace("{region}", spec.get("location", ""))
        place = self.one(GROUPS)
        if (place, zone) not in self.estate.zones:
            self.happen("createPrivateDnsZones", {"resourceGroup": place, "zones": [zone]})
        links = {network: {"resolutionPolicy": self.policy()} for network in self.virtual() if self.chance(0.6)}
        if links:
            self.happen("linkZones", {"resourceGroup": place, "zones": [zone], "links": links})
        what = {"name": self.name("pe"), "resource": name, "subnet": self.subnet(self.one(self.virtual()))}
        if not self.chance(0.1):
            what["zoneGroup"] = {"resourceGroup": place, "zones": [zone]}
        if self.chance(0.2):
            what["approval"] = self.one(["Pending", "Rejected"])
        self.happen("createPrivateEndpoint", self.with_ipv6(what))

    def with_ipv6(self, what):
        """Some endpoints are to have IPv6 addresses. Most of them can, so their networks have such addresses."""
        if self.newest.random() < 0.35:
            what["ipVersionType"] = "IPv6"
            places = [f"{name}/{subnet}" for name, one in self.estate.networks.items() for subnet in one["ipv6Subnets"]]
            if places and self.newest.random() < 0.9:
                what["subnet"] = self.newest.choice(places)
        return what

    def somewhere(self, what):
        """Of some resources nothing says which region they are in."""
        if self.newest.random() < 0.2:
            del what["location"]
        return what

    def own_dns(self):
        network = self.one(self.estate.networks)
        kind = self.estate.networks[network].get("kind")
        if kind != "onPremises" and self.chance(0.4):
            self.happen("setDns", {"network": network, "dns": "azureProvided"})
        else:
            self.happen("setDns", {"network": network, "dns": self.dns(network, kind)})

    def inbound(self):
        self.happen("createInboundEndpoint", {"name": self.name("inbound"), "network": self.one(self.virtual())})

    def ruleset(self):
        free = [
            network for network in self.virtual()
            if not any(network in ruleset["links"] for ruleset in self.estate.rulesets.values())
        ]
        if not free or not self.estate.inbound:
            return
        links = self.random.sample(free, self.random.randrange(1, len(free) + 1))
        targets = ["public"] + [
            f"inboundEndpoint/{name}" for name, at in self.estate.inbound.items()
            if all(self.estate.reach(link, at) != "unknown" for link in links)
        ]
        domains = [MONITOR, "privatelink." + MONITOR, ODS, "api." + MONITOR, "privatelink." + ODS]
        rules = [
            {"domain": domain + ("" if self.chance(0.1) else "."), "target": self.one(targets)}
            for domain in self.random.sample(domains, self.random.randrange(1, 4))
        ]
        if self.chance(0.2):
            rules[0]["enabled"] = False
        self.happen("setRuleset", {"name": self.name("ruleset"), "rules": rules, "links": links})

    def no_ruleset(self):
        name = self.one(self.estate.rulesets)
        if name:
            self.happen("deleteRuleset", name)

    def zones(self, place=None):
        place = place or self.one(GROUPS)
        zones = "azuremonitor"
        if self.chance(0.2):
            zones = self.random.sample(PRIVATE_ZONES, self.random.randrange(2, 5))
            if PRIVATE_ZONES[0] not in zones:
                zones.append(PRIVATE_ZONES[0])
        links = {network: {"resolutionPolicy": self.policy()} for network in self.virtual() if self.chance(0.6)}
        every = PRIVATE_ZONES if zones == "azuremonitor" else zones
        new = [apex for apex in every if (place, apex) not in self.estate.zones]
        if new:
            self.happen("createPrivateDnsZones", {"resourceGroup": place, "zones": zones if new == every else new})
        if links:
            self.happen("linkZones", {"resourceGroup": place, "zones": zones, "links": links})

    def special_zone(self):
        """A zone under a public name, or one below a scope's zone: the longest name must win."""
        apex = self.one([MONITOR, "ai.privatelink." + MONITOR, "api." + MONITOR, ODS])
        if ("rg-own", apex) in self.estate.zones:
            return
        self.happen("createPrivateDnsZones", {"resourceGroup": "rg-own", "zones": [apex]})
        link = {self.one(self.virtual()): {"resolutionPolicy": "Default"}}
        self.happen("linkZones", {"resourceGroup": "rg-own", "zones": [apex], "links": link})
        if self.chance(0.7):
            self.by_hand(("rg-own", apex))

    def link(self):
        zone = self.one(self.estate.zones)
        if zone and zone[0] != "rg-own":
            link = {self.one(self.virtual()): {"resolutionPolicy": self.policy()}}
            self.happen("linkZones", {"resourceGroup": zone[0], "zones": [zone[1]], "links": link})

    def unlink(self):
        linked = sorted((zone, network) for zone, what in self.estate.zones.items() for network in what.links)
        if linked:
            zone, network = self.one(linked)
            self.happen("unlinkZones", {"resourceGroup": zone[0], "zones": [zone[1]], "networks": network})

    def no_zone(self):
        """Deletes a zone that no endpoint writes to; Azure refuses while it has links."""
        written = {zone for endpoint in self.estate.endpoints.values() for zone in endpoint.group or []}
        zone = self.one(zone for zone in self.estate.zones if zone not in written)
        if zone:
            self.happen("deletePrivateDnsZones", {"resourceGroup": zone[0], "zones": [zone[1]]})

    def by_hand(self, zone=None):
        # Sometimes log ingestion is led to an endpoint, whatever its scope.
        logs = [zone for zone in self.estate.zones if zone[1] == "privatelink." + ODS]
        leads_logs = zone is None and bool(logs) and self.chance(0.4)
        zone = zone or self.one(logs if leads_logs else self.estate.zones)
        if zone is None:
            return
        endpoints = list(self.estate.endpoints.values())
        if leads_logs:
            linked = self.estate.zones[zone].links
            endpoints = [one for one in endpoints if one.scope and one.network in linked]
        addresses = [at for endpoint in endpoints for at in endpoint.addresses.values() if ":" not in at]
        addresses = [self.one(addresses)] if addresses and self.chance(0.9 if leads_logs else 0.6) else ["10.9.9.9"]
        name = "*" if leads_logs else self.one(["api", "live", "@", "*", "*.in.ai", "global.in.ai", "portal", "note", "westeurope"])
        kind = {"portal": "CNAME", "note": "TXT"}.get(name, "A")
        records = {"A": addresses, "CNAME": ["live." + MONITOR], "TXT": ['"by hand"']}[kind]
        self.happen("putRecordSet", {
            "resourceGroup": zone[0], "zone": zone[1], "name": name, "type": kind, "ttl": 3600, "records": records,
        })

    def erase_by_hand(self):
        sets = sorted((zone, name) for zone, what in self.estate.zones.items() for name in what.records)
        if sets:
            zone, name = self.one(sets)
            kind = self.estate.zones[zone].records[name].kind
            self.happen("deleteRecordSet", {"resourceGroup": zone[0], "zone": zone[1], "name": name, "type": kind})

    def resource(self):
        kind = self.random.choice(["workspace", "workspace", "component", "collection"])
        name = self.name({"workspace": "ws", "component": "ai", "collection": "dce"}[kind])
        region = self.one(REGIONS)
        if kind == "collection":
            # Names far from each other: one that is near a declared one is taken for a typing mistake.
            host = f"{name}-{self.random.randrange(16**8):08x}-ab1c.{region}-1"
            self.happen("createDataCollectionEndpoint", self.guarded(self.somewhere({
                "name": name, "location": region,
                "configurationAccess": f"{host}.handler.control.{MONITOR}",
                "logsIngestion": f"{host}.ingest.{MONITOR}",
                "metricsIngestion": f"{host}.metrics.ingest.{MONITOR}",
                "publicNetworkAccess": self.access(),
            }), ["publicNetworkAccess"], is_one=True))
            return
        spec = {
            "name": name, "location": region,
            "publicNetworkAccessForIngestion": self.access(), "publicNetworkAccessForQuery": self.access(),
        }
        if kind == "workspace":
            number = self.random.randrange(16**12)
            spec["customerId"] = f"{self.count:08x}-{number >> 32:04x}-4111-8111-{number:012x}"
            self.guarded(spec, ["publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"])
            self.happen("createWorkspace", self.somewhere(spec))
        else:
            stamp = self.one(STAMPS)
            if stamp != "global":
                spec["location"] = stamp.rsplit("-", 1)[0]
            spec["ingestionEndpoint"] = stamp
            self.happen("createComponent", self.somewhere(spec))

    def flags(self):
        name = self.one(name for name, one in self.estate.resources.items() if one.kind != "rule")
        if name is None:
            return
        what, kind = {"resource": name, "ingestion": self.access()}, self.estate.resources[name].kind
        if kind in ("workspace", "component"):
            what["query"] = self.access()
        if kind != "component" and self.chance(0.2):
            what["ingestion"] = "SecuredByPerimeter"
            lets_in = self.chance(0.5)
            what["perimeterAllowsInbound"] = {"ingestion": lets_in, "query": self.chance(0.5)} if kind == "workspace" else lets_in
        self.happen("setPublicNetworkAccess", what)

    def no_resource(self):
        """Azure refuses to delete what is in a scope."""
        if len(self.estate.resources) > 1:
            self.happen("deleteResource", self.one(self.estate.resources))

    def living_scopes(self):
        return [name for name, scope in self.estate.scopes.items() if not scope.deleted]

    def scope(self):
        what = {"name": self.name("ampls")}
        if not self.date or self.date >= "2021-09-01":
            what |= self.modes()
        self.happen("createPrivateLinkScope", what)
        self.owners(scopes=[what["name"]])

    def set_modes(self):
        scope = self.one(self.living_scopes())
        # What modes do to a scope from before there were modes is unknown.
        if not scope or self.estate.scopes[scope].legacy:
            return
        what = {"scope": scope, **self.modes()}
        endpoint = self.one(name for name, one in self.estate.endpoints.items() if one.scope == scope)
        if endpoint and self.chance(0.6):
            what["exclusions"] = [{"privateEndpointConnectionName": endpoint, **self.modes()}]
        self.happen("setAccessModes", what)

    def no_scope(self):
        scope = self.one(self.living_scopes())
        if scope and len(self.living_scopes()) > 1:
            self.happen("deletePrivateLinkScope", scope)

    def scoping(self):
        scope = self.one(self.living_scopes())
        resource = self.one(name for name, one in self.estate.resources.items() if one.kind not in ("service", "rule"))
        if scope and resource and resource not in self.estate.scopes[scope].resources:
            self.happen("addScopedResource", {"scope": scope, "resource": resource})

    def unscoping(self):
        pairs = [(name, one) for name, scope in self.estate.scopes.items() for one in scope.resources]
        if pairs:
            scope, resource = self.one(pairs)
            self.happen("removeScopedResource", {"scope": scope, "resource": resource})

    def endpoint(self):
        scope = self.one(self.living_scopes())
        if scope is None:
            return
        what = {"name": self.name("pe"), "scope": scope, "subnet": self.subnet(self.one(self.virtual()))}
        group = self.group()
        if group and not self.chance(0.1):
            what["zoneGroup"] = group
        if self.chance(0.15):
            what["approval"] = self.one(["Pending", "Rejected"])
        self.happen("createPrivateEndpoint", what)

    def endpoint_event(self):
        name = self.one(self.estate.endpoints)
        if name is None:
            return
        # What the zone group of an endpoint without connection writes is unknown.
        is_connected = not self.estate.has_no_target(self.estate.endpoints[name])
        is_of_service = self.estate.endpoints[name].service is not None
        what = self.random.choice(["delete", "delete", "group", "repair", "no group", "approval", "approval"])
        group = self.group()
        if what == "delete":
            self.happen("deletePrivateEndpoint", name)
        elif what == "group" and group and is_connected and not is_of_service:
            self.happen("setZoneGroup", {"endpoint": name, "zoneGroup": group})
        elif what == "repair" and self.estate.endpoints[name].group and is_connected:
            self.happen("repairZoneGroup", name)
        elif what == "no group" and self.estate.endpoints[name].group:
            self.happen("deleteZoneGroup", name)
        elif what == "approval" and is_connected:
            approval = self.one(["Approved", "Approved", "Pending", "Rejected"])
            self.happen("setApproval", {"endpoint": name, "approval": approval})

    def outbound(self):
        network = self.one(self.virtual())
        self.happen("setOutboundRule", {"network": network, "action": self.one(["Deny", "Deny", "Allow"])})

    def make(self):
        for _ in range(self.random.randrange(2, 5)):
            self.network()
        layout = self.random.random()
        if layout < 0.35 and len(self.virtual()) > 1:
            self.hub_and_spokes()
        elif layout < 0.5:
            self.wan()
        else:
            for _ in range(self.random.randrange(4)):
                self.peering()
            if self.chance(0.4):
                self.transit()
        if self.chance(0.4):
            self.inbound()
        for network, spec in list(self.estate.networks.items()):
            if spec.get("kind") == "onPremises" or self.chance(0.2):
                self.happen("setDns", {"network": network, "dns": self.dns(network, spec.get("kind"))})
        for _ in range(self.random.randrange(2, 6)):
            self.resource()
        for _ in range(self.random.choice([0, 0, 1, 2])):
            self.service()
        for _ in range(self.random.choice([0, 0, 1, 2])):
            self.rule()
        for network in self.estate.networks:
            self.owners(networks=[network])
        for resource in list(self.estate.resources):
            self.owners(resources=[resource])
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            self.machine()
        for _ in range(self.random.choice([0, 1, 2])):
            self.other_group()
        self.end_step()
        self.zones("rg-dns")
        for _ in range(self.random.randrange(1, 3)):
            self.scope()
            for _ in range(self.random.randrange(4)):
                self.scoping()
            self.endpoint()
        for _ in range(self.random.randrange(2)):
            self.service_endpoint()
        for _ in range(self.random.randrange(3)):
            self.session()
        if self.newest.random() < 0.4:
            self.service()
            self.service_endpoint()
        self.end_step()
        anything = {
            self.peering: 2, self.unpeering: 1, self.own_dns: 2, self.inbound: 1, self.ruleset: 3, self.no_ruleset: 1,
            self.zones: 2, self.special_zone: 2, self.link: 3, self.unlink: 2, self.no_zone: 1, self.by_hand: 4,
            self.erase_by_hand: 2, self.resource: 2, self.flags: 3, self.no_resource: 1, self.scope: 2,
            self.set_modes: 3, self.no_scope: 1, self.scoping: 5, self.unscoping: 2, self.endpoint: 5,
            self.endpoint_event: 6, self.outbound: 2, self.half_of_peering: 2, self.other_gateway: 2, self.other_appliance: 2,
            self.other_table: 2, self.other_policy: 1, self.other_hub: 2, self.transit: 1, self.machine: 1, self.session: 3,
            self.new_sessions: 2, self.service: 1, self.service_endpoint: 3, self.rule: 1, self.other_associations: 2,
            self.other_group: 4, self.other_owner: 1,
        }
        for _ in range(self.random.randrange(2, 5)):
            for _ in range(self.random.randrange(2, 7)):
                self.random.choices(list(anything), anything.values())[0]()
            self.end_step()
        return self.scenario


def history(seed):
    return Maker(seed).make()


def main():
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + count):
        print(json.dumps(history(seed)))


if __name__ == "__main__":
    main()
