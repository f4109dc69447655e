# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The profilers that are measured: ours, and those that people use today."""

import dataclasses
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILD = (HERE.parent.parent / os.environ.get("FIL_BUILD", "build")).resolve()
FIL = BUILD / "fil-profile"
MEASURED = HERE / "measured.py"
IN_BLOCK = HERE / "in_block.py"


@dataclasses.dataclass(frozen=True)
class Tool:
    """A profiler. Its words stand before a program's; {python} and {folder} are filled in."""

    name: str
    words: tuple = ()
    # For Python scripts, which it runs itself; None: as any other program.
    script_words: tuple = None
    # Between a script and its arguments.
    separator: tuple = ()
    # Makes of what a run left what a person reads; not in the run's own time.
    report: tuple = ()
    runs_programs: bool = True
    runs_scripts: bool = True
    needs: str = ""

    @property
    def is_ours(self):
        return self.name.split()[0] == FIL.name

    @property
    def package(self):
        """Of Python, that it comes in, or nothing."""
        return self.needs.removeprefix("python:") if self.needs.startswith("python:") else ""

    def version(self, python):
        """Where it is missing: None."""
        if not self.needs:
            return ""
        if self.package:
            return python.version_of(self.package)
        shown = subprocess.run(["dpkg-query", "-Wf", "${Version}", self.needs],
                               capture_output=True, text=True, check=False)
        return shown.stdout.strip() or None

    def command(self, words, folder):
        """Of a program: its words under this tool."""
        return [word.format(folder=folder) for word in self.words] + [str(word) for word in words]

    def script_command(self, python, script, words, folder):
        """The same of a script with its arguments, run by a Python."""
        ahead = (*self.words, "{python}") if self.script_words is None else self.script_words
        return ([word.format(python=python.path, folder=folder) for word in ahead] + [str(script)]
                + list(self.separator) + [str(word) for word in words])

    def report_command(self, python, folder):
        """Without a Python for what is none, whose tools do not need it."""
        path = python.path if python else ""
        return [word.format(python=path, folder=folder) for word in self.report]


def memray(name, *options):
    return Tool(name, script_words=("{python}", "-m", "memray", "run", "-q", *options, "-o",
                                    "{folder}/result/memray.bin"),
                report=("{python}", "-m", "memray", "flamegraph", "-o",
                        "{folder}/result/memray.html", "{folder}/result/memray.bin"),
                runs_programs=False, needs="python:memray")


def ours(name, *options, **kinds):
    return Tool(name, words=(str(FIL), "run", "--quiet", "--no-browser",
                             "--output={folder}/result", *options, "--"), **kinds)


def our_python(name, *script):
    """The interpreter in which parts are profiled."""
    return Tool(name, script_words=(str(FIL), "--quiet", "--python={python}", "python", *script),
                runs_programs=False)


BARE = Tool("bare")
TOOLS = [
    ours("fil-profile"),
    # What is without native stacks has them on request, and the other way round.
    ours("fil-profile --native", "--native", runs_programs=False),
    ours("fil-profile --native=no", "--native=no", runs_scripts=False),
    our_python("fil-profile python, no block"),
    our_python("fil-profile python, after a block", str(IN_BLOCK), "after", "{folder}/result"),
    our_python("fil-profile python, in a block", str(IN_BLOCK), "inside", "{folder}/result"),
    memray("memray"),
    memray("memray, Python allocators", "--trace-python-allocators"),
    memray("memray, both, native", "--trace-python-allocators", "--native"),
    Tool("Fil", script_words=("{python}", "-m", "filprofiler", "--no-browser", "-o",
                              "{folder}/result", "run"),
         runs_programs=False, needs="python:filprofiler"),
    Tool("scalene", script_words=("{python}", "-m", "scalene", "run", "--memory", "-o",
                                  "{folder}/result/scalene.json"),
         separator=("---",), runs_programs=False, needs="python:scalene"),
    Tool("tracemalloc, 1 frame", script_words=("{python}", "-X", "tracemalloc=1"),
         runs_programs=False),
    Tool("heaptrack", words=("heaptrack", "-o", "{folder}/result/heaptrack"),
         report=("sh", "-c", "heaptrack_print {folder}/result/heaptrack* >{folder}/result/printed"),
         needs="heaptrack"),
]
# Of Python, which the profilers come in.
PACKAGES = {tool.package for tool in TOOLS if tool.package}
