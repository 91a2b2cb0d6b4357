"""The measuring half of peers.sh: data, servers, rounds, table. Called by it, inside the network namespace.

A round measures each server once, one after the other, so that whatever else the machine does meets all of them; figures
are medians of the rounds, and ratios medians of the ratios within a round. CPU is what the kernel counts for the server's
processes between start and end of a run of dnsperf, divided by the queries it got answers to.
"""

import argparse
import datetime
import os
import platform
import random
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = os.environ.get("AMPLS_BENCH_BINARY", os.path.join(ROOT, "target/dist/ampls-dns"))
ECHO = os.environ.get("AMPLS_BENCH_ECHO", os.path.join(ROOT, "target/dist/examples/echo"))
TICKS = os.sysconf("SC_CLK_TCK")
SCALE = os.environ.get("AMPLS_BENCH_SCALE", os.path.join(ROOT, "target/dist/examples/scale"))
PARTS = ["udp", "edns", "views", "kinds", "tcp", "free", "scale", "files", "fold", "burst", "start"]
SOA = "ns.invalid. hostmaster.invalid. 1 3600 300 604800 10"

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=5, help="rounds of each part")
parser.add_argument("--seconds", type=int, default=3, help="length of one run")
parser.add_argument("--peers", default="knot,nsd,unbound,bind,pdns,dnsmasq", help="which peers, if they are installed")
parser.add_argument("--parts", default=",".join(PARTS), help="which parts: " + " ".join(PARTS))
parser.add_argument("--records", type=int, default=1_000_000, help="records of the part `scale`")
parser.add_argument("--before", help="an ampls-dns of before, measured in turns with this one; examples/scale beside it takes part in `fold`")
parser.add_argument("--out", default=os.path.join(HERE, "RESULTS.md"))
options = parser.parse_args()
random.seed(7)


def note(*words):
    print(*words, file=sys.stderr, flush=True)


# Data: zones of public names that are aliases of private ones in the same zone, so that every peer can follow them.

def guid():
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def small_zones():
    zones = {}
    for origin in ["monitor.example", "ods.example", "oms.example"]:
        lines = []
        for number in range(330):
            label = guid()
            lines.append((label, "CNAME", f"{label}.privatelink"))
            lines.append((f"{label}.privatelink", "A", f"10.{len(zones)}.{number // 200}.{number % 200 + 1}"))
        zones[origin] = lines
    return zones


