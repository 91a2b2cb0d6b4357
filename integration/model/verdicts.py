"""Whether each use of an estate works: for each network, resource, operation and name one of works, broken, atRisk, closed.

What everybody uses, whether a resource is declared or not, has the resource `*` and the operation `any`.
"""

from estate import own_names
from facts import AGENTSVC, BASE_NAMES, BLOB, BOOTSTRAP, MONITOR, ODS, OMS, PRIVATE_ZONES
from resolve import Resolver

RESOURCE_MANAGER = "management.azure.com"
SOLUTION_PACKS = "scadvisorcontentpl." + BLOB
API = "api." + MONITOR


def uses(resource):
    """The operations on a resource, and the names they go through. The agent's bootstrap is everybody's, one use for a
    network, and besides it one for each data collection endpoint whose rules an agent asks for."""
    if resource.kind == "workspace":
        guid = resource.spec["customerId"]
        return [
            ("ingestion", f"{guid}.{ODS}"), ("config", f"{guid}.{OMS}"), ("config", f"{guid}.{AGENTSVC}"),
            ("query", API), ("download", SOLUTION_PACKS), ("resourceManager", RESOURCE_MANAGER),
        ]
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
        self.gets = {network: self.scopes_by_name(network) for network in estate.networks}

    def answer(self, network, name):
        key = network, name
        if key not in self.answers:
            self.answers[key] = self.resolver.ask(network, name)
        return self.answers[key]

    def endpoint_at(self, network, address):
        """The endpoint that has an address, and whether packets from the network arrive: yes, no or unknown."""
        for key, endpoint in self.estate.endpoints_at(address):
            works = endpoint.approval == "Approved" and not self.estate.scopes[endpoint.scope].deleted
            return key, endpoint, self.estate.reach(network, endpoint.network) if works else "no"
        return None, None, "no"

    def scopes_by_name(self, network):
        """Scopes of whose endpoints the network gets a private name."""
        found = set()
        names = {name for what in self.estate.resources.values() for _, name in uses(what)} | set(BASE_NAMES)
        for name in names:
            for address in self.answer(network, name).addresses:
                endpoint = self.endpoint_at(network, address)[1]
                if endpoint is not None:
                    found.add(endpoint.scope)
        return found

    def holds(self, network, scopes):
        return any(one.scope in scopes and one.network == network for one in self.estate.endpoints.values())

    def reaches(self, network, scopes):
        return any(
            one.scope in scopes and self.estate.reach(network, one.network) != "no"
            for one in self.estate.endpoints.values()
        )

    def allowed(self, operation, name, resource, via):
        """Whether a request that arrives is served. `via` is the name of the endpoint, or None for a public address."""
        estate, rules = self.estate, self.estate.rules
        what = estate.resources[resource]
        if via is not None:
            endpoint = estate.endpoints[via]
            scope = estate.scopes[endpoint.scope]
            if resource in scope.resources and rules.member_is_allowed:
                return True
            kind = "query" if operation == "query" else "ingestion"
            modes = scope.exclusions.get(via, scope.modes) if rules.exclusions_replace_the_mode else scope.modes
            has_mode = what.kind == "component" or name == API or not rules.log_ingestion_has_no_mode
            if has_mode and modes[kind] == "PrivateOnly" and rules.private_only_refuses_others:
                return False
            if not rules.open_leaves_it_to_the_flag:
                return True
        flag = what.query if operation in ("query", "resourceManager") else what.ingestion
        return flag == "Enabled"

    def arrives(self, network, name):
        """How a request travels: (`failed`, `public`, `blocked` or `private`, the endpoint). Where it is not stated whether packets
        arrive, they are taken to: no rule says that the use is not served."""
        answer = self.answer(network, name)
        if answer.outcome == "public":
            tagged = not name.endswith(BLOB) and name != RESOURCE_MANAGER
            blocked = tagged and self.estate.outbound.get(network) == "Deny"
            return ("blocked" if blocked else "public"), None
        if not answer.addresses:
            return "failed", None
        for address in answer.addresses:
            key, _, reach = self.endpoint_at(network, address)
            if reach != "no":
                return "private", key
        return "failed", None

    def verdict(self, network, resource, operation, name):
        rules = self.estate.rules
        if operation == "resourceManager" and not rules.resource_manager_is_never_private:
            name = API
        how, via = self.arrives(network, name)
        if how == "failed":
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

    def bootstrap(self, via, collection):
        """Over a private path an agent gets its configuration only with a data collection endpoint of the same scope. An
        estate without workspace and data collection endpoint has no agent."""
        if not self.estate.rules.bootstrap_needs_a_scoped_collection_endpoint:
            return "works"
        scoped = self.estate.scopes[self.estate.endpoints[via].scope].resources
        if collection is not None:
            return "works" if collection in scoped else "broken"
        kinds = {name: one.kind for name, one in self.estate.resources.items()}
        if "workspace" not in kinds.values() or any(kinds[one] == "collection" for one in scoped):
            return "works"
        return "broken" if "collection" in kinds.values() else "atRisk"

    def blocked(self, network, resource):
        scopes = self.estate.scopes_of(resource) if resource else []
        if self.reaches(network, scopes):
            return "broken"
        return "closed" if self.private_link_in_place(network) else "atRisk"

    def private_link_in_place(self, network):
        """Whether the network has the zones of scopes, or gets private names some other way."""
        linked = (apex for (_, apex), zone in self.estate.zones.items() if network in zone.links)
        return bool(self.gets[network]) or any(apex in PRIVATE_ZONES for apex in linked)

    def refused(self, network, resource, operation, via):
        scopes = self.estate.scopes_of(resource)
        if self.holds(network, scopes) or self.gets[network] & set(scopes):
            return "broken"
        what = self.estate.resources[resource]
        flag = what.query if operation == "query" else what.ingestion
        if via is not None and flag == "Enabled":
            return "atRisk"
        others = set(self.estate.scopes) - set(scopes)
        if self.reaches(network, scopes) and not self.holds(network, others):
            return "atRisk"
        return "closed" if self.estate.rules.disabled_and_unrelated_is_closed else "broken"

    def all(self):
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
        return found
