"""The model of a whole history: at the end of each step, what every name is in every network, and how every use ends."""

from estate import Estate, own_names
from facts import BASE_NAMES, ENTRY_HOSTS, MONITOR, NEVER_PRIVATE, ODS, PRIVATE_ZONES, Rules
from sessions import Sessions
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
            if kind in ("createWorkspace", "createComponent", "createDataCollectionEndpoint", "createResource"):
                getattr(estate, kind)(what)
                names |= set(own_names(estate.resources[what["name"]]))
                stamp = what.get("ingestionEndpoint", "global")
                if stamp != "global":
                    names.add(stamp + ".in.applicationinsights.azure.com")
            if kind == "putRecordSet" and "*" not in what["name"]:
                names.add(what["zone"] if what["name"] == "@" else f"{what['name']}.{what['zone']}")
    names |= {estate.twin(name) for name in set(names) if estate.twin(name) and "privatelink" not in name}
    six = sorted(name for name, resource in estate.services().items() if resource)
    six += [estate.twin(name) for name in six]
    return sorted(names) + [f"{name} AAAA" for name in ("api." + MONITOR, estate.twin("live." + MONITOR), *six)]


def run(scenario, rules=Rules()):
    """One document a step: answers by network and name (and type, if it is not A), uses, and what Azure refused."""
    estate = Estate(rules, scenario.get("switches", {}))
    sessions = Sessions(estate)
    names = names_to_ask(scenario)
    steps = []
    for step in scenario["steps"]:
        estate.refused = []
        for event in step["events"]:
            sessions.apply(event, step.get("date"))
        judge = Judge(estate)
        answers = {}
        for network in [*estate.networks, "public"]:
            for asked in names:
                name, _, kind = asked.partition(" ")
                answers[f"{network}|{asked}"] = str(judge.asked(network, name, kind or "A"))
        overwritten = any(
            record.overwritten and record.overwritten.writer
            for zone in estate.zones.values() for record in (*zone.records.values(), *zone.six.values())
        )
        steps.append({
            "answers": answers, "uses": judge.all(sessions.apart()), "refused": len(estate.refused),
            "overwritten": overwritten,
            "legacy": any(scope.legacy and not scope.deleted for scope in estate.scopes.values()),
            "old": any(
                one.scope and set(BASE_NAMES) - set(one.names) for one in estate.endpoints.values()
            ),
            "six": any(one.six for one in estate.endpoints.values()),
            "noSix": bool(estate.without_ipv6),
            "waiting": any(
                one.approval == "Pending" and estate.are_apart(
                    ("networks", one.network),
                    ("scopes", one.scope) if one.scope else ("resources", one.service),
                ) for one in estate.endpoints.values()
            ),
            "apart": any(
                answer != judge.answer(estate.machines[machine].network, name) for (machine, _, _, name), answer in sessions.open.items()
            ),
        })
    return steps
