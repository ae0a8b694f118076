"""Writes the man pages of a command from its own definitions: one page for the command, one for each subcommand.

The definitions are the JSON of `--experimental-dump-help`; the groups of subcommands, which the JSON lacks, are in the
text of `--help`.

    PYTHONPATH=tools python3 -m distribution.man_pages COMMAND FOLDER
"""

import argparse
import datetime
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Definition = dict[str, Any]


def escaped(text: str) -> str:
    """Returns text for a line of roff, in which `words` in backticks are bold."""
    text = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")
    )
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text).replace("`", "\\(ga")
    # An option is not hyphenated.
    text = re.sub(r"(^|\s|\(|\\fB)\\-", r"\1\\%\\-", text)
    return "\\&" + text if text.startswith(".") else text


def paragraphs(text: str) -> list[str]:
    """Returns lines of roff for a discussion: paragraphs, indented blocks as they are, and headings in capitals."""
    lines: list[str] = []
    is_block = False
    needs_paragraph = False
    for line in text.splitlines():
        indented = line.startswith("  ")
        if is_block and line and not indented:
            lines.append(".EE")
            is_block = False
        if not line:
            needs_paragraph = True
            continue
        if re.fullmatch(r"[A-Z][A-Z ]+", line):
            if is_block:
                lines.append(".EE")
            lines.append(f".SH {line}")
            is_block = needs_paragraph = False
            continue
        if needs_paragraph:
            lines.append("" if is_block else ".PP")
            needs_paragraph = False
        if indented and not is_block:
            lines.append(".EX")
            is_block = True
        lines.append(escaped(line).replace("\\fB", "").replace("\\fR", "") if indented else escaped(line))
    if is_block:
        lines.append(".EE")
    return lines


def option_names(argument: Definition) -> list[str]:
    """Returns the names of an option, the short one first."""
    names = sorted(argument["names"], key=lambda name: name["kind"] != "short")
    return [("-" if name["kind"] == "short" else "--") + name["name"] for name in names]


def placeholder(name: str) -> str:
    return f"\\fI{escaped(name)}\\fR"


def synopsis(names: list[str], arguments: list[Definition]) -> str:
    """Returns the synopsis: the required options and the operands by name, the other options together."""
    words = ["\\fB" + escaped(" ".join(names)) + "\\fR"]
    for argument in arguments:
        if argument["kind"] == "option" and not argument["isOptional"]:
            words.append(f"\\fB{escaped(option_names(argument)[-1])}\\fR {placeholder(argument['valueName'])}")
    if any(argument["kind"] != "positional" for argument in arguments):
        words.append("[\\fIoption\\fR ...]")
    for argument in arguments:
        if argument["kind"] == "positional":
            word = placeholder(argument["valueName"]) + (" ..." if argument["isRepeating"] else "")
            words.append(f"[{word}]" if argument["isOptional"] else word)
    return " ".join(words)


def shown(command: Definition) -> list[Definition]:
    """Returns the arguments of a command that its help shows."""
    return [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]


def operands(arguments: list[Definition]) -> list[str]:
    lines: list[str] = []
    for argument in arguments:
        if argument["kind"] == "positional":
            lines += [".TP", placeholder(argument["valueName"]), escaped(argument.get("abstract", ""))]
    return lines


def options(arguments: list[Definition]) -> list[str]:
    """Returns the options. The two flags of an inversion, which have one text, are one entry."""
    entries: list[tuple[str, str]] = []
    for argument in arguments:
        if argument["kind"] == "positional":
            continue
        names = ", ".join(f"\\fB{escaped(name)}\\fR" for name in option_names(argument))
        if argument["kind"] == "option":
            names += f" {placeholder(argument['valueName'])}"
        text = escaped(argument.get("abstract", ""))
        if argument["kind"] == "flag" and entries and text and entries[-1][1] == text:
            entries[-1] = (f"{entries[-1][0]}, {names}", text)
        else:
            entries.append((names, text))
    return [line for names, text in entries for line in (".TP", names, text)]


def abstract_phrase(command: Definition) -> str:
    """Returns the abstract as the one line that `apropos` shows: without a capital and a final period."""
    text = str(command["abstract"]).rstrip(".")
    return text[:1].lower() + text[1:]


