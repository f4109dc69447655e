# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A segment in a file: complete stacks when everything was killed; a full disk ends no program."""
# alone: mounts a file system

import contextlib
import os
import signal
import subprocess

import pytest
import runs
from runs import FIL, MIB, PYTHON, WORKLOADS, Stacks, marked_lines, profile

LOST = "nobody saw how it ended: fil-profile was killed, too"
HOLDS = WORKLOADS / "holds_until_told.py"


@contextlib.contextmanager
def running(folder, script=HOLDS, options=()):
    """A run in a session of its own that holds 10 MiB after a peak of 30; its process."""
    command = runs.command_of([script], PYTHON, ["--segment=run.segment", *options])
    process = subprocess.Popen([str(word) for word in command], cwd=folder,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def workload_of(supervisor):
    """The process that fil-profile has started: its child that is another program."""
    children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(supervisor)],
                              capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0]) for line in children.splitlines() if "python" in line)


def report(folder, *options, name="run.segment"):
    shown = runs.run([FIL, "report", *options, name], folder)
    assert (shown.returncode, shown.stderr) == (0, b""), shown.stderr
    return shown.stdout.decode(errors="surrogateescape")


def report_of_the_dead(folder):
    """The text, once no process of the run is left; the kernel takes a moment."""
    while True:
        text = report(folder)
        if "still running" not in text:
            return text


def assert_complete(folder, text):
    """The stacks are those of a run that was read by its supervisor."""
    assert "stacks sum to the peak: yes" in text, text[:2000]
    stacks = Stacks(report(folder, "--format=folded"))
    assert 30 * MIB <= stacks.allocated_at(f"{HOLDS}:13") <= 30.1 * MIB
    ends = Stacks(report(folder, "--format=folded", "--of=end"))
    assert 10 * MIB <= ends.allocated_at(f"{HOLDS}:13") <= 10.1 * MIB
    assert f"{HOLDS}" in text.split("\ncommand")[1].split("\n\n")[0]
    assert "blocks.append" in text


def kill_all(process):
    os.killpg(process.pid, signal.SIGKILL)


def kill_supervisor_first(process):
    workload = workload_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    os.kill(workload, signal.SIGKILL)


def kill_workload_first(process):
    """The supervisor is stopped meanwhile, so that it cannot write the report."""
    workload = workload_of(process.pid)
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(workload, signal.SIGKILL)
    kill_all(process)


@pytest.mark.parametrize("kill", [kill_all, kill_supervisor_first, kill_workload_first])
def test_everything_was_killed(kill, tmp_path):
    with running(tmp_path) as process:
        kill(process)
        process.wait()
        text = report_of_the_dead(tmp_path)
    assert LOST in " ".join(text.split())
    assert_complete(tmp_path, text)


def test_while_it_runs(tmp_path):
    with running(tmp_path) as process:
        text = report(tmp_path)
        assert "still running" in text
        assert_complete(tmp_path, text)
        out, err = process.communicate(b"")
    assert (process.returncode, out, err) == (0, b"told\n", b"")
    assert not (tmp_path / "run.segment").exists()


def test_the_program_goes_on_without_fil_profile(tmp_path):
    """Its supervisor is killed alone: it still runs, and records, and is read."""
    with running(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        text = report(tmp_path)
        assert "still running" in text
        assert_complete(tmp_path, text)
        process.stdin.close()
        assert process.stdout.read() == b"told\n"
        text = report_of_the_dead(tmp_path)
    assert LOST in " ".join(text.split())
    assert "stacks sum to the peak: yes" in text
    assert Stacks(report(tmp_path, "--format=folded")).allocated_at(f"{HOLDS}:13") >= 30 * MIB


def test_it_is_found_again_after_exec_and_from_another_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "first.py").write_text(
        f"import os\nos.chdir('elsewhere')\nos.execv({PYTHON!r}, [{PYTHON!r}, {str(HOLDS)!r}])\n")
    with running(tmp_path, tmp_path / "first.py") as process:
        kill_all(process)
        process.wait()
        text = report_of_the_dead(tmp_path)
    stacks = Stacks(report(tmp_path, "--format=folded"))
    assert 30 * MIB <= stacks.allocated_at(f"{HOLDS}:13") <= 30.1 * MIB
    assert "stacks sum to the peak: yes" in text


def test_no_source_and_no_argv_hold_for_a_segment(tmp_path):
    with running(tmp_path, options=["--no-argv", "--no-source"]) as process:
        text = report(tmp_path)
        kill_all(process)
    assert "blocks.append" not in text and "\ncommand" not in text


def test_a_second_run_into_the_same_file_is_refused(tmp_path):
    with running(tmp_path):
        second = profile(["true"], tmp_path, options=["--segment=run.segment"])
        assert second.status == 125
        assert b"run.segment is the segment of a run that goes on" in second.err
        assert "still running" in report(tmp_path)


@pytest.fixture(name="small_disk")
def fixture_small_disk(tmp_path):
    """A file system of 20 MiB in this process's own mounts."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "none", disk]
    if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("cannot mount a file system here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_does_not_end_the_program(small_disk, tmp_path):
    """More blocks than there is room for: they are missed, counted, and the job is done."""
    script = WORKLOADS / "fills_its_segment.py"
    bare = runs.run([PYTHON, script], tmp_path)
    run = profile([script], tmp_path, PYTHON, options=[f"--segment={small_disk}/run.segment"])
    assert (run.status, run.out, run.err) == (0, bare.stdout, b"")
    text = run.report().text
    assert "stacks sum to the peak: yes" in text
    text = " ".join(text.split())
    assert "not recorded, because the profiler's own memory could not grow" in text
    line = marked_lines(script)["kept"]
    assert run.report().allocated_at(f"{script}:{line}") > MIB
    assert not list(small_disk.iterdir())


def test_a_disk_that_is_almost_full_is_refused(small_disk, tmp_path):
    with open(small_disk / "other", "wb") as other:
        other.write(bytes(10 * MIB))
    run = profile(["true"], tmp_path, options=[f"--segment={small_disk}/run.segment"])
    assert run.status == 125
    assert b"there are only 10 MiB free for the segment" in run.err
    assert [path.name for path in small_disk.iterdir()] == ["other"]
    assert not run.folders
