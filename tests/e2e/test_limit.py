# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""--limit: a machine with less memory. Who dies of it, where, and what the report says."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess

import pytest
import runs
from runs import FIL, FULL, MIB, PYTHON, WORKLOADS, every_version, interpreter, profile

WORKLOADS_BUILD = pathlib.Path(os.environ["WORKLOADS_BUILD"])
CEILING = "killed by fil-profile (SIGKILL): it reached the limit of 300.0 MiB that --limit set"


def limited(words, cwd, *options, limit="300M", python=PYTHON, **how):
    return profile(words, cwd, python, (f"--limit={limit}", *options), **how)


def killed(run):
    """The report of a run that was killed at its limit."""
    assert run.status == -signal.SIGKILL, run.err
    report = run.report("out-of-memory")
    assert report.verdict.startswith(CEILING), report.verdict
    report.assert_complete()
    return report


def test_the_line_that_holds_the_memory_is_named(tmp_path):
    script = WORKLOADS / "fills_memory.py"
    report = killed(limited([script, "1000"], tmp_path))
    guilty = report.allocated_at(f"{script}:{runs.marked_lines(script)['guilty']}")
    # What an interpreter takes besides is some 15 MiB; the segment is not counted.
    assert 270 * MIB < guilty < 301 * MIB
    assert report.allocated_at(f"{script}:{runs.marked_lines(script)['innocent']}") == 5_000_033


@every_version
def test_every_thread_is_shown_where_it_is(version, tmp_path):
    """Also those that have not allocated for long: one waits for a lock, one is in C code."""
    script = WORKLOADS / "threads_wait_while_one_grows.py"
    report = killed(limited([script], tmp_path, python=interpreter(version)))
    threads = report.text.split("Where its threads were last seen")[1]
    lines = runs.marked_lines(script)
    # Without the GIL the others may move while one looks: they are where they last allocated.
    for mark in ("grows",) if version.endswith("t") else ("waits", "sleeps", "grows"):
        assert f'{script.name}", line {lines[mark]},' in threads, (mark, threads)


def test_below_the_limit_nothing_happens(tmp_path):
    run = limited([WORKLOADS / "fills_memory.py", "200"], tmp_path)
    assert (run.status, run.out) == (0, b"200\n")
    assert run.report().verdict == "exited with status 0"


def test_a_shell_sees_137(tmp_path):
    words = runs.command_of([WORKLOADS / "fills_memory.py", "1000"], PYTHON, ["--limit=300M"])
    run = runs.run(["sh", "-c", '"$@"; echo $?', "sh", *words], tmp_path)
    assert run.stdout.split()[-1] == b"137"


@pytest.mark.parametrize("script", ["fills_memory.py 1000", "grows_without_bound.py"])
def test_every_run_ends_at_the_same_allocation(script, tmp_path):
    """With warm bytecode and the same environment; how often depends on the lane."""
    name, *args = script.split()
    numbers = set()
    for i in range(10 if FULL else 4):
        folder = tmp_path / str(i)
        folder.mkdir()
        report = killed(limited([WORKLOADS / name, *args], folder))
        numbers.add(report.folded("total").total())
    assert len(numbers) == 1, numbers


