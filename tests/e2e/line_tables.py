# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Writes the line tables of much of the standard library, with the line of every instruction.

Run by each CPython: line_tables.py OUTPUT. The lines are the interpreter's own, as tracebacks get
them (PyCode_Addr2Line). The format is in tests/unit/core/stack/line_table.c, check_code.
"""

import ctypes
import glob
import os
import struct
import sys
import types

MODULES = 250
LNOTAB, PAIRS, LOCATIONS = 1, 2, 3
VERSION = sys.version_info[:2]
FORMAT = LOCATIONS if VERSION >= (3, 11) else PAIRS if VERSION == (3, 10) else LNOTAB

addr2line = ctypes.pythonapi.PyCode_Addr2Line
addr2line.argtypes = (ctypes.py_object, ctypes.c_int)
addr2line.restype = ctypes.c_int

# What no module of the library has: gaps, lines that go back, very long lines and functions.
ODD = """
def far(x):
    return (x +%s
            1)
def back(f):
    return f(
        1, [2 for _ in
            range(3)], x=f(
    4))
def wide(): return [%s]
async def wait(it):
    async with it as a, it as b:
        async for x in b:
            try:
                yield x
            finally:
                await a
""" % ("\n" * 700, ", ".join("a%d" % i for i in range(3000)))


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def sources():
    yield "odd.py", ODD.encode()
    library = os.path.dirname(os.__file__)
    names = sorted(name for pattern in ("*.py", "*/*.py")
                   for name in glob.glob(os.path.join(library, pattern)))
    for name in names[::max(1, len(names) // MODULES)]:
        with open(name, "rb") as file:
            yield name, file.read()


def main():
    with open(sys.argv[1], "wb") as out:
        for name, source in sources():
            try:
                module = compile(source, name, "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue  # some tests of the library are not to be compiled
            for code in codes(module):
                table = code.co_lnotab if FORMAT == LNOTAB else code.co_linetable
                units = len(code.co_code) // 2
                lines = [max(addr2line(code, 2 * i), 0) for i in range(units)]
                out.write(struct.pack("<IiI", FORMAT, code.co_firstlineno, len(table)))
                out.write(table)
                out.write(struct.pack("<I%dI" % units, units, *lines))


main()
