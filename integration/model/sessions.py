"""Open sessions of virtual machines: each keeps the address that DNS returned when it was opened, until its way ends."""

from verdicts import Judge, uses


class Sessions:
    def __init__(self, estate):
        self.estate = estate
        # (machine, resource, operation, name) to the answer that the session was opened with, and to the event that opened it.
        self.open, self.since = {}, {}
        self.events = 0

    def apply(self, event, date):
        """An event of the estate, and what it does to sessions."""
        self.estate.apply(event, date)
        self.events += 1
        (kind, what), = ((key, value) for key, value in event.items() if key != "date")
        if kind == "openSession":
            self.connect(what["machine"], [what["resource"]])
        elif kind in ("reboot", "cutSessions"):
            self.connect(what, self.estate.sessions[what])
        if self.open:
            self.drop()

    def connect(self, machine, resources):
        judge, origin = Judge(self.estate), self.estate.machines[machine]
        agent = self.estate.agents.get(machine)
        for resource in resources:
            if resource not in self.estate.resources:
                continue
            for operation, name in uses(self.estate.resources[resource], of_machine=True, agent=agent):
                how, _ = judge.arrives(origin, operation, name)
                key = machine, resource, operation, name
                self.open.pop(key, None)
                if how in ("public", "private"):
                    self.open[key] = judge.answer(origin.network, name)
                    self.since[key] = self.events

    def apart(self):
        """Sessions that are uses of their own: what was just opened goes where any new connection goes."""
        return {key: answer for key, answer in self.open.items() if self.since[key] < self.events}

    def drop(self):
        """Forgets what no packet passes on any more. A rule for new connections ends none."""
        judge = Judge(self.estate)
        for key, answer in list(self.open.items()):
            machine, resource, operation, _ = key
            origin = self.estate.machines[machine]
            if resource not in self.estate.resources:
                del self.open[key]
                continue
            how, _ = judge.travels(origin, operation, answer, with_groups=False)
            ends_with_the_way = self.estate.rules.session_ends_with_its_way and how == "failed"
            by_rules, _ = judge.travels(origin, operation, answer)
            ends_with_a_rule = not self.estate.rules.session_outlives_a_rule and by_rules in ("blocked", "failed")
            if ends_with_the_way or ends_with_a_rule:
                del self.open[key]
