#!/usr/bin/env python3
"""A server under everything at once, for as long as is asked: soak.py MINUTES [BINARY]

Beside load over UDP and TCP there are reloads, steps, a file that is replaced, scrapes, watchers of queries, hostile
packets, slow and silent clients of both ports, and an upstream that hangs, lies and fails. Each answer is compared with
those that the scenario's steps give; memory, descriptors and threads must be flat after the first fifth of the time. All
of it is on loopback. The exit code is 0 if everything held; what did not is printed. Needs nothing but Python.
"""

import json
import os
import pathlib
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

NAMES = ["api.monitor.azure.com", "global.in.ai.monitor.azure.com", "api.loganalytics.io", "www.example.org"]
STEPS = ["before", "first-scope", "second-scope", "second-endpoint-deleted"]
NETWORK = "vnet1"
# How much more memory the server may have at the end than after the first fifth, in MiB.
MORE_MEMORY = 8
MORE_DESCRIPTORS = 4


def query(name, number, kind=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


def skip_name(packet, at):
    while True:
        length = packet[at]
        if length == 0:
            return at + 1
        if length >= 0xC0:
            return at + 2
        at += 1 + length


def answer(packet):
    """Code and addresses of a reply."""
    _, flags, questions, answers, _, _ = struct.unpack("!6H", packet[:12])
    at = 12
    for _ in range(questions):
        at = skip_name(packet, at) + 4
    addresses = []
    for _ in range(answers):
        at = skip_name(packet, at)
        kind, _, _, length = struct.unpack("!HHIH", packet[at : at + 10])
        at += 10
        if kind == 1:
            addresses.append(socket.inet_ntoa(packet[at : at + 4]))
        at += length
    return (flags & 15, tuple(sorted(addresses)))


class Soak:
    def __init__(self, binary, minutes):
        self.binary = binary
        self.seconds = minutes * 60
        self.broken = False
        self.ends = threading.Event()
        self.lock = threading.Lock()
        self.counts = {}
        self.faults = []
        self.known = {}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ampls-dns-soak-"))

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def fault(self, text):
        with self.lock:
            if len(self.faults) < 50:
                self.faults.append(text)
            self.counts["faults"] = self.counts.get("faults", 0) + 1

    # The upstream: it answers, says nothing, lies about the id, or sends rubbish.
    def upstream(self, server):
        dice = random.Random(1)
        while not self.ends.is_set():
            try:
                packet, peer = server.recvfrom(4096)
            except OSError:
                continue
            turn = dice.random()
            end = skip_name(packet, 12) + 4
            record = b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 30, 4, b"\xc0\0\x02\x07")
            reply = packet[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + packet[12:end] + record
            if turn < 0.1:
                continue
            if turn < 0.2:
                server.sendto(bytes([packet[0] ^ 1]) + reply[1:], peer)
            elif turn < 0.3:
                server.sendto(dice.randbytes(40), peer)
            elif turn < 0.4:
                server.sendto(packet[:2] + struct.pack("!5H", 0x8182, 1, 0, 0, 0) + packet[12:end], peer)
                continue
            server.sendto(reply, peer)

    def start(self):
        upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        upstream.bind(("127.0.0.1", 0))
        upstream.settimeout(0.5)
        self.spawn(self.upstream, upstream)
        self.file = self.folder / "estate.yaml"
        self.text = pathlib.Path("zones/scenarios/two-scopes-one-dns.yaml").read_text()
        self.file.write_text(self.text)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AMPLS_DNS_")}
        command = [self.binary, "serve", str(self.file), "--watch", "--admin", "127.0.0.1:0", "--listen"]
        command += [f"{NETWORK}=127.0.0.1:0", "--upstream", "127.0.0.1:%d" % upstream.getsockname()[1]]
        self.log = self.folder / "stderr"
        ready = self.folder / "ready.json"
        command += ["--ready-file", str(ready)]
        self.server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.log.open("wb"), env=environment)
        for _ in range(200):
            if ready.exists() or self.server.poll() is not None:
                break
            time.sleep(0.05)
        if not ready.exists():
            sys.exit(f"soak.py: the server did not start: {self.log.read_text()}")
        told = json.loads(ready.read_text())
        self.dns = ("127.0.0.1", int(told["listeners"][0]["address"].rsplit(":", 1)[1]))
        self.admin = told["admin"]
        self.host, port = self.admin.removeprefix("http://").split(":")
        self.port = int(port)

    def spawn(self, work, *arguments):
        def body():
            try:
                work(*arguments)
            except Exception as error:  # Whatever ends a part of the load is told.
                self.fault(f"{work.__name__}: {error!r}")

        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        return thread

    def http(self, path, body=None):
        data = None if body is None else body.encode()
        request = urllib.request.Request(self.admin + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def ask(self, name):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(6)
            client.connect(self.dns)
            client.send(query(name, 7))
            return answer(client.recv(4096))

    # What each step answers, asked before anything else happens.
    def learn(self):
        for step in STEPS:
            assert self.http("/v1/steps/goto", json.dumps({"step": step}))[0] == 200
            for name in NAMES[:3]:
                self.known.setdefault(name, set()).add(self.ask(name))
        # The upstream gives this address, or none in time.
        self.known[NAMES[3]] = {(0, ("192.0.2.7",)), (2, ())}

    def check(self, name, packet):
        found = answer(packet)
        if found not in self.known[name]:
            self.fault(f"{name}: {found}, and only {sorted(self.known[name])} are right")

    def udp(self, number):
        dice = random.Random(number)
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect(self.dns)
        client.settimeout(6)
        last = 0
        while not self.ends.is_set():
            sent = {}
            for _ in range(32):
                # No two that are on their way share a number.
                key = last = (last + 1) % 65536
                name = NAMES[dice.randrange(3)]
                sent[key] = name
                client.send(query(name, key))
            try:
                while sent:
                    packet = client.recv(4096)
                    name = sent.pop(struct.unpack("!H", packet[:2])[0], None)
                    if name:
                        self.check(name, packet)
                        self.count("udp")
            except TimeoutError:
                self.fault(f"{len(sent)} queries over UDP were not answered")

    def outside(self):
        while not self.ends.is_set():
            begun = time.monotonic()
            found = self.ask(NAMES[3])
            if found not in self.known[NAMES[3]] or time.monotonic() - begun > 5.5:
                self.fault(f"{NAMES[3]}: {found} after {time.monotonic() - begun:.1f} s")
            self.count("outside")

    def tcp(self, number):
        dice = random.Random(1000 + number)
        while not self.ends.is_set():
            with socket.create_connection(self.dns, timeout=10) as client:
                names = [NAMES[dice.randrange(3)] for _ in range(24)]
                packets = [query(name, index) for index, name in enumerate(names)]
                client.sendall(b"".join(struct.pack("!H", len(packet)) + packet for packet in packets))
                stream = client.makefile("rb")
                for _ in names:
                    head = stream.read(2)
                    if len(head) < 2:
                        self.fault("a TCP connection was closed before all was answered")
                        break
                    packet = stream.read(struct.unpack("!H", head)[0])
                    self.check(names[struct.unpack("!H", packet[:2])[0]], packet)
                    self.count("tcp")
            time.sleep(0.05)

    def changes(self):
        turn = 0
        while not self.ends.wait(1):
            turn += 1
            before = self.broken
            if turn % 2 == 0:
                step = STEPS[turn // 2 % len(STEPS)]
                status, text = self.http("/v1/steps/goto", json.dumps({"step": step}))
            else:
                status, text = self.http("/v1/reload", "")
            # A reload is refused while the file is broken, and the server keeps what it had.
            refused = turn % 2 and status == 422 and b"reload-failed" in text and (self.broken or before)
            if status != 200 and not refused:
                self.fault(f"a change was answered {status}: {text[:200]}")
            self.count("refused" if refused else "changes")

    def files(self):
        turn = 0
        while not self.ends.wait(7):
            turn += 1
            new = self.folder / "new.yaml"
            # Every third is broken: what was before is served on.
            self.broken = turn % 3 == 0
            new.write_text("version: [" if turn % 3 == 0 else self.text + "\n" * (turn % 5))
            if turn % 2:
                new.replace(self.file)
            else:
                # Written in place: a reader may see a part of it.
                self.broken = True
                self.file.write_text(new.read_text())
            self.count("files")
            time.sleep(1)
            new.write_text(self.text)
            new.replace(self.file)
            self.broken = False

    def scrapes(self):
        while not self.ends.wait(5):
            for path in ["/metrics", "/v1/findings", "/v1/state", "/v1/queries?limit=50", "/readyz"]:
                status, _ = self.http(path)
                # Ready is not what it is while a broken file waits to be put right.
                if status != 200 and path != "/readyz":
                    self.fault(f"{path} was answered {status}")
            self.count("scrapes")

    def watcher(self):
        command = [self.binary, "watch", "--admin", self.admin]
        with (self.folder / "watch").open("wb") as out:
            while not self.ends.is_set():
                with subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL) as watch:
                    self.ends.wait(60)
                    watch.terminate()
                out.truncate(0)

    def hostile(self):
        dice = random.Random(2)
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect(self.dns)
        client.setblocking(False)
        while not self.ends.wait(0.01):
            for _ in range(20):
                packet = bytearray(query(NAMES[dice.randrange(4)], dice.randrange(65536), dice.randrange(300)))
                for _ in range(dice.randrange(6)):
                    packet[dice.randrange(len(packet))] = dice.randrange(256)
                try:
                    client.send(packet + dice.randbytes(dice.randrange(40)))
                    client.recv(4096)
                except (BlockingIOError, ConnectionRefusedError):
                    pass
                self.count("hostile")

    def slow(self):
        while not self.ends.is_set():
            held = []
            for number in range(150):
                try:
                    client = socket.create_connection((self.host, self.port) if number % 3 else self.dns, timeout=5)
                    client.sendall(b"GET /v1/state HTTP/1.1\r\nHo" if number % 3 else b"\0\x30half")
                    held.append(client)
                except OSError:
                    pass
            self.count("slow", len(held))
            self.ends.wait(20)
            for client in held:
                client.close()

    def state(self):
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
        threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
        return memory, len(os.listdir(f"/proc/{self.server.pid}/fd")), threads

    def run(self):
        self.start()
        self.learn()
        works = [self.changes, self.files, self.scrapes, self.watcher, self.hostile, self.slow, self.outside]
        parts = [self.spawn(work) for work in works]
        parts += [self.spawn(self.udp, number) for number in range(3)] + [self.spawn(self.tcp, number) for number in range(2)]
        begun, settled, rows = time.monotonic(), None, []
        while (passed := time.monotonic() - begun) < self.seconds:
            time.sleep(5)
            if self.server.poll() is not None:
                self.fault(f"the server has ended: {self.server.returncode}")
                break
            rows.append((passed, *self.state()))
            if settled is None and passed > self.seconds / 5:
                settled = len(rows)
            if len(rows) % 12 == 1:
                print("%5.0f s: %.1f MiB, %d descriptors, %d threads; %s" % (*rows[-1], self.counts), flush=True)
        self.ends.set()
        for part in parts:
            part.join(timeout=40)
        self.judge(rows, settled or 1)
        self.server.terminate()
        if self.server.wait(timeout=10) != 0:
            self.fault(f"it ended with {self.server.returncode}")
        log = self.log.read_text()
        if "panicked" in log:
            self.fault("a thread panicked: " + log[-2000:])
        print(json.dumps(self.counts))
        for fault in self.faults:
            print("FAULT:", fault)
        shutil.rmtree(self.folder, ignore_errors=True)
        return 1 if self.faults else 0

    def judge(self, rows, settled):
        if len(rows) < 4:
            return
        # Slow clients come and go, so the least of a stretch is what is compared.
        middle = (settled + len(rows)) // 2
        early, late = rows[settled : max(middle, settled + 1)], rows[middle:]
        for place, what, more in [(1, "MiB", MORE_MEMORY), (2, "descriptors", MORE_DESCRIPTORS), (3, "threads", 0)]:
            before, after = (min(row[place] for row in part) for part in (early or rows[:1], late))
            print(f"{what}: {before:.1f} in the first half, {after:.1f} in the second")
            if after > before + more:
                self.fault(f"{what} grew from {before:.1f} to {after:.1f}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(Soak(sys.argv[2] if len(sys.argv) > 2 else "target/release/ampls-dns", float(sys.argv[1])).run())
