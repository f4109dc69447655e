# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""fil-profile python: parts of a program are profiled when it asks for that, and only then."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

import pytest
import runs
from runs import FIL, PYTHON, WORKLOADS, Report, every_version, interpreter

PARTS = WORKLOADS / "profiles_its_parts.py"
MB = 1_000_000
# What the interpreter allocates for itself while a block runs, and objects around the big ones.
SMALL = 20_000
NOBODY = 65534
ONLY_ONE = "another block is being profiled"


def start(words, cwd, python=PYTHON, **how):
    """fil-profile python WORDS to its end."""
    return runs.run([FIL, f"--python={python}", "python", *words], cwd, **how)


def call(way, tmp_path, python=PYTHON):
    """What the workload prints of a way, and the folder for its report."""
    folder = tmp_path / "new" / "report"
    ended = start([PARTS, way, folder], tmp_path, python)
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stderr == b""
    return json.loads(ended.stdout), folder


def line_of(mark):
    return f"{PARTS}:{runs.marked_lines(PARTS)[mark]}"


def is_about(value, expected):
    return expected <= value <= expected + SMALL


@every_version
def test_function_is_profiled_into_its_folder(version, tmp_path):
    told, folder = call("as_function", tmp_path, interpreter(version))
    report = Report(folder)
    report.assert_complete()
    assert told == {"value": 20 * MB, "before": 50 * MB}
    assert is_about(report.peak, 50 * MB)
    assert is_about(report.allocated_at(line_of("kept")), 20 * MB)
    assert is_about(report.allocated_at(line_of("dropped")), 30 * MB)
    assert report.verdict == "a part of the program, which ended"
    # Stacks begin with the function, without ours and its callers.
    assert all(len(stack) == 1 for stack in report.stacks if "(allocate)" in stack[-1])
    assert (folder.stat().st_mode & 0o777) == 0o700


@every_version
def test_code_in_the_place_of_older_code_is_not_taken_for_it(version, tmp_path):
    told, folder = call("as_replaced_code", tmp_path, interpreter(version))
    report = Report(folder)
    assert is_about(report.held_under("<made>:7 (older)"), MB)
    # Without the GIL memory of code is not used again so soon.
    if told["line"]:
        assert is_about(report.held_under(f"<made>:{told['line']} (newer)"), MB)
    assert told["line"] or version.endswith("t")


def test_exception_comes_out_and_leaves_a_report(tmp_path):
    told, folder = call("as_failing_function", tmp_path)
    assert told == {"raised": "'on purpose'"}
    assert is_about(Report(folder).peak, 50 * MB)


@every_version
def test_block_tells_its_numbers_and_lines(version, tmp_path):
    told, folder = call("as_block", tmp_path, interpreter(version))
    assert is_about(told["peak"], 55 * MB)
    assert is_about(told["live"], 5 * MB)
    assert is_about(told["inside"][0], 55 * MB)
    assert is_about(told["inside"][1], 5 * MB)
    assert told["report"] == str(folder / "index.html")
    first, second = told["top"]
    assert f"{first[1]}:{first[2]}" == line_of("dropped")
    assert f"{second[1]}:{second[2]}" == line_of("kept")
    assert f"{told['end'][0][1]}:{told['end'][0][2]}" == line_of("held")
    report = Report(folder)
    report.assert_complete()
    assert report.peak == told["peak"]
    # Callers of the function with the block are left out, its own lines are not.
    assert {stack[0].split(" ")[1] for stack in report.stacks if "(allocate)" in stack[-1]} == {
        "(as_block)"}


def test_blocks_begin_from_nothing(tmp_path):
    told, _ = call("as_blocks", tmp_path)
    for (peak, live), size in zip(told, (10, 20, 5)):
        assert is_about(peak, size * MB)
        assert is_about(live, size * MB if size != 10 else 0)


def test_decorator_profiles_each_call(tmp_path):
    told, folder = call("as_decorator", tmp_path)
    assert told == {"value": 11 * MB, "name": "decorated"}
    assert is_about(Report(folder).peak, 11 * MB)


@every_version
def test_async_function_is_one_block(version, tmp_path):
    told, folder = call("as_async_decorator", tmp_path, interpreter(version))
    assert told["value"] == 10 * MB
    assert told["error"].startswith(ONLY_ONE)
    report = Report(folder)
    assert is_about(report.allocated_at(line_of("async")), 10 * MB)
    # Whatever the event loop did between: the coroutine is the first frame.
    assert any(len(stack) == 1 for stack in report.stacks if line_of("async") in stack[-1])


