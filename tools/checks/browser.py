"""Report pages in a real browser: Chromium without a window.

python -m checks.browser COMMAND [--chromium PROGRAM] [--screenshots FOLDER]

Makes documents, lets COMMAND make pages of them, and opens the pages in light, in dark and at 380 pixels. A page must
not write to the console, must fill the screen with its own color, must not run off the side, and must have a contrast
of 4.5 wherever it has text; its filters and its sorting must work. The checks themselves are checked with planted
faults. The screenshots are kept for a person to look at. Prints what is wrong, and exits with 1 if anything is.
"""

import argparse
import html
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from .page import page_problems, picture_problems

# No page needs this long; a browser that hangs is ended.
LIMIT = 120.0
DARK = "--blink-settings=preferredColorScheme=0"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\u202eb\u0007c",
    "x" * 3000,
    "'/*--></style>",
]

# Runs in a copy of a page whose policy is removed: opens everything, measures, and uses the controls.
PROBE = r"""
addEventListener("load", () => {
  const found = { loaded: Math.round(performance.now()), wide: [], dim: [] };
  found.nodes = document.querySelectorAll("*").length;
  for (const details of document.querySelectorAll("details")) details.open = true;
  const name = node => node.tagName + "." + (node.getAttribute("class") || "") + " " + node.textContent.slice(0, 40);
  const luminance = color => {
    const parts = color.match(/[\d.]+/g).slice(0, 3).map(part => part / 255);
    const linear = parts.map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const background = node => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (!/^rgba\(.*, 0\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  for (const node of document.body.querySelectorAll("*")) {
    const box = node.getBoundingClientRect(), style = getComputedStyle(node);
    if (!box.width || node.closest(".skip")) continue;
    if ((box.right > innerWidth + 1 || box.left < -1) && !node.closest(".scroll")) found.wide.push(name(node));
    const text = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!text || node.closest("style, script, title")) continue;
    const [a, b] = [luminance(node.closest("svg") ? style.fill : style.color), luminance(background(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.dim.push(contrast.toFixed(2) + " " + name(node));
  }
  found.overflow = document.documentElement.scrollWidth - innerWidth;
  const table = document.querySelector("table.tensors");
  if (table) {
    const rows = () => [...table.tBodies[0].rows].filter(row => !row.hidden);
    const names = () => rows().map(row => row.cells[0].children[0].textContent);
    const stds = () => rows().map(row => row.cells[4].textContent);
    const tools = document.querySelector("[data-filters=tensors]"), input = tools.querySelector("input");
    found.names = names();
    input.value = "net.1";
    input.dispatchEvent(new Event("input"));
    found.filtered = names();
    found.output = tools.querySelector("output").textContent;
    input.value = "";
    input.dispatchEvent(new Event("input"));
    const button = [...table.querySelectorAll("thead button")].find(one => one.textContent === "std");
    button.click();
    found.ascending = stds();
    button.click();
    found.descending = stds();
    button.click();
    found.restored = names();
    found.focusable = button.tabIndex;
  }
  const place = document.createElement("pre");
  place.id = "probe";
  place.textContent = JSON.stringify(found);
  document.body.replaceChildren(place);
});
"""


