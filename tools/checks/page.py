"""Report pages and pictures: well formed, self-contained, accessible, and allowed by their own policy.

python -m checks.page FILE…    prints what is wrong, and exits with 1 if anything is

Pages are read with Python's html.parser, pictures with expat, and the hash of the script is that of hashlib.
"""

import base64
import hashlib
import html
import re
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "input", "br", "hr", "img", "path", "circle", "rect"}
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4}
CONTROLS = {"input", "select"}


class Page(HTMLParser):
    """What a page holds, and what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.counts: dict[str, int] = {}
        self.policy = ""
        self.title = ""
        self.heading = 0

    def wrong(self, text: str) -> None:
        line, column = self.getpos()
        self.problems.append(f"{line}:{column}: {text}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        values = {name: value or "" for name, value in attrs}
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if len(set(names)) != len(names):
            self.wrong(f"<{tag}> has an attribute twice")
        for name in names:
            if name.startswith("on") or name in {"src", "srcset", "action", "formaction", "style"}:
                self.wrong(f"<{tag}> has the attribute {name}")
        if "id" in values:
            self.ids.append(values["id"])
        if "href" in values:
            self.links.append(values["href"])
        if values.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = values["content"]
            if {"script", "style", "link"} & set(self.counts):
                self.wrong("the policy does not stand first")
        if tag == "script":
            self.scripts.append("")
        if tag == "svg":
            labeled = values.get("role") == "img" and values.get("aria-label", "").strip()
            if not labeled and values.get("aria-hidden") != "true":
                self.wrong("a picture has neither a label nor aria-hidden")
        if tag in HEADINGS:
            if HEADINGS[tag] > self.heading + 1:
                self.wrong(f"<{tag}> follows a heading of level {self.heading}")
            self.heading = HEADINGS[tag]
        if tag in CONTROLS and "label" not in self.open:
            self.wrong(f"<{tag}> has no label")
        if tag == "html" and values.get("lang") != "en":
            self.wrong("the page has no language")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.wrong(f"</{tag}> closes {self.open[-3:]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data
        if self.open[-1:] == ["title"] and "svg" not in self.open:
            self.title += data
        if "script" not in self.open and "style" not in self.open:
            hidden = [c for c in data if (ord(c) < 32 and c != "\n") or ord(c) in {0x202E, 0xFFFE, 0xFFFF}]
            if hidden:
                self.wrong(f"the text has the characters {hidden}")

    def handle_comment(self, data: str) -> None:
        self.wrong("the page has a comment")


def page_problems(text: str) -> list[str]:
    """Returns what is wrong with a page."""
    page = Page()
    page.feed(text)
    page.close()
    problems = page.problems
    if page.open:
        problems.append(f"not closed: {page.open}")
    if not text.startswith("<!DOCTYPE html>"):
        problems.append("no doctype")
    if not page.title.strip():
        problems.append("no title")
    for tag in ("main", "h1", "script", "nav", "header", "footer"):
        if page.counts.get(tag) != 1:
            problems.append(f"{page.counts.get(tag, 0)} elements <{tag}>")
    problems += [f"the id {one} occurs twice" for one in set(page.ids) if page.ids.count(one) > 1]
    for link in page.links:
        if not (link.startswith("data:image/svg+xml,") or (link[:1] == "#" and link[1:] in page.ids)):
            problems.append(f"a link to {link[:80]!r}")
    digest = base64.b64encode(hashlib.sha256("".join(page.scripts).encode()).digest()).decode()
    expected = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    if not page.policy.startswith(expected):
        problems.append(f"the policy is {page.policy!r}, not {expected!r}")
    plain = html.unescape(text).replace("xmlns='http://www.w3.org/2000/svg'", "")
    for pattern in (r"@import", r"url\(", r"https?://"):
        if re.search(pattern, plain):
            problems.append(f"the page has {pattern}")
    return problems


def picture_problems(text: str) -> list[str]:
    """Returns what is wrong with a picture."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        return [f"not XML: {error}"]
    space = "{http://www.w3.org/2000/svg}"
    tags = {element.tag.removeprefix(space) for element in root.iter()}
    problems = []
    if root.tag != f"{space}svg" or not (root.findtext(f"{space}title") or "").strip():
        problems.append("no picture with a title")
    allowed = {"svg", "title", "style", "rect", "path", "circle", "g", "text", "tspan"}
    if tags - allowed:
        problems.append(f"the picture has the elements {tags - allowed}")
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.startswith("on") or "href" in name or "NaN" in value or "inf" in value.split():
                problems.append(f"the picture has {name}={value[:60]!r}")
    if re.search(r"var\(|url\(|@import", text):
        problems.append("the picture needs a style sheet or another file")
    return problems


def main() -> int:
    found = 0
    for name in sys.argv[1:]:
        text = Path(name).read_bytes().decode()
        for problem in picture_problems(text) if name.endswith(".svg") else page_problems(text):
            print(f"{name}: {problem}")
            found += 1
    print(f"{len(sys.argv) - 1} files, {found} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
