"""Checks of winit-registry against readers and arithmetic that are not its own.

With python/src and tools on PYTHONPATH, `python -m checks.export …` runs one of them. The Swift tests run
`distributions`, `export`, `safetensors_reader` and `vectors`; tools/check-presets runs `kinds` and `presets`.
"""
