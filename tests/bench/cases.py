# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What is run: programs, scripts each on several Pythons."""

import dataclasses
import pathlib
import shutil

import pythons
import tools

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Workload:
    """One program: its file, and what it is given."""

    path: pathlib.Path
    arguments: tuple = ()

    @property
    def name(self):
        return "_".join((self.path.stem, *self.arguments))

    @property
    def is_script(self):
        """Of Python."""
        return self.path.suffix == ".py"

    def missing(self):
        """The programs that it needs and that are not here."""
        lines = self.path.read_text().splitlines()
        needs = [line.split()[2:] for line in lines if line.startswith("# needs: ")]
        return [name for names in needs for name in names if not shutil.which(name)]


WORKLOADS = [
    *(Workload(HERE / f"workloads/{name}.py") for name in
      ("pandas_job", "sklearn_fit", "polars_job", "object_churn", "call_heavy", "calls_only",
       "deep_recursion", "many_stacks", "import_pandas", "parse_json_xml", "asyncio_server",
       "numpy_threads")),
    Workload(HERE / "workloads/c_churn.c", ("1",)),
    Workload(HERE / "workloads/c_churn.c", ("2",)),
    Workload(HERE / "workloads/redis.sh"),
    Workload(HERE / "workloads/gcc.sh"),
]


@dataclasses.dataclass(frozen=True)
class Case:
    """A workload with the tools that it is run under; a script on one Python."""

    workload: Workload
    tools: tuple
    python: pythons.Python = None

    @property
    def name(self):
        return self.workload.name + (f", {self.python.name}" if self.python else "")

    def command(self, tool, folder):
        """The words of a run under a tool; what it uses comes into folder/used."""
        path, arguments = self.workload.path, self.workload.arguments
        if self.python:
            return tool.script_command(self.python, tools.MEASURED, (folder / "used", path), folder)
        if path.suffix == ".sh":
            return ["bash", str(path), *(tool.command((), folder) or ["env"])]
        return tool.command((tools.BUILD / "bench" / path.stem, *arguments), folder)


def of(workload, setups):
    """Its cases; setups is [(Python, tools)], whose first is the one with tools for programs."""
    if workload.is_script:
        return [Case(workload, tuple(tool for tool in chosen if tool.runs_scripts), python)
                for python, chosen in setups]
    return [Case(workload, tuple(tool for tool in setups[0][1] if tool.runs_programs))]
