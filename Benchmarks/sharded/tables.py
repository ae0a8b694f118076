"""The tables of a sitting, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = tuple[str, ...]


def size(count: float) -> str:
    """Writes a number of bytes with three digits, in decimal units."""
    units = ["B", "kB", "MB", "GB", "TB"]
    while count >= 999.5 and len(units) > 1:
        count /= 1000
        del units[0]
    return f"{count:.0f} {units[0]}" if units[0] == "B" or count >= 99.95 else f"{count:.3g} {units[0]}"


def duration(seconds: float | None) -> str:
    """Writes a time with two or three digits."""
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds >= 99.5 else f"{seconds:.3g} s" if seconds >= 1 else f"{seconds:.2g} s"


def measured_rows(report: Mapping[str, Any], name: str = "title") -> list[Row]:
    """Returns the header and the rows of what was measured; `name` says whether they have a "title" or a "way"."""
    worlds = ", ".join(str(each) for each in report["worlds"])
    header = ("way", "files", "read", "network", "peak memory, rank 0", "others", "time", "processor time")
    rows: list[Row] = [(*header, f"same bits at {worlds} {_ranks(report)}")]
    for way in report["ways"]:
        before = way["preparation"] or {"seconds": 0, "processor": 0, "peak": 0}
        is_long = 100 * way["stored"] > report["shape"]["bytes"]  # a recipe file is written in no time
        time = duration(way["seconds"])
        saved = f"; {size(before['peak'])} to save" if is_long else ""
        rows.append(
            (
                way[name],
                size(way["stored"]),
                size(way["read"]),
                size(way["sent"]),
                size(way["peaks"][0]) + saved,
                size(max(way["peaks"][1:])) if len(way["peaks"]) > 1 else "",
                f"{duration(before['seconds'])} + {time}" if is_long else time,
                duration(before["processor"] + way["processor"]),
                "yes" if way["same_bits"] else "no" + ("; all ranks draw equal shards" if way["equal_shards"] else ""),
            )
        )
    return rows


def computed_rows(report: Mapping[str, Any], name: str = "title") -> list[Row]:
    """Returns the header and the rows of what was computed, as `measured_rows` does."""
    header = ("way", "files", "read", "network", "peak memory, rank 0", "others", "time, at least", "elements drawn")
    rows: list[Row] = [(*header, "rank 0 alone, measured: memory, processor time")]
    for way in report["computed"]["ways"]:
        alone = way["alone"]
        rows.append(
            (
                way[name],
                size(way["stored"]),
                size(way["read"]),
                size(way["sent"] + way["plans"]),
                size(way["first"]) + (f"; {size(way['prepared'])} to save" if way["prepared"] else ""),
                size(way["others"]),
                duration(way["seconds"]),
                f"{way['drawn'] / 1e9:.3g} G",
                f"{size(alone['peak'])}, {duration(alone['processor'])}" if alone else "",
            )
        )
    return rows


def _ranks(report: Mapping[str, Any]) -> str:
    return "rank" if report["ranks"] == 1 else "ranks"


def legend(report: Mapping[str, Any]) -> str:
    """Returns a line for each way: its name in the tables of text, and what it is."""
    width = max(len(way["way"]) for way in report["computed"]["ways"])
    return "\n".join(f"  {way['way']:{width}}  {way['title'].replace('`', '')}" for way in report["computed"]["ways"])


def text(rows: Sequence[Row]) -> str:
    """Lays a table out in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def markdown(rows: Sequence[Row]) -> str:
    """Writes a table in Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]])


def captions(report: Mapping[str, Any]) -> tuple[str, str]:
    """Returns a paragraph about what was measured, and one about what was computed."""
    machine, shape, large = report["machine"], report["shape"], report["computed"]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    load = report["load"]
    many = "one round" if report["rounds"] == 1 else f"medians of {report['rounds']} rounds"
    first = (
        f"{shape['name']} ({shape['parameters'] / 1e9:.3g} G parameters, bfloat16, {size(shape['bytes'])}) on "
        f"{report['ranks']} {_ranks(report)} of gloo, one mesh axis, FSDP2, one thread of PyTorch a rank; {many}. "
        "Files are written once, before; what is read and what the network carries are sums over all ranks. Memory is "
        "what comes on top of an idle process, with the shard itself. The two times of a seed checkpoint are those to "
        "save and to load it. Measured on "
        f"{report['date']}; {machine['processor']}, {machine['cores']} cores, {size(machine['memory'])} of memory; "
        f"{versions}; backend of winit {report['backend']}; load of the machine {load[0]:.1f} before and {load[1]:.1f} "
        "after."
    )
    if load[0] > 0.3 * machine["cores"]:
        first += " Other programs were running: times are longer than on an idle machine."
    assumed, rates = large["assumptions"], large["rates"]
    drawn = ", ".join(f"{rate / 1e6:.0f} M elements a second ({name})" for name, rate in rates.items())
    boxes = f"{next(way['boxes'] for way in large['ways'] if way['way'] == 'winit://'):,}"
    second = (
        f"Computed, not measured, but for the last column: {large['shape']['name']} "
        f"({large['shape']['parameters'] / 1e9:.3g} G parameters, bfloat16, {size(large['shape']['bytes'])}) on "
        f"{large['ranks']} ranks. Time is that of drawing on one core of a rank, at the rate of the machine above "
        f"({drawn}), plus the bytes of the busiest rank at {size(assumed['link'])} a second, plus the files at "
        f"{size(assumed['files'])} a second; machines of {assumed['machine']} ranks read each byte of a file once. "
        f"For `winit://`, {1e6 * assumed['box']:.0f} µs for each of its {boxes} boxes come on top. "
        "The last column is rank 0 in a process group whose other ranks do not exist, on the machine above."
    )
    if not any(way["alone"] for way in large["ways"]):
        second += " It was not measured this time."
    return first, second
