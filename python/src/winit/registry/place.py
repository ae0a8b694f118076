"""Where a run is recorded, and the rows of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import NotFound
from ..quoting import quoted
from .file import RegistryFile, Rows
from .paths import doctor
from .sqlite import Damaged
from .values import Row


@dataclass
class Place:
    """Where a run is recorded.

    Attributes:
        file: The registry.
        reference: The reference of the run, `gpt2:v1`, when it was looked up.
        uid: The uid of the run; "" in a file of schema 1.
        damaged: The names of the tensors whose stored bytes were found damaged in this process.
        digests: The chunk digests of the tensors that were read, by name; they have the digests of the tensors.
    """

    file: RegistryFile
    reference: str
    uid: str
    damaged: set[str] = field(default_factory=set, compare=False)
    digests: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[Place], tuple[RegistryFile, str, str]]:
        """Pickles the path and the uid."""
        return Place, (self.file, self.reference, self.uid)

    def run_row(self, rows: Rows) -> int:
        """Returns the number of the row of the run."""
        if self.uid:  # runs that were looked up in schema 1 have none, also after a migration
            found = rows("SELECT id FROM runs WHERE uid = ? LIMIT 1", [self.uid])
        else:
            name, _, version = self.reference.rpartition(":v")
            found = rows("SELECT id FROM runs WHERE name = ? AND version = ? LIMIT 1", [name, int(version)])
        if not found:
            raise NotFound(f"{self.reference} is no longer in {self.file.shown}: the run was collected meanwhile")
        return Row(self.file.shown, self.reference, "id", found[0]).integer("id", highest=(1 << 63) - 1)

    def row(self, rows: Rows, columns: str, name: str) -> Row:
        """Returns columns of the row of a tensor (`t`) and its run (`r`)."""
        found = rows(
            f"SELECT {columns} FROM tensors t JOIN runs r ON r.id = t.run WHERE t.run = ? AND t.name = ? LIMIT 1",
            [self.run_row(rows), name],
        )
        what = f"tensor {quoted(name)} of {self.reference}"
        if not found:
            raise Damaged(
                f"{self.file.shown} is damaged: {what} has no row. {doctor(self.file.path)} examines the file"
            )
        return Row(self.file.shown, what, columns.replace(" ", ""), found[0])
