# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What programs do to themselves, and what is done to them: all works as without us."""

import contextlib
import os
import platform
import resource
import signal
import subprocess
import time

import pytest
import runs
from runs import MIB, PYTHON, WORKLOADS, every_version, interpreter, profile

PROLOGUE = """import ctypes, os, resource, signal, sys, threading
LIBC = ctypes.CDLL(None, use_errno=True)
def hold(size):
    return bytes(size)
before = hold(10_000_000)
"""
HOLD_LINE = 4
# Small objects too: what the hook keeps of them has to grow as well.
EPILOGUE = """
after = hold(20_000_000)
many = [str(number) for number in range(100_000)]
"""
BOTH = 30_000_000 + 2 * 33

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root")


class Fault:
    """Runs PROLOGUE, what is special and EPILOGUE as one script, with and without us."""

    def __init__(self, folder):
        self.folder, self.script = folder, folder / "job.py"

    def run(self, special, python=PYTHON, epilogue=EPILOGUE, **how):
        self.script.write_text(PROLOGUE + special + epilogue)
        bare = runs.run([python, self.script], self.folder, **how)
        run = profile([self.script], self.folder, python, **how)
        assert (run.status, run.out, run.err) == (bare.returncode, bare.stdout, bare.stderr)
        return run

    def assert_reported(self, special, status=0, **how):
        """The program ends as without us, and the report has what it held, to the byte."""
        run = self.run(special, **how)
        assert run.status == status, run.err
        report = run.report()
        report.assert_complete()
        held = report.allocated_at(f"{self.script}:{HOLD_LINE}")
        assert BOTH <= held <= BOTH + 2 * 16
        return report


@pytest.fixture
def fault(tmp_path):
    return Fault(tmp_path)


# Depth and number of stacks.

RECURSION = """
threading.stack_size(512 * 1024 * 1024)
sys.setrecursionlimit(20_000)
def descend(depth):
    if depth:
        return descend(depth - 1)
    return hold(7_000_000)
kept = []
thread = threading.Thread(target=lambda: kept.append(descend(10_000)))
thread.start()
thread.join()
print(len(kept[0]))
"""


@pytest.mark.parametrize("version", runs.versions() if runs.FULL else ["3.11", "3.13"])
def test_recursion_of_10000_frames(version, fault):
    run = fault.run(RECURSION, interpreter(version))
    assert (run.status, run.out) == (0, b"7000000\n")
    report = run.report()
    report.assert_complete()
    line = fault.script.read_text().splitlines().index("        return descend(depth - 1)") + 1
    frame = f"{fault.script}:{line} (descend)"
    deep = [stack for stack, size in report.stacks.items()
            if size >= 7_000_033 and stack[-1].startswith(f"{fault.script}:{HOLD_LINE} ")]
    assert [stack.count(frame) for stack in deep if frame in stack] == [10_000]


@pytest.mark.skipif(not runs.FULL, reason="the full lane's: it takes long")
def test_recursion_that_holds_at_every_level_has_a_report_of_bounded_size(fault):
    special = ("sys.setrecursionlimit(20_000)\n"
               "def descend(depth):\n    held = bytearray(1000)\n"
               "    return descend(depth - 1) if depth else 0\ndescend(9_000)\n")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))

    fault.script.write_text(PROLOGUE + special)
    run = profile([fault.script], fault.folder, PYTHON, preexec_fn=limit)
    assert run.status == 0, run.err
    size = sum(path.stat().st_size for path in run.folders[0].iterdir())
    assert size < 256 * MIB


@pytest.mark.skipif(not runs.FULL, reason="the full lane's: it takes long")
def test_a_million_stacks(fault):
    special = ("def leaf(number):\n    made = [number]\n"
               "    return made if number % 4096 == 0 else None\n"
               "def tree(depth, number):\n    if not depth:\n        return leaf(number)\n"
               "    left = tree(depth - 1, 2 * number)\n"
               "    right = tree(depth - 1, 2 * number + 1)\n"
               "    return (left, right) if left or right else None\n"
               "kept = tree(20, 0)\n")
    report = fault.assert_reported(special)
    assert report.bytes_of("profiler") < 1 << 30


# Limits.

@pytest.mark.parametrize("name,limit", [
    ("AS", 1 << 30), ("DATA", 256 << 20), ("NOFILE", 16), ("STACK", 256 << 10), ("CORE", 0)])
