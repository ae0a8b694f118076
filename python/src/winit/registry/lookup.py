"""Finding the run that a reference names: the rules of the command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import BadInput, NotFound
from .file import RegistryFile, Rows
from .nearest import nearest
from .records import RunRecord, fetch
from .references import Reference, is_name, parse

_MOST_NAMES = 5000


def find(file: RegistryFile, reference: str, *, including_deleted: bool = False) -> RunRecord:
    """Returns the run that a reference names; of several runs with one id the newest.

    Raises:
        BadInput: If the text is not a reference, or its digits are those of several ids.
        NotFound: If there is no such run, or it was deleted.
    """
    parsed = parse(reference)
    if file.is_optional and not file.exists:
        raise NotFound(f"there is no run `{reference}`: there is no registry at {file.shown} yet")
    return file.read(lambda rows: _find(rows, file.shown, parsed, including_deleted))


def find_uid(file: RegistryFile, uid: str) -> RunRecord:
    """Returns the run with a uid, deleted or not."""

    def body(rows: Rows) -> list[RunRecord]:
        return fetch(rows, file.shown, "WHERE uid = ? LIMIT 1", [uid]) if rows.schema >= 2 else []

    found = file.read(body)
    if not found:
        raise NotFound(f"there is no run with the uid {uid} in {file.shown}. It was collected meanwhile")
    return found[0]


def _find(rows: Rows, path: str, reference: Reference, including_deleted: bool) -> RunRecord:
    found = _matches(rows, path, reference)
    ids = list(dict.fromkeys(run.id for run in found))
    if len(ids) > 1:
        shown = ", ".join(f"{id[:23]}… ({_references(found, id)})" for id in ids[:4]) + (", …" if len(ids) > 4 else "")
        error = BadInput(
            f"the ids of {len(ids)} different runs begin with `{reference.text}`: {shown}. Give more digits"
        )
        error.code = 64  # a usage error, as in the command
        raise error
    if not found:
        raise _not_found(rows, path, reference)
    if found[0].deleted_at is not None and not including_deleted:
        raise NotFound(
            f"{found[0].reference} was deleted on {ascii(found[0].deleted_at)[1:-1][:40]}. "
            f'`registry.restore("{found[0].reference}")` brings it back'
        )
    return found[0]


def _references(runs: list[RunRecord], id: str) -> str:
    names = [run.reference for run in runs if run.id == id]
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _matches(rows: Rows, path: str, reference: Reference) -> list[RunRecord]:
    """Returns the runs that a reference names, newest first, deleted ones last. Only an id can be that of several."""
    is_deleted = "deleted_at IS NOT NULL" if rows.schema >= 2 else "0"
    clauses: str
    arguments: Sequence[Any]
    if reference.digits is not None:
        lowest, highest = (bytes.fromhex(reference.digits.ljust(64, digit)) for digit in "0f")
        clauses = "WHERE manifests.digest BETWEEN ? AND ?" + (" AND name = ?" if reference.name else "")
        clauses += f" ORDER BY {is_deleted}, runs.id DESC LIMIT 1000"
        arguments = [lowest, highest, *([reference.name] if reference.name else [])]
    elif reference.alias is not None:
        if rows.schema < 2:
            return []
        clauses = "WHERE runs.id = (SELECT run FROM aliases WHERE name = ? AND alias = ?) LIMIT 1"
        arguments = [reference.name, reference.alias]
    elif reference.version is not None:
        clauses, arguments = "WHERE name = ? AND version = ? LIMIT 1", [reference.name, reference.version]
    else:
        clauses, arguments = f"WHERE name = ? ORDER BY {is_deleted}, version DESC LIMIT 1", [reference.name]
    return fetch(rows, path, clauses, arguments)


def _not_found(rows: Rows, path: str, reference: Reference) -> NotFound:
    if reference.version is not None and (time := _collection(rows, reference.text)):
        return NotFound(f"{reference.text} was deleted, and was collected on {time}")
    meant = _suggestion(rows, path, reference)
    end = f"; did you mean `{meant}`?" if meant and meant != reference.text else ". `registry.runs()` lists the runs"
    return NotFound(f"there is no run `{reference.text}` in {path}{end}")


def _collection(rows: Rows, reference: str) -> str | None:
    if rows.schema < 2:
        return None
    found = rows(
        "SELECT at FROM history WHERE action = 'collect' AND reference = ? ORDER BY id DESC LIMIT 1", [reference]
    )
    return ascii(found[0][0])[1:-1][:40] if found else None


def _suggestion(rows: Rows, path: str, reference: Reference) -> str | None:
    """Returns the reference that the user probably meant."""
    if reference.name is None:
        return None
    renamed = _new_name(rows, reference.name)
    if reference.version is not None:
        if renamed:
            return f"{renamed}:v{reference.version}"
        latest = _matches(rows, path, Reference("", reference.name))
        if latest and latest[0].deleted_at is None:
            return latest[0].reference
    elif reference.alias is not None:
        if renamed:
            return f"{renamed}:{reference.alias}"
        if other := nearest(reference.alias, _aliases(rows, reference.name)):
            return f"{reference.name}:{other}"
    elif renamed:
        return renamed
    return nearest(reference.name, run_names(rows))


def run_names(rows: Rows, limit: int = _MOST_NAMES) -> list[str]:
    """Returns the names of the runs that are not deleted, in order."""
    condition = "WHERE deleted_at IS NULL" if rows.schema >= 2 else ""
    found = rows(f"SELECT DISTINCT name FROM runs {condition} ORDER BY name LIMIT ?", [limit])
    return [name for (name,) in found if isinstance(name, str) and name.isprintable()]


def _aliases(rows: Rows, name: str) -> list[str]:
    if rows.schema < 2:
        return []
    found = rows("SELECT alias FROM aliases WHERE name = ? ORDER BY alias LIMIT ?", [name, _MOST_NAMES])
    return [alias for (alias,) in found if isinstance(alias, str) and alias.isprintable()]


def _new_name(rows: Rows, name: str) -> str | None:
    """Returns the present name of runs that were renamed, after any number of renames."""
    seen = {name}
    current: str | None = None
    while rows.schema >= 2 and len(seen) < 1000:
        found = rows("SELECT renamed_to FROM names WHERE name = ? LIMIT 1", [current or name])
        if not found or not isinstance(found[0][0], str) or found[0][0] in seen or not is_name(found[0][0]):
            break
        current = found[0][0]
        seen.add(current)
    return current
