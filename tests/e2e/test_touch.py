# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Memory that is only touched, under --limit: the counter of page faults, which the workload must
not notice, however it treats SIGTRAP."""

import ctypes
import os
import pathlib
import platform
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import pytest
import runs
from runs import MIB, PYTHON, WORKLOADS, command_of

WORKLOADS_BUILD = pathlib.Path(os.environ["WORKLOADS_BUILD"])
NOBODY = 65534
# How far beyond a limit of 300 MiB it is noticed: the margin, and the largest page of a thread; of
# each of several one more, which it had begun when another looked.
MARGIN = 1.5 * MIB
HUGE_PAGE = 2 * MIB
PENDING = b"SigPnd:\t0000000000000010"
SYS_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}


def become_root():
    """What root is already."""


def become_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def try_to_count():
    """Open such a counter; the status is the errno."""
    # type and size, PERF_COUNT_SW_PAGE_FAULTS, period; disabled, inherit, exclude_kernel,
    # inherit_thread, remove_on_exec, sigtrap.
    flags = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 35 | 1 << 36 | 1 << 37
    attributes = struct.pack("<IIQQQQQ", 1, 128, 2, 64, 0, 0, flags).ljust(128, b"\0")
    libc = ctypes.CDLL(None, use_errno=True)
    number = SYS_PERF_EVENT_OPEN[platform.machine()]
    fd = libc.syscall(number, attributes, 0, -1, -1, ctypes.c_ulong(8))
    os._exit(0 if fd >= 0 else ctypes.get_errno())


def require_counter(become=become_root):
    """Skip where the kernel does not let such a user count, or is too old to do it safely."""
    release = re.match(r"(\d+)\.(\d+)", platform.release())
    if (int(release[1]), int(release[2])) < (5, 18):
        pytest.skip("Linux before 5.18 kills programs that block the counter's signal")
    pid = os.fork()
    if pid == 0:
        become()
        try_to_count()
    error = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if error:
        pytest.skip(f"perf_event_open is refused here: {os.strerror(error)}")


@pytest.fixture
def everybodys_folder():
    """Which another user can reach, unlike pytest's own; with the programs that are run there."""
    with tempfile.TemporaryDirectory(prefix="fil-e2e-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        for program in (runs.FIL, WORKLOADS_BUILD / "touches_when_told",
                        WORKLOADS_BUILD / "has_sigtrap_to_itself"):
            shutil.copy(program, folder)
        yield folder


def limited(folder, words, become, limit):
    """The command, and how it is run in everybody's folder."""
    command = command_of([folder / words[0], *words[1:]], None, [f"--limit={limit}"])
    return [str(word) for word in [folder / "fil-profile", *command[1:]]], {
        "cwd": folder, "preexec_fn": become}


def profile(words, folder, *options, python=None):
    return runs.profile(words, folder, python, options)


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines)


def state_of(pid):
    return status_of(pid)["State"].split()[0]


def resident(pid):
    return int(status_of(pid)["RssAnon"].split()[0]) * 1024


def waits_of(pid):
    """How often it has gone to sleep: it had done then what was due."""
    return int(status_of(pid)["voluntary_ctxt_switches"])


def child_of(pid, name):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next(int(child) for child in children if status_of(child)["Name"].strip() == name)


def until(condition):
    deadline = time.monotonic() + runs.HANG_S
    while not condition():
        assert time.monotonic() < deadline


def charged(report):
    """Bytes at the moment of the breach, and the words for who saw it."""
    text = " ".join(report.text.split("\nbreach")[1].split("\n\n")[0].split())
    return float(re.match(r"it had ([\d.]+) MiB", text)[1]) * MIB, text


@pytest.mark.parametrize("become", [become_root, become_nobody])
def test_however_late_the_supervisor_is_the_thread_stops_itself(become, everybodys_folder):
    """It is stopped when the program goes on touching, and sees the breach once that waits."""
    require_counter(become)
    command, how = limited(everybodys_folder, ["touches_when_told", "299"], become, "300M")
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **how, **pipes) as supervisor:
        assert supervisor.stdout.readline() == b"ready\n"
        program = child_of(supervisor.pid, "touches_when_to")
        # It has looked since, and chosen the smallest step.
        before = waits_of(supervisor.pid)
        until(lambda: waits_of(supervisor.pid) > before + 3)
        os.kill(supervisor.pid, signal.SIGSTOP)
        until(lambda: state_of(supervisor.pid) == "T")
        supervisor.stdin.write(b"\n")
        supervisor.stdin.flush()
        # Until it waits for the supervisor, and not for its line.
        until(lambda: resident(program) > 300 * MIB and state_of(program) == "S")
        assert resident(program) < 300 * MIB + MARGIN + MIB
        os.kill(supervisor.pid, signal.SIGCONT)
        supervisor.communicate(timeout=runs.HANG_S)
    assert supervisor.returncode == -signal.SIGKILL
    folder, = (everybodys_folder / "fil-result").iterdir()
    used, text = charged(runs.Report(folder, "out-of-memory"))
    assert "seen by the counter of page faults, when memory was touched" in text
    assert f"in thread {program}" in text
    assert 300 * MIB < used < 300 * MIB + MARGIN + MIB