def test_limits_from_the_start(name, limit, fault):
    which = getattr(resource, f"RLIMIT_{name}")
    fault.assert_reported("", preexec_fn=lambda: resource.setrlimit(which, (limit, limit)))


def test_a_limit_of_file_size_that_is_too_low_is_refused_in_words(fault):
    """It holds for shared memory too; nothing has been started then."""
    fault.script.write_text(PROLOGUE + "print('done')\n")
    run = profile([fault.script], fault.folder, PYTHON,
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert (run.status, run.out, run.folders) == (125, b"", [])
    assert b"File too large (raise ulimit -f)" in run.err


def test_a_limit_of_file_size_that_the_program_sets(fault):
    """The segment was made before, and grows without a file."""
    fault.assert_reported("resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n")


@pytest.mark.parametrize("name", ["AS", "DATA"])
@pytest.mark.parametrize("room_mib", [60, 200])
def test_limits_that_the_program_sets(name, room_mib, fault):
    special = (f"used = int(open('/proc/self/statm').read().split()[0]) * 4096\n"
               f"limit = used + {room_mib} * 1024 * 1024\n"
               f"resource.setrlimit(resource.RLIMIT_{name}, (limit, limit))\n")
    fault.assert_reported(special)


def test_a_limit_that_the_program_runs_into(fault):
    """As much fits as without us, but for what the segment itself needs; then MemoryError."""
    special = ("resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))\nblocks = []\n"
               "try:\n    while True:\n        blocks.append(hold(10 << 20))\n"
               "except MemoryError:\n    print('refused')\n"
               "sys.stderr.write(str(len(blocks)))\n")
    fault.script.write_text(PROLOGUE + special)
    bare = runs.run([PYTHON, fault.script], fault.folder)
    run = profile([fault.script], fault.folder, PYTHON)
    assert (run.status, run.out) == (bare.returncode, bare.stdout) == (0, b"refused\n")
    assert int(bare.stderr) - 4 <= int(run.err) <= int(bare.stderr)


def test_mlockall(fault):
    special = "print(LIBC.mlockall(3))\n"
    report = fault.assert_reported(special)
    assert report.bytes_of("profiler") < 64 * MIB


# What a program takes away from itself.

def test_not_dumpable(fault):
    fault.assert_reported("assert LIBC.prctl(4, 0, 0, 0, 0) == 0\n")


SECCOMP = """
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]
def instruction(code, jump_true, jump_false, value):
    return (code.to_bytes(2, "little") + bytes([jump_true, jump_false])
            + value.to_bytes(4, "little"))
# linux/bpf_common.h: 0x20 load a word of struct seccomp_data, 0x15 jump if equal, 0x06 return.
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7fff0000, 0x00050001
def install(*program):
    code = b"".join(instruction(*one) for one in program)
    assert LIBC.prctl(38, 1, 0, 0, 0) == 0
    assert LIBC.prctl(22, 2, ctypes.byref(Program(len(code) // 8, code)), 0, 0) == 0
"""
# open, openat, kill, tgkill; and mmap of any descriptor.
REFUSING = SECCOMP + """
install((LOAD, 0, 0, 0), (JUMP_EQUAL, 7, 0, 2), (JUMP_EQUAL, 6, 0, 257), (JUMP_EQUAL, 5, 0, 62),
        (JUMP_EQUAL, 4, 0, 234), (JUMP_EQUAL, 0, 2, 9), (LOAD, 0, 0, 48),
        (JUMP_EQUAL, 0, 1, 0xffffffff), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE))
try:
    open("/dev/null")
except PermissionError:
    print("refused")
"""
# read, write, close, fstat, lseek, mmap, mprotect, munmap, brk, sigaction, sigprocmask, sigreturn,
# ioctl, futex, exit, exit_group; nothing else.
ALLOWING = SECCOMP + """
few = (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 202, 60, 231)
install((LOAD, 0, 0, 0), *((JUMP_EQUAL, len(few) - i, 0, n) for i, n in enumerate(few)),
        (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW))
try:
    open("/dev/null")
except PermissionError:
    print("refused")
"""
on_x86_64 = pytest.mark.skipif(platform.machine() != "x86_64",
                               reason="the filters have the system call numbers of x86-64")


@on_x86_64
def test_seccomp_that_refuses(fault):
    fault.assert_reported(REFUSING)


@on_x86_64
def test_seccomp_that_allows_little(fault):
    """The segment may not be able to grow: then the report says what is missing."""
    run = fault.run(ALLOWING)
    assert (run.status, run.out) == (0, b"refused\n")
    report = run.report()
    assert report.allocated_at(f"{fault.script}:{HOLD_LINE}") >= 10_000_033
    if "yes" in report.rows["check"]:
        report.assert_complete()
    else:
        assert "not recorded" in report.text, report.text[:3000]


@needs_root
def test_chroot(fault, tmp_path):
    (tmp_path / "jail").mkdir()
    report = fault.assert_reported(f"os.chroot({str(tmp_path / 'jail')!r})\nos.chdir('/')\n")
    assert "return bytes(size)" in report.text


def test_closed_descriptors(fault):
    fault.assert_reported("os.closerange(0, 1024)\n",
                          epilogue=EPILOGUE + "os._exit(3)\n", status=3)


def test_other_things_at_its_descriptors(fault):
    special = ("null = os.open('/dev/null', os.O_RDWR)\n"
               "for number in range(3, 300):\n    os.dup2(null, number)\n")
    fault.assert_reported(special)


@needs_root
def test_another_user(fault):
    special = "os.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
    fault.assert_reported(special)


@needs_root
def test_another_user_who_execs(fault):
    """The hook's file is not readable for that user; nothing of that may be seen."""
    special = ("os.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
               "os.execve('/bin/sh', ['sh', '-c', 'echo $0 $LD_PRELOAD; exit 5'], {})\n")
    run = fault.run(special)
    assert (run.status, run.out, run.err) == (5, b"sh\n", b"")
    assert run.report().verdict == "exited with status 5"


def test_signals_by_the_thousand(fault):
    special = ("signal.signal(signal.SIGALRM, lambda *_: hold(1000))\n"
               "signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)\n"
               "for _ in range(20_000):\n    hold(5000)\n"
               "signal.setitimer(signal.ITIMER_REAL, 0)\n")
    fault.assert_reported(special)


# Threads.

@every_version
def test_threads_one_after_another(version, fault):
    special = ("kept = []\nfor number in range(2_000):\n"
               "    thread = threading.Thread(target=lambda: kept.append(bytearray(10_000)))\n"
               "    thread.start()\n    thread.join()\nprint(len(kept))\n")
    report = fault.assert_reported(special, python=interpreter(version))
    line = f"{fault.script}:{PROLOGUE.count(chr(10)) + 3}"
    # The blocks themselves, their objects, and the list of them.
    assert 2_000 * 10_001 <= report.allocated_at(line) <= 2_000 * 10_300


@every_version
def test_threads_at_once(version, fault):
    special = ("kept, together = [], threading.Barrier(200)\n"
               "def work():\n    block = bytearray(100_000)\n    kept.append(block)\n"
               "    for size in range(500):\n        bytearray(size * 10)\n"
               "    together.wait()\n"
               "threads = [threading.Thread(target=work) for _ in range(200)]\n"
               "for thread in threads:\n    thread.start()\n"
               "for thread in threads:\n    thread.join()\nprint(len(kept))\n")
    report = fault.assert_reported(special, python=interpreter(version))
    line = f"{fault.script}:{PROLOGUE.count(chr(10)) + 3}"
    assert 200 * 100_001 <= report.allocated_at(line) <= 200 * 100_200


# While it runs.

def wait_for(condition, what):
    """Wait until something has come true; what never does is a failure."""
    end = time.monotonic() + runs.HANG_S / 5
    while not condition():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.02)


