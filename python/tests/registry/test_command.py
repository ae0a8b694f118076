"""The command as a child process, with programs in its place that behave badly."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import winit
from winit import BadInput, Error, Mismatch, NotFound, Registry, Unavailable
from winit.registry import command, processes

Fake = Callable[..., str]
VERSION = (
    'import sys\nif sys.argv[1] == "version":\n    print(\'{"version": "0.2.0", "schema": 5}\')\n    sys.exit(0)\n'
)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a program in the place of the command, which answers `version` and then runs some Python."""

    def make(body: str, version: str = VERSION) -> str:
        path = tmp_path / "fake"
        path.write_text(f"#!{sys.executable}\n{version}{body}\n")
        path.chmod(0o700)
        monkeypatch.setenv("WINIT_COMMAND", str(path))
        command._checked.clear()
        return str(path)

    return make


@pytest.fixture
def registry(path: Path) -> Registry:
    return Registry(path)


def test_no_command_says_how_to_get_one_and_how_to_do_without(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WINIT_COMMAND", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        Unavailable, match=r"winit-registry\[cli\].*saves its recipe.*import run.json --as NAME"
    ) as error:
        registry.alias("m:v1", "a")
    assert error.value.code == 74
    assert registry["m"].version == 2  # reading needs none


def test_a_command_that_is_named_and_missing_is_said(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINIT_COMMAND", "/nowhere/winit-registry")
    with pytest.raises(Unavailable, match=r"\$WINIT_COMMAND is '/nowhere/winit-registry'"):
        registry.alias("m:v1", "a")


def test_the_command_of_the_wheel_is_found_off_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel lists its scripts relative to site-packages, and a job may run Python by its path."""
    site = tmp_path / "lib" / "site-packages"
    info = site / "winit_registry_cli-0.2.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "winit-registry"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: winit-registry-cli\nVersion: 0.2.0\n")
    (info / "RECORD").write_text("../../bin/winit-registry,,\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delenv("WINIT_COMMAND", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    importlib.invalidate_caches()
    assert command.find() == str(program)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ('print(\'{"version": "0.1.9"}\')', r"is winit-registry 0\.1\.9, and this package needs 0\.2"),
        ("print('GNU coreutils 9.1')", "does not answer as"),
        ("print('{}')", "does not answer as"),
        ('print(\'{"version": "x.y"}\')', "does not answer as"),
        ("print('[' * 100000)", "does not answer as"),
        ("import sys; sys.exit(3)", "does not answer as"),
    ],
)
def test_an_old_command_and_another_program_are_refused(
    registry: Registry, fake: Fake, version: str, message: str
) -> None:
    fake("", version)
    with pytest.raises(Unavailable, match=message):
        registry.alias("m:v1", "a")


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("print('hello')", Error, "printed no JSON object.*hello"),
        ("print('[1]')", Error, "printed no JSON object"),
        ("print('[' * 100000)", Error, "printed no JSON object"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", Error, "printed no JSON object"),
        ("import sys; sys.exit('Segmentation fault')", Error, "ended with status 1.*Segmentation fault"),
        ("import sys; print('{', file=sys.stderr); sys.exit(65)", Error, "ended with status 65"),
        ("import os; os.kill(os.getpid(), 11)", Unavailable, "was killed by signal 11"),
        ("import os; os.close(1); os.close(2); os._exit(0)", Error, "printed no JSON object"),
    ],
)
def test_what_no_command_answers_is_an_error_with_its_words(
    registry: Registry, fake: Fake, body: str, kind: type[Error], message: str
) -> None:
    fake(body)
    with pytest.raises(kind, match=message):
        registry.alias("m:v1", "a")


@pytest.mark.parametrize(
    ("code", "kind"), [(1, Mismatch), (64, BadInput), (65, BadInput), (66, NotFound), (74, Unavailable), (130, Error)]
)
def test_an_error_keeps_its_text_and_its_exit_status(
    registry: Registry, fake: Fake, code: int, kind: type[Error]
) -> None:
    fake(f"import json; print(json.dumps({{'error': 'é `x`\\n…', 'code': {code}}}), file=sys.stderr); sys.exit({code})")
    with pytest.raises(Error) as error:
        registry.alias("m:v1", "a")
    assert type(error.value) is kind and str(error.value) == "é `x`\n…" and error.value.code == code


def test_endless_output_is_stopped(registry: Registry, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LONGEST_OUTPUT", 1 << 20)
    for stream in ("stdout", "stderr"):
        fake(f"while True: print('x' * 1000, file=sys.{stream})")
        with pytest.raises(Error, match="printed more than 1048576 bytes"):
            registry.alias("m:v1", "a")


def test_arguments_reach_the_command_as_they_are(registry: Registry, fake: Fake) -> None:
    fake("import json, os; print(json.dumps({'words': sys.argv[1:], 'registry': os.environ.get('WINIT_REGISTRY')}))")
    odd = "--yes; rm -rf / 'é\n$HOME"
    answer = command.run(["note", f"--a={odd}"], "--force", odd, registry="/x/-y")
    assert answer["words"] == ["note", f"--a={odd}", "--json", "--registry=/x/-y", "--", "--force", odd]
    assert answer["registry"] is None
    for word in ("\udcff", "a\0b"):
        with pytest.raises(BadInput):
            command.run(["note"], word)


def test_input_that_the_command_does_not_read_is_no_deadlock(registry: Registry, fake: Fake) -> None:
    fake("print('{}')")
    assert command.run(["x"], input=b"x" * (4 << 20)) == {}
    fake("import json; print(json.dumps({'length': len(sys.stdin.buffer.read())}))")
    assert command.run(["x"], input=b"x" * (4 << 20)) == {"length": 4 << 20}


def test_lines_of_progress_are_no_error(registry: Registry, fake: Fake) -> None:
    lines = ['{"done":1,"total":2}', '{"done":"x","total":2}', '{"done":2,"total":2}']
    printed = f"print({lines[0]!r}, {lines[2]!r}, sep='\\n', file=sys.stderr)"
    fake(f"import os\nif os.environ.get('WINIT_PROGRESS') == 'json':\n    {printed}\nprint('{{}}')")
    told = list[tuple[int, int]]()
    assert command.run(["x"], progress=lambda *amounts: told.append(amounts)) == {}
    assert told[-1] == (2, 2)
    assert command.run(["x"]) == {}
    fake(f"print({lines[1]!r}, file=sys.stderr); print('{{}}')")
    with pytest.raises(Error, match="ended with status 0"):
        command.run(["x"], progress=lambda *amounts: None)


def test_progress_that_arrives_before_the_first_look_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    follow = processes._Streams.follow

    def late(streams: processes._Streams, progress: processes.Progress | None) -> None:
        for reader in streams._readers:
            reader.join(60)
        follow(streams, progress)

    monkeypatch.setattr(processes._Streams, "follow", late)
    told = list[tuple[int, int]]()
    program = 'import sys; print(\'{"done":2,"total":2}\', file=sys.stderr)'
    outcome = processes.run_child(
        [sys.executable, "-c", program], environment=os.environ, progress=lambda *amounts: told.append(amounts)
    )
    assert (outcome.status, outcome.errors, told) == (0, "", [(2, 2)])


def test_a_process_that_keeps_a_pipe_open_is_not_waited_for(registry: Registry, fake: Fake, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    fake(
        "import subprocess; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid)); print('{{}}')"
    )
    try:
        assert command.run(["x"]) == {}
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


SLOW = """
import signal, sys, time
count = 0
def stop(number, frame):
    global count
    count += 1
    open(sys.argv[-1], "a").write(f"signal {number}\\n")
    if count == LIMIT:
        open(sys.argv[-1], "a").write("rolled back\\n")
        sys.exit(130)
signal.signal(signal.SIGINT, stop)
print('{"done":1,"total":2}', file=sys.stderr, flush=True)
while True:
    time.sleep(0.01)
"""


@pytest.mark.parametrize("presses", [1, 2])
def test_each_ctrl_c_is_one_signal_and_the_end_is_waited_for(fake: Fake, tmp_path: Path, presses: int) -> None:
    """The first asks for a rollback; a second one, while the command rolls back, ends it at once."""
    fake(SLOW.replace("LIMIT", str(presses)))
    log = tmp_path / "log"

    def press_again() -> None:
        while not log.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press_again)

    def press(done: int, total: int) -> None:
        if presses == 2:
            thread.start()
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        command.run(["x"], str(log), progress=press)
    assert log.read_text() == f"signal {signal.SIGINT.value}\n" * presses + "rolled back\n"
    if presses == 2:
        thread.join()


def test_a_job_that_ignores_ctrl_c_stops_the_command_too(fake: Fake, tmp_path: Path) -> None:
    """A shell starts jobs in the background with SIGINT ignored, and so is it in their children."""
    path = fake(SLOW.replace("LIMIT", "1").replace("signal.SIGINT", "signal.SIGTERM"))
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); from winit.registry import command\n"
        "def fail(done, total): raise RuntimeError\n"
        f"command.run(['x'], {str(tmp_path / 'log')!r}, progress=fail)"
    )
    environment = os.environ | {"WINIT_COMMAND": path, "PYTHONPATH": str(Path(winit.__file__).parents[1])}
    outcome = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60)
    assert b"RuntimeError" in outcome.stderr
    assert (tmp_path / "log").read_text() == f"signal {signal.SIGTERM.value}\nrolled back\n"


def test_the_command_is_asked_for_its_version_once(registry: Registry, fake: Fake, tmp_path: Path) -> None:
    log = tmp_path / "log"
    fake("print('{}')", f"import sys; open({str(log)!r}, 'a').write(sys.argv[1] + ' ')\n" + VERSION)
    for _ in range(3):
        command.run(["x"])
    assert log.read_text().split() == ["version", "x", "x", "x"]


def test_findings_of_the_command_become_objects() -> None:
    report = json.loads(
        '{"findings":[{"kind":"values","tensor":"w","message":"m","index":[0,1],"expected":"0.5","found":"nan",'
        '"differing_elements":3,"likely_cause":"c"},{"kind":"missing","message":"n"},{"kind":"values","message":"b",'
        '"expected":"true","found":"(1, 2)"}]}'
    )
    first, second, third = command.findings(report)
    assert (first.tensor, first.index, first.expected, first.differing_elements) == ("w", (0, 1), 0.5, 3)
    assert first.found != first.found and first.likely_cause == "c"
    assert (second.tensor, second.index, second.expected) == (None, None, None)
    assert (third.expected, third.found) == (1.0, None)
