"""Whether each use of an estate works: for each network, resource, operation and name one of works, broken, atRisk, closed.

What everybody uses, whether a resource is declared or not, has the resource `*` and the operation `any`.
"""

from estate import own_names
from facts import AGENTSVC, BASE_NAMES, BLOB, BOOTSTRAP, MONITOR, ODS, OMS, PRIVATE_ZONES, SERVICES
from resolve import Resolver

RESOURCE_MANAGER = "management.azure.com"
SOLUTION_PACKS = "scadvisorcontentpl." + BLOB
API = "api." + MONITOR


def uses(resource, of_machine=False):
    """The operations on a resource, and the names they go through. The agent's bootstrap is everybody's, one use for a
    network, and besides it one for each data collection endpoint whose rules an agent asks for. A machine with a session to a
    workspace has an agent of its own."""
    if resource.kind == "service":
        return [(SERVICES[resource.spec["type"]][3], name) for name in own_names(resource)]
    if resource.kind == "workspace":
        guid = resource.spec["customerId"]
        return [
            ("ingestion", f"{guid}.{ODS}"), ("config", f"{guid}.{OMS}"), ("config", f"{guid}.{AGENTSVC}"),
            ("query", API), ("download", SOLUTION_PACKS), ("resourceManager", RESOURCE_MANAGER),
        ] + [("config", BOOTSTRAP)] * of_machine
    if resource.kind == "collection":
        config, logs, metrics = own_names(resource)
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

    def answer(self, network, name):
        key = network, name
        if key not in self.answers:
            self.answers[key] = self.resolver.ask(network, name)
        return self.answers[key]

    def endpoint_at(self, network, address):
        """The endpoint that has an address, and whether packets from the network arrive: yes, no or unknown."""
        for key, endpoint in self.estate.endpoints_at(address):
            works = endpoint.approval == "Approved" and not self.estate.has_no_target(endpoint)
            return key, endpoint, self.estate.reach_endpoint(network, endpoint) if works else "no"
        return None, None, "no"

    def targets_by_name(self, network):
        found = set()
        names = {name for what in self.estate.resources.values() for _, name in uses(what)} | set(BASE_NAMES)
        for name in names:
            for address in self.answer(network, name).addresses:
                endpoint = self.endpoint_at(network, address)[1]
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

    def arrives(self, network, name):
        """How a request travels: (`failed`, `public`, `blocked` or `private`, the endpoint). Where it is not stated whether packets
        arrive, they are taken to: no rule says that the use is not served."""
        return self.travels(network, name, self.answer(network, name))

    def travels(self, network, name, answer):
        """The same for an answer that is given."""
        if answer.outcome == "public":
            # The service tag AzureMonitor.
            tagged = any(name.endswith("." + zone) for zone in (MONITOR, OMS, ODS, AGENTSVC))
            blocked = tagged and self.estate.outbound.get(network) == "Deny"
            return ("blocked" if blocked else "public"), None
        if not answer.addresses:
            return "failed", None
        for address in answer.addresses:
            key, _, reach = self.endpoint_at(network, address)
            if reach != "no":
                return "private", key
        return "failed", None

    def verdict(self, network, resource, operation, name, session=None):
        """How a use ends; with `session`, that of an open session of a machine, which began with this answer."""
        rules = self.estate.rules
        if operation == "resourceManager" and not rules.resource_manager_is_never_private:
            name = API
        how, via = self.arrives(network, name)
        if session is not None and rules.session_keeps_its_address:
            how, via = self.travels(network, name, session)
            how = "public" if how == "blocked" else how
        if how == "failed":
            return "broken"
        if via is not None and not self.is_served_there(via, resource):
            return "broken"
        if operation == "resourceManager" and via is None:
            return "works" if self.allowed(operation, name, resource, None) else "closed"
        if how == "blocked":
            # A rule that denies public addresses is meant: it breaks what a resource needs, not what nobody uses.
            has_agents = any(one.kind == "workspace" for one in self.estate.resources.values())
            is_used = resource is not None or name == BOOTSTRAP and has_agents
            return self.blocked(network, resource) if is_used else "works"
        if name == BOOTSTRAP:
            return "works" if via is None else self.bootstrap(via, resource)
        if resource is None or operation == "download" or self.allowed(operation, name, resource, via):
            return "works"
        return self.refused(network, resource, operation, via)

    def is_served_there(self, via, resource):
        """Whether what an endpoint leads to knows the name at all: an endpoint of a key vault does not serve a scope's names, and
        the other way round."""
        kind = self.estate.resources[resource].kind if resource is not None else None
        return self.estate.endpoints[via].service == (resource if kind == "service" else None)

    def bootstrap(self, via, collection):
        """Over a private path an agent gets its configuration only with a data collection endpoint of the same scope. An
        estate without workspace and data collection endpoint has no agent."""
        if not self.estate.rules.bootstrap_needs_a_scoped_collection_endpoint:
            return "works"
        scoped = self.estate.scopes[self.estate.endpoints[via].scope].resources
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
        machines = [machine for machine, at in self.estate.machines.items() if at == network]
        opened = any(resource in self.estate.sessions[machine] for machine in machines)
        return opened or bool(machines) and self.reaches(network, scopes)

    def all(self, sessions):
        regional = {
            name for one in self.estate.resources.values() if one.kind == "component" for name in own_names(one)
        }
        found = {}
        for network in self.estate.networks:
            for name in list(BASE_NAMES) + sorted(regional):
                found[f"{network}|*|any|{name}"] = self.verdict(network, None, "any", name)
            for resource, what in self.estate.resources.items():
                for operation, name in uses(what):
                    key = f"{network}|{resource}|{operation}|{name}"
                    found[key] = self.verdict(network, resource, operation, name)
        for (machine, resource, operation, name), answer in sessions.items():
            network = self.estate.machines[machine]
            key = f"{network}/{machine}|{resource}|{operation}|{name}"
            found[key] = self.verdict(network, resource, operation, name, answer)
        return found


def target(endpoint):
    """What an endpoint leads to: a scope, or a resource of another service."""
    return endpoint.scope if endpoint.scope is not None else endpoint.service
