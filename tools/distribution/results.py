"""The results of checks: what passed, what failed, and what could not be checked."""

import subprocess


class Checks:
    """The failures so far, and what could not be checked."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.passed = 0

    def check(self, condition: bool, text: str) -> bool:
        if condition:
            self.passed += 1
            print(f"ok: {text}", flush=True)
        else:
            self.failures.append(text)
            print(f"FAILED: {text}", flush=True)
        return condition

    def note(self, text: str) -> None:
        self.notes.append(text)
        print(f"NOTE: {text}", flush=True)

    def summary(self) -> str:
        return f"{self.passed} passed, {len(self.failures)} failed, {len(self.notes)} not checked"


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]


def ending(result: subprocess.CompletedProcess[str]) -> str:
    """Returns the end of what a failed program printed, for the text of a check; nothing if it succeeded."""
    return (result.stderr.strip() or result.stdout.strip())[-400:] if result.returncode else ""
