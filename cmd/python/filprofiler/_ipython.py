# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""%%filprofile, %filprofile and %filprofile_last."""

import ast
import datetime
import html
import os
import pathlib
import re
import shlex
from types import CodeType
from typing import Any, NamedTuple, Optional

from IPython import display
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from filprofiler import _folded, _hook, _sources
from filprofiler._block import Run

_RESULTS = "fil-result"
_HEIGHT_MAX = 600
_OTHER_KERNEL = (
    "To use Fil, run this notebook with its kernel: choose \"Python 3 with Fil\" under "
    "Kernel > Change Kernel. If it is not in that list, run `fil-profile jupyter install "
    "--sys-prefix` in the environment of this Jupyter. In IPython: "
    "`fil-profile python -m IPython`. ({why})")


class _Options(NamedTuple):
    folder: str
    limit_bytes: int
    native: bool
    rest: str


def _unquoted(text: str) -> str:
    """One word, as a shell takes it."""
    try:
        return shlex.split(text)[0]
    except ValueError as error:
        raise UsageError(f"{text}: {error}") from None


def _value(word: str, name: str, rest: str) -> tuple[Optional[str], str]:
    """The value of an option that word is, "-oDIR" or "-o DIR", and what follows it."""
    if word == name:
        if not rest:
            raise UsageError(f"{name} needs a value")
        first = re.match(r"\"[^\"]*\"|'[^']*'|\S+", rest)
        assert first is not None
        return _unquoted(first[0]), rest[first.end():].lstrip()
    if word.startswith(f"{name}=" if name.startswith("--") else name):
        return word[len(name):].lstrip("="), rest
    return None, rest


def _parse(line: str) -> _Options:
    """The options at the start of a line, and the rest of it."""
    folder, limit_bytes, native, rest = _RESULTS, 0, False, line.strip()
    while rest.startswith("-"):
        word, _, after = rest.partition(" ")
        output, left = _value(word, "-o", after.lstrip())
        limit, left = _value(word, "--limit", left)
        if output is not None:
            folder = output
        elif limit is not None:
            try:
                limit_bytes = _folded.parse_bytes(limit)
            except ValueError as error:
                raise UsageError(f"--limit: {error}") from None
        elif word == "--native":
            native = True
        else:
            raise UsageError(f"unknown option {word}: %%filprofile takes -o DIR, --limit SIZE and "
                             "--native")
        rest = left
    return _Options(os.path.expanduser(folder), limit_bytes, native, rest)


def _new_folder(parent: str) -> pathlib.Path:
    """A new one below parent, named by the time."""
    now = datetime.datetime.now()
    while True:
        name = now.strftime("%Y-%m-%dT%H-%M-%S_") + f"{now.microsecond // 1000:03d}"
        try:
            os.makedirs(parent, mode=0o700, exist_ok=True)
            (pathlib.Path(parent) / name).mkdir(mode=0o700)
            return pathlib.Path(parent) / name
        except FileExistsError:
            if not os.path.isdir(parent):
                raise UsageError(f"{parent} is no folder: use -o DIR") from None
            now += datetime.timedelta(milliseconds=1)
        except OSError as error:
            raise UsageError(f"there can be no report below {parent}, use -o DIR: "
                             f"{error.strerror}") from None


class _Cell(NamedTuple):
    """What a cell is compiled to: its statements, and its last expression, which is displayed."""

    body: CodeType
    last: Optional[CodeType]


def _compile(shell: Any, first_line: str, cell: str) -> _Cell:
    """Compile as IPython does. The line of the magic is one of the cell's, so that line numbers
    are those that the notebook shows."""
    source = first_line + shell.transform_cell(cell)
    name = shell.compile.cache(source, _number(shell), raw_code=source)
    try:
        tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
        last: Optional[ast.Expression] = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _is_silent(cell):
            last = ast.Expression(tree.body.pop().value)
        return _Cell(shell.compile(tree, name, "exec"),
                     None if last is None else shell.compile(last, name, "eval"))
    except SyntaxError as error:
        if "await" in str(error) or "async" in str(error):
            raise UsageError("await at the top level of a cell cannot be profiled: await a "
                             "function that has the decorator @profile_block(path)") from None
        raise


def _numbers(shell: Any) -> dict[str, int]:
    """The names of the files that stand for cells, and the numbers of these."""
    return getattr(shell.compile, "_filename_map", {})


def _number(shell: Any) -> int:
    """The number of the running cell, as tracebacks show it."""
    return max(_numbers(shell).values(), default=int(shell.execution_count))


def _is_silent(cell: str) -> bool:
    """A semicolon at the end: as in IPython, nothing is displayed."""
    return cell.rstrip().endswith(";")


def _execute(run: Run, cell: _Cell, namespace: dict[str, Any]) -> Any:
    """Run a cell as a block: its stacks begin with the lines of the cell."""
    __tracebackhide__ = True
    try:
        run.begin(_execute.__code__, is_root_hidden=True)
        exec(cell.body, namespace)
        value = None if cell.last is None else eval(cell.last, namespace)
        run.end()
    except BaseException:
        run.end(is_failing=True)
        raise
    return value