def test_what_differed_between_two_runs_is_named(tmp_path):
    """The first one finds no bytecode of a module; a third one has another environment."""
    helper = "".join(f"def f{i}(a): return a + {i}\n" for i in range(99))
    (tmp_path / "helper.py").write_text(helper)
    (tmp_path / "job.py").write_text("import helper\n"
                                     "held = []\nwhile True:\n    held.append({'a': len(held)})\n")
    env = runs.environment(PYTHONDONTWRITEBYTECODE=None, PYTHONPYCACHEPREFIX=None)

    def told(**variables):
        command = runs.command_of(["job.py"], PYTHON, ["--limit=40M"])
        command.remove("--quiet")
        run = runs.run(command, tmp_path, env={**env, **variables})
        assert run.returncode == -signal.SIGKILL
        return re.search(r"unlike the run before \((\S+)\): (.*)", run.stderr.decode())

    assert told() is None
    first = told()
    assert first[2].endswith("; what differed: the bytecode cache"), first[2]
    folders = sorted((tmp_path / "fil-result").iterdir())
    assert tmp_path / first[1] == folders[0]
    compared = runs.run([FIL, "report", f"--compare={folders[0]}", folders[1]], tmp_path)
    assert re.search(r"^  the bytecode cache: 1 of (\d+) source files had to be compiled; in the "
                     r"other 2 of \1 source files had to be compiled$",
                     compared.stdout.decode(), re.M), compared.stdout
    assert "the environment" in told(MORE="x" * 5000)[2]


def test_memory_that_is_never_touched_counts_for_nothing(tmp_path):
    program = WORKLOADS_BUILD / "reserves_and_touches_later"
    run = limited([program, "100"], tmp_path, python=None)
    assert (run.status, run.out) == (0, b"touched\n")
    assert run.report().verdict == "exited with status 0"


def test_the_page_cache_counts_for_nothing(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * (400 * MIB))
    code = "f = open('large', 'rb', 0)\nwhile f.read(1 << 20): pass\nprint('read')"
    run = limited(["-c", code], tmp_path)
    assert (run.status, run.out) == (0, b"read\n")


def test_memory_that_is_only_touched_is_noticed_from_outside(tmp_path):
    program = WORKLOADS_BUILD / "reserves_and_touches_later"
    report = killed(limited([program, "1000"], tmp_path, python=None))
    assert report.bytes_of("out of mem.") == 1024 * MIB


def test_children_that_only_read_files_are_left_alone(tmp_path):
    """Their faults look as if they copied what they share: it is looked at, and nobody stays
    stopped."""
    run = limited([WORKLOADS / "reads_a_file_in_children.py"], tmp_path)
    assert (run.status, run.out) == (0, b"done\n"), run.err
    assert run.report().verdict == "exited with status 0"


def test_children_count_and_what_they_share_counts_once(tmp_path):
    """100 MiB shared and 4 MiB a round: 300 MiB are full after some 40 rounds, not at once.

    (How soon after that depends on when the supervisor gets a processor: make bench-oom tells.)
    """
    run = limited([WORKLOADS / "grows_in_children.py", "2000"], tmp_path)
    report = killed(run)
    assert "still ran when it ended" not in report.text
    assert len(run.out.split()) >= 40


def test_allocated_memory_is_limited_when_it_is_asked_for(tmp_path):
    program = WORKLOADS_BUILD / "reserves_and_touches_later"
    run = limited([program, "0"], tmp_path, "--limit-of=allocated", python=None)
    assert run.status == -signal.SIGKILL
    assert run.report("out-of-memory").verdict == CEILING + " for what it asks for"


def test_blocks_count_as_allocators_make_them(tmp_path):
    """Single bytes take 16 while they are held: 20 MiB are 1.3 million of them, every time."""
    program = WORKLOADS_BUILD / "asks_for_single_bytes"
    run = limited([program], tmp_path, "--limit-of=allocated", "--on-limit=enomem", limit="20M",
                  python=None)
    assert run.status == 0, run.err
    first, second = map(int, run.out.split())
    # The program's own buffers are in it, if it has any by then.
    assert 20 * MIB / 16 - 1000 <= first <= 20 * MIB / 16
    assert first - 100 <= second <= first


def test_address_space_is_limited_by_the_kernel(tmp_path):
    run = limited([WORKLOADS / "fills_memory.py", "1000"], tmp_path, "--limit-of=address-space")
    assert run.status == -signal.SIGKILL
    assert run.report("out-of-memory").verdict == CEILING + " for its address space"


