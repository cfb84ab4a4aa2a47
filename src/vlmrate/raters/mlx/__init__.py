"""Vision-language models on MLX, asked through the public surface of mlx-vlm.

`MlxRater` is the rater; an architecture says how one family of models looks at a picture and reads a prompt
(`gemma3`, `mllama`: the picture encoded once and the prompt's beginning shared; `library`: any other model, as
mlx-vlm itself does it).
"""

from __future__ import annotations
