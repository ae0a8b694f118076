"""Measures winit-registry beside its peers: NumPy, PyTorch, JAX, OpenSSL, and a plain write to the disk.

`tools/bench` builds what is needed and runs it as `python -m peers`, with Benchmarks on PYTHONPATH.
"""
