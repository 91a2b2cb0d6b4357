"""Applies the events of a scenario, one after the other, to an estate: what exists, and what stands in the private zones.

Only the forms of events that `histories.py` writes are understood; any other event is an error, never ignored.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from facts import (
    AGENTSVC, BASE_NAMES, BASE_SINCE, COMPRESSION_SINCE, FIRST_ADDRESS, IPV6_REGIONS, IPV6_TYPES, MODES_SINCE, MONITOR, ODS,
    OMS, PRIVATE_ZONES, REGIONS, SERVICES, twin,
)
from security import DNS, Groups
from ways import Ways


@dataclass
class Record:
    """The A, AAAA or CNAME record set of one owner name, and the endpoint that wrote it (None: someone, by hand)."""

    kind: str
    data: list
    writer: str | None
    overwritten: "Record | None" = None


@dataclass
class Zone:
    records: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    # AAAA record sets, which stand beside the A record sets of the same names.
    six: dict = field(default_factory=dict)

    def sets(self, endpoint):
        """The record sets of the family of an endpoint's addresses."""
        return self.six if endpoint.six else self.records

    def owners(self):
        return self.records.keys() | self.six.keys()


@dataclass
class Scope:
    modes: dict
    exclusions: dict
    legacy: bool = False
    resources: list = field(default_factory=list)
    deleted: bool = False


@dataclass
class Endpoint:
    """A private endpoint of a scope, or of a resource of another service."""

    scope: str | None
    service: str | None
    network: str
    subnet: str
    created: str | None
    approval: str
    group: list | None
    # Whether it has IPv6 addresses.
    six: bool = False
    # Member (what has one address) to address, and public name to member.
    addresses: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    # Record sets of its zone group: (zone, owner).
    written: set = field(default_factory=set)


@dataclass
class Resource:
    kind: str
    spec: dict
    ingestion: str
    query: str
    # What the rules of its perimeter let in.
    perimeter: dict = field(default_factory=dict)


def before(date, day):
    """Whether a date, if there is one, is before a day. What has no date follows the newest rules."""
    return date is not None and date < day


@dataclass(frozen=True)
class Origin:
    """Where packets begin: in a network, and in a subnet and at a machine of it where these are known."""

    network: str
    subnet: str | None = None
    machine: str | None = None


