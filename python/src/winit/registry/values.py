"""Values of rows, none of which is trusted: a file from elsewhere can hold anything in any column."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from ..errors import BadInput

MAXIMUM_COUNT = 1 << 53
"""The maximum version, and number of tensors, parameters or bytes of a run: up to it, the numbers of JSON are exact."""


class Row:
    """A row whose values are checked as they are taken."""

    def __init__(self, path: str, what: str, columns: str, values: tuple[Any, ...]) -> None:
        """Makes a row.

        Args:
            path: The path of the registry, for errors.
            what: What the row describes, for errors.
            columns: The names of the columns, separated by commas.
            values: The values, in the same order.
        """
        self._path = path
        self.what = what
        self._values = dict(zip(columns.replace(" ", "").split(","), values, strict=True))

    def damaged(self, column: str) -> NoReturn:
        """Raises the error of a value that cannot be right."""
        raise BadInput(f"{self._path} is damaged: the column `{column}` of {self.what} cannot be read")

    def text(self, column: str) -> str:
        """Returns a text without NUL characters."""
        value = self._values.get(column)
        if not isinstance(value, str) or "\0" in value:
            self.damaged(column)
        return value

    def name(self, column: str) -> str:
        """Returns a text that can be printed on one line, such as a name or a time."""
        text = self.text(column)
        if not text.isprintable() or len(text) > 1000:
            self.damaged(column)
        return text

    def optional_text(self, column: str) -> str | None:
        """Returns a text, or None for NULL and for a column that the schema of the file lacks."""
        return None if self._values.get(column) is None else self.text(column)

    def integer(self, column: str, lowest: int = 0, highest: int = MAXIMUM_COUNT) -> int:
        """Returns an integer in a range."""
        value = self._values.get(column)
        if not isinstance(value, int) or not lowest <= value <= highest:
            self.damaged(column)
        return value

    def uint64(self, column: str) -> int:
        """Returns a number of 64 bits from its decimal text."""
        text = self.text(column)
        if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < 1 << 64):
            self.damaged(column)
        return int(text)

    def blob(self, column: str, length: int | None = None) -> bytes:
        """Returns bytes, of a length if one is given."""
        value = self._values.get(column)
        if not isinstance(value, bytes) or (length is not None and len(value) != length):
            self.damaged(column)
        return value

    def digest(self, column: str) -> str:
        """Returns a digest, "sha256:…", from its 32 bytes."""
        return "sha256:" + self.blob(column, 32).hex()

    def object(self, column: str) -> dict[str, Any] | None:
        """Returns the object of a JSON text, or None for NULL."""
        text = self.optional_text(column)
        if text is None:
            return None
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            self.damaged(column)
        if value is not None and not isinstance(value, dict):
            self.damaged(column)
        return value
