"""What network security groups do with packets: at the interface of the machine that they leave, at its subnet, and at the subnet of
a private endpoint whose policy lets rules apply."""

from ipaddress import ip_address, ip_network

HTTPS, DNS = ("Tcp", 443), ("Udp", 53)
GROUPS_APPLY = ("NetworkSecurityGroupEnabled", "Enabled")

# Service tags that hold the public addresses of an operation; `VirtualNetwork` holds private ones.
TAGS = {
    "resourceManager": {"AzureResourceManager", "AzureCloud", "Internet"},
    "download": {"Storage", "AzureCloud", "Internet"},
    "dataPlane": {"AzureCloud", "Internet"},
    "monitor": {"AzureMonitor", "AzureCloud", "Internet"},
}


class Groups:
    def __init__(self, estate):
        self.estate = estate
        self.groups = {}

    def setSecurityGroup(self, what):
        self.groups[what["name"]] = what

    def delete(self, name):
        del self.groups[name]

    def of_subnet(self, network, subnet):
        place = f"{network}/{subnet}"
        return next((one for one in self.groups.values() if place in one.get("subnets", [])), None)

    def of_machine(self, machine):
        return next((one for one in self.groups.values() if machine in one.get("virtualMachines", [])), None)

    def leaves(self, origin, to, way, sent=HTTPS):
        """`open`, `closed` or `unknown` for packets that leave an origin. `to` is a private address, or the service tags that hold a
        public one. `way` says whether routes bring them there."""
        if not self.groups or not self.estate.rules.group_drops_where_packets_leave:
            return "open"
        if self.estate.ways.is_on_premises(origin.network):
            return "open"
        own = self.of_machine(origin.machine) if origin.machine else None
        at_machine = "open"
        if own is not None and self.estate.rules.group_of_a_machine_counts:
            at_machine = self.outbound(own, origin.network, origin.subnet, to, way, sent)
        subnets = [origin.subnet] if origin.subnet else self.estate.client_subnets(origin.network)
        verdicts = set()
        for subnet in subnets:
            group = self.of_subnet(origin.network, subnet)
            verdicts.add("open" if group is None else self.outbound(group, origin.network, subnet, to, way, sent))
        at_subnet = all_of(verdicts)
        return next((one for one in ("closed", "unknown") if one in (at_machine, at_subnet)), "open")

    def outbound(self, group, network, subnet, to, way, sent):
        if isinstance(to, str):
            default = {"yes": "Allow", "no": "Deny", "unknown": None}[self.in_virtual_network(network, subnet, to, way)]
        else:
            default = "Allow"

        def catches(rule):
            return {self.catch(network, subnet, one, to, way) for one in several(rule.get("destinationAddressPrefix", "*"))}

        return self.decide(group, "Outbound", sent, default, catches)

    def catch(self, network, subnet, prefix, to, way):
        """Whether a destination of a rule holds an address, or the public addresses with these tags: yes, no or part."""
        if prefix == "*":
            return "yes"
        is_tag = not prefix[0].isdigit()
        if isinstance(to, str):
            if is_tag:
                if not self.estate.rules.tag_of_a_service_is_public and prefix == "AzureMonitor":
                    return "yes"
                return self.in_virtual_network(network, subnet, to, way) if prefix == "VirtualNetwork" else "no"
            return "yes" if ip_address(to) in ip_network(prefix) else "no"
        if prefix == "VirtualNetwork":
            # A user's own default route takes the internet into the tag.
            return "unknown" if self.has_default_route(network, subnet) else "no"
        return "yes" if is_tag and prefix in to else "no"

    def in_virtual_network(self, network, subnet, address, way):
        """Whether the tag `VirtualNetwork` holds an address: the network's own space, what routes bring packets to, and the prefixes
        of the subnet's own routes."""
        if any(ip_address(address) in space for space in self.estate.ways.space(network)):
            return "yes"
        if any(ip_address(address) in ip_network(route["addressPrefix"]) for route in self.routes(network, subnet)):
            return "yes"
        return way

    def routes(self, network, subnet):
        table = self.estate.ways.table_of(network, subnet) if subnet else None
        return (table or {}).get("routes", [])

    def has_default_route(self, network, subnet):
        return any(
            route["addressPrefix"] == "0.0.0.0/0" and route["nextHopType"] != "Internet" for route in self.routes(network, subnet)
        )

    def enters(self, origin, endpoint, address, last_appliance):
        """Whether packets get into the subnet of a private endpoint: its group counts if the subnet's policy says so."""
        place = f"{endpoint.network}/{endpoint.subnet}"
        applies = self.estate.ways.policies.get(place, "Disabled") in GROUPS_APPLY
        if not applies and self.estate.rules.group_of_an_endpoint_needs_the_policy:
            return "open"
        group = self.of_subnet(endpoint.network, endpoint.subnet)
        if group is None:
            return "open"
        spec = self.estate.networks[origin.network]
        sources = [spec["subnets"][origin.subnet]] if origin.subnet else list(spec["addressSpace"])
        # An appliance may put its own address in the place of the client's.
        if last_appliance:
            sources.append(last_appliance + "/32")
        return all_of({self.inbound(group, endpoint, ip_network(source), address) for source in sources})

    def inbound(self, group, endpoint, source, address):
        first = str(source[0])
        way = self.estate.ways.reach_between(endpoint.network, endpoint.subnet, first)
        known = self.in_virtual_network(endpoint.network, endpoint.subnet, first, way)
        default = {"yes": "Allow", "no": "Deny", "unknown": None}[known]

        def catches(rule):
            found = set()
            for prefix in several(rule.get("sourceAddressPrefix", "*")):
                if prefix == "*":
                    found.add("yes")
                elif prefix == "VirtualNetwork":
                    found.add(known)
                elif prefix[0].isdigit():
                    other = ip_network(prefix)
                    found.add("yes" if source.subnet_of(other) else "unknown" if other.subnet_of(source) else "no")
            to = {self.catch(endpoint.network, endpoint.subnet, one, address, way)
                  for one in several(rule.get("destinationAddressPrefix", "*"))}
            worst = ["no", "unknown", "yes"]
            return {min(max(found, key=worst.index, default="no"), max(to, key=worst.index), key=worst.index)}

        return self.decide(group, "Inbound", HTTPS, default, catches)

    def decide(self, group, direction, sent, default, catches):
        """The first rule that catches packets decides, in the order of priorities, and Azure's own rules after all."""
        protocol, port = sent
        rules = [rule for rule in group["rules"] if rule["direction"] == direction]
        rules.sort(key=lambda rule: rule["priority"], reverse=not self.estate.rules.lower_priority_number_comes_first)
        maybe = set()
        verdict = default
        for rule in rules:
            is_sent_so = rule.get("protocol", "*") in ("*", protocol) and any(
                holds_port(ports, port) for ports in several(rule.get("destinationPortRange", "*"))
            )
            if not is_sent_so and self.estate.rules.rules_are_for_their_port_and_protocol:
                continue
            found = catches(rule)
            if "yes" in found:
                verdict = rule["access"]
                break
            if "unknown" in found:
                maybe.add(rule["access"])
        if verdict is None or maybe - {verdict}:
            return "unknown"
        return "open" if verdict == "Allow" else "closed"


def several(value):
    return value if isinstance(value, list) else [value]


def holds_port(ports, port):
    if ports == "*":
        return True
    low, _, high = ports.partition("-")
    return int(low) <= port <= int(high or low)


def all_of(verdicts):
    """One verdict of several: they agree, or it is not known which of them holds."""
    return "open" if not verdicts else verdicts.pop() if len(verdicts) == 1 else "unknown"