def large_zone(records):
    return {"big.example": [(guid(), "A", f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}") for n in range(records)]}


def write_zones(zones, folder):
    os.makedirs(folder, exist_ok=True)
    for origin, lines in zones.items():
        with open(os.path.join(folder, origin + ".zone"), "w") as file:
            file.write(f"$ORIGIN {origin}.\n$TTL 10\n@ IN SOA {SOA}\n@ IN NS ns.invalid.\n")
            file.writelines(f"{owner} 10 IN {kind} {data}\n" for owner, kind, data in lines)


def write_queries(path, queries):
    with open(path, "w") as file:
        file.writelines(f"{name} {kind}\n" for name, kind in queries)
    return path


def mixed(zones, count=40_000):
    """Seven of ten follow an alias, and one each asks for an address, for a type that is not there, for no name."""
    public = [f"{o}.{z}" for z, lines in zones.items() for o, kind, _ in lines if kind == "CNAME"]
    private = [f"{o}.{z}" for z, lines in zones.items() for o, kind, _ in lines if kind == "A"]
    pick = random.choice
    queries = []
    for number in range(count):
        slot = number % 10
        if slot < 7:
            queries.append((pick(public or private), "A"))
        elif slot == 7:
            queries.append((pick(private), "A"))
        elif slot == 8:
            queries.append((pick(public or private), "AAAA"))
        else:
            queries.append((f"{guid()}.{pick(list(zones))}", "A"))
    random.shuffle(queries)
    return queries


# Servers.

def free_port():
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(("127.0.0.1", udp.getsockname()[1]))
            except OSError:
                continue
            return udp.getsockname()[1]


def put(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path


def knot(folder, port, zones, zone_folder, workers):
    text = f"""server:
  rundir: {folder}
  listen: 127.0.0.1@{port}
  udp-workers: {workers}
  tcp-workers: {workers}
database:
  storage: {folder}
template:
- id: default
  storage: {zone_folder}
  file: "%s.zone"
  zonefile-sync: -1
  zonefile-load: whole
  journal-content: none
zone:
"""
    return ["knotd", "-c", put(f"{folder}/knot.conf", text + "".join(f"- domain: {zone}\n" for zone in zones))]


def nsd(folder, port, zones, zone_folder, workers):
    text = f"""server:
  ip-address: 127.0.0.1@{port}
  server-count: {workers}
  reuseport: yes
  username: ""
  zonesdir: {zone_folder}
  database: ""
  pidfile: {folder}/pid
  xfrdfile: {folder}/xfrd
  xfrdir: {folder}
  zonelistfile: {folder}/list
  logfile: {folder}/log
  minimal-responses: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""
    text += "".join(f"zone:\n  name: {zone}\n  zonefile: {zone}.zone\n" for zone in zones)
    return ["nsd", "-d", "-c", put(f"{folder}/nsd.conf", text)]


def unbound(folder, port, zones, zone_folder, workers):
    text = f"""server:
  interface: 127.0.0.1@{port}
  num-threads: {workers}
  so-reuseport: yes
  do-daemonize: no
  use-syslog: no
  logfile: {folder}/log
  chroot: ""
  username: ""
  directory: {folder}
  pidfile: {folder}/pid
  access-control: 127.0.0.0/8 allow
  module-config: "iterator"
  minimal-responses: yes
"""
    for zone in zones:
        text += f"auth-zone:\n  name: {zone}\n  zonefile: {zone_folder}/{zone}.zone\n  for-downstream: yes\n  fallback-enabled: no\n"
    return ["unbound", "-d", "-c", put(f"{folder}/unbound.conf", text)]


def bind(folder, port, zones, zone_folder, workers):
    text = f"""options {{
  directory "{folder}"; pid-file none; session-keyfile "{folder}/key"; lock-file none;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; minimal-responses yes; notify no; dnssec-validation no; check-names master ignore;
}};
controls {{ }};
"""
    text += "".join(f'zone "{zone}" {{ type master; file "{zone_folder}/{zone}.zone"; }};\n' for zone in zones)
    return ["named", "-f", "-n", str(workers), "-c", put(f"{folder}/named.conf", text)]


def ours(folder, port, zones, zone_folder, workers, *more):
    return [OURS, "serve", "--zone", zone_folder, "--listen", f"127.0.0.1:{port}", "--workers", str(workers), *more]


def before(folder, port, zones, zone_folder, workers, *more):
    return [options.before, *ours(folder, port, zones, zone_folder, workers, *more)[1:]]


def echo(folder, port, zones, zone_folder, workers):
    return [ECHO, f"127.0.0.1:{port}", str(workers)]


def pdns(folder, port, zones, zone_folder, workers):
    """With its packet cache, which no other server here has, as it is run everywhere."""
    named = "".join(f'zone "{zone}" {{ type native; file "{zone_folder}/{zone}.zone"; }};\n' for zone in zones)
    text = f"""launch=bind
bind-config={put(f"{folder}/named.conf", named)}
local-address=127.0.0.1
local-port={port}
receiver-threads={workers}
distributor-threads=1
reuseport=yes
socket-dir={folder}
guardian=no
daemon=no
version-string=anonymous
"""
    put(f"{folder}/pdns.conf", text)
    return ["pdns_server", f"--config-dir={folder}"]


def dnsmasq(folder, port, zones, zone_folder, workers):
    """It reads no master files: names and aliases are given to it one by one. It has one thread, whatever `workers` is."""
    lines = [f"port={port}", "listen-address=127.0.0.1", "bind-interfaces", "no-resolv", "no-hosts", "cache-size=0",
             "local-ttl=10", "user=root", f"pid-file={folder}/pid"]
    for zone, records in zones.items():
        lines.append(f"local=/{zone}/")
        for owner, kind, data in records:
            full = f"{owner}.{zone}"
            lines.append(f"cname={full},{data}.{zone}" if kind == "CNAME" else f"host-record={full},{data}")
    return ["dnsmasq", "-k", "-C", put(f"{folder}/dnsmasq.conf", "\n".join(lines) + "\n")]


PEERS = {
    "knot": (knot, "knotd"),
    "nsd": (nsd, "nsd"),
    "unbound": (unbound, "unbound"),
    "bind": (bind, "named"),
    "pdns": (pdns, "pdns_server"),
    "dnsmasq": (dnsmasq, "dnsmasq"),
}


def question(name, kind=1, number=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">2H", kind, 1)


def asked(port, name, patience=0.3):
    """The answer's code and its number of records; absent without an answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(patience)
        client.connect(("127.0.0.1", port))
        try:
            client.send(question(name))
            reply = client.recv(4096)
        except OSError:
            return None
    return reply[3] & 15, struct.unpack(">H", reply[6:8])[0]


def processes(root):
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(root):
    total = 0
    for process in processes(root):
        try:
            with open(f"/proc/{process}/stat") as file:
                total += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:15]))
        except OSError:
            pass
    return total / TICKS


