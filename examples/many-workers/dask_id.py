"""The id of a recipe from the workers of a Dask cluster.

python dask_id.py model.json [SHARES]
"""

from __future__ import annotations

import sys

from dask.distributed import Client

import winit


def main() -> None:
    """Prints the id."""
    recipe = winit.Recipe.load(sys.argv[1])
    with Client() as client:  # or Client("address of a scheduler")
        # More shares than workers: Dask gives the next one to whichever worker is free.
        count = int(sys.argv[2]) if len(sys.argv) > 2 else 4 * sum(client.nthreads().values())
        sent = client.scatter(recipe, broadcast=True)  # kilobytes, once for each worker
        shares = winit.dist.shares(recipe, count)
        done = [client.submit(winit.dist.digests, sent, share, threads=1, pure=False) for share in shares]
        print(winit.dist.assemble(recipe, client.gather(done)))


if __name__ == "__main__":
    main()