@dataclass
class Manual:
    """The command, its version, and the date of the pages."""

    name: str
    version: str
    date: str
    root: Definition
    groups: list[tuple[str, list[str]]]

    def heading(self, name: str) -> list[str]:
        title = escaped(name.upper())
        return [
            f'.\\" Written by tools/install from the definitions of {self.name}.',
            f'.TH "{title}" "1" "{self.date}" "{escaped(self.name)} {self.version}" "User Commands"',
            ".nh",
            ".ad l",
        ]

    def page_of_root(self) -> str:
        commands = {command["commandName"]: command for command in self.root["subcommands"]}
        lines = self.heading(self.name)
        lines += [".SH NAME", f"{escaped(self.name)} \\- {escaped(abstract_phrase(self.root))}", ".SH SYNOPSIS"]
        lines += [f"\\fB{escaped(self.name)}\\fR \\fIcommand\\fR [\\fIoption\\fR ...] [\\fIargument\\fR ...]"]
        description, sections = self.split(paragraphs(self.root.get("discussion", "")))
        lines += [".SH DESCRIPTION", *description, ".SH COMMANDS"]
        for title, names in self.groups:
            lines.append(f".SS {escaped(title)}")
            for name in names:
                page = f"\\fB{escaped(self.name)}\\-{escaped(name)}\\fR(1)"
                lines += [".TP", page, escaped(commands[name]["abstract"])]
        lines += [".SH OPTIONS", *options(shown(self.root)), *sections]
        return "\n".join(lines) + "\n"

    def page_of(self, command: Definition) -> str:
        name = command["commandName"]
        lines = self.heading(f"{self.name}-{name}")
        lines += [".SH NAME", f"{escaped(self.name)}\\-{escaped(name)} \\- {escaped(abstract_phrase(command))}"]
        children = [child for child in command.get("subcommands", []) if child["commandName"] != "help"]
        lines.append(".SH SYNOPSIS")
        for i, child in enumerate(children or [command]):
            path = [self.name, name] + ([child["commandName"]] if children else [])
            lines += ([".br"] if i else []) + [synopsis(path, shown(child))]
        discussion = paragraphs(command.get("discussion", ""))
        lines += [".SH DESCRIPTION", escaped(command["abstract"]), *([".PP", *discussion] if discussion else [])]
        for child in children:
            title = f"{name} {child['commandName']}".upper()
            lines += [f".SH {escaped(title)}", *self.body(child, heading=".SS")]
        if not children:
            lines += self.arguments(command, ".SH")
        lines += [".SH EXIT STATUS", f"See \\fB{escaped(self.name)}\\fR(1)."]
        lines += [".SH SEE ALSO", self.references(sibling for sibling in self.siblings(name) if sibling != name)]
        return "\n".join(lines) + "\n"

    def body(self, command: Definition, heading: str) -> list[str]:
        discussion = paragraphs(command.get("discussion", ""))
        text = [escaped(command["abstract"]), *([".PP", *discussion] if discussion else [])]
        return text + self.arguments(command, heading)

    def arguments(self, command: Definition, heading: str) -> list[str]:
        lines: list[str] = []
        arguments = shown(command)
        if found := operands(arguments):
            lines += [f"{heading} ARGUMENTS", *found]
        if found := options(arguments):
            lines += [f"{heading} OPTIONS", *found]
        return lines

    def siblings(self, name: str) -> list[str]:
        """Returns the commands of the group of a command."""
        return next((names for _, names in self.groups if name in names), [])

    def references(self, names: Any) -> str:
        pages = [escaped(self.name)] + [f"{escaped(self.name)}\\-{escaped(name)}" for name in names]
        return ",\n".join(f"\\%\\fB{page}\\fR(1)" for page in pages)

    @staticmethod
    def split(lines: list[str]) -> tuple[list[str], list[str]]:
        """Splits the text of the root command at its first heading."""
        first = next((i for i, line in enumerate(lines) if line.startswith(".SH ")), len(lines))
        return lines[:first], lines[first:]


def read_groups(help_text: str) -> list[tuple[str, list[str]]]:
    """Returns the groups of subcommands with their titles, from the help of the root command."""
    groups: list[tuple[str, list[str]]] = []
    is_group = False
    for line in help_text.splitlines():
        if heading := re.fullmatch(r"([A-Z ]+) SUBCOMMANDS:", line):
            groups.append((heading[1].capitalize(), []))
            is_group = True
        elif not line.strip():
            is_group = False
        elif is_group and (entry := re.match(r"  ([a-z][a-z-]*)(?:, \S+)*(?:\s|$)", line)):
            groups[-1][1].append(entry[1])
    return groups


def manual(command: str, epoch: int) -> Manual:
    """Reads the definitions of a command."""

    def output(*arguments: str) -> str:
        environment = {**os.environ, "COLUMNS": "100"}
        return subprocess.run([command, *arguments], check=True, capture_output=True, text=True, env=environment).stdout

    root = json.loads(output("--experimental-dump-help"))["command"]
    date = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%d")
    groups = read_groups(output("--help"))
    listed = {name for _, names in groups for name in names}
    missing = [
        child["commandName"]
        for child in root["subcommands"]
        if child["shouldDisplay"] and child["commandName"] not in listed | {"help"}
    ]
    if missing:
        raise SystemExit(f"error: --help lists no group with {', '.join(missing)}")
    return Manual(root["commandName"], output("--version").split()[-1], date, root, groups)


def write(command: str, folder: Path, epoch: int) -> None:
    """Writes all pages into a folder."""
    book = manual(command, epoch)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{book.name}.1").write_text(book.page_of_root(), encoding="utf-8")
    for child in book.root["subcommands"]:
        if child["shouldDisplay"] and child["commandName"] != "help":
            page = folder / f"{book.name}-{child['commandName']}.1"
            page.write_text(book.page_of(child), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the man pages of a command from its own definitions.")
    parser.add_argument("command")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or datetime.datetime.now().timestamp())
    write(arguments.command, arguments.folder, epoch)


if __name__ == "__main__":
    main()
