# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Collapsed stacks, as reports have them: "FILE:LINE (FUNCTION);... BYTES" on each line."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_FRAME = re.compile(r"(.*):(\d+) \((.*)\)", re.DOTALL)
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


class Site(NamedTuple):
    """A line of code and what it has allocated. A label such as "[No Python stack]" has no line."""

    bytes: int
    file: str
    line: int
    function: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line} ({self.function})" if self.line else self.function
        return f"{format_bytes(self.bytes):>10}  {place}"


class Stack(NamedTuple):
    """Bytes, and the frames that have allocated them, outermost first."""

    bytes: int
    frames: tuple[Site, ...]


def format_bytes(count: int) -> str:
    """As reports do: 24.1 MiB."""
    if count < 1024:
        return f"{count} B"
    size, unit = count / 1024, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}"


def parse_bytes(text: str) -> int:
    """"200 MB", "1.5GiB", "2G": as fil-profile's own options, 1 MB being 1024 * 1024 bytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", text, re.IGNORECASE)
    if not match or float(match[1]) == 0:
        raise ValueError(f"{text!r} is no amount of memory, such as 200M, 2G or 1.5GiB")
    return int(float(match[1]) * 1024 ** " kmgt".index(match[2].lower() or " "))


def _unescape(name: str) -> str:
    raw = name.encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), raw).decode("utf-8",
                                                                         "surrogateescape")


def _frame(text: str, size: int) -> Site:
    match = _FRAME.fullmatch(text)
    if not match:
        return Site(size, "", 0, _unescape(text))
    return Site(size, _unescape(match[1]), int(match[2]), _unescape(match[3]))


def parse(text: str) -> Iterator[Stack]:
    """The stacks of a file, largest first."""
    for line in text.split("\n"):
        stack, _, size = line.rpartition(" ")
        if stack:
            yield Stack(int(size), tuple(_frame(one, int(size)) for one in stack.split(";")))


def sites(stacks: Iterator[Stack]) -> list[Site]:
    """The lines that have allocated, largest first."""
    total: dict[Site, int] = {}
    for stack in stacks:
        site = stack.frames[-1]._replace(bytes=0)
        total[site] = total.get(site, 0) + stack.bytes
    found = [site._replace(bytes=size) for site, size in total.items()]
    return sorted(found, key=lambda site: -site.bytes)