FILLS = {
    "a block, page by page": None,
    "an array at once": "import numpy as np\na = np.empty(1 << 30, np.uint8)\na[:] = 1",
    "an array, step by step": "import numpy as np\na = np.empty(1 << 30, np.uint8)\n"
                              "for i in range(0, 1 << 30, 1 << 20): a[i:i + (1 << 20)] = 1",
    "one in each thread": "import numpy as np, threading\na = np.empty((4, 1 << 28), np.uint8)\n"
                          "t = [threading.Thread(target=a[k].fill, args=(1,)) for k in range(4)]\n"
                          "[x.start() for x in t]\n[x.join() for x in t]",
}


@pytest.mark.parametrize("what", FILLS)
def test_what_is_touched_is_noticed_at_once(what, tmp_path):
    require_counter()
    code = FILLS[what]
    words = ["-c", code] if code else [WORKLOADS_BUILD / "reserves_and_touches_later", "1000"]
    run = profile(words, tmp_path, "--limit=300M", python=PYTHON if code else None)
    assert run.status == -signal.SIGKILL
    used, _ = charged(run.report("out-of-memory"))
    pages = 8 if "thread" in what else 1
    assert 300 * MIB < used < 300 * MIB + MARGIN + HUGE_PAGE * pages + MIB


@pytest.mark.parametrize("become", [become_root, become_nobody])
@pytest.mark.parametrize("way", ["default", "handled", "old", "number", "stack", "ignored",
                                 "blocked", "child", "exec"])
def test_sigtrap_stays_the_programs(way, become, everybodys_folder):
    """What it sees of the signal, and what that does to it, is as without us."""
    require_counter(become)
    words = ["has_sigtrap_to_itself", "60", way]
    command, how = limited(everybodys_folder, words, become, "64M")
    bare = runs.run([everybodys_folder / words[0], *words[1:]], **how)
    seen = runs.run(command, **how)
    assert (seen.returncode, seen.stdout) == (bare.returncode, bare.stdout), seen.stderr
    if way in ("blocked", "exec"):
        # The counter did reach it: for the kernel there is one pending.
        assert PENDING in seen.stderr
        assert PENDING not in bare.stderr


def test_nothing_is_pending_in_an_image_without_a_hook(tmp_path):
    require_counter()
    subprocess.run(["gcc", "-O1", "-static", "-pthread", "-o", tmp_path / "static",
                    WORKLOADS / "has_sigtrap_to_itself.c"], check=True)
    words = [WORKLOADS_BUILD / "has_sigtrap_to_itself", "60", "exec", tmp_path / "static"]
    run = profile(words, tmp_path, "--limit=64M")
    assert run.status == 0, run.err
    assert run.out.endswith(b"survived\n")
    assert PENDING in run.err


def test_a_program_may_have_no_counter(tmp_path):
    words = [WORKLOADS_BUILD / "has_sigtrap_to_itself", "60", "blocked"]
    run = profile(words, tmp_path, "--limit=64M", "--no-fault-counter")
    assert run.status == 0
    assert PENDING not in run.err
    (tmp_path / "more").mkdir()
    words = [WORKLOADS_BUILD / "reserves_and_touches_later", "1000"]
    run = profile(words, tmp_path / "more", "--limit=300M", "--no-fault-counter")
    assert run.status == -signal.SIGKILL
    assert "seen from outside" in charged(run.report("out-of-memory"))[1]


@pytest.mark.parametrize("options", [[], ["--no-fault-counter"]])
def test_a_limit_holds_when_the_first_thread_has_ended(options, tmp_path):
    """/proc/PID tells nothing about its memory any more."""
    words = [WORKLOADS_BUILD / "ends_its_first_thread", "1000"]
    run = profile(words, tmp_path, "--limit=300M", *options)
    assert run.status == -signal.SIGKILL
    used, text = charged(run.report("out-of-memory"))
    assert used > 300 * MIB, text
