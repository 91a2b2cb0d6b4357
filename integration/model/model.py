"""The model of a whole history: at the end of each step, what every name is in every network, and how every use ends."""

from estate import Estate, own_names
from facts import BASE_NAMES, ENTRY_HOSTS, MONITOR, NEVER_PRIVATE, ODS, PRIVATE_ZONES, Rules, twin
from verdicts import Judge

UNKNOWN_WORKSPACE = "99999999-9999-4999-8999-999999999999." + ODS


def names_to_ask(scenario):
    """Every name of a history: shared ones, those of each resource it ever has, their privatelink names, what stands in
    zones by hand, hosts that applications use, and names that do not exist."""
    names = set(BASE_NAMES) | set(ENTRY_HOSTS) | set(NEVER_PRIVATE) | {UNKNOWN_WORKSPACE}
    names |= {"nobody." + MONITOR, "a.b." + PRIVATE_ZONES[0]}
    estate = Estate(Rules(), {})
    for step in scenario["steps"]:
        for event in step["events"]:
            (kind, what), = event.items()
            if kind in ("createWorkspace", "createComponent", "createDataCollectionEndpoint"):
                getattr(estate, kind)(what)
                names |= set(own_names(estate.resources[what["name"]]))
                stamp = what.get("ingestionEndpoint", "global")
                if stamp != "global":
                    names.add(stamp + ".in.applicationinsights.azure.com")
            if kind == "putRecordSet" and "*" not in what["name"]:
                names.add(what["zone"] if what["name"] == "@" else f"{what['name']}.{what['zone']}")
    names |= {twin(name) for name in set(names) if twin(name) and "privatelink" not in name}
    return sorted(names) + [f"{name} AAAA" for name in ("api." + MONITOR, twin("live." + MONITOR))]


def run(scenario, rules=Rules()):
    """One document a step: answers by network and name (and type, if it is not A), uses, and what Azure refused."""
    estate = Estate(rules, scenario.get("switches", {}))
    names = names_to_ask(scenario)
    steps = []
    for step in scenario["steps"]:
        estate.refused = []
        for event in step["events"]:
            estate.apply(event, step.get("date"))
        judge = Judge(estate)
        answers = {}
        for network in [*estate.networks, "public"]:
            for asked in names:
                name, _, kind = asked.partition(" ")
                answers[f"{network}|{asked}"] = str(judge.resolver.ask(network, name, kind or "A"))
        overwritten = any(
            record.overwritten and record.overwritten.writer
            for zone in estate.zones.values() for record in zone.records.values()
        )
        steps.append({
            "answers": answers, "uses": judge.all(), "refused": len(estate.refused), "overwritten": overwritten,
        })
    return steps
