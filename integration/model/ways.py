"""Whether packets get from one network to an address in another: peerings, gateways, routes, appliances, Virtual WAN."""

from ipaddress import ip_address, ip_network

# Addresses that the internet does not route: the last of Azure's own routes.
PRIVATE_ADDRESSES = ip_network("10.0.0.0/8")
ROUTE_TABLES_APPLY = ("RouteTableEnabled", "Enabled")
# How often appliances may pass a packet on.
MOST_HOPS = 4


class Ways:
    def __init__(self, estate):
        self.estate = estate
        # Halves of peerings, (from, to) to flags. A flag that is None was not stated.
        self.halves = {}
        self.gateways, self.tables, self.appliances, self.hubs, self.policies = {}, {}, {}, {}, {}
        self.transits = []
        # What `reach` found since the last event.
        self.found = {}

    # Events

    def createPeering(self, between):
        for pair in (tuple(between), tuple(reversed(between))):
            self.halves.setdefault(pair, {"allowGatewayTransit": None, "useRemoteGateways": None})

    def deletePeering(self, between):
        for pair in (tuple(between), tuple(reversed(between))):
            self.halves.pop(pair, None)

    def setPeering(self, what):
        self.halves[what["from"], what["to"]] = {"allowGatewayTransit": False, "useRemoteGateways": False} | what

    def setGateway(self, what):
        self.gateways[what["network"]] = what

    def setRouteTable(self, what):
        self.tables[what["name"]] = what

    def setAppliance(self, what):
        self.appliances[what["name"]] = what

    def setVirtualHub(self, what):
        self.hubs[what["name"]] = what

    def setTransit(self, what):
        self.transits.append(what)

    def setEndpointPolicy(self, what):
        self.policies[what["subnet"]] = what["privateEndpointNetworkPolicies"]

    def deleteRouting(self, what):
        (kind, name), = what.items()
        match kind:
            case "peering":
                del self.halves[name["from"], name["to"]]
            case "gateway":
                del self.gateways[name]
            case "routeTable":
                del self.tables[name]
            case "appliance":
                del self.appliances[name]
            case "virtualHub":
                del self.hubs[name]
            case "transit":
                self.transits = [one for one in self.transits if set(one["between"]) != set(name["between"])]
            case "endpointPolicy":
                del self.policies[name]
            case "securityGroup":
                self.estate.groups.delete(name)
            case _:
                raise ValueError(kind)

    # What follows from them

    def space(self, network):
        return [ip_network(one) for one in self.estate.networks[network]["addressSpace"]]

    def is_on_premises(self, network):
        return self.estate.networks[network].get("kind") == "onPremises"

    def peered(self, one, other):
        """Whether both halves of a peering are there and let packets in."""
        halves = [self.halves.get(pair) for pair in ((one, other), (other, one))]
        if not self.estate.rules.both_halves_of_a_peering_are_needed:
            halves = [half or next(filter(None, halves), None) for half in halves]
        return all(half and half.get("allowVirtualNetworkAccess", True) for half in halves)

    def peers(self, network):
        return [other for other in self.estate.networks if other != network and self.peered(network, other)]

    def uses_gateway_of(self, network, hub):
        """Whether a network uses the gateway of one it is peered with: True, False, or None if that is not stated."""
        return hub in self.gateways and self.peered(network, hub) and self.shares_gateway(network, hub)

    def shares_gateway(self, network, hub):
        """The same as far as the flags of the peering say."""
        halves = [self.halves.get(pair, {}) for pair in ((hub, network), (network, hub))]
        flags = [half.get(flag) for half, flag in zip(halves, ("allowGatewayTransit", "useRemoteGateways"))]
        if not self.estate.rules.gateway_is_used_with_both_flags:
            return any(flags)
        if False in flags:
            return False
        return None if None in flags else True

    def gateways_of(self, network, and_unstated=False):
        """The networks whose gateway a network uses, itself included, as far as that is stated."""
        uses = (True, None) if and_unstated else (True,)
        return [hub for hub in self.gateways if hub == network or self.uses_gateway_of(network, hub) in uses]

    def reach(self, source, target, address, subnet=None, origin=None):
        """`yes`, `no` or `unknown`. `subnet` is the one of the private endpoint whose address it is, `origin` the one that packets
        begin in; without it they may begin in any subnet of clients."""
        return self.way(source, target, address, subnet, origin)[0]

    def way(self, source, target, address, subnet=None, origin=None):
        """The same with the address of the last appliance that passes the packets on."""
        if source == target:
            return "yes", None
        key = source, target, address, subnet, origin
        if key not in self.found:
            found = self.through_wan(source, target)
            ways = {(found, None)} if found else set()
            for table in [] if found else self.tables_at(source, origin):
                self.trail = []
                verdict = self.routed(source, target, ip_address(address), subnet, MOST_HOPS, table)
                ways.add((verdict, self.trail[-1] if self.trail and verdict == "yes" else None))
            # Subnets that have different ways: it is not known which of them a client is in.
            verdict, last = ways.pop() if len(ways) == 1 else ("unknown", None)
            self.found[key] = ("yes" if verdict == "no" and not self.estate.rules.packets_need_a_way else verdict), last
        return self.found[key]

    def over_ipv6(self, source, target):
        """The same for an endpoint with IPv6 addresses: peerings carry packets to it, and ExpressRoute with a routing appliance, which
        nothing says to be there. Neither VPN, nor Virtual WAN, nor appliances do."""
        if source == target or not self.estate.rules.ipv6_packets_need_a_peering:
            return "yes"
        if not self.estate.networks[source]["hasIpv6"]:
            return "no"
        if not self.is_on_premises(source):
            return "yes" if self.peered(source, target) else "no"
        if self.through_wan(source, target) is not None:
            return "no"
        kinds = {gateway["kind"] for gateway in self.gateways.values() if source in gateway.get("connects", [])}
        is_vpn = bool(kinds) and "expressRoute" not in kinds
        return "no" if is_vpn or self.from_on_premises(source, target) == "no" else "unknown"

    def reach_between(self, network, subnet, address):
        """Whether packets from a subnet get to an address, wherever that is."""
        homes = [other for other in self.estate.networks if any(ip_address(address) in space for space in self.space(other))]
        verdicts = {self.reach(network, home, address, None, subnet) for home in homes}
        return next((one for one in ("yes", "unknown") if one in verdicts), "no")

    def tables_at(self, network, subnet):
        """The route tables that packets may begin with, None for Azure's own routes alone."""
        if not self.estate.rules.subnet_has_routes_of_its_own:
            subnet = None
        if subnet is not None:
            return [self.table_of(network, subnet)]
        tables = []
        for table in [self.table_of(network, name) for name in self.estate.client_subnets(network)]:
            if table not in tables:
                tables.append(table)
        # Where no subnet has clients, each route table of the network may be the one.
        return tables or [self.table_of(*place.split("/")) for place in self.places_with_tables(network)] or [None]

    def through_wan(self, source, target):
        """The way through the hubs of one Virtual WAN, or None if there is none."""
        if not self.estate.rules.networks_of_a_wan_reach_each_other:
            return None
        pairs = [
            (one, other) for one in self.hubs.values() for other in self.hubs.values()
            if source in one["connections"] and target in other["connections"] and one["virtualWan"] == other["virtualWan"]
        ]
        for pair in pairs:
            verdicts = {hub.get("firewall", "Allow") for hub in pair}
            if not self.estate.rules.firewall_of_a_hub_decides:
                verdicts = {"Allow"}
            return "no" if "Deny" in verdicts else "unknown" if "Unknown" in verdicts else "yes"
        return None

    def routed(self, network, target, address, subnet, hops, table, is_client=True):
        if network == target:
            return "yes"
        if self.is_on_premises(network):
            return self.from_on_premises(network, target)
        if table is not None and not table.get("isComplete", True):
            return "unknown"
        route = self.route(network, target, address, subnet, table, self.gateways_of(network))
        unstated = self.gateways_of(network, and_unstated=True)
        if route != "gateway" and self.route(network, target, address, subnet, table, unstated) == "gateway":
            # A gateway has a longer route, if the network uses it.
            return "yes" if self.follow(route, network, target, address, subnet, hops, table, is_client) == "yes" else "unknown"
        return self.follow(route, network, target, address, subnet, hops, table, is_client)

    def follow(self, route, network, target, address, subnet, hops, table, is_client):
        match route:
            case "endpoint" | "peering" | "gateway":
                return "yes"
            case None if self.is_on_premises(target):
                return self.to_on_premises(network, target, table)
            case None:
                return self.unrouted(network, target, is_described=table is not None or not is_client)
        match route["nextHopType"]:
            case "VirtualAppliance":
                return self.through_appliance(network, route["nextHopIpAddress"], target, address, subnet, hops)
            case "VirtualNetworkGateway":
                return self.through_gateway(network, target)
        return "no"

    def table_of(self, network, subnet):
        """The route table of a subnet."""
        place = f"{network}/{subnet}"
        return next((table for table in self.tables.values() if place in table.get("subnets", [])), None)

    def places_with_tables(self, network):
        """The subnets of a network that have a route table."""
        return [one for table in self.tables.values() for one in table.get("subnets", []) if one.split("/")[0] == network]

    def route(self, network, target, address, subnet, table, gateways):
        """The route of a packet: longest prefix first, then the user's own before a gateway's before Azure's."""
        rules = self.estate.rules
        own = [(ip_network(one["addressPrefix"]), one) for one in (table or {}).get("routes", [])]
        own = [(prefix, one) for prefix, one in own if address in prefix]
        found = [(prefix.prefixlen, 0 if rules.own_route_comes_before_a_peering else 3, one) for prefix, one in own]
        if not (table or {}).get("disableBgpRoutePropagation", False):
            for hub in gateways:
                for office in self.gateways[hub].get("connects", []):
                    found += [(prefix.prefixlen, 1, "gateway") for prefix in self.space(office) if address in prefix]
        for peer in self.peers(network):
            found += [(prefix.prefixlen, 2, "peering") for prefix in self.space(peer) if address in prefix]
        if subnet is not None and rules.endpoint_has_a_route_of_its_own and target in self.peers(network):
            long = max(prefix.prefixlen for prefix in self.space(target) if address in prefix)
            applies = self.policies.get(subnet, "Disabled") in ROUTE_TABLES_APPLY and rules.policy_lets_routes_apply
            if not (applies and any(prefix.prefixlen >= long for prefix, _ in own)):
                found.append((32, 2, "endpoint"))
        if not found:
            return None
        if not rules.longest_route_wins:
            return min(found, key=lambda one: (one[0], one[1]))[2]
        return min(found, key=lambda one: (-one[0], one[1]))[2]

    def unrouted(self, network, target, is_described):
        """Azure's last routes drop private addresses, unless a declared transit passes them on. Of networks with a common peer
        it is unknown what is in the middle, unless the routes are described."""
        if self.is_transit_declared(network, target):
            return "yes"
        return "unknown" if self.has_common_peer(network, target) and not is_described else "no"

    def is_transit_declared(self, network, target):
        joining = [one["through"] for one in self.transits if {network, target} <= set(one["between"])]
        return any(self.peered(network, hub) and self.peered(target, hub) for hub in joining)

    def has_common_peer(self, one, other):
        return bool(set(self.peers(one)) & set(self.peers(other)))

    def through_appliance(self, network, next_hop, target, address, subnet, hops):
        """The next hop must be an appliance in the network itself or in one peered with it, and pass packets on."""
        for one in self.appliances.values():
            if one["privateIPAddress"] == next_hop and (one["network"] == network or self.peered(network, one["network"])):
                verdict = one.get("forwards", "Allow") if self.estate.rules.appliance_can_drop_packets else "Allow"
                if verdict != "Allow" or hops == 0:
                    return "unknown" if verdict == "Unknown" else "no"
                self.trail.append(next_hop)
                # Packets of an appliance start in its own subnet, which has no route table here.
                return self.routed(one["network"], target, address, subnet, hops - 1, None, is_client=False)
        # An appliance that nobody declared may be there, if packets get to its address at all.
        near = [network, *self.peers(network)]
        return "unknown" if any(ip_address(next_hop) in prefix for one in near for prefix in self.space(one)) else "no"

    def through_gateway(self, network, target):
        """A route can lead to a VPN gateway, which knows its offices and the networks that use it."""
        for hub in self.gateways_of(network):
            if self.gateways[hub]["kind"] == "expressRoute" and self.estate.rules.express_route_is_no_next_hop:
                continue
            if target == hub or target in self.gateways[hub].get("connects", []) or self.uses_gateway_of(target, hub):
                return "yes"
        return "no"

    def from_on_premises(self, network, target):
        if self.peered(network, target):
            return "yes"
        hubs = self.hubs_of_office(network)
        if target in hubs:
            return "yes"
        return self.shared_gateway(target, hubs)

    def to_on_premises(self, network, office, table):
        """A network that has no route of a gateway to an office. The flags of its peerings decide whether it uses a gateway that
        is there without being declared; a table that leaves out the routes of gateways has none."""
        if self.is_transit_declared(network, office):
            return "yes"
        if (table or {}).get("disableBgpRoutePropagation", False):
            return "no"
        return self.shared_gateway(network, self.hubs_of_office(office))

    def hubs_of_office(self, office):
        """The networks whose gateways an office is connected to. What an office is peered with has a gateway, declared or not."""
        hubs = [hub for hub, gateway in self.gateways.items() if office in gateway.get("connects", [])]
        return hubs + [hub for hub in self.peers(office) if hub not in hubs]

    def shared_gateway(self, network, hubs):
        stated = [self.shares_gateway(network, hub) for hub in hubs if self.peered(network, hub)]
        if True in stated:
            return "yes"
        return "unknown" if None in stated else "no"