def test_generator_function_is_refused(tmp_path):
    told, folder = call("as_generator", tmp_path)
    assert "is a generator function" in told["error"]
    assert not folder.exists()


def test_nested_block_is_refused_and_the_outer_one_goes_on(tmp_path):
    told, folder = call("nested", tmp_path)
    assert told["error"].startswith(ONLY_ONE)
    assert is_about(told["peak"], 5 * MB)
    assert Report(folder).peak == told["peak"]


@every_version
def test_interrupt_leaves_no_block_open(version, tmp_path):
    told, _ = call("interrupted_anywhere", tmp_path, interpreter(version))
    assert len(told["states"]) > 40
    assert set(told["states"]) == {"OFF"}
    assert is_about(told["peak"], 50 * MB)


def test_tracing_tells_current_and_peak_bytes(tmp_path):
    told, folder = call("traced", tmp_path)
    assert is_about(told["peak"], 10 * MB)
    assert is_about(told["now"], 10 * MB)
    assert told["freed"] < SMALL
    assert told["after"] < SMALL
    assert is_about(told["last"], 2 * MB)
    assert "start_tracing()" in told["off"]
    assert told["twice"] == "stop_tracing() without start_tracing()"
    report = Report(folder)
    report.assert_complete()
    assert report.peak == told["last"]


def test_block_in_a_thread(tmp_path):
    told, _ = call("in_thread", tmp_path)
    assert is_about(told["peak"], 7 * MB)


def test_block_counts_what_other_threads_allocate(tmp_path):
    told, _ = call("of_all_threads", tmp_path)
    assert is_about(told["peak"], 9 * MB)


def test_threads_profile_in_turn_or_are_told(tmp_path):
    told, _ = call("in_turn", tmp_path)
    assert len(told) == 10
    for result in told:
        if isinstance(result, str):
            assert result.startswith(ONLY_ONE)
        else:
            # Either the block's own, or the other thread's beside it.
            assert result < 30 * MB + SMALL


@every_version
def test_forked_child_is_told_and_changes_nothing(version, tmp_path):
    told, folder = call("in_child", tmp_path, interpreter(version))
    assert all(error.startswith("this is a child process") for error in told["errors"])
    assert is_about(told["peak"], 3 * MB)
    Report(folder).assert_complete()


@every_version
def test_limit_of_a_block_raises_memory_error(version, tmp_path):
    told, folder = call("limited", tmp_path, interpreter(version))
    assert 45 <= told["handled"] <= 49
    assert told["kept"] == told["handled"] + 50
    assert told["refused"] >= MB
    assert told["peak"] <= 50 * MB
    assert Report(folder).peak == told["peak"]


def test_death_inside_leaves_a_report(tmp_path):
    folder = tmp_path / "report"
    while True:
        before = runs.oom_kills()
        ended = start([PARTS, "dies_inside", folder], tmp_path)
        if runs.oom_kills() == before:
            break
    assert ended.returncode == -signal.SIGKILL
    report = runs.report_of_a_killed_one(folder)
    assert is_about(report.peak, 40 * MB)
    assert report.verdict.startswith("killed by somebody's signal 9")
    assert f"the report is in {folder}/index.html" in ended.stderr.decode()


