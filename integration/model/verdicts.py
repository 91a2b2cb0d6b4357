"""Whether each use of an estate works: for each network, resource, operation and name one of works, broken, atRisk, closed.

What everybody uses, whether a resource is declared or not, has the resource `*` and the operation `any`.
"""

from estate import Origin, own_names
from facts import AGENTSVC, BASE_NAMES, BLOB, BOOTSTRAP, MONITOR, ODS, OMS, PRIVATE_ZONES, SERVICES
from resolve import Resolver
from security import TAGS

RESOURCE_MANAGER = "management.azure.com"
SOLUTION_PACKS = "scadvisorcontentpl." + BLOB
API = "api." + MONITOR


def uses(resource, of_machine=False, agent=None):
    """The operations on a resource, and the names they go through. The agent's bootstrap is everybody's, one use for a
    network, and besides it one for each data collection endpoint whose rules an agent asks for. A machine with a session to a
    workspace has an agent of its own. An agent that is known to be associated asks no other data collection endpoint, and asks for
    the configuration of its rules."""
    if resource.kind == "service":
        return [(SERVICES[resource.spec["type"]][3], name) for name in own_names(resource)]
    if resource.kind == "rule":
        asks = agent is not None and resource.spec["name"] in agent.get("dataCollectionRules", [])
        return [("config", BOOTSTRAP)] * asks
    if resource.kind == "workspace":
        guid = resource.spec["customerId"]
        return [
            ("ingestion", f"{guid}.{ODS}"), ("config", f"{guid}.{OMS}"), ("config", f"{guid}.{AGENTSVC}"),
            ("query", API), ("download", SOLUTION_PACKS), ("resourceManager", RESOURCE_MANAGER),
        ] + [("config", BOOTSTRAP)] * of_machine
    if resource.kind == "collection":
        config, logs, metrics = own_names(resource)
        if agent is not None and agent.get("configurationAccessEndpoint") != resource.spec["name"]:
            return [("ingestion", logs), ("ingestion", metrics)]
        return [("config", config), ("ingestion", logs), ("ingestion", metrics), ("config", BOOTSTRAP)]
    telemetry, live = own_names(resource) or ["global.in.ai." + MONITOR, "live." + MONITOR]
    return [
        ("ingestion", telemetry), ("ingestion", live), ("query", live), ("query", API),
        ("ingestion", "profiler." + MONITOR), ("ingestion", "snapshot." + MONITOR),
        ("query", "diagservices-query." + MONITOR), ("resourceManager", RESOURCE_MANAGER),
    ]


