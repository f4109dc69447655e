# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""However a program ends, whatever it was started by: the full report and the right verdict."""

import os
import pathlib
import re
import resource
import signal
import shutil
import subprocess
import tempfile

import pytest
import runs
from cgroups import Unavailable, memory_cgroup
from runs import MIB, PYTHON, WORKLOADS, every_version, interpreter, profile

HELD_20_MIB = 20 * MIB + 33


def assert_holds_20_mib(report):
    """The line "held = bytes(…)" of the workloads that end in a special way."""
    report.assert_complete()
    # The module's dictionary may grow for the name "held".
    largest = max(report.stacks.values())
    assert HELD_20_MIB <= largest <= HELD_20_MIB + 1024


ENDINGS = [
    ("exits_with.py 0", 0, "exited with status 0"),
    ("exits_with.py 53", 53, "exited with status 53"),
    ("leaves_by_os_exit.py", 7, "exited with status 7"),
    ("aborts.py", -signal.SIGABRT, "killed by signal 6 (SIGABRT)"),
    ("segfaults.py", -signal.SIGSEGV, "killed by signal 11 (SIGSEGV)"),
    ("kills_itself.py SIGKILL", -signal.SIGKILL, "killed by somebody's signal 9 (SIGKILL)"),
    ("kills_itself.py SIGTERM", -signal.SIGTERM, "killed by signal 15 (SIGTERM)"),
    ("kills_itself.py SIGXCPU", -signal.SIGXCPU, "killed by signal 24 (SIGXCPU)"),
    ("kills_itself.py SIGBUS", -signal.SIGBUS, "killed by signal 7 (SIGBUS)"),
]


@pytest.mark.parametrize("words,status,verdict", ENDINGS, ids=[words for words, *_ in ENDINGS])
def test_every_ending_leaves_the_report(words, status, verdict, tmp_path):
    script, *args = words.split()
    bare = runs.run([PYTHON, WORKLOADS / script, *args], tmp_path, preexec_fn=without_cores)
    start = runs.profile_killed if status == -signal.SIGKILL else profile
    run = start([WORKLOADS / script, *args], tmp_path, PYTHON, preexec_fn=without_cores)
    assert (run.status, run.out, run.err) == (bare.returncode, bare.stdout, bare.stderr)
    assert run.status == status
    report = run.report()
    assert report.verdict.startswith(verdict), report.verdict
    assert_holds_20_mib(report)


@every_version
def test_a_killed_program_leaves_the_report(version, tmp_path):
    run = runs.profile_killed([WORKLOADS / "kills_itself.py"], tmp_path, interpreter(version))
    assert run.status == -signal.SIGKILL
    assert_holds_20_mib(run.report())


def without_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@every_version
def test_memory_error_shows_what_was_held_and_refused(version, tmp_path):
    script = WORKLOADS / "raises_memory_error.py"
    run = profile([script], tmp_path, interpreter(version))
    assert run.status == 1 and run.err.rstrip().endswith(b"MemoryError"), run.err
    report = run.report("out-of-memory")
    report.assert_complete()
    assert f"{1 << 50:,}" in report.text.replace(f"{(1 << 50) + 1:,}", f"{1 << 50:,}")
    asked = report.text.split("Refused:")[1].split("Held when")[0]
    assert f'File "{script}", line 13, in ask_for_too_much' in asked
    assert HELD_20_MIB <= report.allocated_at(f"{script}:9") <= HELD_20_MIB + 16


# Programs that are only the way to Python.

def write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def start_by_shim(folder):
    """As pyenv's shims: a shell that becomes another shell that becomes Python."""
    shims = folder / "shims"
    shims.mkdir()
    inner = write_program(folder / "pyenv-exec", f'#!/bin/bash\nshift\nexec "{PYTHON}" "$@"\n')
    shim = write_program(shims / "python3", f'#!/usr/bin/env bash\nset -e\nprogram="${{0##*/}}"\n'
                         f'export PYENV_DIR="$PWD"\nexec "{inner}" "$program" "$@"\n')
    return ["job.py"], {"python": shim}