@contextlib.contextmanager
def reports_of_a_refusal(run):
    """The report of the end, and before it one of what was held at the first refusal."""
    refused, last = run.folders
    if not (last / "peak-memory.txt").exists():
        refused, last = last, refused
    yield runs.Report(refused, "out-of-memory"), runs.Report(last)


@pytest.mark.parametrize("metric", ["resident", "allocated"])
def test_a_numpy_job_catches_the_error_and_finishes(metric, tmp_path):
    script = WORKLOADS / "does_without_what_is_refused.py"
    run = limited([script], tmp_path, "--on-limit=enomem", f"--limit-of={metric}")
    assert (run.status, run.out) == (0, b"refused: MemoryError\n20 10\n"), run.err
    with reports_of_a_refusal(run) as (refused, last):
        assert last.verdict == "exited with status 0"
        assert "1 allocation was refused for lack of memory" in last.text
        line = f"{script}:{runs.marked_lines(script)['refused']}"
        assert refused.stacks.held_under(line) > 150 * MIB
        refused.assert_complete()
        last.assert_complete()


def test_a_c_program_gets_null_and_keeps_what_it_has(tmp_path):
    program = WORKLOADS_BUILD / "does_without_what_is_refused"
    run = limited([program], tmp_path, "--on-limit=enomem", python=None)
    assert run.status == 0
    assert run.out.decode().splitlines() == [
        "a larger block: refused", "the old one: as it was", "mappings: refused at the end",
        "then: goes on"]


def test_a_cpp_program_gets_bad_alloc(tmp_path):
    source = tmp_path / "program.cc"
    source.write_text("""#include <cstdio>
#include <cstring>
#include <new>
#include <vector>
int main() {
	std::vector<char *> blocks;
	try {
		while (blocks.size() < 1000) {
			char *block = new char[1 << 20];
			memset(block, 1, 1 << 20);
			blocks.push_back(block);
		}
	} catch (const std::bad_alloc &) {
		puts("bad_alloc");
	}
	for (char *block : blocks) {
		delete[] block;
	}
}
""")
    subprocess.run(["g++", "-O1", "-o", tmp_path / "program", source], check=True)
    run = limited([tmp_path / "program"], tmp_path, "--on-limit=enomem", python=None)
    assert (run.status, run.out) == (0, b"bad_alloc\n")


def test_what_was_granted_is_not_granted_again(tmp_path):
    """Not touched yet, but it may be: 200 MiB fit once. Given back, it can be had again."""
    code = "import mmap\nm = mmap.mmap(-1, 200 << 20)\n" \
           "try: mmap.mmap(-1, 200 << 20)\nexcept OSError as e: print(e.errno)\n" \
           "m.close()\nm = mmap.mmap(-1, 200 << 20)\n" \
           "for i in range(0, 200 << 20, 4096): m[i] = 1\n" \
           "m.close()\nprint(len(mmap.mmap(-1, 200 << 20)))"
    run = limited(["-c", code], tmp_path, "--on-limit=enomem")
    assert (run.status, run.out) == (0, b"12\n209715200\n"), run.err


@pytest.mark.parametrize("metric", ["resident", "allocated"])
def test_no_thread_gets_what_another_has(metric, tmp_path):
    """Eight threads ask for 1200 MiB at the same time, and touch what they get: one is let through
    with the last 2 MiB, not all of them, and nobody is killed for that. 10 rounds."""
    program = WORKLOADS_BUILD / "asks_in_threads"
    run = limited([program, "10", "touch"], tmp_path, "--on-limit=enomem", f"--limit-of={metric}",
                  limit="600M", python=None)
    assert run.status == 0, run.err
    most = int(run.out)
    # 600 MiB without what the program is besides, and without what its threads' tables take; one
    # that is refused while another's block is under way does not come back for it.
    assert 290 <= most <= 299


