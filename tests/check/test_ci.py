"""The composite action and the workflows of docs/ci.md: they parse, fit their schemas, and call what there is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from check.conftest import REPOSITORY
from vlmrate.cli.main import app

SCHEMAS = Path(__file__).parent / "schemas"
DOCS = (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
GITHUB, GITLAB = re.findall(r"```yaml\n(.+?)```", DOCS, re.DOTALL)


def schema(name: str) -> dict[str, Any]:
    """A schema that lies beside the tests."""
    document: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return document


def options() -> set[str]:
    """All options of `vlmrate check`."""
    check = get_command(app).commands["check"]  # type: ignore[attr-defined]
    return {option for parameter in check.params for option in parameter.opts}


def workflow() -> dict[str, Any]:
    """The example for GitHub; YAML 1.1 reads the key `on` as true, GitHub does not."""
    document = yaml.safe_load(GITHUB)
    return {("on" if key is True else key): value for key, value in document.items()}


def test_the_action_fits_its_schema() -> None:
    """Composite, every step with a shell, every input described."""
    jsonschema.validate(ACTION, schema("action"))


def test_the_schema_refuses_what_github_refuses() -> None:
    """A step without a shell, an unknown key: the schema can fail."""
    for spoilt in ({"run": "true"}, {"run": "true", "shell": "bash", "mood": "glad"}, {"shell": "bash"}):
        action = {**ACTION, "runs": {"using": "composite", "steps": [spoilt]}}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(action, schema("action"))


def test_inputs_are_used_as_variables_only() -> None:
    """No expression stands inside a script, where its text would be run; every input is used."""
    steps = ACTION["runs"]["steps"]
    assert all("${{" not in step["run"] for step in steps)
    used = {name for step in steps for value in step["env"].values() for name in re.findall(r"inputs\.([\w-]+)", value)}
    assert used == set(ACTION["inputs"])


def test_the_example_workflow_fits_its_schema_and_the_action() -> None:
    """It parses, fits, and gives the action inputs that it has."""
    jsonschema.validate(workflow(), schema("workflow"))
    (gate,) = (step for step in workflow()["jobs"]["check"]["steps"] if step["uses"] == "./")
    assert set(gate["with"]) <= set(ACTION["inputs"])


def test_every_option_named_is_one_of_the_command() -> None:
    """In the action, in both workflows and in the text of docs/ci.md."""
    script = ACTION["runs"]["steps"][1]["run"]
    lines = [line for line in yaml.safe_load(GITLAB)["check"]["script"] if line.startswith("vlmrate")]
    prose = re.findall(r"`[^`\n]*--[^`\n]*`", DOCS)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", " ".join([script, *lines, *prose])))
    assert named
    assert named <= options()


def test_gitlab_is_given_the_junit_file_that_is_written() -> None:
    """The job's report lies in the folder that it names as output."""
    job = yaml.safe_load(GITLAB)["check"]
    assert job["artifacts"]["reports"]["junit"] == "vlmrate-check/check.xml"
    assert any("--output vlmrate-check" in line for line in job["script"])


def test_the_script_of_the_action_fails_where_the_check_cannot_be_made(tmp_path: Path) -> None:
    """Run by bash as GitHub runs it: without a study the exit code is 2 and the verdict empty."""
    step = ACTION["runs"]["steps"][1]
    variables = dict.fromkeys(step["env"], "") | {"OUTPUT": "out", "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path, env=os.environ | variables | {"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "there is no study.yaml" in done.stderr
    assert (tmp_path / "outputs").read_text(encoding="utf-8") == "verdict=\n"