class Estate:
    def __init__(self, rules, switches):
        self.rules = rules
        self.deletion = switches.get("deletion", "delete-by-name")
        self.workspace_hop = switches.get("workspaceHop", "scoped")
        self.append = switches.get("append", "own-only")
        self.networks, self.inbound, self.rulesets = {}, {}, {}
        self.ways = Ways(self)
        self.groups = Groups(self)
        self.zones, self.resources, self.scopes, self.endpoints = {}, {}, {}, {}
        # Machine to where it is, to what its agent is associated with, and to the resources it has opened sessions to.
        self.machines, self.agents, self.sessions = {}, {}, {}
        # Subscription to tenant, and object to subscription.
        self.tenants, self.owners = {}, {}
        self.outbound = {}
        self.gone_names = set()
        # Endpoints that were to have IPv6 addresses, and could not.
        self.without_ipv6 = set()
        self.date = None
        # What Azure refused: (step, kind of event).
        self.refused = []

    # Events

    def apply(self, event, date):
        date = event.get("date", date)
        (kind, what), = ((key, value) for key, value in event.items() if key != "date")
        self.date = date
        self.ways.found.clear()
        place = next(one for one in (self.ways, self.groups, self) if hasattr(one, kind))
        done = getattr(place, kind)(what)
        if done is False:
            self.refused.append(kind)

    def createNetwork(self, spec):
        """The IPv6 prefixes are kept apart: routes, security groups and DNS servers have IPv4 addresses."""
        first = lambda prefixes: prefixes[0] if isinstance(prefixes, list) else prefixes
        subnets = spec.get("subnets", {})
        own = {**spec, "addressSpace": spec["addressSpace"][:1], "hasIpv6": len(spec["addressSpace"]) > 1}
        own["ipv6Subnets"] = {name: prefixes[1] for name, prefixes in subnets.items() if isinstance(prefixes, list)}
        if subnets:
            own["subnets"] = {name: first(prefixes) for name, prefixes in subnets.items()}
        self.networks[spec["name"]] = own

    def setDns(self, what):
        self.networks[what["network"]]["dns"] = what["dns"]

    def createInboundEndpoint(self, what):
        self.inbound[what["name"]] = what["network"]

    def setRuleset(self, what):
        self.rulesets[what["name"]] = what

    def deleteRuleset(self, name):
        del self.rulesets[name]

    def _apexes(self, what):
        return PRIVATE_ZONES if what["zones"] == "azuremonitor" else what["zones"]

    def createPrivateDnsZones(self, what):
        for apex in self._apexes(what):
            self.zones.setdefault((what["resourceGroup"], apex), Zone())
        return self.linkZones(what) if what.get("links") else None

    def deletePrivateDnsZones(self, what):
        done = True
        for apex in self._apexes(what):
            if self.zones[what["resourceGroup"], apex].links:
                done = False
            else:
                del self.zones[what["resourceGroup"], apex]
        return done

    def linkZones(self, what):
        done = True
        for apex in self._apexes(what):
            for network, link in what["links"].items():
                same_name = [
                    zone for (group, other), zone in self.zones.items()
                    if other == apex and group != what["resourceGroup"] and network in zone.links
                ]
                if same_name or self.networks[network].get("kind") == "onPremises":
                    done = False
                    continue
                self.zones[what["resourceGroup"], apex].links[network] = link.get("resolutionPolicy", "Default")
        return done

    def unlinkZones(self, what):
        for apex in self._apexes(what):
            networks = what["networks"] if isinstance(what["networks"], list) else [what["networks"]]
            for network in networks:
                self.zones[what["resourceGroup"], apex].links.pop(network, None)

    def putRecordSet(self, what):
        zone = self.zones[what["resourceGroup"], what["zone"]]
        zone.records[what["name"]] = Record(what["type"], [one.rstrip(".") for one in what["records"]], None)

    def deleteRecordSet(self, what):
        self.zones[what["resourceGroup"], what["zone"]].records.pop(what["name"], None)

    def _put_resource(self, kind, what):
        flag = what.get("publicNetworkAccess", "Enabled")
        resource = Resource(
            kind, what,
            what.get("publicNetworkAccessForIngestion", flag), what.get("publicNetworkAccessForQuery", flag),
            each(what.get("perimeterAllowsInbound", False)),
        )
        self.resources[what["name"]] = resource

    def createWorkspace(self, what):
        self._put_resource("workspace", what)

    def createComponent(self, what):
        self._put_resource("component", what)

    def createDataCollectionEndpoint(self, what):
        self._put_resource("collection", what)

    def createResource(self, what):
        self._put_resource("service", what)

    def createDataCollectionRule(self, what):
        self._put_resource("rule", what)

    def updateDataCollectionRule(self, what):
        self._put_resource("rule", what)

    def setSubscription(self, what):
        self.tenants[what["name"]] = what["tenant"]
        for kind in ("networks", "resources", "scopes"):
            self.owners.update({(kind, name): what["name"] for name in what.get(kind, [])})

    def tenant(self, kind, name):
        return self.tenants.get(self.owners.get((kind, name)))

    def are_apart(self, one, other):
        """Whether two objects, each a kind and a name, belong to different tenants."""
        tenants = {self.tenant(*one), self.tenant(*other)}
        return None not in tenants and len(tenants) == 2

    def setPublicNetworkAccess(self, what):
        resource = self.resources[what["resource"]]
        if "perimeterAllowsInbound" in what:
            resource.perimeter = each(what["perimeterAllowsInbound"])
        resource.ingestion = what.get("ingestion", resource.ingestion)
        resource.query = what.get("query", resource.query)

    def deleteResource(self, name):
        if self.scopes_of(name):
            return False
        self.gone_names |= set(own_names(self.resources[name]))
        del self.resources[name]

    def createPrivateLinkScope(self, what):
        self.scopes[what["name"]] = Scope({}, {})
        if before(self.date, MODES_SINCE):
            ingestion = "PrivateOnly" if self.rules.old_scope_is_private_only else "Open"
            self.scopes[what["name"]].modes = {"ingestion": ingestion, "query": "Open"}
            self.scopes[what["name"]].legacy = True
        else:
            self.setAccessModes({**what, "scope": what["name"]})

    def setAccessModes(self, what):
        scope = self.scopes[what["scope"]]
        scope.modes = {"ingestion": what["ingestionAccessMode"], "query": what["queryAccessMode"]}
        scope.exclusions = {
            one["privateEndpointConnectionName"]: {"ingestion": one["ingestionAccessMode"], "query": one["queryAccessMode"]}
            for one in what.get("exclusions", [])
        }

    def deletePrivateLinkScope(self, name):
        self.scopes[name].deleted = True
        self.scopes[name].resources = []

    def _several(self, what):
        return what["resource"] if isinstance(what["resource"], list) else [what["resource"]]

    def addScopedResource(self, what):
        done = True
        for name in self._several(what):
            scope = self.scopes[what["scope"]]
            if name in scope.resources:
                continue
            is_foreign = self.are_apart(("scopes", what["scope"]), ("resources", name))
            if is_foreign and self.rules.scope_holds_resources_of_its_tenant:
                done = False
                continue
            scope.resources.append(name)
            for key, endpoint in self.endpoints.items():
                if endpoint.scope == what["scope"]:
                    self._serve(endpoint, [name])
                    own = [one for one in own_names(self.resources[name]) if one in endpoint.names]
                    self._write(key, list(endpoint.names) if self.append == "rewrite-all" else own)
        return done

    def removeScopedResource(self, what):
        for name in self._several(what):
            scope = self.scopes[what["scope"]]
            if name not in scope.resources:
                continue
            scope.resources.remove(name)
            for key, endpoint in self.endpoints.items():
                if endpoint.scope == what["scope"]:
                    kept = {one for other in scope.resources for one in own_names(self.resources[other])}
                    lost = [one for one in own_names(self.resources[name]) if one not in kept and one in endpoint.names]
                    self._erase(key, lost)
                    for one in lost:
                        del endpoint.names[one]
                    still = set(endpoint.names.values())
                    endpoint.addresses = {member: at for member, at in endpoint.addresses.items() if member in still}

    def createPrivateEndpoint(self, what):
        network, subnet = what["subnet"].split("/")
        group = what.get("zoneGroup")
        target = ("scopes", what["scope"]) if "scope" in what else ("resources", what["resource"])
        # Who may not approve on the target makes a request.
        waits = self.are_apart(("networks", network), target) and self.rules.another_tenant_has_to_approve
        endpoint = Endpoint(
            what.get("scope"), what.get("resource"), network, subnet, self.date,
            what.get("approval", "Pending" if waits else "Approved"),
            None if group is None else self._group(group), what.get("ipVersionType") == "IPv6",
        )
        if endpoint.six and not self._can_have_ipv6(endpoint):
            self.without_ipv6.add(what["name"])
            return False
        self.endpoints[what["name"]] = endpoint
        if endpoint.service is not None:
            self._serve(endpoint, [endpoint.service])
            self._write(what["name"], list(endpoint.names))
            return None
        resources = sorted(
            self.scopes[what["scope"]].resources,
            key=lambda name: ["workspace", "component", "collection"].index(self.resources[name].kind),
        )
        lacks = self.rules.old_endpoint_lacks_newer_names
        base = [name for name in BASE_NAMES if not (lacks and before(endpoint.created, BASE_SINCE.get(name, "")))]
        if self.rules.resources_come_before_base_names:
            self._serve(endpoint, resources)
        for name in base:
            self._address(endpoint, name)
            endpoint.names[name] = name
        self._serve(endpoint, resources)
        self._write(what["name"], list(endpoint.names))
        return None

    def _can_have_ipv6(self, endpoint):
        """A scope's endpoint has no IPv6 addresses, and others have them for some types, in some regions, in a subnet with an IPv6
        prefix. Of an unknown region it is not known that it has none."""
        if endpoint.service is None:
            return False
        spec = self.resources[endpoint.service].spec
        in_region = spec.get("location") in (None, *IPV6_REGIONS) or not self.rules.ipv6_endpoint_needs_a_region_that_has_it
        return spec["type"] in IPV6_TYPES and in_region and endpoint.subnet in self.networks[endpoint.network]["ipv6Subnets"]

    def _group(self, group):
        """Zones that are there when the group is made; it is a list of zones from then on."""
        if isinstance(group, str):
            return [(group, apex) for apex in PRIVATE_ZONES]
        return [(group["resourceGroup"], apex) for apex in self._apexes(group)]

    def deletePrivateEndpoint(self, name):
        self._erase(name, list(self.endpoints[name].names))
        del self.endpoints[name]

    def setZoneGroup(self, what):
        endpoint = self.endpoints[what["endpoint"]]
        group = self._group(what["zoneGroup"])
        if endpoint.group is not None:
            dropped = [zone for zone in endpoint.group if zone not in group]
            self._erase(what["endpoint"], list(endpoint.names), dropped)
        endpoint.group = group
        self._write(what["endpoint"], list(endpoint.names))

    def repairZoneGroup(self, name):
        self._write(name, list(self.endpoints[name].names))

    def deleteZoneGroup(self, name):
        self._erase(name, list(self.endpoints[name].names))
        self.endpoints[name].group = None

    def setApproval(self, what):
        endpoint = self.endpoints[what["endpoint"]]
        was, endpoint.approval = endpoint.approval, what["approval"]
        if was != "Approved" and endpoint.approval == "Approved":
            self._write(what["endpoint"], list(endpoint.names))

    def createVirtualMachine(self, what):
        self.machines[what["name"]] = Origin(what["network"], what.get("subnet"), what["name"])
        self.sessions[what["name"]] = []
        if "associations" in what:
            self.agents[what["name"]] = what["associations"]

    def setAssociations(self, what):
        self.agents[what["machine"]] = what["associations"]

    def openSession(self, what):
        if what["resource"] not in self.sessions[what["machine"]]:
            self.sessions[what["machine"]].append(what["resource"])

    def reboot(self, machine):
        """Its sessions are opened again: see `Sessions`."""

    def cutSessions(self, machine):
        """The same."""

    def setOutboundRule(self, what):
        self.outbound[what["network"]] = what["action"]

    # Addresses

    def _serve(self, endpoint, resources):
        """Gives addresses to what the endpoint does not serve yet."""
        compressed = self.rules.workspaces_of_a_region_share_addresses and not before(
            endpoint.created, COMPRESSION_SINCE
        )
        for name in resources:
            resource = self.resources[name]
            region = resource.spec.get("location", "")
            for one in own_names(resource):
                if one in endpoint.names:
                    continue
                member = one
                if resource.kind == "workspace" and compressed:
                    member = f"{region} {one.split('.', 1)[1]}"
                self._address(endpoint, member)
                endpoint.names[one] = member

    def _address(self, endpoint, member):
        if member in endpoint.addresses:
            return
        subnets = "ipv6Subnets" if endpoint.six else "subnets"
        subnet = ip_network(self.networks[endpoint.network][subnets][endpoint.subnet])
        taken = {
            address for other in self.endpoints.values()
            if (other.network, other.subnet) == (endpoint.network, endpoint.subnet) for address in other.addresses.values()
        }
        number = FIRST_ADDRESS
        while str(subnet[number]) in taken:
            number += 1
        endpoint.addresses[member] = str(subnet[number])

    # Record sets

    def _places(self, endpoint, names, group):
        for name in names:
            private = self.twin(name)
            for zone in group or []:
                if zone in self.zones and private.endswith("." + zone[1]):
                    yield zone, private[: -len(zone[1]) - 1], name

    def _write(self, key, names):
        endpoint = self.endpoints[key]
        if endpoint.approval != "Approved" and self.rules.pending_endpoint_writes_nothing:
            return
        if self.has_no_target(endpoint):
            return
        group = endpoint.group
        if group and not self.rules.group_is_a_fixed_list:
            group = [(group[0][0], apex) for apex in PRIVATE_ZONES]
        for key_of_zone, owner, name in self._places(endpoint, names, group):
            sets = self._sets(key_of_zone, endpoint)
            endpoint.written.add((key_of_zone, owner))
            old = sets.get(owner)
            if old is not None and old.writer != key and not self.rules.last_writer_wins:
                continue
            address = endpoint.addresses[endpoint.names[name]]
            kind = "AAAA" if endpoint.six else "A"
            sets[owner] = Record(kind, [address], key, old if old and old.writer != key else None)

    def _sets(self, zone, endpoint):
        """Where an endpoint writes in a zone: an A and an AAAA record set of one name do not overwrite each other."""
        is_apart = self.rules.ipv6_endpoint_has_record_sets_of_its_own
        return self.zones[zone].sets(endpoint) if is_apart else self.zones[zone].records

    def _erase(self, key, names, group=None):
        endpoint = self.endpoints[key]
        by_name = self.deletion == "delete-by-name"
        if not self.rules.deletion_takes_the_name:
            by_name = not by_name
        for key_of_zone, owner, _ in self._places(endpoint, names, endpoint.group if group is None else group):
            if (key_of_zone, owner) not in endpoint.written:
                continue
            endpoint.written.discard((key_of_zone, owner))
            sets = self._sets(key_of_zone, endpoint)
            old = sets.get(owner)
            if old is None or (old.writer != key and not by_name):
                continue
            del sets[owner]
            if not self.rules.overwritten_stays_away and old.overwritten is not None:
                sets[owner] = old.overwritten

    # What follows from it

    def scopes_of(self, resource):
        return [name for name, scope in self.scopes.items() if resource in scope.resources]

    def has_no_target(self, endpoint):
        """Whether what the endpoint led to is deleted."""
        if endpoint.service is not None:
            return endpoint.service not in self.resources
        return self.scopes[endpoint.scope].deleted

    def services(self):
        """Resources of other services, by public name."""
        return {own_names(one)[0]: name for name, one in self.resources.items() if one.kind == "service"}

    def twin(self, name):
        """The privatelink name of a public name. Names of services do not show which zone they belong to."""
        for group, public, private, _ in SERVICES.values():
            for region in REGIONS if "{region}" in public else [""]:
                label, found, rest = name.partition("." + public.replace("{region}", region))
                if found and not rest and "." not in label and name not in BASE_NAMES:
                    return label + "." + private.replace("{region}", region)
        return twin(name)

    def accepts_public(self, resource, kind):
        """Whether a resource takes public requests, `ingestion` or `query`: its flag, or the rules of its perimeter."""
        what = self.resources[resource]
        flag = what.query if kind == "query" and what.kind in ("workspace", "component") else what.ingestion
        if flag == "SecuredByPerimeter" and self.rules.perimeter_decides_on_public_requests:
            return what.perimeter[kind]
        return flag == "Enabled"

    def approved(self, resource):
        """Whether a resource of another service has an approved private endpoint."""
        return any(
            one.service == resource and (one.approval == "Approved" or not self.rules.hop_of_a_service_needs_an_approved_endpoint)
            for one in self.endpoints.values()
        )

    def legacy_zones(self):
        """The DNS of scopes from before September 2021: zones that their endpoints write to, or, without a zone group, those that
        the endpoint's network is linked to."""
        found = set()
        if not self.rules.old_scope_hides_other_workspaces:
            return found
        for endpoint in self.endpoints.values():
            if endpoint.scope is None or not self.scopes[endpoint.scope].legacy or self.scopes[endpoint.scope].deleted:
                continue
            if endpoint.group is None:
                found |= {key for key, zone in self.zones.items() if endpoint.network in zone.links}
            else:
                found |= set(endpoint.group)
        return {zone for zone in found if zone[1] in PRIVATE_ZONES}

    def scoped_names(self):
        """Names of workspaces and data collection endpoints that are in a scope."""
        names = set()
        for scope in self.scopes.values():
            for name in scope.resources:
                names |= set(own_names(self.resources[name]))
        return names

    def reach(self, one, other):
        """Whether packets get from one network to a DNS server in another: yes, no or unknown. Where in its own network a server is,
        is not stated, so rules for some of its addresses stop nothing for certain."""
        if one == other:
            return "yes"
        first = self.networks[other]["addressSpace"][0].split("/")[0]
        way = self.ways.reach(one, other, first)
        left = self.groups.leaves(Origin(one), first, way, DNS)
        return "no" if left == "closed" else way

    def client_subnets(self, network):
        """The subnets that clients may be in: not those of private endpoints."""
        taken = {one.subnet for one in self.endpoints.values() if one.network == network}
        return [name for name in self.networks[network].get("subnets", {}) if name not in taken]

    def reach_endpoint(self, network, endpoint):
        """Whether routes bring packets from a network to a private endpoint."""
        if endpoint.six:
            return self.ways.over_ipv6(network, endpoint.network)
        address = next(iter(endpoint.addresses.values()))
        return self.ways.reach(network, endpoint.network, address, f"{endpoint.network}/{endpoint.subnet}")

    def arrives_at(self, origin, endpoint, address, with_groups=True):
        """Whether packets get from an origin to an address of a private endpoint, by routes and security groups."""
        if endpoint.six and self.rules.group_does_not_stop_ipv6:
            return self.ways.over_ipv6(origin.network, endpoint.network)
        place = f"{endpoint.network}/{endpoint.subnet}"
        way, last = self.ways.way(origin.network, endpoint.network, address, place, origin.subnet)
        if way == "no" or not with_groups:
            return way
        left = self.groups.leaves(origin, address, way)
        entered = self.groups.enters(origin, endpoint, address, last)
        if "closed" in (left, entered):
            return "no"
        return "unknown" if "unknown" in (left, entered) else way

    def endpoints_at(self, address):
        return [
            (key, endpoint) for key, endpoint in self.endpoints.items() if address in endpoint.addresses.values()
        ]


def each(perimeter):
    """What a perimeter lets in, for ingestion and queries apart."""
    return perimeter if isinstance(perimeter, dict) else {"ingestion": perimeter, "query": perimeter}


def own_names(resource):
    """The names of a resource, in the order in which they get addresses."""
    spec = resource.spec
    if resource.kind == "rule":
        return []
    if resource.kind == "service":
        _, public, _, _ = SERVICES[spec["type"]]
        return next(iter(spec.get("hosts", {}).values()), [f"{spec['name']}.{public}"])
    if resource.kind == "workspace":
        return [f"{spec['customerId']}.{zone}" for zone in (OMS, ODS, AGENTSVC)]
    if resource.kind == "collection":
        host = spec["configurationAccess"].split(".handler.control.")[0]
        return [f"{host}.{part}.{MONITOR}" for part in ("handler.control", "ingest", "metrics.ingest")]
    names = []
    if spec.get("ingestionEndpoint", "global") != "global":
        names.append(f"{spec['ingestionEndpoint']}.in.ai.{MONITOR}")
        names.append(f"{spec['ingestionEndpoint'].rsplit('-', 1)[0]}.livediagnostics.{MONITOR}")
    return names


def in_subnet(address, subnet):
    return ip_address(address) in ip_network(subnet)
