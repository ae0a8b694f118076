"""Initial weights of neural networks, the same bits on every machine; only `winit.reference` exists so far."""

__version__ = "0.2.0"
