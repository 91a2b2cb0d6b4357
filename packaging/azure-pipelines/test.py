#!/usr/bin/env python3
"""Runs the bash steps of the templates for Azure Pipelines and GitLab, as far as that can be without them.

    packaging/azure-pipelines/test.py BINARY

Of Azure's expressions those are replaced that the steps have: parameters, `convertToJson` and `$(Agent.TempDirectory)`.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
ESTATE = "zones/scenarios/two-scopes-one-dns.yaml"


def bash(script: str, environment: dict, code: int) -> str:
    ended = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, text=True, capture_output=True, timeout=120)
    assert ended.returncode == code, (code, ended)
    return ended.stdout


class Template:
    def __init__(self, folder: str, environment: dict):
        self.folder, self.environment = folder, environment
        self.said = yaml.safe_load((ROOT / "packaging/azure-pipelines/ampls-dns.yml").read_text())

    def step(self, given: dict, code: int = 0) -> str:
        values = {one["name"]: one["default"] for one in self.said["parameters"]} | given
        # The template's conditions: serve, or everything else.
        wanted = "eq" if values["mode"] == "serve" else "ne"
        [step] = [steps for one in self.said["steps"] for key, steps in one.items() if f"{wanted}(parameters.mode, 'serve')" in key]
        [step] = step

        def told(text: str) -> str:
            text = re.sub(r"\$\{\{ convertToJson\(parameters\.(\w+)\) \}\}", lambda found: json.dumps(values[found[1]]), text)
            text = re.sub(r"\$\{\{ parameters\.(\w+) \}\}", lambda found: str(values[found[1]]), text)
            assert "${{" not in text, text
            return text.replace("$(Agent.TempDirectory)", self.folder)

        variables = {name: told(value) for name, value in step["env"].items()}
        return bash(told(step["bash"]), {**self.environment, **variables}, code)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bin").mkdir()
        (Path(folder) / "bin/ampls-dns").symlink_to(Path(sys.argv[1]).resolve())
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AMPLS_DNS_")}
        environment["PATH"] = f"{folder}/bin:{environment['PATH']}"
        template = Template(folder, environment)

        found = template.step({"mode": "check", "files": [ESTATE]}, code=1)
        assert "##vso[task.logissue type=error;sourcepath=" + ESTATE in found and "##vso[task.uploadsummary]" in found, found
        assert "AMPLS001" in Path(folder, "ampls-dns/check.md").read_text()
        template.step({"mode": "check", "files": [ESTATE], "at": "before"})
        template.step({"mode": "test", "files": [ESTATE]})
        assert "<testsuites" in Path(folder, "ampls-dns/TEST-ampls-dns.xml").read_text()
        assert "10.0.2.7" in template.step({"mode": "diff", "files": [ESTATE + "@first-scope", ESTATE + "@second-scope"]})
        assert "needs --server" in template.step({"mode": "compare", "files": [ESTATE]}, code=1)

        served = template.step({"mode": "serve", "at": "first-scope"})
        variables = dict(re.findall(r"##vso\[task.setvariable variable=([\w.-]+)\](\S+)", served))
        pid = json.loads(Path(folder, "ampls-dns-ready.json").read_text())["pid"]
        try:
            step = bash("ampls-dns status", {**environment, "AMPLS_DNS_ADMIN": variables["AMPLS_DNS_ADMIN"]}, 0)
            assert "first-scope" in step, step
            spec = Path(folder, "spec.yaml")
            spec.write_text("version: 1\nexpect: [{ from: vnet1, answers: { api.monitor.azure.com: 10.0.1.9 } }]\n")
            template.step({"mode": "compare", "files": [str(spec)], "arguments": ["--server", "vnet1=" + variables["ampls.vnet1"]]})
        finally:
            os.kill(pid, 15)

        jobs = yaml.safe_load((ROOT / "packaging/gitlab/ampls-dns.gitlab-ci.yml").read_text())
        gitlab = {**environment, "AMPLS_DNS_FILES": f"{ROOT}/{ESTATE}", "AMPLS_DNS_SPECS": f"{ROOT}/{ESTATE}"}
        for job, code, report in (("ampls-dns-check", 1, "gl-code-quality-report.json"), ("ampls-dns-test", 0, "ampls-dns.xml")):
            bash(f"set -eo pipefail; cd '{folder}'\n" + "\n".join(jobs[job]["script"]), gitlab, code)
            assert Path(folder, report).stat().st_size > 0
            assert report in jobs[job]["artifacts"]["reports"].values()
    print("the steps for Azure Pipelines and GitLab do what they say")


main()
