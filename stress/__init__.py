"""Stress tests for winit-registry: kills, disk faults, power cuts, flipped bits, damaged files, many processes at once.

`tools/torture` builds what is needed and runs the long form. From the root of the repository, `python -m stress
COMMAND` tests a command that is built already. The modules need only the standard library of Python.
"""