def test_signal_shows_an_open_block(tmp_path):
    folder = tmp_path / "report"
    with subprocess.Popen([FIL, f"--python={PYTHON}", "python", PARTS, "waits_inside", folder],
                          cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        process.send_signal(signal.SIGUSR2)
        # Its last file appears whole.
        while not (folder / "index.html").exists():
            os.sched_yield()
        assert is_about(Report(folder).peak, 40 * MB)
        process.terminate()
    assert Report(folder).verdict.startswith("killed by signal 15")


def test_source_that_is_on_no_disk_is_shown(tmp_path):
    _, folder = call("from_memory", tmp_path)
    report = Report(folder)
    assert is_about(report.allocated_at("<cell 1>:2"), 8 * MB)
    assert "return len(bytearray(8_000_000))  # from memory" in report.text


@every_version
def test_machine_code_is_told_where_it_is_wanted(version, tmp_path):
    _, folder = call("native", tmp_path, interpreter(version))
    for number, is_native in enumerate((False, True, False, True)):
        report = Report(folder.with_name(f"{folder.name}-{number}"))
        assert report.rows["check"].startswith("stacks sum to the peak: yes")
        inner = [stack[-1] for stack in report.stacks if any(line_of("native") in frame
                                                             for frame in stack)]
        assert any("deflateInit2_" in frame for frame in inner) == is_native, inner
        assert report.peak > 200_000


@every_version
def test_nothing_is_wrapped_outside_of_blocks(version, tmp_path):
    """The interpreter's allocators are its own before the first block and after the last.

    Without the GIL they cannot be exchanged while threads run: there they are wrapped throughout.
    """
    script = """
import ctypes
from filprofiler import api
class Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("ctx", "malloc", "calloc", "realloc", "free")]
def now():
    found = []
    for domain in (1, 2):
        allocator = Allocator()
        ctypes.pythonapi.PyMem_GetAllocator(domain, ctypes.byref(allocator))
        found.append(allocator.malloc)
    return found
before = now()
with api.profile_block():
    inside = now()
print(inside != before, now() == before)
import tracemalloc
with api.profile_block():
    tracemalloc.start()
for _ in range(3):
    with api.profile_block() as run:
        block = bytearray(10_000_000)
    assert run.peak_bytes >= 10_000_000
    print(sum(trace.size for trace in tracemalloc.take_snapshot().traces) >= 10_000_000)
    del block
tracemalloc.stop()
with api.profile_block() as run:
    blocks = [object() for _ in range(10_000)]
assert run.peak_bytes > 160_000
"""
    ended = start(["-c", script], tmp_path, interpreter(version))
    changes = not version.endswith("t")
    assert ended.stdout.decode() == f"{changes} True\n" + "True\n" * 3, ended.stderr.decode()


def test_interpreter_is_an_ordinary_one(tmp_path):
    """Its arguments, what it prints and its status; no folder, nothing on stderr."""
    code = "import sys; print(sys.argv, sys.flags.utf8_mode); sys.exit(7)"
    ended = start(["-c", code, "-o", "-m"], tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, b"['-c', '-o', '-m'] 0\n", b"")
    ended = start(["-X", "utf8", "-"], tmp_path, stdin=None, input=b"import sys; print(__name__)")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"__main__\n", b"")
    assert list(tmp_path.iterdir()) == []


def test_under_run_the_path_is_pythons_own(tmp_path):
    ended = runs.profile(["-c", "import sys; print(any('/proc' in path for path in sys.path))"],
                         tmp_path)
    assert ended.out == b"False\n"


OUTSIDE = """
import filprofiler, pathlib
try:
    filprofiler.profile(print, "report")
except RuntimeError as error:
    print(error)
assert not pathlib.Path("report").exists()
"""


def package_path():
    return os.environ["FIL_ROOT"] + "/cmd/python"


def test_outside_the_package_imports_and_tells_how_to_start(tmp_path):
    env = runs.environment(PYTHONPATH=package_path())
    ended = runs.run([PYTHON, "-c", OUTSIDE], tmp_path, env=env)
    assert ended.stdout.startswith(b"fil-profile has not started this process"), ended.stderr
    assert b"fil-profile python SCRIPT.py" in ended.stdout


def under_run(words, cwd, python=PYTHON, options=()):
    """fil-profile run WORDS, with the package as if it was installed; the run and its report."""
    env = runs.environment(PYTHONPATH=package_path())
    run = runs.profile(words, cwd, python, options, env=env)
    return run, run.report()


@every_version
def test_block_under_run_has_its_report_and_the_run_keeps_its_own(version, tmp_path):
    """Two windows: neither changes what the other says."""
    folder = tmp_path / "blocks"
    ended, report = under_run([PARTS, "beside_a_run", folder], tmp_path, interpreter(version))
    told = json.loads(ended.out)
    report.assert_complete()
    # Before the blocks 40 MB are held, in the first one 20 more.
    assert report.peak >= 60 * MB
    assert is_about(report.allocated_at(line_of("before")), 40 * MB)
    assert is_about(report.allocated_at(line_of("first")), 20 * MB)
    assert report.allocated_at(line_of("second")) == 0
    first, second = Report(folder / "first"), Report(folder / "second")
    for part in (first, second):
        part.assert_complete()
        assert part.verdict == "a part of the program, which ended"
        assert not any("(<module>)" in frame for stack in part.stacks for frame in stack)
    assert is_about(first.peak, 20 * MB)
    assert is_about(second.peak, 7 * MB)
    assert is_about(second.allocated_at(line_of("second")), 7 * MB)
    for (peak, live), (size, left) in zip(told["parts"], ((20, 20), (7, 0), (0, 0))):
        assert is_about(peak, size * MB)
        assert is_about(live, left * MB)
    # Of the whole run, between blocks.
    assert told["now"] >= 0
    assert told["peak"] >= 60 * MB
    assert told["reset"].startswith("the peak of the whole run stays")


