"""What a name resolves to: in public DNS, at Azure-provided DNS of a network, and through a network's own DNS server."""

import re
from dataclasses import dataclass

from estate import own_names
from facts import (
    BASE_NAMES, ENTRY_HOSTS, ENTRY_SUFFIXES, MONITOR, NEVER_PRIVATE, PUBLIC_ZONES, STAMP_NAMES, TAILS,
)


COLLECTION = r"[a-z0-9-]+-[a-z0-9]{4}\.(westeurope|northeurope)-1\.(handler\.control|(metrics\.)?ingest)\.monitor\.azure\.com"

PROMETHEUS = r"[a-z0-9-]+-[a-z0-9]{4}\.(westeurope|northeurope)\.prometheus\.monitor\.azure\.com"


@dataclass
class Answer:
    """`outcome` is NOERROR with addresses, `public` for any public address, NODATA, NXDOMAIN or SERVFAIL."""

    outcome: str
    addresses: tuple = ()
    aliases: tuple = ()
    # Whether a private zone decided.
    private: bool = False
    # Whether one of the aliases is one that only networks with the DNS of a legacy scope see: its target exists too.
    legacy: bool = False

    def __str__(self):
        text = ",".join(sorted(self.addresses)) if self.addresses else self.outcome
        cut = next((number for number, name in enumerate(self.aliases) if "privatelink" in name), None)
        return text if cut is None else f"{text} via {' '.join(self.aliases[: cut + 1])}"


SERVFAIL = Answer("SERVFAIL")


