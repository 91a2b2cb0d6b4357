#!/usr/bin/env python3
"""Runs action.yml and the example workflow as GitHub would, as far as that can be without GitHub.

    docker/action/test.py BINARY

Each `run:` is given to bash with the files GitHub gives a step (GITHUB_ENV, GITHUB_PATH, GITHUB_OUTPUT); expressions are
replaced by what they stand for. What is not tried: `uses: actions/checkout`, and GitHub's own reading of the two files, in
whose place stand the schemas of the package check-jsonschema.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
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
        files = {name: self.folder / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT")}
        for file in files.values():
            file.write_text("")
        told = {**self.environment, **environment, **{name: str(file) for name, file in files.items()}}
        subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], env=told, cwd=ROOT, check=True, timeout=900)
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
        return values[expression]

    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", one, str(text))


def run_action(runner: Runner, given: dict) -> dict:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    unknown = set(given) - set(action["inputs"])
    assert not unknown, f"action.yml has no input {unknown}"
    values = {"github.action_path": str(ROOT)}
    values |= {f"inputs.{name}": str(given.get(name, about["default"])) for name, about in action["inputs"].items()}
    for step in action["runs"]["steps"]:
        outputs = runner.step(told(step["run"], values), {name: told(value, values) for name, value in step.get("env", {}).items()})
        values |= {f"steps.{step['id']}.outputs.{name}": value for name, value in outputs.items()}
    return {name: told(about["value"], values) for name, about in action["outputs"].items()}


def end(outputs: dict) -> None:
    os.kill(int(outputs["process"]), signal.SIGTERM)


def main() -> None:
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder))
        workflow = yaml.safe_load((HERE / "example-workflow.yml").read_text())
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

        # Ports of the system's choice, and an estate of the workspace's own.
        other = run_action(Runner(Path(folder)), {
            "scenario": "docker/hub-and-spoke/estate.yaml", "port": "0", "admin": "127.0.0.1:5397", "binary": binary,
        })
        end(other)
        networks = json.loads(other["networks"])
        assert set(networks) == {"hub", "spoke"}, networks
        assert other["public"].startswith("127.0.0.1:"), other

        # What cannot be served ends the step, with GitHub's mark on the reason.
        wrong = subprocess.run(
            [sys.executable, __file__, "--wrong", binary], capture_output=True, text=True, timeout=60, check=False
        )
        assert wrong.returncode != 0 and "::error::error: there is no file and no built-in scenario `missing.yaml`" in wrong.stdout, wrong
    print("the action and its example workflow do what they say")


if sys.argv[1] == "--wrong":
    with tempfile.TemporaryDirectory() as folder:
        run_action(Runner(Path(folder)), {"scenario": "missing.yaml", "binary": sys.argv[2], "admin": "127.0.0.1:5396"})
else:
    main()