STATES = {
    "waiting": "",
    "in C with the GIL": "ctypes.PyDLL(None).sleep(10_000)\n",
    "in C without the GIL": "LIBC.sleep(10_000)\n",
    "busy": "while True: pass\n",
    "allocating": "while True: bytearray(100)\n",
    "with the signal blocked": "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])\n",
    "stopped": "",
}


@contextlib.contextmanager
def started(script, special, folder):
    """The running script and its pid, from when it has said that; killed at the end."""
    script.write_text(PROLOGUE + "print(os.getpid(), flush=True)\n" + special
                      + "sys.stdin.read()\n" + EPILOGUE + "print('told', flush=True)\n")
    with subprocess.Popen(runs.command_of([script], PYTHON), cwd=folder, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        pid = int(process.stdout.readline())
        try:
            yield process, pid
        finally:
            for victim in pid, process.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)


def written(folder):
    """Folders of complete reports, oldest first."""
    return sorted(path.parent for path in folder.glob("fil-result/*/index.html"))


@pytest.mark.parametrize("state", STATES)
def test_a_report_of_the_peak_so_far(state, fault):
    with started(fault.script, STATES[state], fault.folder) as (process, pid):
        if state == "stopped":
            os.kill(pid, signal.SIGSTOP)
        process.send_signal(signal.SIGUSR2)
        wait_for(lambda: written(fault.folder), "a report")
        first = runs.Report(written(fault.folder)[0])
        line = f"{fault.script}:{HOLD_LINE}"
        assert first.allocated_at(line) == 10_000_033
        assert "still running" in first.verdict or "running" in first.verdict, first.verdict
        if state == "stopped":
            os.kill(pid, signal.SIGCONT)
        if state in ("waiting", "stopped", "with the signal blocked"):
            assert process.communicate(timeout=runs.HANG_S)[0] == b"told\n"
            assert process.returncode == 0
            read_last = runs.Report
        else:
            os.kill(pid, signal.SIGKILL)
            assert process.wait(timeout=runs.HANG_S) == -signal.SIGKILL
            read_last = runs.report_of_a_killed_one
    # Named by the start of the run, so that it is the first of the two.
    last, snapshot = written(fault.folder)
    assert snapshot == first.folder
    read_last(last).assert_complete()


