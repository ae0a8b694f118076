"""Uses an installed winit-registry as a user does, and prints what it found as JSON: only the package is imported.

Usage: `python -I use_package.py fill`, or `python -I use_package.py record FILE`, which also makes a run in a registry.
"""

import json
import sys
import time

import numpy

# The example of docs/manifest.md.
SEED = 18446744073709551557
SPEC = "tensors: {h.0.w: {shape: [300, 1024], init: {scheme: normal, std: 0.02}}}"


def main() -> None:
    start = time.perf_counter()
    import winit

    recipe_type = winit.Recipe
    seconds = time.perf_counter() - start
    from winit import reference

    recipe = recipe_type.from_laws(SEED, {"h.0.w": ("float32", (300, 1024), reference.normal(std=0.02))})
    found = {
        "file": winit.__file__,
        "version": winit.__version__,
        "backend": winit.backend(),
        "bytes": recipe["h.0.w"][0, :4].tobytes().hex(),
        "digest": recipe.digests()["h.0.w"],
        "import milliseconds": seconds * 1000,
        "numpy": numpy.__version__,
    }
    if sys.argv[1] == "record":
        from winit.registry import command

        run = winit.Registry(sys.argv[2], create=True).create("example", SPEC, seed=SEED)
        found |= {
            "command": command.find(),
            "version of the command": command.version()["version"],
            "recorded bytes": run["h.0.w"][0, :4].tobytes().hex(),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