def start_by_shim_on_path(folder):
    _, how = start_by_shim(folder)
    path = f"{how['python'].parent}:{os.environ['PATH']}"
    return ["job.py"], {"env": runs.environment(PATH=path, VIRTUAL_ENV=None)}


def start_by_virtual_env(folder):
    env = runs.environment(VIRTUAL_ENV=str(folder / "venv"))
    (folder / "venv/bin").mkdir(parents=True)
    (folder / "venv/bin/python").symlink_to(PYTHON)
    return ["job.py"], {"env": env}


def start_by_env_shebang(folder):
    (folder / "bin").mkdir()
    (folder / "bin/python-of-env").symlink_to(PYTHON)
    text = (folder / "job.py").read_text()
    program = write_program(folder / "job", f"#!/usr/bin/env python-of-env\n{text}")
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return [program], {"env": runs.environment(PATH=path)}


def start_by_shell(_folder):
    return ["sh", "-c", f"exec {PYTHON} job.py"], {}


def start_by_bash_and_nice(_folder):
    return ["bash", "-c", f"exec nice -n 1 env -i PATH=/bin {PYTHON} job.py"], {}


def start_by_exec_with_empty_environment(folder):
    (folder / "first.py").write_text(
        f"import os\nos.execve({PYTHON!r}, [{PYTHON!r}, 'job.py'], {{}})\n")
    return ["first.py"], {"python": PYTHON}


def start_by_exec_of_a_descriptor(folder):
    (folder / "first.py").write_text(
        f"import os\nos.execve(os.open({os.path.realpath(PYTHON)!r}, os.O_RDONLY),"
        f" [{PYTHON!r}, 'job.py'], {{'A': 'b'}})\n")
    return ["first.py"], {"python": PYTHON}


def start_by_exec_from_a_thread(folder):
    (folder / "first.py").write_text(
        "import os, threading\nthread = threading.Thread(target=os.execv, args=("
        f"{PYTHON!r}, [{PYTHON!r}, 'job.py']))\nthread.start()\nthread.join()\n")
    return ["first.py"], {"python": PYTHON}


def start_by_exec_after_failures(folder):
    (folder / "no-program").write_text("not executable")
    (folder / "first.py").write_text(
        "import os\nkept = bytes(1_000_000)\n"
        "for name in ('no-program', '/no/such/program', '/'):\n"
        "    try:\n        os.execv(name, [name])\n    except OSError:\n        pass\n"
        f"os.execv({PYTHON!r}, [{PYTHON!r}, 'job.py'])\n")
    return ["first.py"], {"python": PYTHON}


@pytest.mark.parametrize("start", [
    start_by_shim, start_by_shim_on_path, start_by_virtual_env, start_by_env_shebang,
    start_by_shell, start_by_bash_and_nice, start_by_exec_with_empty_environment,
    start_by_exec_of_a_descriptor, start_by_exec_from_a_thread, start_by_exec_after_failures,
], ids=lambda start: start.__name__.removeprefix("start_by_"))
def test_what_only_leads_to_python_is_followed(start, tmp_path):
    job = ("import os\nheld = bytes(20 * 1024 * 1024)\n"
           "print([name for name in os.environ if 'PRELOAD' in name or 'FIL_S' in name])\n")
    (tmp_path / "job.py").write_text(job)
    words, how = start(tmp_path)
    run = profile(words, tmp_path, **how)
    assert (run.status, run.out, run.err) == (0, b"[]\n", b"")
    report = run.report()
    assert_holds_20_mib(report)
    # What the images before it held ended with them.
    assert report.peak < 30 * MIB


