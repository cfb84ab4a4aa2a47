"""Train the tiny model from nothing.

`python -m vlmrate.tiny.training --steps-vision N --steps-language M --steps-doubt K --seed S --out DIR`

Three stages, each a fixed number of seeded steps on one thread. First the vision tower alone learns to read
the movements of a face (a head that is thrown away names them); then the whole model learns to answer the
questions of the shipped protocols, most of all context-carry; last it learns to doubt what is no face.
Needs the extra `train` (torch).
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from vlmrate.tiny.architecture import VISION_WIDTH, model_config
from vlmrate.tiny.batches import LanguageBatches, Pictures
from vlmrate.tiny.data import DOUBT, training_pictures
from vlmrate.tiny.export import export_model
from vlmrate.tiny.packing import Vocabulary
from vlmrate.tiny.tokenizer import train_tokenizer

VISION_BATCH = 64
VISION_RATE, LANGUAGE_RATE, VISION_RATE_LATER = 1.2e-3, 1.5e-3, 0.35
WARM_UP = 100
IMAGE_LAST_SHARE = 0.04
DOUBT_PICTURES, DOUBT_RATE = 8000, 5e-4


def new_model(vocabulary: int) -> Any:
    """An untrained model; the projector, which transformers starts at zero, is given small random weights."""
    from transformers import Gemma3ForConditionalGeneration

    config = model_config(vocabulary)
    config._attn_implementation = "sdpa"
    model = Gemma3ForConditionalGeneration(config)
    with torch.no_grad():
        model.model.multi_modal_projector.mm_input_projection_weight.normal_(0, 1 / math.sqrt(VISION_WIDTH))
    return model


def train_vision(model: Any, pictures: Pictures, steps: int, rng: np.random.Generator) -> None:
    """Stage one: the vision tower learns labels, movements, ratings and levels, and what is a face at all."""
    head = torch.nn.Linear(VISION_WIDTH, 6 + pictures.facts.shape[1] + 1)
    tower = model.model.vision_tower
    parameters = [*tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=VISION_RATE, weight_decay=0.02)
    started = time.time()
    for step in range(steps):
        _set_rate(optimizer, step, steps, floor=0.25)
        rows, pixels = pictures.draw(VISION_BATCH, rng)
        named = head(tower(pixel_values=pixels).last_hidden_state.mean(1))
        label = _cross_entropy(named[:, :6], torch.from_numpy(pictures.labels[rows]))
        face = torch.from_numpy(pictures.is_face[rows])
        facts = ((named[:, 6:-1] - torch.from_numpy(pictures.facts[rows])) ** 2).mean(1)
        facts_loss = (facts * face).sum() / face.sum()
        seen = functional.binary_cross_entropy_with_logits(named[:, -1], face)
        _descend(label + 4 * facts_loss + 0.3 * seen, optimizer, parameters)
        if (step + 1) % 100 == 0:
            losses = f"label {label.item():.3f} facts {facts_loss.item():.4f}"
            print(f"vision {step + 1} {time.time() - started:.0f}s {losses}", flush=True)


def train_language(
    model: Any, batches: LanguageBatches, steps: int, rng: np.random.Generator, *, rate: float = LANGUAGE_RATE
) -> None:
    """Stages two and three: the whole model answers; the vision tower goes on at a lower rate."""
    optimizer = _language_optimizer(model, rate)
    parameters = list(model.parameters())
    started = time.time()
    for step in range(steps):
        _set_rate(optimizer, step, steps, floor=0.02)
        make = batches.image_last if rng.random() < IMAGE_LAST_SHARE else batches.packed
        inputs, targets, weights = make()
        logits = model(**inputs).logits
        each = -(targets * logits.float().log_softmax(-1)).sum(-1).mean(0)
        _descend((each * weights).sum() / 3, optimizer, parameters)
        if (step + 1) % 50 == 0 and len(weights) > 6:
            entropy = -(targets * (targets + 1e-12).log()).sum(-1).mean(0)
            gaps = [f"{value:.3f}" for value in (each - entropy)[weights == 1].tolist()]
            print(f"language {step + 1} {time.time() - started:.0f}s divergence {' '.join(gaps)}", flush=True)


def _language_optimizer(model: Any, full_rate: float) -> torch.optim.Optimizer:
    groups = []
    for vision in (True, False):
        for matrix in (True, False):
            chosen = [
                weight for name, weight in model.named_parameters()
                if ("vision_tower" in name) == vision and (weight.ndim >= 2) == matrix
            ]  # fmt: skip
            rate = full_rate * (VISION_RATE_LATER if vision else 1)
            groups.append({"params": chosen, "lr": rate, "weight_decay": 0.02 if matrix else 0.0})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def _set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int, floor: float) -> None:
    """A linear warm-up, then a cosine down to `floor` of each group's rate."""
    fall = floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * step / steps))
    for group in optimizer.param_groups:
        group.setdefault("full_rate", group["lr"])
        group["lr"] = group["full_rate"] * min(1.0, (step + 1) / WARM_UP) * fall


def _descend(loss: torch.Tensor, optimizer: torch.optim.Optimizer, parameters: list[torch.Tensor]) -> None:
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()


def _cross_entropy(logits: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    return -(shares * logits.log_softmax(-1)).sum(-1).mean()


def first_stages(options: argparse.Namespace, words: Vocabulary) -> Any:
    """Stages one and two, from random weights."""
    torch.manual_seed(options.seed)
    rng = np.random.default_rng([options.seed, 21])
    pictures = Pictures(*training_pictures(options.pictures, options.seed))
    model = new_model(words.size)
    size = sum(weight.numel() for weight in model.parameters()) / 1e6
    print(f"{size:.3f} M parameters, {words.size} tokens", flush=True)
    train_vision(model, pictures, options.steps_vision, rng)
    train_language(model, LanguageBatches(pictures, words, rng), options.steps_language, rng)
    model.save_pretrained(options.out / "stage-two")
    return model


def learn_doubt(model: Any, words: Vocabulary, steps: int, seed: int) -> None:
    """Stage three: a few steps at a low rate on new people and on many more kinds of pictures that show no face."""
    rng = np.random.default_rng([seed, 22])
    pictures = Pictures(*training_pictures(DOUBT_PICTURES, seed, mixture=DOUBT))
    train_language(model, LanguageBatches(pictures, words, rng), steps, rng, rate=DOUBT_RATE)


def main() -> None:
    """Draw, train, export."""
    options = _options()
    torch.set_num_threads(1)
    tokenizer = train_tokenizer()
    words = Vocabulary(tokenizer)
    options.out.mkdir(parents=True, exist_ok=True)
    model = first_stages(options, words) if options.resume is None else _saved_model(options.resume)
    learn_doubt(model, words, options.steps_doubt, options.seed)
    model.save_pretrained(options.out / "stage-three")
    export_model(options.out / "stage-three", options.out / "tiny", tokenizer)


def _saved_model(folder: Path) -> Any:
    from transformers import Gemma3ForConditionalGeneration

    return Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the embedded tiny model.")
    parser.add_argument("--steps-vision", type=int, default=1800)
    parser.add_argument("--steps-language", type=int, default=1600)
    parser.add_argument("--steps-doubt", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=40_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="a saved `stage-two`, to run the third stage alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
