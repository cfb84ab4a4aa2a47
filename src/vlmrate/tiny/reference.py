"""Store what transformers itself says: logits of 24 held-out faces at the three steps of context-carry.

`python -m vlmrate.tiny.reference MODEL OUT` writes the faces as 112 x 112 PNG (the model's own size, so that no
resizing comes between), `prompts.json` (what was carried and sent) and `logits.safetensors`: `logits`, float32,
shape (24, 3, vocabulary), computed in float32 with the reference attention, two-way among an image's tokens.
Needs the extra `train` (torch).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file

from vlmrate.simulate.faces import EMOTIONS, HAIR_LEVELS, SKIN_LEVELS, Expression, Identity, draw_face
from vlmrate.tiny.data import to_model_size
from vlmrate.tiny.people import HELD_OUT
from vlmrate.tiny.prompts import DIGITS, Prompt

INTENSITIES = (0.15, 0.45, 0.75, 1.0)
SEED = HELD_OUT + 500_000_000


def reference_faces() -> list[Image.Image]:
    """24 faces: six emotions at four intensities, the levels of skin and hair taking turns."""
    faces = []
    for number in range(len(EMOTIONS) * len(INTENSITIES)):
        emotion, intensity = EMOTIONS[number % 6], INTENSITIES[number // 6]
        skin, hair = SKIN_LEVELS[(number + number // 6) % 3], HAIR_LEVELS[number // 3 % 2]
        identity = Identity.from_seed(SEED + number, skin, hair)
        faces.append(Image.fromarray(to_model_size(draw_face(identity, Expression(emotion, intensity), number))))
    return faces


class Reference:
    """The model as transformers runs it, in float32, with its own chat template and processor."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoProcessor, Gemma3ForConditionalGeneration

        self._model = Gemma3ForConditionalGeneration.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager"
        )
        self._model.eval()
        self._processor = AutoProcessor.from_pretrained(folder)
        self._tokenizer = self._processor.tokenizer
        self.labels = [self._first(label) for label in EMOTIONS]
        self.digits = [self._first(str(digit)) for digit in DIGITS]

    def logits(self, image: Image.Image, text: str) -> np.ndarray:
        """What may come after one question about one image, shape (vocabulary,)."""
        turn = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]
        written = self._processor.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        written = written.replace(self._processor.boi_token, self._processor.full_image_sequence)
        # The processor would add a second BOS to the template's own.
        ids = torch.tensor([self._tokenizer(written, add_special_tokens=False)["input_ids"]])
        pixels = self._processor.image_processor([image], return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            said = self._model(
                input_ids=ids,
                pixel_values=pixels,
                attention_mask=torch.ones_like(ids),
                token_type_ids=(ids == self._model.config.image_token_index).long(),
                use_cache=False,
                logits_to_keep=1,
            )
        return np.asarray(said.logits[0, -1].float().numpy())

    def _first(self, word: str) -> int:
        return int(self._tokenizer(word, add_special_tokens=False)["input_ids"][0])


def three_steps(model: Reference, image: Image.Image) -> tuple[list[np.ndarray], str, int]:
    """Logits of the three steps and the answers carried: the likeliest label and valence."""
    first = model.logits(image, Prompt("context-carry", "emotion").text)
    emotion = EMOTIONS[int(first[model.labels].argmax())]
    second = model.logits(image, Prompt("context-carry", "valence", emotion).text)
    valence = DIGITS[int(second[model.digits].argmax())]
    third = model.logits(image, Prompt("context-carry", "arousal", emotion, valence).text)
    return [first, second, third], emotion, valence


def write_reference(folder: Path, out: Path) -> None:
    """Draw the faces, ask, and store everything in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    model = Reference(folder)
    rows: list[np.ndarray] = []
    asked: list[dict[str, Any]] = []
    for number, image in enumerate(reference_faces()):
        name = f"face-{number:02d}.png"
        image.save(out / name, optimize=True)
        logits, emotion, valence = three_steps(model, image)
        rows.append(np.stack(logits))
        asked.append({"image": name, "carried_emotion": emotion, "carried_valence": valence})
    save_file({"logits": np.stack(rows).astype(np.float32)}, str(out / "logits.safetensors"))
    record = {
        "made_by": "python -m vlmrate.tiny.reference",
        "protocol": "context-carry",
        **_versions(),
        "images": asked,
    }
    (out / "prompts.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _versions() -> dict[str, str]:
    import transformers

    return {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0], "attention": "two-way"}


if __name__ == "__main__":
    write_reference(Path(sys.argv[1]), Path(sys.argv[2]))
