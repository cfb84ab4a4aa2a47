"""Loading a protocol: one's own folder, what is refused, and what its digest covers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import ProtocolError
from vlmrate.protocol.load import load_protocol
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from vlmrate.study.records import Study

    Write = Callable[[str, Mapping[str, str]], Path]

ONE_STEP = "description: One step.\nsteps:\n  - {asks: [emotion], template: a.txt}\n"
TWO_STEPS = ONE_STEP + "  - {asks: [valence], template: b.txt}\n"
TEMPLATES = {"a.txt": "Which of {emotion.options}?\n", "b.txt": "It is {intended.emotion}. How pleasant?\n"}


def test_attractiveness_alone(attractiveness_study: Study, write_protocol: Write) -> None:
    """A protocol may ask any items on any scale: attractiveness from 1 to 7 works with no emotion in sight."""
    write_protocol(
        "looks",
        {
            "protocol.yaml": "description: Looks.\nsteps:\n  - {asks: [attractiveness], template: ask.txt}\n",
            "ask.txt": "Rate from {attractiveness.low} ({attractiveness.low_anchor}) to {attractiveness.high}.",
        },
    )
    protocol = load_protocol("looks", attractiveness_study)
    assert protocol.name == "looks"
    prompt = protocol.steps[0].template.render({}, attractiveness_study.stimuli[0])
    assert prompt == "Rate from 1 (not at all attractive) to 7."


def test_shipped_protocol_that_asks_what_the_study_has_not(attractiveness_study: Study) -> None:
    """A protocol for other items is refused with the items that the study has."""
    with pytest.raises(ProtocolError, match=r"protocol\.yaml.*no item 'emotion', it has attractiveness"):
        load_protocol("context-carry", attractiveness_study)


@pytest.mark.parametrize("name", ["native", "imported", "derived"])
def test_names_of_what_is_not_asked_in_words_are_refused(study: Study, write_protocol: Write, name: str) -> None:
    """Ratings under such a name would be taken for a network's, an import's or a derived rater's."""
    write_protocol(name, {"protocol.yaml": ONE_STEP, **TEMPLATES})
    with pytest.raises(ProtocolError, match=f"a protocol cannot be called {name}: .*give the folder another"):
        load_protocol(name, study)


def test_defaults(study: Study, write_protocol: Write) -> None:
    """Answers are text and unreadable ones are carried on unless the file says otherwise."""
    write_protocol("mine", {"protocol.yaml": ONE_STEP, **TEMPLATES})
    protocol = load_protocol("mine", study)
    assert (protocol.steps[0].answer, protocol.on_invalid) == ("text", "carry-text")


def test_own_folder_beside_a_shipped_name(study: Study, write_protocol: Write) -> None:
    """A bare name means the shipped protocol, `./name` the folder beside the study file."""
    write_protocol("independent", {"protocol.yaml": ONE_STEP, **TEMPLATES})
    assert len(load_protocol("independent", study).steps) == 3
    assert len(load_protocol("./independent", study).steps) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("context-cary", ["there is no protocol 'context-cary'", "did you mean 'context-carry'?", "single-shot"]),
        ("nowhere/at-all", ["there is no protocol 'nowhere/at-all'", "Shipped are anchor, context-carry,"]),
    ],
)
def test_not_found(study: Study, name: str, says: list[str]) -> None:
    """A protocol that is not there is an error that lists those that are."""
    with pytest.raises(ProtocolError) as caught:
        load_protocol(name, study)
    for part in says:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["must be keys with values"]),
        ("[1, 2]", ["must be keys with values"]),
        ("steps: [", ["is not valid YAML"]),
        ("description: x\n", ["'steps' is missing"]),
        ("description: x\nsteps: []\n", ["key steps", "at least 1 entry"]),
        (ONE_STEP + "on_invald: stop\n", ["line 4", "unknown key 'on_invald'", "did you mean 'on_invalid'?"]),
        (ONE_STEP + "on_invalid: guess\n", ["key on_invalid", "'carry-text' or 'stop'"]),
        (ONE_STEP + "steps: []\n", ["a second time"]),
        (ONE_STEP.replace("template", "tempalte"), ["'template'", "steps[1]"]),
        (ONE_STEP.replace("a.txt", "a.txt, answer: xml"), ["'text' or 'json'", "steps[1].answer"]),
        (ONE_STEP.replace("[emotion]", "emotion"), ["steps[1].asks", "must be a list"]),
        (ONE_STEP.replace("[emotion]", "[]"), ["steps[1].asks", "at least 1 entry"]),
        (ONE_STEP.replace("emotion", "emotoin"), ["steps[1].asks", "it has emotion, valence, arousal", "'emotion'?"]),
        (ONE_STEP + "  - {asks: [emotion], template: b.txt}\n", ["steps[2].asks", "asked a second time"]),
        (ONE_STEP.replace("a.txt", "c.txt"), ["no template 'c.txt'", "the folder holds a.txt, b.txt"]),
        (ONE_STEP.replace("a.txt", "../a.txt"), ["lies outside the protocol's folder"]),
        (ONE_STEP.replace("a.txt", "/etc/hostname"), ["lies outside the protocol's folder"]),
        (ONE_STEP.replace("a.txt", "."), ["no template '.'"]),
    ],
)
def test_refused(study: Study, write_protocol: Write, text: str, says: list[str]) -> None:
    """What does not fit in protocol.yaml is refused in one sentence with the file and the key, as misuse."""
    write_protocol("mine", {"protocol.yaml": text, **TEMPLATES})
    with pytest.raises(ProtocolError) as caught:
        load_protocol("mine", study)
    message = str(caught.value)
    assert caught.value.exit_code == 2
    assert "mine/protocol.yaml" in message
    assert "\n" not in message
    for part in says:
        assert part in message


