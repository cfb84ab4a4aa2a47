"""The embedded model: a small Gemma3 trained on drawn faces. Training needs torch; using it does not."""