def _iframe(folder: pathlib.Path) -> str:
    """The flame graph, whole, so that the page it is on needs no other file."""
    graphs = [folder / f"{kind}.svg" for kind in ("out-of-memory", "peak-memory")]
    graph = next((path for path in graphs if path.exists()), None)
    if graph is None:
        return ""
    svg = re.sub(r"^\s*<\?xml[^>]*\?>\s*|<!DOCTYPE[^>]*>\s*", "",
                 graph.read_text(encoding="utf-8"))
    found = re.search(r"<svg[^>]*\sheight=\"(\d+)", svg)
    height = min(int(found[1]) + 10 if found else _HEIGHT_MAX, _HEIGHT_MAX)
    page = ("<!DOCTYPE html><meta charset=utf-8><style>body{margin:0}</style>"
            f"<body class=flame>{svg}</body>")
    return (f'<iframe class="filprofile" srcdoc="{html.escape(page)}" width="100%" '
            f'height="{height}" style="border:0;resize:vertical" '
            'sandbox="allow-scripts allow-popups"></iframe>')


class _Result:
    """What is shown below a cell: a line, a link, the flame graph."""

    def __init__(self, folder: pathlib.Path, summary: str) -> None:
        self._folder, self._summary = folder, summary

    def show(self) -> None:
        """Hand it to the front end, in the forms that it may choose from."""
        publish: Any = display.publish_display_data
        page = os.path.relpath(self._folder / "index.html")
        lines = html.escape(self._summary).replace("\n", "<br>")
        link = f'<a href="{html.escape(page)}" target="_blank">the whole report</a>'
        publish({
            "text/plain": f"{self._summary}\nreport: {page}",
            "text/html": f"<div>{lines} &middot; {link}</div>{_iframe(self._folder)}",
        })


def _summary(run: Run, limit_bytes: int) -> str:
    text = f"peak memory {_folded.format_bytes(run.peak_bytes)}"
    if limit_bytes:
        text += f" of {_folded.format_bytes(limit_bytes)} allowed"
    text += f", {run.seconds:.2f} s"
    if run.refused_bytes:
        text += f"; refused: {_folded.format_bytes(run.refused_bytes)}"
    return text


def _show(run: Run, limit_bytes: int) -> None:
    if run.report_path is not None:
        _Result(run.report_path.parent, _summary(run, limit_bytes)).show()


@magics_class
class FilMagics(Magics):
    """The magics of %load_ext filprofiler."""

    @line_cell_magic
    def filprofile(self, line: str, cell: Optional[str] = None) -> Any:
        """Show which lines of the cell hold the memory at its peak.

        %%filprofile [OPTIONS]        on top of a cell
        %filprofile [OPTIONS] CODE    for one line

        -o DIR         make the folder of the report below DIR (fil-result)
        --limit SIZE   what would take more than SIZE (300M, 2G) raises MemoryError
        --native       show machine code in the stacks, too
        """
        __tracebackhide__ = True
        shell: Any = self.shell
        options = _parse(line)
        if cell is None:
            if not options.rest:
                raise UsageError("%filprofile needs code to run, %%filprofile a cell")
            compiled = _compile(shell, "", options.rest)
        elif options.rest:
            raise UsageError(f"{options.rest!r} follows %%filprofile: code begins on the next line")
        else:
            compiled = _compile(shell, f"# %%filprofile {line}\n", cell)
        if _hook.state() is _hook.State.OPEN:
            raise UsageError("another block is being profiled, and blocks do not nest")
        run = Run(_new_folder(options.folder), options.limit_bytes, options.native)
        try:
            return _execute(run, compiled, shell.user_ns)
        finally:
            _show(run, options.limit_bytes)

    @line_magic
    def filprofile_last(self, line: str) -> None:
        """Show the newest report again: after a kernel that has died, the one it has left.

        %filprofile_last [DIR]      of those below DIR (fil-result)
        """
        words = line.strip()
        if words.startswith(("'", '"')):
            words = _unquoted(words)
        parent = pathlib.Path(os.path.expanduser(words or _RESULTS))
        pages: list[pathlib.Path] = list(parent.glob("*/index.html"))
        if not pages:
            raise UsageError(f"there is no report below {parent}")
        folder = max(pages, key=lambda page: page.stat().st_mtime).parent
        _Result(folder, _head(folder)).show()


def _head(folder: pathlib.Path) -> str:
    """What the text of a report begins with, as far as it matters here."""
    texts = sorted(folder.glob("*-memory.txt")) or sorted(folder.glob("*.txt"))
    rows = texts[0].read_text(encoding="utf-8", errors="replace").split("\n") if texts else []
    wanted = ("verdict", "peak", "out of mem.", "started")
    return "\n".join(row for row in rows[:20] if row.startswith(wanted)) or str(folder)


def load(shell: Any) -> None:
    """%load_ext filprofiler."""
    try:
        _hook.check()
    except RuntimeError as error:
        raise UsageError(_OTHER_KERNEL.format(why=error)) from None

    def shown_name(name: str) -> str:
        number = _numbers(shell).get(name)
        return name if number is None else f"In [{number}]"

    _sources.shown_name = shown_name
    shell.register_magics(FilMagics)
