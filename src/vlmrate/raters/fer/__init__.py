"""Networks that recognise facial expressions, as ONNX files that models.yaml describes.

`entry` says what may stand in models.yaml, `model` is what can be named after `--model`, `face` finds and cuts out a
face, `network` turns it into outputs, `answers` turns outputs into answers to a study's items, `rater` does all that.
"""
