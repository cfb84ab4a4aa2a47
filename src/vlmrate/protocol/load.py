"""From a protocol's name or folder to a `Protocol` bound to a study, with everything in it checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.errors import ProtocolError
from vlmrate.protocol.digest import protocol_digest
from vlmrate.protocol.file import PROTOCOL_FILE, ProtocolFile, read_protocol_file
from vlmrate.protocol.native import WORDLESS
from vlmrate.protocol.records import Force, Protocol, Step
from vlmrate.protocol.template import Scope, read_template
from vlmrate.resources import prompts_folder
from vlmrate.study.faults import Fault, nearest, shown
from vlmrate.study.names import plain_name_problem
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.study.records import Item, Study


def shipped() -> tuple[str, ...]:
    """The names of the protocols that come with vlmrate, sorted."""
    return tuple(sorted(file.parent.name for file in prompts_folder().glob(f"*/{PROTOCOL_FILE}")))


def load_protocol(name_or_folder: str, study: Study) -> Protocol:
    """The protocol of that name (a shipped one), or in that folder (relative to the study file).

    Where a folder bears the name of a shipped protocol, `./name` means the folder.

    Raises:
        ProtocolError: There is no such protocol, or something in it is wrong or does not fit the study.
    """
    folder = _folder(name_or_folder, study)
    name = folder.resolve().name
    if (unfit := plain_name_problem(name)) is not None:
        raise ProtocolError(f"{shown(folder)}: the folder's name {unfit}, and results are stored under it")
    if name in WORDLESS:
        raise ProtocolError(
            f"{shown(folder)}: a protocol cannot be called {name}: ratings that nobody was asked for in words are "
            "stored under that name; give the folder another"
        )
    file = folder / PROTOCOL_FILE
    content = read_protocol_file(file)
    _check_asks(file, content, study)
    forces = _forces(file, content, study)
    steps = _steps(folder, content, study)
    _check_forced_are_carried(file, forces, steps)
    templates = [(block.template, step.template) for block, step in zip(content.steps, steps, strict=True)]
    asked = [name for block in content.steps for name in block.asks]
    digest = protocol_digest(file.read_bytes(), templates, asked, study.items, forces)
    return Protocol(name, content.description.strip(), steps, content.on_invalid, digest, forces)


def _folder(name_or_folder: str, study: Study) -> Path:
    if name_or_folder in shipped():
        return prompts_folder() / name_or_folder
    folder = study.file.parent / name_or_folder
    if (folder / PROTOCOL_FILE).is_file():
        return folder
    near = nearest(name_or_folder, shipped())
    meant = f"did you mean {near!r}? " if near is not None else ""
    known = ", ".join(shipped()) or "none"
    raise ProtocolError(
        f"{shown(study.file)}: there is no protocol {name_or_folder!r}: {meant}Shipped are {known}; "
        f"and {shown(folder)} holds no {PROTOCOL_FILE}"
    )


def _check_asks(file: Path, content: ProtocolFile, study: Study) -> None:
    known = [item.name for item in study.items]
    asked: set[str] = set()
    for number, step in enumerate(content.steps, start=1):
        for name in step.asks:
            if (problem := _unfit(name, known, asked)) is not None:
                raise ProtocolError(str(Fault(file, None, f"steps[{number}].asks", problem)))
            asked.add(name)


def _unfit(name: str, known: list[str], asked: set[str]) -> str | None:
    if name in asked:
        return f"{name!r} is asked a second time; ask it once"
    return _unknown(name, known)


def _unknown(name: str, known: list[str]) -> str | None:
    if name in known:
        return None
    near = nearest(name, known)
    meant = f"; did you mean {near!r}?" if near is not None else ""
    return f"the study has no item {name!r}, it has {', '.join(known)}{meant}"


def _forces(file: Path, content: ProtocolFile, study: Study) -> tuple[Force, ...]:
    items = {item.name: item for item in study.items}
    for name, how in content.forces.items():
        problem = _unknown(name, list(items)) or (_no_wrong(items[name], study) if how == "wrong" else None)
        if problem is not None:
            raise ProtocolError(str(Fault(file, None, f"forces.{name}", problem)))
    return tuple(Force(items[name], how) for name, how in content.forces.items())


def _no_wrong(item: Item, study: Study) -> str | None:
    """Why no wrong label can be told of an item; None where one can."""
    if not isinstance(item.scale, Labels):
        return f"{item.name!r} is answered with a number, of which none is wrong; force `each`"
    if item.intended is None:
        return f"the study gives {item.name!r} no `intended` column, so that no label is known to be wrong"
    if any(item.intended not in stimulus.factors for stimulus in study.stimuli):
        return f"the stimuli table lacks the column {item.intended!r} with the right answers to {item.name!r}"
    return None if len(item.scale.options) > 1 else f"{item.name!r} has one option, so that no label is wrong"


def _check_forced_are_carried(file: Path, forces: tuple[Force, ...], steps: tuple[Step, ...]) -> None:
    named = {name for step in steps for name in step.template.names()}
    for force in forces:
        place = f"forced.{force.item.name}"
        if place not in named:
            problem = f"no template names {{{place}}}, so that it would force nothing; name it in one, or leave it out"
            raise ProtocolError(str(Fault(file, None, f"forces.{force.item.name}", problem)))


def _steps(folder: Path, content: ProtocolFile, study: Study) -> tuple[Step, ...]:
    items = {item.name: item for item in study.items}
    asked = tuple(name for block in content.steps for name in block.asks)
    steps: list[Step] = []
    for block in content.steps:
        earlier = tuple(item.name for step in steps for item in step.asks)
        scope = Scope(items, earlier, asked, study.stimuli, tuple(content.forces))
        template = read_template(_inside(folder, block.template), scope)
        steps.append(Step(template, tuple(items[name] for name in block.asks), block.answer))
    return tuple(steps)


def _inside(folder: Path, template: str) -> Path:
    file = folder / template
    if not file.resolve().is_relative_to(folder.resolve()):
        message = f"the template {template!r} lies outside the protocol's folder; move it inside"
        raise ProtocolError(f"{shown(folder / PROTOCOL_FILE)}: {message}")
    if not file.is_file():
        there = sorted(one.name for one in folder.iterdir() if one.name != PROTOCOL_FILE)
        message = f"there is no template {template!r}; the folder holds {', '.join(there) or 'nothing else'}"
        raise ProtocolError(f"{shown(folder / PROTOCOL_FILE)}: {message}")
    return file
