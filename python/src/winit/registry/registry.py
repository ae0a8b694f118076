"""A registry: one SQLite file with runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from types import TracebackType

from ..errors import NotFound
from .changing import Changing
from .checking import Checking
from .creating import Creating
from .file import RegistryFile
from .history import HistoryEntry, history
from .listing import Selection, pages
from .lookup import find, run_names
from .paths import registry_path
from .references import is_reference
from .run import Run


class Registry(Creating, Changing, Checking):
    """A registry: one SQLite file with runs (docs/store.md).

    It is read here, read-only and in short transactions, so that it can be used beside writers, from several threads,
    in forked workers, and on machines without the command. Every chunk is checked against its SHA-256 before a byte is
    handed out. The command `winit-registry` writes it, as a child process: all or nothing.

    >>> registry = Registry("winit.sqlite", create=True)
    >>> "gpt2" in registry
    False
    """

    def __init__(self, path: str | PathLike[str] | None = None, *, create: bool = False) -> None:
        """Opens a registry for reading.

        Args:
            path: The file; by default $WINIT_REGISTRY, else ./winit.sqlite.
            create: Whether the file may be absent. Its first run then makes it.

        Raises:
            NotFound: If there is no file.
            BadInput: If the file is not a registry, or is damaged.
            Unavailable: If the file cannot be read now.
        """
        self._file = RegistryFile(registry_path(path), is_optional=create)
        if not self._is_absent:
            self._file.read(lambda rows: None)

    @property
    def path(self) -> str:
        """The absolute path of the file."""
        return self._file.path

    @property
    def _is_absent(self) -> bool:
        return self._file.is_optional and not self._file.exists

    def __repr__(self) -> str:
        """Returns the path."""
        return f"Registry({self.path!r})"

    def __enter__(self) -> Registry:
        """Returns the registry, which is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the registry."""
        self.close()

    def close(self) -> None:
        """Closes the file. The registry and its runs raise `winit.Error` when they are read later."""
        self._file.close()

    def __getitem__(self, reference: str) -> Run:
        """Returns the run that a reference names.

        Args:
            reference: `gpt2` (the latest version), `gpt2:v2`, `gpt2:baseline` (an alias), `gpt2@sha256:e6dc…` or
                `sha256:e6dc…` (the first digits are enough if no other id begins with them).

        Raises:
            BadInput: If the text is not a reference, or its digits are those of several ids.
            NotFound: If there is no such run, or it was deleted.
        """
        return Run(self._file, find(self._file, reference))

    def __contains__(self, reference: object) -> bool:
        """Returns whether a reference names a run."""
        if not isinstance(reference, str):
            return False
        if not is_reference(reference):
            return False
        try:
            find(self._file, reference)
        except NotFound:
            return False
        return True

    def __iter__(self) -> Iterator[Run]:
        """Iterates over the runs, newest first."""
        return self.runs()

    def names(self) -> list[str]:
        """Returns the names of the runs, in order."""
        return [] if self._is_absent else self._file.read(lambda rows: run_names(rows, -1))

    def runs(
        self,
        *,
        name: str | None = None,
        experiment: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        deleted: bool = False,
        limit: int | None = None,
    ) -> Iterator[Run]:
        r"""Iterates over runs, newest first, and reads them a page at a time.

        Args:
            name: A pattern for the name, in which `*` matches any characters and `?` one; `\*` is the character.
            experiment: A pattern for the experiment.
            tags: A pattern for the value of each of these tags; None for any value.
            deleted: Whether the deleted runs are listed instead of the others.
            limit: The maximum number of runs.
        """
        if not self._is_absent:
            selection = Selection(name, experiment, tags or {}, deleted)
            yield from (Run(self._file, record) for record in pages(self._file, selection, limit))

    def log(self, reference: str | None = None, *, limit: int | None = 50) -> list[HistoryEntry]:
        """Returns entries of the history, newest first: what was done, when and by whom.

        Args:
            reference: A reference, for the entries about its run; by default all entries.
            limit: The maximum number of entries; None for all.
        """
        if self._is_absent:
            return []
        uid = None if reference is None else find(self._file, reference).uid
        return history(self._file, uid, limit)