class Resolver:
    def __init__(self, estate):
        self.estate = estate
        self.scoped = estate.scoped_names()
        self.public_names = set(BASE_NAMES) | set(NEVER_PRIVATE) | set(STAMP_NAMES) | set(TAILS.values())
        self.hops = set(BASE_NAMES) | set(STAMP_NAMES)
        self.legacy = estate.legacy_zones()
        for resource in estate.resources.values():
            names = own_names(resource)
            self.public_names |= set(names)
            always = resource.kind == "component" or not estate.rules.hop_only_when_scoped
            always |= estate.workspace_hop == "always"
            if resource.kind == "service":
                always = estate.approved(resource.spec["name"])
            self.hops |= {name for name in names if always or name in self.scoped}
        self.twins = {estate.twin(name) for name in self.hops}

    # Public DNS

    def public_step(self, name, legacy=False):
        """One step of public DNS: an alias, `public`, NODATA or NXDOMAIN. For a network with the DNS of a legacy scope each
        workspace is behind an alias."""
        if name in ENTRY_HOSTS or name in TAILS:
            return "alias", {**ENTRY_HOSTS, **TAILS}[name]
        for suffix, target in ENTRY_SUFFIXES.items():
            if name.endswith("." + suffix):
                return "alias", target
        if name.endswith(".in.applicationinsights.azure.com"):
            return "alias", name.split(".", 1)[0] + ".in.ai." + MONITOR
        always = self.estate.workspace_hop == "always"
        if name in self.hops or (legacy or always) and self.workspace(name) or always and self.collection(name):
            return "alias", self.estate.twin(name)
        is_there = self.workspace(name) or self.collection(name) or self.prometheus(name)
        if name in self.public_names or name in self.twins or is_there:
            return "public", None
        if self.is_twin(name) and (always or legacy and self.workspace(self.public_name(name))):
            return "public", None
        if name in PUBLIC_ZONES or any(one.endswith("." + name) for one in self.public_names | self.twins):
            return "NODATA", None
        return "NXDOMAIN", None

    def workspace(self, name):
        """A workspace's name. One that the estate does not know exists, as far as anybody can tell; one deleted in it does
        not."""
        label, _, zone = name.partition(".")
        form = len(label) == 36 and label.count("-") == 4 and zone in PUBLIC_ZONES[1:4]
        return form and name not in self.estate.gone_names

    def collection(self, name):
        """A data collection endpoint's name: the same holds for it."""
        form = re.fullmatch(COLLECTION, name)
        return bool(form) and name not in self.estate.gone_names

    def prometheus(self, name):
        """The query host of an Azure Monitor workspace: the same again."""
        return bool(re.fullmatch(PROMETHEUS, name)) and name not in self.estate.gone_names

    def public_name(self, name):
        """The public name of the privatelink name of a workspace or of a data collection endpoint."""
        return name.replace(".privatelink.", ".", 1)

    def is_twin(self, name):
        """Whether a name is the privatelink name of a workspace or of a data collection endpoint."""
        public = self.public_name(name)
        return public != name and (self.workspace(public) or self.collection(public))

    def public(self, name, legacy=False):
        aliases = []
        while True:
            what, target = self.public_step(name, legacy)
            if what != "alias":
                return Answer(what, (), tuple(aliases))
            aliases.append(target)
            name = target

    # Azure-provided DNS

    def zone_of(self, network, name):
        networks = {network}
        if not self.estate.rules.links_stay_in_their_network:
            networks |= set(self.estate.ways.peers(network))
        found = [
            (len(apex), apex, zone, zone.links[one])
            for (_, apex), zone in self.estate.zones.items() for one in sorted(networks)
            if one in zone.links and (name == apex or name.endswith("." + apex))
        ]
        if not found:
            return None
        pick = max if self.estate.rules.longest_zone_wins else min
        return pick(found, key=lambda one: one[0])[1:]

    def in_zone(self, zone, apex, name, kind):
        """What stands in a zone at a name: a record set, or None for a name that exists without one, or NXDOMAIN."""
        owner, owners = "@" if name == apex else name[: -len(apex) - 1], zone.owners()
        if kind == "AAAA" and owner in zone.six:
            return zone.six[owner]
        if owner in owners:
            return zone.records.get(owner)
        if owner == "@" or any(one.endswith("." + owner) for one in owners):
            return None
        # The wildcard at the closest name that exists.
        parent = owner
        while parent:
            parent = parent.partition(".")[2]
            wildcard = zone.records.get("*." + parent if parent else "*")
            if wildcard is not None:
                return wildcard
            if parent in owners or any(one.endswith("." + parent) for one in owners):
                break
        return "NXDOMAIN"

    def shares_legacy_dns(self, network):
        """Whether the network is linked to a zone of a legacy scope."""
        return any(network in self.estate.zones[one].links for one in self.legacy if one in self.estate.zones)

    def azure(self, network, name, kind="A", seen=(), first=False, legacy=False):
        """With `first` it stops at the first alias. `legacy` says that an alias before the name is one of a legacy scope."""
        rules, aliases = self.estate.rules, []
        for _ in range(20):
            if first and aliases:
                return Answer("ALIAS", (), tuple(aliases), False, legacy)
            zone = self.zone_of(network, name)
            if aliases and not rules.private_zone_is_asked_for_aliases:
                zone = None
            rule = self.rule_of(network, name)
            if rule is not None and (zone is None or not rules.zone_comes_before_rule):
                return self.after(aliases, self.target(
                    network, rule["target"], name, kind, seen, first, True, legacy,
                ))
            if zone is not None:
                apex, content, policy = zone
                record = self.in_zone(content, apex, name, kind)
                if record == "NXDOMAIN":
                    redirect = policy == "NxDomainRedirect" and apex.startswith("privatelink.")
                    if (redirect and rules.redirect_asks_public_dns) or not rules.zone_owns_its_name_space:
                        exists = (legacy or self.shares_legacy_dns(network)) and self.workspace(self.public_name(name))
                        again = Answer("public") if exists else self.public(name)
                        return self.after(aliases, self.of_kind(again, kind))
                    return Answer("NXDOMAIN", (), tuple(aliases), True)
                if record is None:
                    return Answer("NODATA", (), tuple(aliases), True)
                if record.kind == "CNAME":
                    name = record.data[0]
                    aliases.append(name)
                    continue
                if record.kind != kind:
                    return Answer("NODATA", (), tuple(aliases), True)
                return Answer("NOERROR", tuple(record.data), tuple(aliases), True)
            legacy |= self.shares_legacy_dns(network)
            what, target = self.public_step(name, legacy)
            if what != "alias":
                return self.after(aliases, self.of_kind(Answer(what), kind))
            name = target
            aliases.append(name)
        return SERVFAIL

    def of_kind(self, answer, kind):
        if answer.outcome == "public" and kind != "A":
            return Answer("NODATA", (), answer.aliases)
        return answer

    def after(self, aliases, answer):
        if answer.outcome == "SERVFAIL":
            return SERVFAIL
        return Answer(answer.outcome, answer.addresses, tuple(aliases) + answer.aliases, answer.private, answer.legacy)

    def rule_of(self, network, name):
        rules = [
            rule for ruleset in self.estate.rulesets.values() if network in ruleset["links"] for rule in ruleset["rules"]
            if rule.get("enabled", True) and rule["domain"].endswith(".") and below(name, rule["domain"])
        ]
        return max(rules, key=lambda rule: len(rule["domain"]), default=None)

    # Forwarding

    def target(self, network, target, name, kind, seen, first=False, is_rule=False, legacy=False):
        """Asks a target of a forwarder, from its network, or of a rule, from wherever the outbound endpoint is: a network that
        the ruleset is linked to needs no way of its own to the target."""
        if target == "public":
            return self.of_kind(self.public(name, legacy), kind)
        if target == "azureProvided":
            # 168.63.129.16 is not reachable from outside Azure.
            if self.estate.networks[network].get("kind") == "onPremises":
                return SERVFAIL
            return self.azure(network, name, kind, seen, first, legacy)
        what, _, which = target.partition("/")
        if what == "inboundEndpoint" and which not in self.estate.inbound:
            return SERVFAIL
        where = self.estate.inbound[which] if what == "inboundEndpoint" else which
        if not is_rule and self.estate.reach(network, where) == "no":
            return SERVFAIL
        # A server that is asked the same question while it answers it never answers.
        if (what, where, name) in seen:
            return SERVFAIL
        seen = seen + ((what, where, name),)
        if what == "inboundEndpoint":
            return self.azure(where, name, kind, seen, first, legacy)
        return self.ask(where, name, kind, seen, first, legacy)

    def ask(self, network, name, kind="A", seen=(), first=False, legacy=False):
        """What a client in a network gets."""
        if network == "public":
            return self.of_kind(self.public(name, legacy), kind)
        dns = self.estate.networks[network].get("dns", "azureProvided")
        if dns == "azureProvided":
            return self.azure(network, name, kind, seen, first, legacy)
        if not self.estate.rules.own_dns_ignores_own_links and self.zone_of(network, name) is not None:
            return self.azure(network, name, kind, seen)
        seen = seen or (("network", network, name),)
        aliases = []
        for _ in range(20):
            suffixes = [suffix for suffix in dns.get("forward", {}) if below(name, suffix)]
            suffix = max(suffixes, key=len, default=None)
            to = dns["forward"][suffix] if suffix is not None else dns.get("default", "public")
            # A server that starts anew at each alias needs no more than the first one of an answer.
            restarts = dns["kind"] == "restartsAtCname"
            answer = self.target(network, to, name, kind, seen, first or restarts, False, legacy)
            legacy |= answer.legacy
            if answer.outcome == "SERVFAIL":
                return SERVFAIL
            if not restarts or not answer.aliases or first:
                return self.after(aliases, answer)
            name = answer.aliases[0]
            aliases.append(name)
        return SERVFAIL


def below(name, suffix):
    suffix = suffix.rstrip(".")
    return suffix == "" or name == suffix or name.endswith("." + suffix)
