"""The nearest known word, for the "did you mean" of errors: the rule of the command (WinitCore/NearestWord.swift)."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Returns the candidate with the smallest edit distance to a word; None if the word is no likely typo of any."""
    if len(word.encode("utf-8", "surrogatepass")) > 200:
        return None
    word = word.lower()
    limit = min(max(1, len(word) // 3), len(word) - 1)
    best: tuple[int, str] | None = None
    for candidate in candidates:
        if abs(len(candidate) - len(word)) > limit:
            continue
        distance = _edit_distance(word, candidate.lower())
        if distance <= limit and (best is None or distance < best[0]):
            best = (distance, candidate)
    return best[1] if best else None


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """Returns the end of an error about an unknown word: "; did you mean `gpt2`?", or nothing."""
    near = nearest(word, candidates)
    return f"; did you mean `{near}`?" if near is not None else ""


def _edit_distance(a: str, b: str) -> int:
    """Levenshtein's distance with a swap of adjacent letters counted as one edit (optimal string alignment)."""
    before_last, last = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before_last, last = last, row
    return last[-1]