def test_a_pyenv_shim_is_followed(tmp_path):
    shim = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"),
                        "shims/python3")
    if not shim.exists() or runs.run([shim, "-c", ""], tmp_path).returncode != 0:
        pytest.skip("there is no pyenv here")
    run = profile([WORKLOADS / "exits_with.py", "0"], tmp_path, shim)
    assert (run.status, run.err) == (0, b"")
    assert_holds_20_mib(run.report())


def test_a_daemon_outlives_the_run(tmp_path):
    """The run ends with the process that was started, and says that something is left."""
    read_end, write_end = os.pipe()

    def give_read_end():
        os.dup2(read_end, 3)

    try:
        run = profile([WORKLOADS / "leaves_a_daemon.py"], tmp_path, PYTHON,
                      preexec_fn=give_read_end, close_fds=False)
        assert (run.status, run.out) == (0, b"left\n")
        report = run.report()
        report.assert_complete()
        assert "1 process of it still ran when it ended" in " ".join(report.text.split())
    finally:
        os.close(write_end)
        os.close(read_end)


# Core dumps.

def core_size(folder):
    return sum(path.stat().st_blocks * 512 for path in folder.glob("core*"))


def test_a_core_dump_is_no_larger_than_without_us(tmp_path):
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        pytest.skip(f"core dumps go to {pattern}, not into the working directory")

    def with_cores():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    sizes = []
    for name in ("bare", "profiled"):
        folder = tmp_path / name
        folder.mkdir()
        command = [PYTHON, WORKLOADS / "aborts.py"]
        command = command if name == "bare" else runs.command_of(command)
        ended = runs.run(command, folder, preexec_fn=with_cores)
        assert ended.returncode == -signal.SIGABRT
        sizes.append(core_size(folder))
        assert len(list(folder.glob("core*"))) <= 1
    if not sizes[0]:
        pytest.skip("this machine writes no core dumps")
    bare, profiled = sizes
    # Slack: the hook's own data and what its few mappings round up to.
    assert bare > MIB and profiled <= bare + MIB, sizes


# Out of memory, for real.

@pytest.fixture
def cgroup_of_200_mb():
    try:
        with memory_cgroup(200 * MIB) as group:
            yield group
    except Unavailable as reason:
        pytest.skip(str(reason))


def profile_inside(group, words, cwd, start=profile, **options):
    """fil-profile itself runs in the cgroup, as in a container."""
    return start(words, cwd, PYTHON, preexec_fn=group.enter, **options)


def test_the_kernel_out_of_memory_is_confirmed(cgroup_of_200_mb, tmp_path):
    script = WORKLOADS / "fills_memory.py"
    run = profile_inside(cgroup_of_200_mb, [script, "1000"], tmp_path)
    assert run.status == -signal.SIGKILL, run.err
    report = run.report("out-of-memory")
    report.assert_complete()
    # Confirmed: the counter of our own cgroup moved, not only the machine's. It may do so twice:
    # see core/supervise/witness.h.
    assert re.match(r"killed by the kernel for lack of memory \(SIGKILL; its cgroup, limited to"
                    r" 200\.0 MiB, counted [12] ", report.verdict), report.verdict
    # The line that is guilty is the first one shown, with nearly all of it.
    line = runs.marked_lines(script)["guilty"]
    held = report.allocated_at(f"{script}:{line}")
    assert 130 * MIB <= held <= 200 * MIB
    largest = max(report.stacks, key=report.stacks.get)
    assert largest[-1] == f"{script}:{line} (read_more)"
    assert f'"{script}", line {line}, in read_more' in report.text.split("\n  2. ")[0]
    innocent = runs.marked_lines(script)["innocent"]
    assert 5_000_033 <= report.allocated_at(f"{script}:{innocent}") <= 5_000_200


def test_a_limit_that_is_not_reached_is_no_out_of_memory(cgroup_of_200_mb, tmp_path):
    run = profile_inside(cgroup_of_200_mb, [WORKLOADS / "fills_memory.py", "100"], tmp_path)
    assert (run.status, run.out) == (0, b"100\n")
    report = run.report()
    report.assert_complete()
    assert report.verdict == "exited with status 0"