def test_run_is_the_same_with_and_without_blocks(tmp_path):
    """To the byte, by line: what blocks are for is not in the way of what the run is for."""
    script = ("import sys, contextlib, filprofiler\n"
              "part = filprofiler.profile_block if sys.argv[1] == 'with' else "
              "contextlib.nullcontext\n"
              "def work(more):\n"
              "    kept = [bytearray(more + size) for size in range(100_000, 200_000, 1000)]\n"
              "    del kept[::2]\n"
              "    return kept + [object() for _ in range(1000)]\n"
              "first = work(0)\n"
              "for number in range(5):\n"
              "    with part():\n"
              "        second = work(number * 10_000)\n"
              "        del first\n"
              "    first = second\n")
    found = []
    for way in ("with", "without"):
        (tmp_path / way).mkdir()
        (tmp_path / "job.py").write_text(script)
        _, report = under_run([tmp_path / "job.py", way], tmp_path / way)
        report.assert_complete()
        found.append({stack: size for stack, size in report.stacks.items()
                      if any("(work)" in frame for frame in stack)})
    assert found[0] == found[1]
    assert sum(found[0].values()) > 20 * MB


def test_death_in_a_block_under_run_leaves_both_reports(tmp_path):
    folder = tmp_path / "report"
    while True:
        before = runs.oom_kills()
        env = runs.environment(PYTHONPATH=package_path())
        ended = runs.run([FIL, "run", "--no-browser", "--python", PYTHON, PARTS, "dies_inside",
                          folder], tmp_path, env=env)
        if runs.oom_kills() == before:
            break
    assert ended.returncode == -signal.SIGKILL
    said = ended.stderr.decode()
    assert f"that of the block which was open is in {folder}/index.html" in said
    report = runs.report_of_a_killed_one(folder)
    assert is_about(report.peak, 40 * MB)
    assert report.verdict.startswith("killed by somebody's signal 9")
    (whole,) = (tmp_path / "fil-result").iterdir()
    assert runs.report_of_a_killed_one(whole).peak > 41 * MB


def test_limit_of_a_block_under_run(tmp_path):
    """It is the block's own: what was there before does not count, nor is the run's verdict its."""
    folder = tmp_path / "report"
    ended, report = under_run([PARTS, "limited_beside_a_run", folder], tmp_path)
    told = json.loads(ended.out)
    assert 45 <= told["handled"] <= 49
    assert told["refused"] >= MB
    assert told["again"] == told["handled"]
    report.assert_complete()
    assert report.verdict.startswith("exited with status 0")
    assert report.peak >= 100 * MB
    assert is_about(Report(folder).peak, told["handled"] * MB)


def test_what_a_block_cannot_have_under_run_is_told(tmp_path):
    script = ("import filprofiler\n"
              "for how in ({'limit_bytes': 10**9}, {'native': True}):\n"
              "    try:\n        with filprofiler.profile_block(**how): pass\n"
              "    except RuntimeError as error:\n        print(error)\n"
              "    else:\n        print('done')\n")
    told = []
    for options in ([], ["--limit=2G"], ["--native"]):
        (tmp_path / str(len(told))).mkdir()
        ended, _ = under_run(["-c", script], tmp_path / str(len(told)), options=options)
        told.append(ended.out.decode().splitlines())
    assert told[0][0] == told[2][0] == told[2][1] == "done"
    assert "if that was started with --native" in told[0][1]
    assert "has set a limit for the whole program" in told[1][0]


@every_version
def test_allocators_that_python_puts_in_place_are_wrapped(version, tmp_path):
    """-X dev and PYTHONMALLOC replace them while the interpreter starts."""
    script = ("import filprofiler\n"
              "with filprofiler.profile_block() as run: held = [object() for _ in range(50_000)]\n"
              "print(run.peak_bytes)\n")
    said = [start([*how, "-c", script], tmp_path, interpreter(version), env=env).stdout
            for how, env in (((), None), (("-X", "dev"), None),
                             ((), runs.environment(PYTHONMALLOC="debug")))]
    assert int(said[0]) > 50_000 * 24
    assert said[1] == said[2] == said[0]
    threads = ("import threading\nstop = threading.Event()\n"
               "other = threading.Thread(target=stop.wait)\nother.start()\n"
               f"try:\n    exec({script!r})\n"
               "except RuntimeError as error: print(error)\nfinally: stop.set()\n")
    told = start(["-X", "dev", "-c", threads], tmp_path, interpreter(version)).stdout
    if version.endswith("t"):
        assert b"the first block has to begin before there are threads" in told
    else:
        assert int(told) > 50_000 * 24


