"""One disturbed run of a scenario, and the verdict."""

import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import tempfile

import registry
from program import STATUSES
from scenarios import REGISTRY, content

TEMPORARY = re.compile(r"^\..*\.tmp$|\.tmp(-journal)?$")


def judge(scenario, folder, outcome, fault, opened):
    """What is wrong after a disturbed run: a list of problems, a remark for the table or None, the state, and whether the
    command's effect is there. `opened` says that the command has opened the file since."""
    problems, note = [], None
    say = problems.append
    failed = outcome.status != 0 and not outcome.killed
    if outcome.timed_out:
        say("did not end")
    elif failed and outcome.status not in STATUSES:
        say(f"ended with {outcome.status}, which is not documented: {outcome.why}")
    elif failed:
        lines = [line for line in outcome.errors.splitlines() if line.startswith("error: ")]
        if not lines:
            say(f"ended with {outcome.status} and no line `error: …`: {outcome.why}")
        elif not any(name in line for line in lines for name in scenario.names):
            say(f"the error does not name the file: {lines}")
        if fault and not outcome.struck:
            say(f"failed though nothing was disturbed: {outcome.why}")

    # The file first, by other means than the command's own; the reading rolls back what is in the journal.
    state = registry.load(folder / REGISTRY)
    for problem in state.problems:
        if problem not in scenario.before.problems:
            say(problem)
    is_before = not scenario.before.difference(state)
    is_after = not scenario.after.difference(state)
    missing = (scenario.before.runs & scenario.after.runs) - state.runs
    if missing:
        say(f"runs that were there are not: {sorted(missing)}")
    changes = bool(scenario.before.difference(scenario.after)) or scenario.before.problems != scenario.after.problems
    known = is_before or is_after or any(not other.difference(state) for other in scenario.between)
    if not known and not (scenario.lasting and state.is_between(scenario.before, scenario.after)):
        say(f"neither as before nor as after: {scenario.after.difference(state)}")
    done = is_after and state.problems == scenario.after.problems
    receipted = outcome.receipt is not None or outcome.status == 0
    if receipted and not done:
        say("there is a receipt, and its effect is not there")
    migrated = opened and scenario.before.schema != scenario.after.schema
    if failed and done and changes and not scenario.lasting and not migrated:
        # A flush that fails leaves open what is on the disk; else nothing excuses it.
        if outcome.flush_failed:
            note = "failed flushes after which it was there"
        else:
            say("it failed, and its effect is there")
    took_back = "could not be taken back" in outcome.errors
    if failed and not took_back and not scenario.lasting and not (fault and fault.is_power_cut) and state.orphans > scenario.before.orphans:
        say(f"it failed and left {state.orphans - scenario.before.orphans} chunks behind without a word")
    if outcome.status == 0 and not outcome.killed and state.orphans > scenario.after.orphans:
        say(f"it succeeded and left {state.orphans - scenario.after.orphans} chunks that no run needs")

    for name in scenario.outputs:
        found = content(folder / name)
        allowed = {scenario.contents[name], content(scenario.folder / "before" / name)}
        if found not in allowed:
            say(f"{name} is neither whole nor as it was")
        if receipted and found != scenario.contents[name]:
            say(f"there is a receipt, and {name} is not there")
        if failed and found == scenario.contents[name] and not outcome.flush_failed:
            say(f"it failed, and {name} is there")
    for name in set(os.listdir(folder)) - scenario.names:
        if not TEMPORARY.search(name):
            say(f"left {name}")
        elif not outcome.killed and not (fault and (fault.is_power_cut or fault.mode == "from" or outcome.struck == "unlink")):
            say(f"ended, and left {name}")
    return problems, note, state, done


def again(scenario, program, writer, folder, state, done):
    """Whether the file works on: doctor finds it sound, and the same command, now undisturbed, does what it should."""
    problems = []
    if state.there and program.has("doctor") and not (scenario.before.problems and not done):
        outcome = program.run(["doctor", "--registry", REGISTRY], folder, unflushed=True)
        if outcome.status != 0:
            problems.append(f"doctor afterwards: {outcome.status}, {outcome.output[-400:]} {outcome.why}")
    outcome = writer.run(scenario.command, folder, unflushed=True)
    documented = outcome.status in STATUSES and "Fatal" not in outcome.errors
    written = any((folder / name).exists() for name in scenario.outputs)
    if outcome.status != 0 and not (documented and (done or written)):
        problems.append(f"the same again, undisturbed: {outcome.status}, {outcome.why}")
        return problems
    later = registry.load(folder / REGISTRY)
    problems += [f"the same again, undisturbed: {problem}" for problem in later.problems]
    if not done and outcome.status == 0:
        difference = scenario.after.difference(later, ["history"] if scenario.lasting else [])
        if difference:
            problems.append(f"the same again, undisturbed, gives something else: {difference}")
        for name in scenario.outputs:
            if content(folder / name) != scenario.contents[name]:
                problems.append(f"the same again, undisturbed: {name} is something else")
    return problems


class Trials:
    """Runs trials side by side, each in a folder of its own."""

    def __init__(self, program, report, folder, workers=None):
        self.program = program
        self.report = report
        self.folder = pathlib.Path(folder)
        self.workers = workers or os.cpu_count()

    def each(self, function, items, over=lambda: False):
        """Calls a function with each item, several at a time, until there are no more or it is over."""
        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            waiting = set()
            for item in items:
                if over():
                    break
                waiting.add(pool.submit(function, item))
                if len(waiting) >= 2 * self.workers:
                    done, waiting = concurrent.futures.wait(
                        waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                    for future in done:
                        future.result()
            for future in waiting:
                future.result()

    def disturb(self, row, scenario, fault=None, kill_after=None, command_first=False):
        """One trial."""
        writer = scenario.program or self.program
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            place = pathlib.Path(place)
            work, log = place / "work", place / "log"
            shutil.copytree(scenario.folder / "before", work)
            outcome = writer.run(
                scenario.command, work, fault=fault, log=log if fault else None, kill_after=kill_after)
            problems = []
            if command_first and (work / REGISTRY).exists():
                # Now it is the command that finds what was left, before anything else has read it.
                first = self.program.run(["list", "--registry", REGISTRY], work, unflushed=True)
                if first.status not in (0, 66) or first.status == 66 and scenario.before.there:
                    problems.append(f"list, right after: {first.status}, {first.why}")
            found, note, state, done = judge(scenario, work, outcome, fault, command_first)
            problems += found
            if kill_after is not None and not outcome.killed:
                note = "ended before they came"
            if not problems:
                problems = again(scenario, self.program, writer, work, state, done)
            if problems:
                shutil.copytree(scenario.folder / "before", place / "before")
                (place / "output").write_text(f"{outcome.status}\n{outcome.output}\n{outcome.errors}")
            self.report.trial(
                row, problems, self.reproduction(scenario, writer, fault, kill_after), place, note)
            return not problems

    def reproduction(self, scenario, program, fault, kill_after):
        line = program.script(scenario.command, "$PWD", fault).replace("'$PWD/'", '"$PWD/"')
        if kill_after is not None:
            line = f"timeout -s KILL {kill_after:.4f} " + line
        return f"# {scenario.name}\ncp -r files/before work && cd work\n{line}"
