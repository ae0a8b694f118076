"""The id of a recipe from the tasks of an array job, which share nothing but a folder.

    sbatch --array=0-7 --wrap "python array_job.py digests model.json 8"
    python array_job.py assemble model.json

Each task writes the digests of its share to a file; assembling the files prints the id. If tasks failed, assembling
says so: submit these tasks again, such as --array=3,5.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import winit


def main() -> None:
    """Runs one of both steps."""
    step, path = sys.argv[1], Path(sys.argv[2])
    recipe = winit.Recipe.load(path)
    if step == "digests":
        task, tasks = int(os.environ["SLURM_ARRAY_TASK_ID"]), int(sys.argv[3])
        done = winit.dist.digests(recipe, winit.dist.shares(recipe, tasks)[task])
        done.save(path.with_suffix(f".share-{task}.json"), force=True)
    else:
        files = sorted(path.parent.glob(f"{path.stem}.share-*.json"))
        print(winit.dist.assemble(recipe, map(winit.dist.ChunkDigests.load, files)))


main()
