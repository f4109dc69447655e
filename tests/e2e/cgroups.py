# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Memory cgroups with a limit, version 1 or 2, for real ends of memory that hurt nobody else."""

import contextlib
import os
import pathlib
import re
import select
import signal
import uuid

V1, V2 = pathlib.Path("/sys/fs/cgroup/memory"), pathlib.Path("/sys/fs/cgroup")
# What is killed leaves a cgroup a moment after its parent has seen it end.
EMPTY_S = 30


class Unavailable(Exception):
    """No memory cgroup can be made here; the text says why."""


class MemoryCgroup:
    """One that exists."""

    def __init__(self, folder):
        self.folder = folder

    def enter(self):
        """Moves the calling process into it; what it holds by then stays charged where it was."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def kills(self):
        """How many processes the kernel has killed in it for lack of memory."""
        text = read_or_empty(self.folder / "memory.oom_control")
        text = text or read_or_empty(self.folder / "memory.events")
        return int(re.search(r"^oom_kill (\d+)$", text, re.M)[1])

    def pids(self):
        return [int(pid) for pid in read_or_empty(self.folder / "cgroup.procs").split()]

    def empty(self):
        """Kills what is in it and waits until it is gone."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                try:
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    select.select([descriptor], [], [], EMPTY_S)
                finally:
                    os.close(descriptor)


def read_or_empty(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def settings(limit):
    """The folder in which cgroups are made here, and {file: value} of one with that limit."""
    if (V1 / "memory.limit_in_bytes").exists():
        return V1, {"memory.limit_in_bytes": limit, "memory.memsw.limit_in_bytes": limit}
    if "memory" in read_or_empty(V2 / "cgroup.subtree_control"):
        return V2, {"memory.max": limit, "memory.swap.max": 0}
    raise Unavailable("no memory cgroups can be made here")


@contextlib.contextmanager
def memory_cgroup(limit):
    """A MemoryCgroup of that many bytes and no swap, removed at the end with what is in it."""
    if os.getuid() != 0:
        raise Unavailable("making a memory cgroup needs root")
    parent, values = settings(limit)
    folder = parent / f"fil-profile-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir()
    except OSError as error:
        raise Unavailable(f"no memory cgroups can be made here: {error}") from error
    group = MemoryCgroup(folder)
    try:
        for file, value in values.items():
            if (folder / file).exists():
                (folder / file).write_text(str(value))
        yield group
    finally:
        group.empty()
        folder.rmdir()
