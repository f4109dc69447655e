# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The stacks in a segment's file as the hook wrote them, before anybody gives them names.

Layout: core/shm/segment.h.
"""

import collections
import struct

EXTENT_BYTES = 256 << 10
DIRECTORY = 128 << 10
ROW_BYTES = 16384 * 4
EXTENTS = (2 << 20) + (64 << 20)
NODE, ENTRY, CODE, TEXT = range(4)
PYTHON, LABEL, NATIVE, MAPPER = 1, 2, 3, 5
FIRST_ARENA = 56

# address: as the file's own symbols have it. is_exact: no return address, a signal came there.
Native = collections.namedtuple("Native", "path build_id address is_exact")
Python = collections.namedtuple("Python", "path name")
Label = collections.namedtuple("Label", "text")
# No frame: which file's code has asked for a mapping.
Mapper = collections.namedtuple("Mapper", "path build_id")
Entry = collections.namedtuple("Entry", "stack live_bytes total_bytes total_blocks")


class Segment:
    """The file, read as far as stacks go."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.frames, self.stacks = {}, {0: ()}

    def at(self, offset, size):
        self.file.seek(offset)
        return self.file.read(size)

    def used(self, arena):
        return struct.unpack("<Q", self.at(FIRST_ARENA + arena * 16, 8))[0]

    def element(self, arena, number, size):
        extent, index = divmod(number, EXTENT_BYTES // size)
        row = DIRECTORY + arena * ROW_BYTES + extent * 4
        place, = struct.unpack("<I", self.at(row, 4))
        return EXTENTS + place * EXTENT_BYTES + index * size

    def text(self, number):
        if number == 0:
            return ""
        offset = self.element(TEXT, number, 8)
        size, = struct.unpack("<I", self.at(offset + 16, 4))
        return self.at(offset + 24, size).decode(errors="surrogateescape")

    def frame(self, code, at):
        if (code, at) not in self.frames:
            fields = struct.unpack("<16xQIIiHH24x", self.at(self.element(CODE, code, 64), 64))
            _, filename, qualname, first_line, kind, variant = fields
            path, name = self.text(filename), self.text(qualname)
            if kind == NATIVE:
                address = (first_line & 0xffffffff) << 32 | at
                frame = Native(path, name, address, variant == 1)
            elif kind == MAPPER:
                frame = Mapper(path, name)
            else:
                frame = Python(path, name) if kind == PYTHON else Label(name)
            self.frames[code, at] = frame
        return self.frames[code, at]

    def stack(self, node):
        """Frames, outermost first."""
        if node not in self.stacks:
            parent, code, offset = struct.unpack("<III", self.at(self.element(NODE, node, 32), 12))
            self.stacks[node] = (*self.stack(parent), self.frame(code, offset))
        return self.stacks[node]

    def entries(self):
        """What every stack has allocated and holds; mappings by themselves, without mapper."""
        for node in range(1, self.used(NODE)):
            number, = struct.unpack("<12xI", self.at(self.element(NODE, node, 32), 16))
            if number:
                fields = struct.unpack("<QQQQ16x", self.at(self.element(ENTRY, number, 48), 48))
                live, _, total, blocks = fields
                stack = self.stack(node)
                is_mapping = stack and isinstance(stack[-1], Mapper)
                yield Entry(stack[:-1] if is_mapping else stack, live, total, blocks)
