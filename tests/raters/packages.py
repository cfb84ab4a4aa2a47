"""Installing packages that add raters, as far as it is of interest: a module and what its metadata declare."""

from __future__ import annotations

import tomllib
from pathlib import Path

ECHO = Path(__file__).with_name("plugin_package")


def install(site: Path, name: str, module: str, points: dict[str, str]) -> None:
    """Put a package with one module into a folder that is or will be on sys.path, as pip does."""
    site.mkdir(exist_ok=True)
    plain = name.replace("-", "_")
    (site / f"{plain}.py").write_text(module, encoding="utf-8")
    about = site / f"{plain}-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 0.1\n", encoding="utf-8")
    lines = [f"{kind} = {value}" for kind, value in points.items()]
    (about / "entry_points.txt").write_text("\n".join(["[vlmrate.raters]", *lines, ""]), encoding="utf-8")


def install_echo(site: Path) -> None:
    """Put the package of the tests there, with the entry points that its pyproject.toml declares."""
    project = tomllib.loads((ECHO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = (ECHO / "echo_rater.py").read_text(encoding="utf-8")
    install(site, project["name"], module, project["entry-points"]["vlmrate.raters"])
