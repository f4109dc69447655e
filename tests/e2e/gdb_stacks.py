# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""For gdb -x: at every call of a function with a size in a range, the stack, to a file.

Variables of the environment: GDB_FUNCTION, GDB_SIZES ("LOW HIGH"), GDB_OUT, and GDB_AFTER, the
function whose first call is waited for. A line of the file is a size and the frames, outermost
first, as "PATH ADDRESS", with tabs between them.
"""

import os

import gdb  # pylint: disable=import-error

LOW, HIGH = map(int, os.environ["GDB_SIZES"].split())
OUT = open(os.environ["GDB_OUT"], "w", encoding="utf-8")


def mappings():
    """(start, end, file offset, path) of what is mapped of files."""
    with open(f"/proc/{gdb.selected_inferior().pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            words = line.split(None, 5)
            if len(words) == 6 and words[5].startswith(("/", "[vdso")):
                start, end = (int(word, 16) for word in words[0].split("-"))
                yield start, end, int(words[2], 16), words[5].strip()


def is_at_fixed_addresses(path):
    """Is it a file of the type ET_EXEC?"""
    if not path.startswith("/"):
        return False
    with open(path, "rb") as file:
        return file.read(18)[16:] == b"\2\0"


def first_addresses():
    """path: what the loader has added to the addresses in it."""
    first = {}
    for start, _, offset, path in mappings():
        if offset == 0 and path not in first:
            first[path] = 0 if is_at_fixed_addresses(path) else start
    return first


def place(pc, known):
    for start, end, _, path in known:
        if start <= pc < end:
            return f"{path} {pc - FIRST[path]:x}"
    return f"? {pc:x}"


class Stop(gdb.Breakpoint):
    """Writes down where it is and goes on."""

    def stop(self):
        global FIRST
        size = int(gdb.parse_and_eval("(unsigned long)$rdi"))
        if not LOW <= size <= HIGH:
            return False
        FIRST, known, frames = first_addresses(), list(mappings()), []
        frame = gdb.newest_frame().older()
        while frame is not None:
            # Inlined and tail calls have no frame on the stack.
            if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
                frames.append(place(frame.pc(), known))
            frame = frame.older()
        # Where a stack has no end of its own gdb goes on into what lies above it.
        while frames[-1].startswith("?"):
            frames.pop()
        print(size, *reversed(frames), sep="\t", file=OUT)
        return False


gdb.execute("set pagination off")
gdb.execute("set debuginfod enabled off")
gdb.execute("set backtrace past-main on")
gdb.execute("set backtrace past-entry on")
gdb.execute("handle SIGUSR1 nostop noprint pass", to_string=True)
gdb.execute("set breakpoint pending on")
gdb.execute("tbreak " + os.environ["GDB_AFTER"], to_string=True)
gdb.execute("run", to_string=True)
Stop("*(unsigned long)&" + os.environ["GDB_FUNCTION"])
gdb.execute("continue")
OUT.close()