def test_link_out_of_the_folder(study: Study, write_protocol: Write, tmp_path: Path) -> None:
    """A template that is a link to a file elsewhere lies outside, wherever the link lies."""
    (tmp_path / "elsewhere.txt").write_text("How?")
    folder = write_protocol("mine", {"protocol.yaml": ONE_STEP})
    (folder / "a.txt").symlink_to(tmp_path / "elsewhere.txt")
    with pytest.raises(ProtocolError, match="lies outside"):
        load_protocol("mine", study)


class TestDigest:
    """The digest stands for all that decides what is asked, and for nothing else."""

    @pytest.fixture
    def digest(self, write_protocol: Write) -> Callable[..., str]:
        """The digest of a two-step protocol, with some of its files changed."""

        def of(study: Study, name: str = "mine", **changed: str) -> str:
            files = {"protocol.yaml": TWO_STEPS, **TEMPLATES}
            files |= {key.replace("_", "."): text for key, text in changed.items()}
            write_protocol(name, files)
            return load_protocol(name, study).digest

        return of

    def test_same_again(self, study: Study, digest: Callable[..., str]) -> None:
        """The same bytes give the same digest."""
        assert digest(study) == digest(study)

    def test_place(self, study: Study, digest: Callable[..., str], tmp_path: Path) -> None:
        """Where the folder lies, and what it is called, does not count; nor does a file that is no template."""
        original = digest(study)
        shutil.copytree(tmp_path / "mine", tmp_path / "far" / "away")
        (tmp_path / "far" / "away" / "notes.md").write_text("mine")
        assert load_protocol("far/away", study).digest == original

    def test_bytes(self, study: Study, digest: Callable[..., str]) -> None:
        """One byte of a template (even its last line end) or of protocol.yaml changes it."""
        changed = [
            digest(study),
            digest(study, a_txt="Which of {emotion.options}!\n"),
            digest(study, a_txt="Which of {emotion.options}?"),
            digest(study, protocol_yaml=TWO_STEPS + "\n"),
            digest(study, protocol_yaml=TWO_STEPS + "on_invalid: stop\n"),
        ]
        assert len(set(changed)) == len(changed)

    def test_bytes_moved_between_templates(self, study: Study, digest: Callable[..., str]) -> None:
        """Text moved from the end of one template to the start of the next changes it."""
        assert digest(study, a_txt="One", b_txt="two") != digest(study, a_txt="Onet", b_txt="wo")

    def test_scales(self, study: Study, digest: Callable[..., str]) -> None:
        """Scales of asked items count, anchors included, and the column of right answers that a template names."""
        emotion, valence, arousal = study.items
        same = digest(study)
        assert digest(replace(study, items=(emotion, replace(valence, scale=Likert(1, 7)), arousal))) != same
        assert digest(replace(study, items=(emotion, replace(valence, scale=Likert(1, 9)), arousal))) != same
        assert digest(replace(study, items=(replace(emotion, intended="race"), valence, arousal))) != same

    def test_items_not_in_play(self, study: Study, digest: Callable[..., str]) -> None:
        """Items that the protocol neither asks nor names do not count, nor does the order of items."""
        emotion, valence, arousal = study.items
        same = digest(study)
        assert digest(replace(study, items=(valence, emotion))) == same
        assert digest(replace(study, items=(emotion, valence, replace(arousal, scale=Likert(0, 5))))) == same