class Browser:
    """Opens files, each in a browser of its own."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder

    def run(self, *arguments: str) -> tuple[str, list[str]]:
        """Returns what the browser prints, and the lines of the console."""
        options = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync"]
        options += ["--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"]
        # Chromium's sandbox does not work for root, as in a container.
        if os.geteuid() == 0:
            options.append("--no-sandbox")
        command = [self.program, *options, f"--user-data-dir={self.folder / 'profile'}", *arguments]
        result = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False)
        errors = result.stderr.decode(errors="replace")
        if result.returncode != 0:
            raise RuntimeError(f"{command} ended with {result.returncode}:\n{errors[-2000:]}")
        return result.stdout.decode(errors="replace"), [line for line in errors.splitlines() if "CONSOLE" in line]

    def screenshot(self, page: Path, target: Path, width: int, height: int, *options: str) -> list[str]:
        """Writes a picture of the top of a page, and returns the lines of the console."""
        size = f"--window-size={width},{height}"
        return self.run(size, f"--screenshot={target}", *options, page.as_uri())[1]

    def probe(self, page: Path, width: int, *options: str) -> dict[str, Any]:
        """Returns what the probe finds in a copy of a page."""
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
        visible = "<style>*{content-visibility:visible!important}</style>"
        copy = self.folder / "probe.html"
        copy.write_text(text.replace("</body>", f"{visible}<script>{PROBE}</script></body>"))
        output, _ = self.run(f"--window-size={width},900", "--dump-dom", *options, copy.as_uri())
        found = re.search(r'<pre id="probe">(.*?)</pre>', output, re.DOTALL)
        if not found:
            raise RuntimeError(f"the probe printed nothing: {output[:500]}")
        result: dict[str, Any] = json.loads(html.unescape(found[1]))
        return result


def first_pixel(picture: bytes) -> tuple[int, ...]:
    """Returns the color of the top left pixel of a PNG of 8 bits. No filter of PNG changes the first pixel."""
    data = b""
    offset = 8
    while offset < len(picture):
        length = int.from_bytes(picture[offset : offset + 4], "big")
        if picture[offset + 4 : offset + 8] == b"IDAT":
            data += picture[offset + 8 : offset + 8 + length]
        offset += length + 12
    return tuple(zlib.decompressobj().decompress(data, 4)[1:4])


def tensor(name: str, source: random.Random, std: float) -> dict[str, Any]:
    elements = [source.gauss(0, std) for _ in range(2000)]
    low, high, bars = min(elements), max(elements), 64
    counts = [0] * bars
    for element in elements:
        counts[min(bars - 1, int((element - low) / (high - low) * bars))] += 1
    measured = math.sqrt(sum(element * element for element in elements) / len(elements))
    # The parameters of a law are binary32 numbers.
    return {
        "name": name, "shape": [40, 50], "dtype": "float32", "count": 2000, "mean": 0.001, "std": measured, "min": low,
        "max": high, "skewness": 0.0, "kurtosis": 3.0, "zeros": 0, "nonfinite": 0, "fan_in": 50, "fan_out": 40,
        "expected_std": std, "z": 0.5, "histogram": {"low": low, "high": high, "counts": counts},
        "spectrum": {"largest": 1.9, "edge": 2.0, "smallest": 0.1}, "scheme": "normal",
        "law": {"law": "normal", "mean": 0, "std": std},
    }  # fmt: skip


def document(name: str, factor: float, layers: int, texts: list[str]) -> dict[str, Any]:
    """Returns a diagnosis of a chain, in which each layer changes the signal by a factor."""
    source = random.Random(7)
    names = [f"net.{i}.weight" for i in range(layers)] + texts
    findings = [
        {
            "code": "layer-gain",
            "severity": severity,
            "tensor": one,
            "layer": None,
            "message": f"about {one}",
            "fix": one,
        }
        for one, severity in zip(names[-8:], ["error", "warning", "information"] * 3, strict=False)
    ]
    return {
        "schema": "winit-diagnosis/1",
        "subject": {"kind": "run", "name": name, "id": "sha256:" + "0f" * 32, "seed": "7", "tool_version": "test"},
        "tensors": [tensor(one, source, 0.125 if i % 2 else 0.0625) for i, one in enumerate(names)],
        "network": {"source": "spec", "kind": "chain", "accuracy": "Within a factor of 2."},
        "layers": [
            {
                "name": one, "kind": "linear", "activation": "relu", "assumed": False, "main_path": True,
                "theory": {"q": 1, "signal": factor**i, "gradient": factor ** (len(names) - i)},
                "measured": {
                    "rms": 1, "signal": 1.1 * factor**i, "gradient": 2.0, "dead": 0.2, "saturated": 0.1, "cosine": 0.5,
                },
            }
            for i, one in enumerate(names)
        ],
        "findings": findings,
        "declared": [{"tensor": "net.0.bias", "what": "zeros"}],
        "notes": ["The layout is assumed to be that of torch."],
    }  # fmt: skip


class Check:
    def __init__(self, command: str, browser: Browser, folder: Path, screenshots: Path) -> None:
        self.command = command
        self.browser = browser
        self.folder = folder
        self.screenshots = screenshots
        self.problems: list[str] = []

    def expect(self, statement: object, problem: str) -> None:
        if not statement:
            self.problems.append(problem)

    def report(self, name: str, documents: list[dict[str, Any]]) -> Path:
        """Makes the page and the pictures of documents, and checks them without a browser."""
        files = []
        for i, one in enumerate(documents):
            path = self.folder / f"{name}-{i}.json"
            path.write_text(json.dumps(one, allow_nan=False))
            files.append(str(path))
        page, figures = self.folder / f"{name}.html", self.folder / f"{name}-figures"
        command = [self.command, "report", *files, "-o", str(page), "--figures", str(figures)]
        subprocess.run(command, check=True, timeout=LIMIT, stdout=subprocess.DEVNULL)
        self.problems += [f"{name}: {problem}" for problem in page_problems(page.read_text())]
        pictures = sorted(figures.iterdir())
        self.expect(len(pictures) > 3, f"{name}: only {len(pictures)} pictures")
        for picture in pictures:
            self.problems += [f"{picture.name}: {problem}" for problem in picture_problems(picture.read_text())]
        return page

    def looks(self, page: Path) -> None:
        """Opens a page in light, in dark and on a narrow screen."""
        for style, width, options, is_dark in (
            ("light", 1280, [], False), ("dark", 1280, [DARK], True), ("narrow", 380, [], False),
        ):  # fmt: skip
            target = self.screenshots / f"{page.stem}-{style}.png"
            for line in self.browser.screenshot(page, target, width, 3000, *options):
                self.problems.append(f"{page.stem}, {style}: {line}")
            pixel = first_pixel(target.read_bytes())
            self.expect(max(pixel) < 60 if is_dark else min(pixel) > 220, f"{page.stem}, {style}: the color {pixel}")
            found = self.browser.probe(page, width, *options)
            self.expect(found["overflow"] <= 0, f"{page.stem}, {style}: {found['overflow']} pixels off the side")
            for what in ("wide", "dim"):
                self.problems += [f"{page.stem}, {style}: {what}: {one}" for one in found[what][:5]]

    def controls(self, page: Path) -> None:
        """Filters and sorts the table of tensors."""
        found = self.browser.probe(page, 1280)
        names, stds = found["names"], [float(text) for text in found["ascending"]]
        self.expect(found["filtered"] == [one for one in names if "net.1" in one], f"filter: {found['filtered']}")
        self.expect(found["output"] == f"{len(found['filtered'])} of {len(names)} shown", f"filter: {found['output']}")
        self.expect(stds == sorted(stds) and stds != sorted(stds, reverse=True), f"ascending: {stds}")
        self.expect([float(text) for text in found["descending"]] == sorted(stds, reverse=True), "descending")
        self.expect(found["restored"] == names, "the third press does not restore the order")
        self.expect(found["focusable"] == 0, "the keyboard does not reach the heads of the table")

    def planted(self, page: Path) -> None:
        """Plants faults, each of which must be found: the checks can fail."""
        text = page.read_text()
        copy = self.folder / "planted.html"
        for what, fault in {
            "a script": "<script>document.title = 'planted'</script>",
            "an attribute with a script": "<svg onload=\"document.title = 'planted'\"></svg>",
            "a picture from a network": '<img alt="" src="https://example.invalid/x.png">',
        }.items():
            copy.write_text(text.replace("</body>", fault + "</body>"))
            lines = self.browser.screenshot(copy, self.folder / "planted.png", 800, 600)
            self.expect(any("Content Security Policy" in line for line in lines), f"{what} was not refused: {lines}")
        copy.write_text(text.replace("</main>", '<div style="color:#aaa;width:2000px">dim and wide</div></main>'))
        found = self.browser.probe(copy, 1280)
        self.expect(found["dim"], "dim text was not found")
        self.expect(found["wide"] and found["overflow"] > 0, "a wide element was not found")

    def large(self) -> None:
        """1,000 tensors take at most 3 MB. The time is printed and decides nothing."""
        page = self.report("large", [document("large:v1", 0.99, 1000, [])])
        size = page.stat().st_size
        found = self.browser.probe(page, 1280)
        self.expect(size <= 3_000_000, f"1,000 tensors take {size} bytes")
        print(f"1,000 tensors: {size / 1e6:.2f} MB, {found['nodes']} nodes, loaded in {found['loaded'] / 1000:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m checks.browser")
    parser.add_argument("command", type=lambda text: str(Path(text).resolve()))
    parser.add_argument("--chromium", default="chromium")
    parser.add_argument("--screenshots", type=Path, default=Path(".build/report"))
    options = parser.parse_args()
    options.screenshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        check = Check(options.command, Browser(options.chromium, folder), folder, options.screenshots.resolve())
        two = [document("mlp-he:v1", 0.98, 30, []), document("mlp-xavier:v1", 0.7, 30, [])]
        page = check.report("two", two)
        check.looks(page)
        check.controls(page)
        check.planted(page)
        check.looks(check.report("hostile", [document(HOSTILE[0], 0.5, 2, HOSTILE)]))
        check.large()
    for problem in check.problems:
        print(problem)
    print(f"pages in Chromium: {len(check.problems)} problems; screenshots in {options.screenshots}")
    return 1 if check.problems else 0


if __name__ == "__main__":
    sys.exit(main())