def resident(root):
    """Octets of memory, shared pages by share."""
    total = 0
    for process in processes(root):
        try:
            with open(f"/proc/{process}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
        except OSError:
            pass
    return total


class Server:
    def __init__(self, label, argv_of, zones, zone_folder, probe, workers=1, core=0, patience=60):
        self.label, self.port = label, free_port()
        self.folder = tempfile.mkdtemp(dir=WORK)
        argv = argv_of(self.folder, self.port, zones, zone_folder, workers)
        pin = ["taskset", "-c", str(core)] if core is not None else []
        with open(f"{self.folder}/output", "w") as output:
            begun = time.monotonic()
            self.process = subprocess.Popen(pin + argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        RUNNING.append(self)
        while True:
            reply = asked(self.port, probe)
            self.up = time.monotonic() - begun
            if reply is not None and (label == "echo" or reply[0] == 0 and reply[1] > 0):
                return
            if self.process.poll() is not None or self.up > patience:
                raise SystemExit(f"{label} does not answer:\n" + open(f"{self.folder}/output").read()[-2000:])
            time.sleep(0.002)

    def stop(self):
        RUNNING.remove(self)
        for process in reversed(processes(self.process.pid)):
            try:
                os.kill(process, signal.SIGTERM)
            except OSError:
                pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def load(server, queries, *more, core=1, seconds=None, threads=1):
    pin = ["taskset", "-c", str(core)] if core is not None else []
    command = ["dnsperf", "-s", more_address(more), "-p", str(server.port), "-d", queries, "-W"]
    command += ["-l", str(seconds or options.seconds), "-c", "10", "-q", "200", "-T", str(threads)]
    command += [word for word in more if not word.startswith("@")]
    before = cpu_seconds(server.process.pid)
    text = subprocess.run(pin + command, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    used = cpu_seconds(server.process.pid) - before
    number = lambda words: float(match.group(1)) if (match := re.search(words + r":?\s+([\d.]+)", text)) else 0.0
    done, sent = number("Queries completed"), number("Queries sent")
    if not done:
        raise SystemExit(f"{server.label} answered nothing:\n{text}")
    return {"us": 1e6 * used / done, "qps": number("Queries per second"), "lost": 1 - done / sent}


def more_address(more):
    return next((word[1:] for word in more if word.startswith("@")), "127.0.0.1")


def rounds_of(cases):
    """{label: run} measured in turns: {label: [figures]}."""
    figures = {label: [] for label in cases}
    labels = list(cases)
    for label in labels:
        cases[label](1)
    for number in range(options.rounds):
        turn = number % len(labels)
        for label in labels[turn:] + labels[:turn]:
            figures[label].append(cases[label](None))
        note(f"  round {number + 1} of {options.rounds}")
    return figures


def median(figures, what):
    return statistics.median(one[what] for one in figures)


def ratio(figures, base, what):
    return statistics.median(one[what] / other[what] for one, other in zip(figures, base))


# Parts.

TABLE = []


def row(number, what, figure, aim, met):
    TABLE.append((number, what, figure, aim, "" if not aim else "yes" if met else "no"))
    note(f"  {number} {what}: {figure} (aim {aim})")


def table_of(figures, base="knot"):
    lines = ["| server | CPU a query, us | of Knot's | queries a second | of Knot's | lost |", "|---|---|---|---|---|---|"]
    for label, runs in figures.items():
        low, high = min(one["us"] for one in runs), max(one["us"] for one in runs)
        versus = lambda what: f"{ratio(runs, figures[base], what):.2f}" if base in figures else "-"
        lost = max(one["lost"] for one in runs)
        lines.append(
            f"| {label} | {median(runs, 'us'):.2f} ({low:.2f} to {high:.2f}) | {versus('us')} |"
            f" {median(runs, 'qps'):,.0f} | {versus('qps')} | {100 * lost:.2f} % |"
        )
    return "\n".join(lines)


def peers():
    for label in filter(None, options.peers.split(",")):
        make, program = PEERS[label]
        if shutil.which(program):
            yield label, make


def pinned(label_of_part, *flags, with_echo=False):
    servers = {label: make for label, make in peers()} | {"ampls-dns": ours}
    if options.before:
        servers["before"] = before
    if with_echo and os.path.exists(ECHO):
        servers["echo"] = echo
    up = [Server(label, make, SMALL, SMALL_FOLDER, PROBE) for label, make in servers.items()]
    figures = rounds_of({one.label: (lambda s, one=one: load(one, MIXED, *flags, seconds=s)) for one in up})
    for one in up:
        one.stop()
    SECTIONS.append((label_of_part, table_of(figures)))
    return figures


def part_udp():
    figures = pinned("UDP, one worker on a core of its own", with_echo=True)
    if "knot" in figures:
        versus = ratio(figures["ampls-dns"], figures["knot"], "us")
        row(1, "UDP CPU per answered query, one worker", f"{versus:.2f} × Knot", "≤ 0.85 × Knot", versus <= 0.85)
    if "echo" in figures:
        versus = ratio(figures["ampls-dns"], figures["echo"], "us")
        row(2, "the same beside a bare echo", f"{versus:.2f} × echo", "≤ 1.15 × echo", versus <= 1.15)
    if "before" in figures:
        versus = ratio(figures["ampls-dns"], figures["before"], "us")
        row(12, "UDP CPU per answered query", f"{versus:.3f} × before", "≤ 1.03 × before", versus <= 1.03)


def part_edns():
    plain = Server("plain", ours, SMALL, SMALL_FOLDER, PROBE)
    strict = Server("strict", lambda *a: ours(*a, "--strict"), SMALL, SMALL_FOLDER, PROBE)
    figures = rounds_of({
        "ampls-dns": lambda s: load(plain, MIXED, seconds=s),
        "with EDNS, reasons left out": lambda s: load(strict, MIXED, "-e", seconds=s),
        "with EDNS and extended errors": lambda s: load(plain, MIXED, "-e", seconds=s),
    })
    plain.stop()
    strict.stop()
    SECTIONS.append(("EDNS and extended errors", table_of(figures, "ampls-dns").replace("Knot's", "plain")))
    versus = [ratio(runs, figures["ampls-dns"], "us") for runs in list(figures.values())[1:]]
    row(3, "with EDNS; with extended errors", " and ".join(f"{one:.2f}" for one in versus) + " × plain", "≤ 1.05", max(versus) <= 1.05)


def part_views():
    lines = ["version: 1", "cloud: AzureCloud", "networks:"]
    for number in range(1000):
        prefixes = [f"127.{1 + (number * 10 + n) // 256}.{(number * 10 + n) % 256}.0/24" for n in range(10)]
        lines.append(f"  net{number}: {{ addressSpace: [10.{number // 250}.{number % 250}.0/24], clientPrefixes: [{', '.join(prefixes)}] }}")
    lines += ["steps:", "  - name: all"]
    scenario = put(f"{WORK}/views.yaml", "\n".join(lines) + "\n")
    many = Server("many", lambda *a: ours(*a, "--scenario", scenario), SMALL, SMALL_FOLDER, PROBE)
    plain = Server("plain", ours, SMALL, SMALL_FOLDER, PROBE)
    turns = iter(range(1, 1 << 30))
    source = lambda: ["-a", f"127.{1 + next(turns) * 7 % 38}.{next(turns) * 31 % 256}.9"]
    figures = rounds_of({
        "ampls-dns": lambda s: load(plain, MIXED, *source(), seconds=s),
        "1,000 views over 10,000 prefixes": lambda s: load(many, MIXED, *source(), seconds=s),
    })
    plain.stop()
    many.stop()
    SECTIONS.append(("Many views", table_of(figures, "ampls-dns").replace("Knot's", "plain")))
    versus = ratio(figures["1,000 views over 10,000 prefixes"], figures["ampls-dns"], "us")
    row(3, "with 1,000 views over 10,000 prefixes", f"{versus:.2f} × plain", "≤ 1.05", versus <= 1.05)


def part_kinds():
    worst = 0.0
    for count in [100, 10_000, options.records]:
        zones = large_zone(count)
        folder = f"{WORK}/kinds{count}"
        write_zones(zones, folder)
        names = [f"{owner}.big.example" for owner, _, _ in zones["big.example"]]
        pick = lambda: random.choice(names)
        files = {
            "hit": write_queries(f"{WORK}/hit", [(pick(), "A") for _ in range(40_000)]),
            "no data": write_queries(f"{WORK}/nodata", [(pick(), "AAAA") for _ in range(40_000)]),
            "no such name": write_queries(f"{WORK}/missing", [(f"{guid()}.big.example", "A") for _ in range(40_000)]),
        }
        server = Server("ampls-dns", ours, zones, folder, names[0])
        figures = rounds_of({kind: (lambda s, path=path: load(server, path, seconds=s)) for kind, path in files.items()})
        server.stop()
        shutil.rmtree(folder)
        SECTIONS.append((f"Kinds of answers, {count:,} names", table_of(figures, "hit").replace("Knot's", "a hit's")))
        worst = max([worst] + [ratio(figures[kind], figures["hit"], "us") for kind in ["no data", "no such name"]])
    row(4, f"NODATA and NXDOMAIN against hits, 100 to {options.records:,} names", f"{worst:.2f} × hit at worst", "≤ 1.10 × hit", worst <= 1.10)


def part_tcp():
    figures = pinned("TCP, 20 queries outstanding on each of 10 connections", "-m", "tcp")
    if "knot" in figures:
        versus = ratio(figures["ampls-dns"], figures["knot"], "us")
        row(5, "TCP CPU per answered query, pipelined", f"{versus:.2f} × Knot", "≤ 0.35 × Knot", versus <= 0.35)


def part_free():
    make = {label: make for label, make in peers()} | {"ampls-dns": ours}
    if os.path.exists(ECHO):
        make["echo"] = echo
    up = [Server(label, one, SMALL, SMALL_FOLDER, PROBE, workers=2, core=None) for label, one in make.items()]
    figures = rounds_of({one.label: (lambda s, one=one: load(one, MIXED, core=None, threads=2, seconds=s)) for one in up})
    for one in up:
        one.stop()
    SECTIONS.append(("UDP, two workers, nothing pinned", table_of(figures)))
    if "knot" in figures:
        versus = ratio(figures["ampls-dns"], figures["knot"], "qps")
        told = f"{versus:.2f} × Knot"
        if "echo" in figures:
            told += f"; a bare echo {ratio(figures['echo'], figures['knot'], 'qps'):.2f}"
        row(9, "two workers, nothing pinned: queries per second", told, "≥ 1.25 × Knot", versus >= 1.25)


def part_scale():
    zones = large_zone(options.records)
    folder = f"{WORK}/large"
    write_zones(zones, folder)
    queries = write_queries(f"{WORK}/large-queries", mixed(zones))
    last = zones["big.example"][-1][0] + ".big.example"
    figures = {}
    # dnsmasq is no server for zones of that size.
    able = [(label, make) for label, make in peers() if label != "dnsmasq"]
    for label, make in [*able, ("ampls-dns", ours), *([("before", before)] if options.before else [])]:
        runs = []
        for _ in range(max(1, min(3, options.rounds))):
            server = Server(label, make, zones, folder, last, patience=300)
            spent = cpu_seconds(server.process.pid)
            time.sleep(1)
            memory = resident(server.process.pid) / options.records
            runs.append(load(server, queries) | {"up": server.up, "load": spent, "octets": memory})
            server.stop()
            note(f"  {label}: up after {server.up:.2f} s")
        figures[label] = runs
    lines = ["| server | last answer after, s | CPU until then, s | octets a record | CPU a query, us | lost |", "|---|---|---|---|---|---|"]
    for label, runs in figures.items():
        values = [median(runs, what) for what in ("up", "load", "octets", "us")]
        lines.append(f"| {label} | {values[0]:.2f} | {values[1]:.2f} | {values[2]:.0f} | {values[3]:.2f} | {100 * max(one['lost'] for one in runs):.2f} % |")
    SECTIONS.append((f"{options.records:,} record sets in one zone", "\n".join(lines)))
    own = figures["ampls-dns"]
    if "knot" in figures:
        versus = median(own, "up") / median(figures["knot"], "up")
        row(6, f"{options.records:,} record sets: load to last answer", f"{versus:.2f} × Knot", "≤ 0.2 × Knot", versus <= 0.2)
    octets = median(own, "octets")
    row(7, "the same: resident octets per record", f"{octets:.0f}", "≤ 90", octets <= 90)
    if "knot" in figures:
        versus = median(own, "us") / median(figures["knot"], "us")
        row(8, "the same: CPU per query", f"{versus:.2f} × Knot", "≤ 0.8 × Knot", versus <= 0.8)


def part_files():
    """A question off the fast path (type ANY), of a network that answers it from its scenario, from a file, or from a public file."""
    folder = f"{WORK}/files"
    write_zones(large_zone(100_000), folder)
    linked = put(f"{WORK}/privatelink.monitor.azure.com.zone", f"$ORIGIN privatelink.monitor.azure.com.\n$TTL 10\n@ IN SOA {SOA}\n@ IN NS ns.invalid.\napi 10 IN A 10.9.9.9\n")
    in_file = f"{open(f'{folder}/big.example.zone').read().splitlines()[-1].split()[0]}.big.example"
    names = {"written by an endpoint": "api.monitor.azure.com", "public": "example.com"}
    files = ["--zone", folder, "--zone", f"vnet1={linked}"]

    def begin(program, label, *more):
        argv = lambda folder, port, *_: [program, "serve", "two-scopes-one-dns", "--workers", "1", "--listen", f"vnet1=127.0.0.1:{port}", *more]
        return Server(label, argv, {}, "", "api.monitor.azure.com")

    programs = {"ampls-dns": OURS} | ({"before": options.before} if options.before else {})
    servers, cases = [], {}
    for label, program in programs.items():
        plain, with_files = begin(program, f"{label}, no files"), begin(program, f"{label}, with files", *files)
        servers += [plain, with_files]
        for what, name in names.items():
            queries = write_queries(f"{WORK}/any-{name}", [(name, "ANY")])
            cases[f"{label}, no files: {what}"] = lambda s, one=plain, queries=queries: load(one, queries, seconds=s)
            cases[f"{label}, with files: {what}"] = lambda s, one=with_files, queries=queries: load(one, queries, seconds=s)
        queries = write_queries(f"{WORK}/any-file", [(in_file, "ANY")])
        cases[f"{label}, with files: a name of the file of 100,000"] = lambda s, one=with_files, queries=queries: load(one, queries, seconds=s)
    figures = rounds_of(cases)
    for server in servers:
        server.stop()
    base = "ampls-dns, no files: written by an endpoint"
    SECTIONS.append(("Questions off the fast path, with and without zone files", table_of(figures, base).replace("Knot's", "the first's")))
    for number, label in enumerate(programs):
        base = lambda what: figures[f"{label}, no files: {what}"]
        versus = [ratio(figures[f"{label}, with files: {what}"], base(what), "us") for what in names]
        versus.append(ratio(figures[f"{label}, with files: a name of the file of 100,000"], base("written by an endpoint"), "us"))
        told = " and ".join(f"{one:.2f}" for one in versus) + " × without"
        row(13 + number / 10, f"type ANY, with zone files ({label}): from an endpoint, public, from a file", told, "≤ 1.20" if label == "ampls-dns" else "", max(versus) <= 1.2)


def part_fold():
    """Folding and compiling the events of an estate, and one event more, without a server."""
    programs = {"ampls-dns": SCALE}
    if options.before and os.path.exists(path := os.path.join(os.path.dirname(options.before), "examples/scale")):
        programs["before"] = path
    seconds = lambda text: float(text.removesuffix("ms")) / 1000 if text.endswith("ms") else float(text.removesuffix("s"))
    lines = ["| estate | program | events | compile, s | with tables, s | one event more, ms | a full compile is |", "|---|---|---|---|---|---|---|"]
    for size in [(530, 159, 300), (1000, 300, 300)]:
        figures = {label: [] for label in programs}
        for number in range(options.rounds):
            labels = list(programs)
            turn = number % len(labels)
            for label in labels[turn:] + labels[:turn]:
                text = subprocess.run(["taskset", "-c", "1", programs[label], *map(str, size)], capture_output=True, text=True, check=True).stdout
                events = int(text.split()[0])
                times = [seconds(one) for one in re.findall(r"(?<= )[\d.]+m?s\b", text)]
                figures[label].append({"events": events, "compile": times[0], "whole": times[1], "event": times[3], "us": times[1] / events})
            note(f"  round {number + 1} of {options.rounds}")
        for label, runs in figures.items():
            times = statistics.median(one["whole"] / one["event"] for one in runs)
            lines.append(f"| {size[0]:,} networks, {size[1]} × {size[2]} | {label} | {runs[0]['events']:,} | {median(runs, 'compile'):.2f} | {median(runs, 'whole'):.2f} | {1000 * median(runs, 'event'):.1f} | {times:.0f} times that |")
        if size[0] == 530 and "before" in figures:
            # Until they can be served: before, the tables that answers are read from were made after the fold.
            versus = ratio(figures["ampls-dns"], figures["before"], "us")
            row(14, "folding 100,000 events until they can be served, time per event", f"{versus:.2f} × before", "≤ 1.00 × before", versus <= 1.0)
        if size[0] == 1000:
            times = statistics.median(one["whole"] / one["event"] for one in figures["ampls-dns"])
            row(15, "one event on 1,000 networks", f"1/{times:.0f} of a full compile", "≤ 1/400", times >= 400)
    SECTIONS.append(("Folding and compiling", "\n".join(lines)))


def part_burst():
    server = Server("ampls-dns", ours, SMALL, SMALL_FOLDER, PROBE)
    worst = 10_000
    for _ in range(options.rounds):
        clients = []
        for _ in range(40):
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            client.connect(("127.0.0.1", server.port))
            client.settimeout(1)
            clients.append(client)
        os.kill(server.process.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        for number in range(10_000):
            clients[number % len(clients)].send(question(PROBE, number=number))
        time.sleep(max(0, 0.1 - (time.monotonic() - stopped)))
        os.kill(server.process.pid, signal.SIGCONT)
        answered = set()
        for client in clients:
            try:
                # Each client sent as many; only a lost one is waited for.
                for _ in range(10_000 // len(clients)):
                    answered.add(struct.unpack(">H", client.recv(4096)[:2])[0])
            except OSError:
                pass
            client.close()
        worst = min(worst, len(answered))
    server.stop()
    row(10, "burst of 10,000 queries while the process is stopped for 100 ms", f"{10_000 - worst:,} lost", "none lost", worst == 10_000)


def part_start():
    times, memory = [], 0
    for _ in range(max(5, options.rounds)):
        begin = lambda folder, port, *_: [OURS, "serve", "--listen", f"127.0.0.1:{port}"]
        server = Server("ampls-dns", begin, {}, "", "api.monitor.azure.com", core=None)
        times.append(1000 * server.up)
        time.sleep(0.2)
        memory = max(memory, resident(server.process.pid) / 2**20)
        server.stop()
    taken = statistics.median(times)
    row(11, "start to first answer, built-in scenario; resident memory there", f"{taken:.0f} ms; {memory:.1f} MiB", "< 20 ms; < 12 MiB", taken < 20 and memory < 12)


# The report.

def version(command, words=r"\d+\.\d+[\w.]*"):
    ran = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    match = re.search(words, ran.stdout + ran.stderr)
    return match.group(0) if match else "?"


def versions():
    commands = {"knot": ["knotd", "--version"], "nsd": ["nsd", "-v"], "unbound": ["unbound", "-V"], "bind": ["named", "-v"],
                "pdns": ["pdns_server", "--version"], "dnsmasq": ["dnsmasq", "--version"]}
    told = [f"ampls-dns {version([OURS, '--version'])}"]
    told += [f"{label} {version(commands[label])}" for label, _ in peers()]
    dnsperf = version(["dnsperf", "-h"], r"(?<=[Vv]ersion )[\d.]+")
    return ", ".join(told + [f"dnsperf {dnsperf}"])


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 2**20
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, Linux {platform.release()}"


def report():
    kept = ""
    if os.path.exists(options.out):
        with open(options.out) as file:
            _, mark, rest = file.read().partition("<!-- by hand -->\n")
            kept = mark + rest
    lines = [
        "# ampls-dns beside other servers", "",
        f"Measured on {datetime.date.today():%d %B %Y} by `integration/bench/peers.sh --rounds {options.rounds} --seconds"
        f" {options.seconds}` on {machine()}, in a network namespace of its own, over loopback.", "",
        f"{versions()}.", "",
        "Other work may have run on the same cores, so the ratios are the result: servers are measured in turns, and ratios are",
        "medians of those within a round.", "",
        "| # | what | figure | aim | met |", "|---|---|---|---|---|",
    ]
    lines += [f"| {number:.0f} | {what} | {figure} | {aim} | {met} |" for number, what, figure, aim, met in sorted(TABLE, key=lambda one: one[0])]
    for title, text in SECTIONS:
        lines += ["", f"## {title}", "", text]
    put(options.out, "\n".join(lines) + "\n" + ("\n" + kept if kept else ""))
    note(f"written: {options.out}")
    print("\n".join(lines))


RUNNING, SECTIONS = [], []
WORK = tempfile.mkdtemp(prefix="ampls-dns-bench.")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    SMALL, SMALL_FOLDER = small_zones(), f"{WORK}/small"
    write_zones(SMALL, SMALL_FOLDER)
    MIXED = write_queries(f"{WORK}/mixed", mixed(SMALL))
    PROBE = SMALL["monitor.example"][0][0] + ".monitor.example"
    for part in options.parts.split(","):
        note(f"{part}:")
        globals()[f"part_{part}"]()
    report()
finally:
    for server in list(RUNNING):
        server.stop()
    shutil.rmtree(WORK, ignore_errors=True)