@pytest.mark.parametrize("state", ["waiting", "in C without the GIL", "busy", "allocating"])
def test_a_report_asked_of_the_program(state, fault):
    with started(fault.script, STATES[state], fault.folder) as (_, pid):
        os.kill(pid, signal.SIGUSR2)
        wait_for(lambda: written(fault.folder), "a report")
        report = runs.Report(written(fault.folder)[0])
        assert report.allocated_at(f"{fault.script}:{HOLD_LINE}") == 10_000_033
        assert os.path.exists(f"/proc/{pid}")


def test_a_handler_of_the_program_is_its_own(fault):
    special = ("signal.signal(signal.SIGUSR2, lambda *_: print('own', flush=True))\n"
               "print('set', flush=True)\n")
    with started(fault.script, special, fault.folder) as (process, pid):
        assert process.stdout.readline() == b"set\n"
        os.kill(pid, signal.SIGUSR2)
        assert process.stdout.readline() == b"own\n"
        assert process.communicate(timeout=runs.HANG_S)[0] == b"told\n"
    assert len(written(fault.folder)) == 1


def test_the_program_goes_on_without_us(fault):
    """It is not ours any more when we are killed; it ends normally, and nothing waits for us."""
    churn = "blocks = [bytearray(number) for number in range(20_000)]\n"
    with started(fault.script, "", fault.folder) as (process, pid):
        text = fault.script.read_text()
        assert churn not in text
        process.kill()
        assert process.wait(timeout=runs.HANG_S) == -signal.SIGKILL
        assert os.path.exists(f"/proc/{pid}")
        process.stdin.close()
        # Its stdout ends when it does.
        assert process.stdout.read() == b"told\n"


def test_the_program_goes_on_without_us_while_it_allocates(fault):
    special = ("import threading\ngone = []\n"
               "def work():\n    while not gone:\n        bytearray(3_000_000)[:10]\n"
               "        [bytes(number) for number in range(100)]\n"
               "threads = [threading.Thread(target=work) for _ in range(4)]\n"
               "for thread in threads:\n    thread.start()\n"
               "print('busy', flush=True)\nsys.stdin.read()\ngone.append(1)\n"
               "for thread in threads:\n    thread.join()\n")
    with started(fault.script, special, fault.folder) as (process, _):
        assert process.stdout.readline() == b"busy\n"
        process.kill()
        process.wait(timeout=runs.HANG_S)
        process.stdin.close()
        assert process.stdout.read() == b"told\n"


def test_hostile_names(fault):
    """Names of any kind are in the report as text that breaks nothing."""
    special = ("name = 'a;b\\n<script>alert(1)</script>\\x1b[31m\\t\\u202e\\\"&'\n"
               "code = 'def f():\\n    return bytes(3_000_000)\\nkept = f()'\n"
               "exec(compile(code, name, 'exec'))\n"
               "odd = {'size': 4_000_000}\n"
               "exec(compile('kept = bytes(size)', '\\udcff\\udcfe', 'exec'), odd)\n")
    fault.assert_reported(special)
