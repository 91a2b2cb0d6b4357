"""Compares the product with the model, and with mutated models.

    python3 compare.py write COUNT HISTORIES [FIRST]    random histories, with the names to ask for; the seed of the first is 1
    python3 compare.py hold HISTORIES PRODUCT           the product's documents against the model's

Mutations are tried where the first seed is 1; other seeds are for more histories.

`hold` fails if one answer, verdict or refusal differs, if mutated rules are not noticed (a few histories must notice three of four,
a thousand all of them), or if the histories do not contain what the rules are about.
"""

import collections
import json
import multiprocessing
import sys

import histories
import model
from facts import MUTATIONS, Rules

# The least share of histories, in percent, that must contain each of these.
PREMISES = {
    "a private answer": 60,
    "an empty or deleted name": 40,
    "a broken circle or an unreachable server": 10,
    "a use at risk": 20,
    "a closed use": 30,
    "two scopes": 30,
    "a record set overwritten by another endpoint": 5,
    "an event that Azure refuses": 5,
    "a ruleset": 6,
    "a network with DNS of its own": 30,
    "a scope from before September 2021": 20,
    "an endpoint that lacks newer names": 20,
    "a route table": 15,
    "an appliance": 15,
    "a gateway": 12,
    "a half of a peering": 15,
    "a Virtual WAN": 8,
    "a declared transit": 4,
    "an open session of a machine": 12,
    "a session that goes elsewhere than new ones": 4,
    "a resource in a perimeter": 30,
    "an endpoint of another service": 20,
    "a private answer for another service": 12,
    "several subnets of a network": 50,
    "a security group": 20,
    "a security group of a machine": 3,
    "a use of a machine that ends unlike its network's": 8,
    "a machine with associations": 15,
    "an agent refused for its associations": 3,
    "two tenants": 15,
    "an endpoint that waits because of its tenant": 5,
    "an endpoint with IPv6 addresses": 4,
    "an endpoint that cannot have IPv6 addresses": 5,
    "a resource whose region nothing says": 30,
}


# Events, after `create`, that may name a region.
LOCATED = ("Workspace", "Component", "DataCollectionEndpoint", "DataCollectionRule", "Resource")


def write(count, path, first=1):
    with open(path, "w", encoding="ascii") as out:
        for seed in range(first, first + count):
            scenario = histories.history(seed)
            print(json.dumps({"seed": seed, "scenario": scenario, "names": model.names_to_ask(scenario)}), file=out)


def differences(product, own):
    """What differs between the product's documents and the model's, as (step, key, product, model)."""
    found = []
    if len(product) != len(own):
        return [(0, "steps", len(product), len(own))]
    for number, (theirs, ours) in enumerate(zip(product, own), start=1):
        for key, answer in ours["answers"].items():
            if theirs["answers"].get(key) != answer:
                found.append((number, key, theirs["answers"].get(key), answer))
        for key in theirs["answers"].keys() - ours["answers"].keys():
            found.append((number, key, theirs["answers"][key], None))
        for key, verdict in ours["uses"].items():
            theirs_word = theirs["unserved"].get(key, "works")
            if theirs_word.split(" ")[0] != verdict:
                found.append((number, key, theirs_word, verdict))
        for key in theirs["unserved"].keys() - ours["uses"].keys():
            found.append((number, key, theirs["unserved"][key], None))
        if (theirs["refused"] > 0) != (ours["refused"] > 0):
            found.append((number, "refused", theirs["refused"], ours["refused"]))
        for standing, count in counts(ours["uses"]).items():
            if theirs["counts"][standing] != count:
                found.append((number, f"count of {standing}", theirs["counts"][standing], count))
    return found


def counts(uses):
    """How many pairs of a network and a name are broken, at risk and closed: the worst of the pair's uses counts."""
    order = ["works", "closed", "atRisk", "broken"]
    worst = {}
    for key, verdict in uses.items():
        network, _, _, name = key.split("|")
        pair = network.split("/")[0], name
        worst[pair] = max(worst.get(pair, "works"), verdict, key=order.index)
    return {standing: sum(one == standing for one in worst.values()) for standing in order[1:]}