def test_memory_that_is_only_touched_cannot_be_refused(tmp_path):
    """Pages of a private mapping of a file become memory when written to: then it is a kill."""
    code = "import mmap\nf = open('f', 'w+b')\nf.truncate(400 << 20)\n" \
           "a = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)\n" \
           "for i in range(0, 400 << 20, 4096): a[i] = 1"
    run = limited(["-c", code], tmp_path, "--on-limit=enomem")
    assert run.status == -signal.SIGKILL
    assert run.report("out-of-memory").verdict.startswith(CEILING)


def test_a_chosen_allocation_fails(tmp_path):
    """A program's error paths can be walked: the fifth block is refused, and nothing after it."""
    program = WORKLOADS_BUILD / "does_without_what_is_refused"
    run = profile([program], tmp_path, None, ["--fail-at=5"])
    # It stops at the first NULL, and finds that there is room for more after all; its mappings
    # find an end only at the 1000 that it is content with.
    assert run.out.decode().splitlines() == [
        "a larger block: given", "the old one: as it was", "mappings: never refused",
        "then: goes on"]


def test_a_program_that_gives_up_system_calls_is_watched_from_outside(tmp_path):
    program = WORKLOADS_BUILD / "gives_up_system_calls"
    run = limited([program, "100"], tmp_path, python=None)
    assert (run.status, run.out) == (0, b"filled\n")
    (tmp_path / "more").mkdir()
    report = killed(limited([program, "1000"], tmp_path / "more", python=None))
    assert report.bytes_of("out of mem.") > 290 * MIB


def state_of(pid):
    return re.search(r"State:\t(\S)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]


def test_a_stopped_program_can_be_looked_at_and_goes_on(tmp_path):
    words = [FIL, "run", "--no-browser", "--python", PYTHON, "--limit=300M", "--on-limit=stop",
             WORKLOADS / "fills_memory.py", "400"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL) as process:
        said = []
        for line in process.stderr:
            said.append(line.decode())
            if "what is held now" in said[-1]:
                break
        stopped = int(re.search(r"stopped at the limit: process (\d+)", "".join(said))[1])
        assert state_of(stopped) == "T"
        os.kill(process.pid, signal.SIGCONT)
        out, _ = process.communicate(timeout=runs.HANG_S)
    assert (process.returncode, out) == (0, b"400\n")
    kinds = {(folder / "out-of-memory.txt").exists()
             for folder in (tmp_path / "fil-result").iterdir()}
    assert kinds == {True, False}


def test_a_stopped_program_goes_on_if_fil_profile_is_killed(tmp_path):
    """kill -9: nobody is left who could tell what to continue, but for the witness."""
    words = [FIL, "run", "--no-browser", "--python", PYTHON, "--limit=300M", "--on-limit=stop",
             WORKLOADS / "fills_memory.py", "400"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL) as process:
        for line in process.stderr:
            stopped = re.search(rb"stopped at the limit: process (\d+)", line)
            if stopped:
                break
        while state_of(int(stopped[1])) != "T":
            pass
        process.kill()
        assert process.stdout.read() == b"400\n"
    assert process.returncode == -signal.SIGKILL


def test_handlers_that_leave_do_not_take_the_limit_along(tmp_path):
    """A reading that a handler has left by siglongjmp is not under way for ever."""
    program = WORKLOADS_BUILD / "leaves_its_handler"
    run = limited([program], tmp_path, "--on-limit=enomem", limit="100M", python=None)
    assert (run.status, run.out) == (0, b"refused\n"), run.err


def test_addresses_are_random_if_that_is_wanted(tmp_path):
    code = "print(open('/proc/self/personality').read(), __import__('os').environ.get(" \
           "'PYTHONHASHSEED'))"
    fixed = limited(["-c", code], tmp_path)
    (tmp_path / "b").mkdir()
    random = limited(["-c", code], tmp_path / "b", "--no-deterministic")
    assert fixed.out.split() == [b"00040000", b"0"]
    assert random.out.split() == [b"00000000", b"None"]
