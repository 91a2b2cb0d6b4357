#!/usr/bin/env python3
"""Runs action.yml and the example workflows as GitHub would, as far as that can be without GitHub.

    packaging/action/test.py BINARY [FOLDER]

FOLDER has the tarball of the binary, which the action installs as it would from a release.

Each `run:` is given to bash with the files GitHub gives a step (GITHUB_ENV, GITHUB_PATH, GITHUB_OUTPUT); expressions are
replaced by what they stand for. What is not tried: `uses: actions/checkout`, and GitHub's own reading of the two files, in
whose place stand the schemas of the package check-jsonschema.
"""
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Runner:
    """The files and variables that one step leaves for the next."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {**os.environ, "RUNNER_TEMP": str(folder), "GITHUB_WORKSPACE": str(ROOT)}
        for name in list(self.environment):
            if name.startswith("AMPLS_DNS_"):
                del self.environment[name]

    def step(self, script: str, environment: dict) -> dict:
        files = {name: self.folder / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        told = {**self.environment, **environment, **{name: str(file) for name, file in files.items()}}
        subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], env=told, cwd=ROOT, check=True, timeout=900)
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text()
        pairs = lambda name: dict(line.split("=", 1) for line in files[name].read_text().splitlines())
        self.environment.update(pairs("GITHUB_ENV"))
        for folder in files["GITHUB_PATH"].read_text().splitlines():
            self.environment["PATH"] = folder + os.pathsep + self.environment["PATH"]
        return pairs("GITHUB_OUTPUT")


def told(text: str, values: dict) -> str:
    """Expressions replaced: a path of names, or `fromJSON(path).name`."""

    def one(match: re.Match) -> str:
        expression = match.group(1)
        json_of = re.fullmatch(r"fromJSON\(([\w.]+)\)\.([\w-]+)", expression)
        if json_of:
            return json.loads(values[json_of.group(1)])[json_of.group(2)]
        # An output of a step that did not run is empty.
        return values.get(expression, "") if expression.startswith("steps.") else values[expression]

    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", one, str(text))


def run_action(runner: Runner, given: dict) -> dict:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    unknown = set(given) - set(action["inputs"])
    assert not unknown, f"action.yml has no input {unknown}"
    values = {"github.action_path": str(ROOT), "github.action_repository": "ampls-dns/ampls-dns", "github.token": "secret"}
    values |= {f"inputs.{name}": told(given.get(name, about["default"]), values) for name, about in action["inputs"].items()}
    for step in action["runs"]["steps"]:
        if "if" in step:
            left, operator, right = re.fullmatch(r"\$\{\{ (\S+) (==|!=) '(\w+)' \}\}", step["if"]).groups()
            if (values[left] == right) != (operator == "=="):
                continue
        outputs = runner.step(told(step["run"], values), {name: told(value, values) for name, value in step.get("env", {}).items()})
        values |= {f"steps.{step['id']}.outputs.{name}": value for name, value in outputs.items()}
    return {name: told(about["value"], values) for name, about in action["outputs"].items()}


def end(outputs: dict) -> None:
    os.kill(int(outputs["process"]), signal.SIGTERM)


class PullRequest:
    """The part of GitHub's API that comments need, with the comments of one pull request."""

    def __init__(self):
        self.comments: list[dict] = [{"id": 1, "body": "a comment of somebody"}]
        pull = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.reply(pull.comments if "page=1" in self.path else [])

            def do_POST(self):
                pull.comments.append({"id": len(pull.comments) + 1, **self.body()})
                self.reply(pull.comments[-1], 201)

            def do_PATCH(self):
                [comment] = [one for one in pull.comments if self.path.endswith(f"/{one['id']}")]
                comment |= self.body()
                self.reply(comment)

            def body(self):
                assert self.headers["Authorization"] == "Bearer secret"
                return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

            def reply(self, document, status=200):
                text = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self, folder: Path) -> dict:
        event = folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        return {
            "GITHUB_API_URL": f"http://127.0.0.1:{self.server.server_address[1]}",
            "GITHUB_REPOSITORY": "somebody/estate",
            "GITHUB_EVENT_PATH": str(event),
        }