def contains(scenario, own):
    """The premises that a history meets."""
    text = json.dumps(scenario)
    answers = [answer for step in own for answer in step["answers"].values()]
    verdicts = {verdict for step in own for verdict in step["uses"].values()}
    met = {
        "a private answer": any(answer.startswith("10.0.") for answer in answers),
        "an empty or deleted name": any(answer.startswith("NXDOMAIN via") for answer in answers),
        "a broken circle or an unreachable server": "SERVFAIL" in answers,
        "a use at risk": "atRisk" in verdicts,
        "a closed use": "closed" in verdicts,
        "two scopes": text.count('"createPrivateLinkScope"') > 1,
        "a record set overwritten by another endpoint": any(step["overwritten"] for step in own),
        "an event that Azure refuses": any(step["refused"] for step in own),
        "a ruleset": '"setRuleset"' in text,
        "a network with DNS of its own": '"setDns"' in text,
        "a scope from before September 2021": any(step["legacy"] for step in own),
        "an endpoint that lacks newer names": any(step["old"] for step in own),
        "a route table": '"setRouteTable"' in text,
        "an appliance": '"setAppliance"' in text,
        "a gateway": '"setGateway"' in text,
        "a half of a peering": '"setPeering"' in text,
        "a Virtual WAN": '"setVirtualHub"' in text,
        "a declared transit": '"setTransit"' in text,
        "an open session of a machine": any("/" in key.split("|")[0] for step in own for key in step["uses"]),
        "a session that goes elsewhere than new ones": any(step["apart"] for step in own),
        "a resource in a perimeter": "SecuredByPerimeter" in text,
        "an endpoint of another service": any(
            "resource" in event.get("createPrivateEndpoint", {}) for step in scenario["steps"] for event in step["events"]
        ),
        "several subnets of a network": '"machines": ' in text,
        "a security group": '"setSecurityGroup"' in text,
        "a security group of a machine": '"virtualMachines": [' in text,
        "a use of a machine that ends unlike its network's": any(
            "/" in key.split("|")[0] and step["uses"].get(key.split("/")[0] + key[key.index("|"):], verdict) != verdict
            for step in own for key, verdict in step["uses"].items()
        ),
        "a machine with associations": '"associations"' in text,
        "an agent refused for its associations": any(
            key.endswith("|config|global.handler.control.monitor.azure.com") and "/" in key and "|dcr" in key and verdict == "broken"
            for step in own for key, verdict in step["uses"].items()
        ),
        "two tenants": '"contoso"' in text and '"fabrikam"' in text,
        "an endpoint that waits because of its tenant": any(step["waiting"] for step in own),
        "an endpoint with IPv6 addresses": any(step["six"] for step in own),
        "an endpoint that cannot have IPv6 addresses": any(step["noSix"] for step in own),
        "a resource whose region nothing says": any(
            kind.startswith("create") and kind[6:] in LOCATED and "location" not in what
            for step in scenario["steps"] for event in step["events"] for kind, what in event.items()
        ),
        "a private answer for another service": any(
            answer.startswith(("10.0.", "fd00:")) and any(mark in key for mark in (".vault.", "|st", "|amw"))
            for step in own for key, answer in step["answers"].items()
        ),
    }
    return [premise for premise, is_met in met.items() if is_met]


def hold(given, told):
    with open(given, encoding="ascii") as lines:
        written = [json.loads(line) for line in lines]
    scenarios = [one["scenario"] for one in written]
    with open(told, encoding="utf-8") as lines:
        products = [json.loads(line) for line in lines]
    faults, compared, met = [], collections.Counter(), collections.Counter()
    for seed, scenario, product in zip([one["seed"] for one in written], scenarios, products, strict=True):
        own = model.run(scenario)
        for step in own:
            compared["answers"] += len(step["answers"])
            compared["verdicts"] += len(step["uses"])
            compared["steps"] += 1
        met.update(contains(scenario, own))
        faults += [(seed, *one) for one in differences(product, own)]
    kinds = collections.Counter(next(iter(event.keys() - {"date"}))
                                for one in scenarios for step in one["steps"] for event in step["events"])
    print(f"{len(scenarios)} histories, {compared['steps']} steps, {compared['answers']} answers, {compared['verdicts']} verdicts")
    print("events:", ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    for premise, least in PREMISES.items():
        share = 100 * met[premise] // len(scenarios)
        print(f"{share:3} % contain {premise}")
        if share < least:
            faults.append((0, 0, f"share of histories with {premise}", share, least))
    if faults:
        seeds = {one[0] for one in faults}
        print(f"{len(faults)} differences in {len(seeds)} histories", file=sys.stderr)
        for seed, step, key, theirs, ours in faults[:40]:
            print(f"history {seed}, step {step}: {key}: the product says {theirs}, the model {ours}", file=sys.stderr)
        return 1
    if written[0]["seed"] != 1:
        return 0
    # A thousand histories notice every mutation; some are rare, so that fewer histories notice most.
    unnoticed = []
    with multiprocessing.Pool(initializer=given_to_workers, initargs=(scenarios, products)) as pool:
        for mutation, caught in zip(MUTATIONS, pool.imap(noticed, MUTATIONS, chunksize=1)):
            print(f"mutated {mutation}: " + (f"noticed in history {caught}" if caught else "NOT noticed"))
            if not caught:
                unnoticed.append(mutation)
    allowed = 0 if len(scenarios) >= 1000 else len(MUTATIONS) // 4
    if len(unnoticed) > allowed:
        print(f"mutations that no history notices: {', '.join(unnoticed)}", file=sys.stderr)
        return 1
    return 0


WORK = []


def given_to_workers(scenarios, products):
    WORK[:] = [scenarios, products]


def noticed(mutation):
    """The first history in which the product differs from a model with one rule turned round, or None."""
    rules = Rules().mutated(mutation)
    for number, (scenario, product) in enumerate(zip(*WORK), start=1):
        if differences(product, model.run(scenario, rules)):
            return number
    return None


def main():
    match sys.argv[1:]:
        case ["write", count, path, *first]:
            write(int(count), path, *map(int, first))
        case ["hold", given, told]:
            sys.exit(hold(given, told))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