class Judge:
    def __init__(self, estate):
        self.estate = estate
        self.resolver = Resolver(estate)
        self.answers = {}
        self.got = {}

    def gets(self, network):
        """Scopes, and resources of other services, of whose endpoints the network gets a private name."""
        if network not in self.got:
            self.got[network] = self.targets_by_name(network)
        return self.got[network]

    def asked(self, network, name, kind="A"):
        key = network, name, kind
        if key not in self.answers:
            self.answers[key] = self.resolver.ask(network, name, kind)
        return self.answers[key]

    def answer(self, network, name):
        """What a client gets that looks for addresses: it takes IPv6 addresses where a name has no others."""
        first = self.asked(network, name)
        other = self.asked(network, name, "AAAA") if first.outcome == "NODATA" else first
        return other if other.addresses else first

    def endpoint_at(self, origin, address, with_groups=True):
        """The endpoint that has an address, and whether packets from the origin arrive: yes, no or unknown."""
        for key, endpoint in self.estate.endpoints_at(address):
            works = endpoint.approval == "Approved" and not self.estate.has_no_target(endpoint)
            return key, endpoint, self.estate.arrives_at(origin, endpoint, address, with_groups) if works else "no"
        return None, None, "no"

    def targets_by_name(self, network):
        found = set()
        names = {name for what in self.estate.resources.values() for _, name in uses(what)} | set(BASE_NAMES)
        for name in names:
            for address in self.answer(network, name).addresses:
                endpoint = self.endpoint_at(Origin(network), address)[1]
                if endpoint is not None:
                    found.add(target(endpoint))
        return found

    def holds(self, network, scopes):
        return any(target(one) in scopes and one.network == network for one in self.estate.endpoints.values())

    def reaches(self, network, scopes):
        return any(
            target(one) in scopes and self.estate.reach_endpoint(network, one) != "no"
            for one in self.estate.endpoints.values()
        )

    def allowed(self, operation, name, resource, via):
        """Whether a request that arrives is served. `via` is the name of the endpoint, or None for a public address."""
        estate, rules = self.estate, self.estate.rules
        what = estate.resources[resource]
        if what.kind == "service":
            if via is not None and rules.endpoint_of_a_service_lets_in:
                return True
            return estate.accepts_public(resource, "ingestion")
        if via is not None:
            endpoint = estate.endpoints[via]
            scope = estate.scopes[endpoint.scope]
            if resource in scope.resources and rules.member_is_allowed:
                return True
            kind = "query" if operation == "query" else "ingestion"
            modes = scope.exclusions.get(via, scope.modes) if rules.exclusions_replace_the_mode else scope.modes
            has_mode = what.kind == "component" or name == API or scope.legacy or not rules.log_ingestion_has_no_mode
            if has_mode and modes[kind] == "PrivateOnly" and rules.private_only_refuses_others:
                return False
            if not rules.open_leaves_it_to_the_flag:
                return True
        return estate.accepts_public(resource, "query" if operation in ("query", "resourceManager") else "ingestion")

    def arrives(self, origin, operation, name):
        """How a request travels: (`failed`, `public`, `blocked` or `private`, the endpoint). Where it is not stated whether packets
        arrive, they are taken to: no rule says that the use is not served."""
        return self.travels(origin, operation, self.answer(origin.network, name))

    def travels(self, origin, operation, answer, with_groups=True):
        """The same for an answer that is given. Security groups are for new connections."""
        if answer.outcome == "public":
            tags = TAGS.get(operation, TAGS["monitor"])
            denied = self.estate.outbound.get(origin.network) == "Deny" and "AzureMonitor" in tags
            denied |= with_groups and self.estate.groups.leaves(origin, tags, "no") == "closed"
            return ("blocked" if denied else "public"), None
        if not answer.addresses:
            return "failed", None
        for address in answer.addresses:
            key, _, reach = self.endpoint_at(origin, address, with_groups)
            if reach != "no":
                return "private", key
        return "failed", None

    def verdict(self, origin, resource, operation, name, session=None, agent=None):
        """How a use ends; with `session`, that of an open session of a machine, which began with this answer."""
        rules, network = self.estate.rules, origin.network
        if operation == "resourceManager" and not rules.resource_manager_is_never_private:
            name = API
        how, via = self.arrives(origin, operation, name)
        if session is not None and rules.session_keeps_its_address:
            how, via = self.travels(origin, operation, session, with_groups=False)
            how = "public" if how == "blocked" else how
        if how == "failed":
            return "broken"
        if via is not None and not self.is_served_there(via, resource):
            return "broken"
        if operation == "resourceManager" and via is None and how != "blocked":
            return "works" if self.allowed(operation, name, resource, None) else "closed"
        if how == "blocked":
            # A rule that denies public addresses is meant: it breaks what a resource needs, not what nobody uses.
            has_agents = any(one.kind == "workspace" for one in self.estate.resources.values())
            is_used = resource is not None or name == BOOTSTRAP and has_agents
            # Resource Manager has no private path that could be missing.
            return self.blocked(network, None if operation == "resourceManager" else resource) if is_used else "works"
        if name == BOOTSTRAP:
            return "works" if via is None else self.bootstrap(via, resource, agent)
        if resource is None or operation == "download" or self.allowed(operation, name, resource, via):
            return "works"
        return self.refused(network, resource, operation, via)

    def is_served_there(self, via, resource):
        """Whether what an endpoint leads to knows the name at all: an endpoint of a key vault does not serve a scope's names, and
        the other way round."""
        kind = self.estate.resources[resource].kind if resource is not None else None
        return self.estate.endpoints[via].service == (resource if kind == "service" else None)

    def bootstrap(self, via, collection, agent):
        """Over a private path an agent gets its configuration only with a data collection endpoint of the same scope. An
        estate without workspace and data collection endpoint has no agent."""
        if not self.estate.rules.bootstrap_needs_a_scoped_collection_endpoint:
            return "works"
        scoped = self.estate.scopes[self.estate.endpoints[via].scope].resources
        if agent is not None and self.estate.rules.association_decides_on_configuration:
            own = agent.get("configurationAccessEndpoint")
            is_there = own is not None and (own in scoped or not self.estate.rules.associated_endpoint_must_be_scoped)
            return "works" if is_there else "broken"
        if collection is not None and self.estate.resources[collection].kind == "collection":
            return "works" if collection in scoped else "broken"
        kinds = {name: one.kind for name, one in self.estate.resources.items()}
        if "workspace" not in kinds.values() or any(kinds[one] == "collection" for one in scoped):
            return "works"
        return "broken" if "collection" in kinds.values() else "atRisk"

    def blocked(self, network, resource):
        scopes = self.targets_of(resource) if resource else []
        if self.reaches(network, scopes):
            return "broken"
        return "closed" if self.private_link_in_place(network) else "atRisk"

    def private_link_in_place(self, network):
        """Whether the network has the zones of scopes, or gets private names some other way."""
        linked = (apex for (_, apex), zone in self.estate.zones.items() if network in zone.links)
        return bool(self.gets(network) & set(self.estate.scopes)) or any(apex in PRIVATE_ZONES for apex in linked)

    def targets_of(self, resource):
        """What endpoints lead to that serve a resource: its scopes, or itself."""
        return [resource] if self.estate.resources[resource].kind == "service" else self.estate.scopes_of(resource)

    def is_private(self, resource):
        """Whether a resource is in a scope, or has a private endpoint of its own."""
        return bool(self.estate.scopes_of(resource)) or any(one.service == resource for one in self.estate.endpoints.values())

    def refused(self, network, resource, operation, via):
        scopes = self.targets_of(resource)
        if self.estate.resources[resource].kind == "service":
            is_meant = self.reaches(network, scopes) or self.is_private(resource) and self.machine_uses(network, resource, scopes)
            return "broken" if is_meant else "closed"
        if self.holds(network, scopes) or self.gets(network) & set(scopes):
            return "broken"
        if self.is_private(resource) and self.machine_uses(network, resource, scopes):
            return "broken"
        if via is not None and self.estate.accepts_public(resource, "query" if operation == "query" else "ingestion"):
            return "atRisk"
        others = set(self.estate.scopes) - set(scopes)
        if self.reaches(network, scopes) and not self.holds(network, others):
            return "atRisk"
        return "closed" if self.estate.rules.disabled_and_unrelated_is_closed else "broken"

    def machine_uses(self, network, resource, scopes):
        """Whether a machine of the network uses a resource: it has opened a session to it, or could reach an endpoint of it."""
        if not self.estate.rules.machine_uses_what_is_scoped:
            return False
        machines = [machine for machine, at in self.estate.machines.items() if at.network == network]
        opened = any(resource in self.estate.sessions[machine] for machine in machines)
        return opened or bool(machines) and self.reaches(network, scopes)

    def all(self, sessions):
        regional = {
            name for one in self.estate.resources.values() if one.kind == "component" for name in own_names(one)
        }
        found = {}
        for network in self.estate.networks:
            for name in list(BASE_NAMES) + sorted(regional):
                found[f"{network}|*|any|{name}"] = self.verdict(Origin(network), None, "any", name)
            for resource, what in self.estate.resources.items():
                for operation, name in uses(what):
                    key = f"{network}|{resource}|{operation}|{name}"
                    found[key] = self.verdict(Origin(network), resource, operation, name)
        for machine, origin in self.estate.machines.items():
            agent = self.estate.agents.get(machine)
            for resource in self.used_apart(machine, origin, agent):
                for operation, name in uses(self.estate.resources[resource], of_machine=True, agent=agent):
                    if self.is_apart(machine, origin) or agent is not None and operation == "config":
                        key = f"{origin.network}/{machine}|{resource}|{operation}|{name}"
                        found[key] = self.verdict(origin, resource, operation, name, agent=agent)
        for (machine, resource, operation, name), answer in sessions.items():
            origin, agent = self.estate.machines[machine], self.estate.agents.get(machine)
            # With a new association an agent no longer asks the endpoint that it was configured by.
            if (operation, name) not in uses(self.estate.resources[resource], of_machine=True, agent=agent):
                continue
            key = f"{origin.network}/{machine}|{resource}|{operation}|{name}"
            found[key] = self.verdict(origin, resource, operation, name, answer, agent)
        return found

    def is_apart(self, machine, origin):
        """Whether rules or routes of its own may part a machine from the rest of its network; else it has the network's uses."""
        groups = self.estate.groups.groups.values()
        if any(machine in group.get("virtualMachines", []) for group in groups):
            return True
        if origin.subnet is None:
            return False
        in_network = any(
            place.split("/")[0] == origin.network for group in groups for place in group.get("subnets", [])
        )
        return in_network or bool(self.estate.ways.places_with_tables(origin.network))

    def used_apart(self, machine, origin, agent):
        """The resources of which a machine has uses of its own."""
        names = set(self.estate.resources) if self.is_apart(machine, origin) else set(self.estate.sessions[machine])
        if agent is not None:
            names |= {*agent.get("dataCollectionRules", []), agent.get("configurationAccessEndpoint")}
        return sorted(name for name in names if name in self.estate.resources)


def target(endpoint):
    """What an endpoint leads to: a scope, or a resource of another service."""
    return endpoint.scope if endpoint.scope is not None else endpoint.service