def test_paths_and_limits_of_all_kinds(tmp_path):
    script = ("import os, filprofiler\n"
              "for path in (b'bytes', 'rel', os.fsdecode(b'caf\\xe9')):\n"
              "    with filprofiler.profile_block(path) as run:\n"
              "        os.chdir('/')\n        bytearray(3_000_000)\n"
              "    print(ascii(os.path.relpath(run.report_path, home)), run.top(1)[0].bytes)\n"
              "    os.chdir(home)\n"
              "for limit in (-1, 1 << 64, 1.5, 'x'):\n"
              "    try: filprofiler.profile_block('x', limit_bytes=limit).__enter__()\n"
              "    except (TypeError, ValueError) as error: print(type(error).__name__)\n"
              "print(filprofiler.profile(lambda: 'goes on', 'last'))\n")
    ended = start(["-c", f"home = {str(tmp_path)!r}\n{script}"], tmp_path)
    assert ended.stdout.decode().splitlines() == [
        "'bytes/index.html' 3000057", "'rel/index.html' 3000057",
        "'caf\\udce9/index.html' 3000057", "ValueError", "ValueError", "TypeError", "TypeError",
        "goes on"], ended.stderr


def test_folder_that_cannot_be_is_told_before_the_block(tmp_path):
    (tmp_path / "file").write_text("")
    code = "from filprofiler import profile; profile(lambda: print('ran'), 'file/x')"
    ended = start(["-c", code], tmp_path)
    assert ended.stdout == b""
    assert b"NotADirectoryError" in ended.stderr


def test_report_that_cannot_be_written_is_an_error(tmp_path):
    script = ("import os, filprofiler\n"
              "def work(): os.rmdir('gone'); open('gone', 'w').close()\n"
              "filprofiler.profile(work, 'gone')\n")
    ended = start(["-c", script], tmp_path)
    assert b"OSError: the report could not be written" in ended.stderr
    assert b"=fil-profile= no report: cannot write into" in ended.stderr


@pytest.fixture
def nobodys():
    """A folder that everybody can enter, with one in it that is nobody's."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / "own").mkdir()
        os.chown(folder / "own", NOBODY, NOBODY)
        yield folder


def test_report_is_written_with_the_rights_of_the_program(nobodys):
    """Not with those of fil-profile, which may be root."""
    secret, others = nobodys / "secret", nobodys / "others"
    secret.mkdir(0o700)
    others.mkdir(0o755)
    (nobodys / "own/link").symlink_to(secret)
    (nobodys / "own/page").mkdir()
    os.chown(nobodys / "own/page", NOBODY, NOBODY)
    (secret / "index.html").write_text("mine")
    (nobodys / "own/page/index.html").symlink_to(secret / "index.html")
    wanted = {nobodys / "own/new": True, nobodys / "own/page": True, secret: False, others: False,
              nobodys / "own/link": False, nobodys / "new": False}
    env = runs.environment(TMPDIR=str(nobodys))
    ended = start([WORKLOADS / "drops_its_rights.py", *wanted], "/", env=env)
    assert ended.stdout.decode().split() == [str(value) for value in wanted.values()], ended.stderr
    assert ended.stderr.count(b"Permission denied") >= 4
    assert [path.name for path in secret.iterdir()] == ["index.html"]
    assert (secret / "index.html").read_text() == "mine"
    assert not list(others.iterdir())
    for folder in ("new", "page"):
        report = nobodys / "own" / folder / "index.html"
        assert (report.lstat().st_uid, report.is_symlink()) == (NOBODY, False)


def test_last_report_is_written_with_the_rights_at_the_end(nobodys):
    script = WORKLOADS / "drops_its_rights.py"
    ended = start([script, "--die", nobodys / "own/report"], "/")
    assert f"the report is in {nobodys}/own/report/index.html" in ended.stderr.decode()
    assert (nobodys / "own/report/index.html").stat().st_uid == NOBODY
    ended = start([script, "--die", nobodys / "new"], "/")
    assert f"cannot write into {nobodys}/new: Permission denied" in ended.stderr.decode()
    assert not (nobodys / "new").exists()


def test_supervisor_that_is_gone_is_an_error(tmp_path):
    script = ("import os, signal, filprofiler\n"
              "def work(): os.kill(os.getppid(), signal.SIGKILL)\n"
              "try:\n    filprofiler.profile(work, 'report')\n"
              "except RuntimeError as error:\n    print(error)\n")
    ended = start(["-c", script], tmp_path)
    assert b"fil-profile itself was killed" in ended.stdout