def serve_mode(binary: str, folder: Path) -> None:
    runner = Runner(folder)
    workflow = yaml.safe_load((HERE / "examples/serve.yml").read_text())
    values, server, ran = {}, None, 0
    try:
        for step in workflow["jobs"]["private-link"]["steps"]:
            if "ampls-dns@" in step.get("uses", ""):
                # Ports of the machine's choice: its own may be taken.
                server = run_action(runner, {**step["with"], "binary": binary, "admin": "127.0.0.1:5398", "port": "0"})
                values |= {f"steps.{step['id']}.outputs.{name}": value for name, value in server.items()}
            elif "run" in step:
                print("--", step["name"])
                runner.step(step["run"], {name: told(value, values) for name, value in step.get("env", {}).items()})
                ran += 1
    finally:
        if server:
            end(server)
    assert ran == 3, f"{ran} steps of the workflow ran"
    # An estate of the workspace's own, at another address.
    other = run_action(Runner(folder), {
        "scenario": "docker/hub-and-spoke/estate.yaml", "address": "127.0.0.2", "port": "0", "admin": "127.0.0.1:5397", "binary": binary,
    })
    end(other)
    networks = json.loads(other["networks"])
    assert set(networks) == {"hub", "spoke"} and networks["hub"].startswith("127.0.0.2:"), networks
    # What cannot be served ends the step, with GitHub's mark on the reason.
    wrong = subprocess.run([sys.executable, __file__, "--wrong", binary], capture_output=True, text=True, timeout=60, check=False)
    assert wrong.returncode != 0 and "::error::error: there is no file and no built-in scenario `missing.yaml`" in wrong.stdout, wrong


def other_modes(binary: str, folder: Path) -> None:
    pull = PullRequest()
    runner = Runner(folder)
    runner.environment |= pull.environment(folder)

    def run(given: dict) -> dict:
        return run_action(runner, {"binary": binary, "fail": "false", **given})

    # The examples' steps, with this binary.
    workflow = yaml.safe_load((HERE / "examples/pull-request.yml").read_text())
    used = [step["with"] for step in workflow["jobs"]["estate"]["steps"] if "ampls-dns@" in step.get("uses", "")]
    assert [one["mode"] for one in used] == ["check", "diff", "test"], used

    estate = "zones/scenarios/two-scopes-one-dns.yaml"
    found = run({"mode": "check", "files": estate, "comment": "true"})
    assert found["exit-code"] == "1" and "AMPLS001" in runner.summary, found
    sarif = json.loads(Path(found["report"]).read_text())
    assert sarif["runs"][0]["results"][0]["partialFingerprints"]
    fine = run({"mode": "check", "files": estate, "at": "before", "comment": "true"})
    assert fine["exit-code"] == "0", fine
    comments = [one for one in pull.comments if "<!-- ampls-dns check -->" in one["body"]]
    assert len(comments) == 1 and "AMPLS001" not in comments[0]["body"], pull.comments
    differs = run({"mode": "diff", "files": f"{estate}@first-scope\n{estate}@second-scope", "arguments": "--from\nvnet1\n--exit-code", "comment": "true", "comment-key": "vnet1"})
    assert differs["exit-code"] == "1" and "10.0.2.7" in Path(differs["report"]).read_text() and "10.0.2.7" in runner.summary
    assert sum("<!-- ampls-dns diff vnet1 -->" in one["body"] for one in pull.comments) == 1
    held = run({"mode": "test", "files": "two-scopes-one-dns"})
    assert held["exit-code"] == "0" and "<testsuites" in Path(held["report"]).read_text() and "| two-scopes-one-dns: vnet1 |" in runner.summary

    # Against a server, from a spec of the workspace.
    spec = folder / "spec.yaml"
    spec.write_text("version: 1\nexpect: [{ from: vnet1, answers: { api.monitor.azure.com: 10.0.1.9 } }]\n")
    server = run_action(Runner(folder), {"at": "second-scope", "binary": binary, "admin": "127.0.0.1:5395", "port": "0"})
    try:
        vnet1 = json.loads(server["networks"])["vnet1"]
        compared = run({"mode": "compare", "files": str(spec), "arguments": f"--server\nvnet1={vnet1}"})
        assert compared["exit-code"] == "1" and "found 10.0.2.7" in runner.summary, runner.summary
    finally:
        end(server)
    # A step that fails when it is to fail.
    try:
        run({"mode": "check", "files": estate, "fail": "true"})
    except subprocess.CalledProcessError as error:
        assert error.returncode == 1
    else:
        raise AssertionError("the step did not fail")


def installed(packages: Path, folder: Path) -> None:
    """From a release: a folder with the tarball stands for it."""
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    release = folder / "releases" / f"v{version}"
    release.mkdir(parents=True)
    for file in packages.glob("*-linux.tar.gz*"):
        (release / file.name).symlink_to(file.resolve())
    runner = Runner(folder / "runner")
    runner.folder.mkdir()
    runner.environment["AMPLS_DNS_RELEASES"] = release.parent.as_uri()
    done = run_action(runner, {"mode": "test", "files": "limits"})
    assert done["exit-code"] == "0", done


def main() -> None:
    binary = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        serve_mode(binary, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        other_modes(binary, Path(folder))
    if len(sys.argv) > 2:
        with tempfile.TemporaryDirectory() as folder:
            installed(Path(sys.argv[2]), Path(folder))
    print("the action and its example workflows do what they say")


if sys.argv[1] == "--wrong":
    with tempfile.TemporaryDirectory() as folder:
        run_action(Runner(Path(folder)), {"scenario": "missing.yaml", "binary": sys.argv[2], "admin": "127.0.0.1:5396"})
else:
    main()
