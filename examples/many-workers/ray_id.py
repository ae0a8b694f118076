"""The id of a recipe from the workers of a Ray cluster.

python ray_id.py model.json [SHARES]
"""

from __future__ import annotations

import sys

import ray

import winit


def main() -> None:
    """Prints the id."""
    recipe = winit.Recipe.load(sys.argv[1])
    ray.init()  # or the address of a cluster
    # More shares than workers: Ray gives the next one to whichever worker is free.
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4 * int(ray.cluster_resources()["CPU"])
    digests = ray.remote(num_cpus=1)(winit.dist.digests)
    sent = ray.put(recipe)  # kilobytes, once for each machine
    done = [digests.remote(sent, share, threads=1) for share in winit.dist.shares(recipe, count)]
    print(winit.dist.assemble(recipe, ray.get(done)))


if __name__ == "__main__":
    main()