def test_a_kill_below_the_limit_is_somebody_elses(cgroup_of_200_mb, tmp_path):
    run = profile_inside(cgroup_of_200_mb, [WORKLOADS / "kills_itself.py"], tmp_path,
                         runs.profile_killed)
    report = run.report()
    assert_holds_20_mib(report)
    assert report.verdict.startswith("killed by somebody's signal 9 (SIGKILL)"), report.verdict


def test_oom_status_after_a_real_one(cgroup_of_200_mb, tmp_path):
    run = profile_inside(cgroup_of_200_mb, [WORKLOADS / "fills_memory.py", "1000"], tmp_path,
                         options=["--oom-status=53"])
    assert run.status == 53
    assert run.report("out-of-memory").verdict.startswith("killed by the kernel")


# Again and again: if whom the kernel kills is left to chance, it is not the same in every run.
ROUNDS = 20 if runs.FULL else 2
NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def become_root():
    """What root is already."""


@pytest.fixture
def everybodys_folder():
    """Which another user can reach, unlike pytest's own; the program to be tested is in it."""
    with tempfile.TemporaryDirectory(prefix="fil-e2e-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        shutil.copy(runs.FIL, folder / "fil-profile")
        yield folder


def python_after(become):
    """A Python that can be executed after become()."""
    for python in (os.path.realpath(PYTHON), "/usr/bin/python3"):
        try:
            if runs.run([python, "-c", ""], "/", preexec_fn=become).returncode == 0:
                return python
        except OSError:  # it is in another user's home
            continue
    pytest.skip("no Python here is for everybody")


@pytest.mark.parametrize("workload", ["fills_memory.py 1000", "grows_by_small_objects.py"])
@pytest.mark.parametrize("become", [become_root, become_nobody])
def test_the_kernel_never_takes_the_supervisor(become, workload, everybodys_folder):
    """Of a small cgroup in which both are, the program is killed, and nobody else."""
    script, *args = workload.split()
    shutil.copy(WORKLOADS / script, everybodys_folder)
    python = python_after(become)
    for number in range(ROUNDS):
        folder = everybodys_folder / str(number)
        folder.mkdir()
        folder.chmod(0o777)
        run_until_killed([everybodys_folder / "fil-profile", "run", "--quiet", "--no-browser",
                          "--python", python, everybodys_folder / script, *args], folder, become)


def run_until_killed(command, folder, become):
    try:
        with memory_cgroup(200 * MIB) as group:
            def enter():
                group.enter()
                become()

            run = runs.Run(runs.run(command, folder, preexec_fn=enter), folder)
            assert (run.status, run.err, group.kills()) == (-signal.SIGKILL, b"", 1)
    except Unavailable as reason:
        pytest.skip(str(reason))
    report = run.report("out-of-memory")
    report.assert_complete()
    assert report.verdict.startswith("killed by the kernel for lack of memory (SIGKILL; its cgroup,"
                                     " limited to 200.0 MiB, counted 1"), report.verdict
    # Not much more than what there was: the last block was asked for and never touched.
    assert 100 * MIB <= report.peak <= 202 * MIB


def test_signals_from_outside_end_it_as_usual(tmp_path):
    """SIGTERM to fil-profile: the program's own ending, and the report of it."""
    with subprocess.Popen(runs.command_of([WORKLOADS / "holds_until_told.py"], PYTHON),
                          cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        # Its input stays open until it has ended: that is the other thing that would end it.
        assert process.wait(timeout=runs.HANG_S) == -signal.SIGTERM
    assert process.returncode == -signal.SIGTERM
    report = runs.Report(next((tmp_path / "fil-result").iterdir()))
    report.assert_complete()
    assert report.verdict.startswith("killed by signal 15 (SIGTERM)")
    assert report.peak > 30 * MIB
