# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The report of a real program has the right lines with the right bytes."""

import json
import os
import shutil
import subprocess

import pytest
import runs
from runs import MIB, PYTHON, WORKLOADS, every_version, interpreter, profile

HOLDS = WORKLOADS / "holds_known_bytes.py"
# A list's items while it grows: at most an eighth more than needed, 8 bytes each, and itself.
LIST_OF_100 = 1100
# Names, numbers, and what the interpreter keeps for itself while a line runs.
SMALL = 4096


def known_bytes(out):
    """(line, least, most) from what holds_known_bytes.py prints."""
    marks = runs.marked_lines(HOLDS)
    for row in out.decode().splitlines():
        mark, least, most = row.split()
        line = f"{HOLDS}:{marks[mark]}" if mark in marks else mark
        yield mark, line, int(least), int(most)


def assert_known_bytes(run, tracemalloc=False):
    assert run.status == 0, run.err
    report = run.report()
    report.assert_complete()
    checked = 0
    for mark, line, least, most in known_bytes(run.out):
        # Its own record of each block, 48 bytes, is held by the line that made the block.
        slack = SMALL + least if tracemalloc else 0
        assert least <= report.allocated_at(line) <= most + slack, (mark, line)
        checked += 1
    assert checked == 18


@every_version
def test_known_bytes_are_at_their_lines(version, tmp_path):
    assert_known_bytes(profile([HOLDS], tmp_path, interpreter(version)))


@pytest.mark.parametrize("how", ["-X dev", "-X tracemalloc", "malloc", "pymalloc_debug",
                                 "malloc_debug"])
def test_known_bytes_are_at_their_lines_whatever_the_allocator(how, tmp_path):
    if how.startswith("-X"):
        run = profile([PYTHON, *how.split(), HOLDS], tmp_path)
    else:
        run = profile([HOLDS], tmp_path, PYTHON, env=runs.environment(PYTHONMALLOC=how))
    assert_known_bytes(run, tracemalloc="tracemalloc" in how)


@every_version
def test_peak_is_the_most_that_was_held_at_once(version, tmp_path):
    script = WORKLOADS / "holds_100_mb_at_peak.py"
    # -S: no modules of packages that happen to be installed.
    run = profile([interpreter(version), "-S", script], tmp_path)
    assert (run.status, run.out) == (0, b"10\n")
    report = run.report()
    report.assert_complete()
    blocks = 100 * (MIB + bytes().__sizeof__())
    # A free-threaded build has larger objects.
    if version.endswith("t"):
        blocks += 100 * 16
    assert blocks <= report.allocated_at(f"{script}:11") <= blocks + LIST_OF_100
    stacks = [stack for stack, size in report.stacks.items() if size > 100 * MIB]
    assert stacks == [(f"{script}:21 (<module>)", f"{script}:16 (main)", f"{script}:11 (fill)")]
    # What a bare interpreter holds is small against it.
    assert report.peak < blocks + 3 * MIB


@every_version
def test_imports_are_below_their_lines(version, tmp_path):
    """The import system is seen only where it allocates itself, and only a frame of it."""
    # get_data reads the file as a whole.
    (tmp_path / "inner.py").write_text(f"kept = bytes(3_000_000)  # {'x' * 120_000}\n")
    (tmp_path / "outer.py").write_text("import inner\n\nkept = bytes(2_000_000)\n")
    script = tmp_path / "job.py"
    script.write_text("def main():\n    import outer\n    return outer\n\n\nmain()\n")
    run = profile([script], tmp_path, interpreter(version))
    assert (run.status, run.out, run.err) == (0, b"", b"")
    run.report().assert_complete()
    stacks = run.report().folded("total")
    main = (f"{script}:6 (<module>)", f"{script}:2 (main)")
    outer, inner = (str(tmp_path / name) for name in ("outer.py", "inner.py"))
    large = {stack for stack, size in stacks.items() if size >= 2_000_000}
    assert large == {(*main, f"{outer}:3 (<module>)"),
                     (*main, f"{outer}:1 (<module>)", f"{inner}:1 (<module>)")}
    callers = {frame for stack in stacks for frame in stack[:-1]}
    assert not any("<frozen importlib._bootstrap" in frame for frame in callers)
    reads = sum(size for stack, size in stacks.items()
                if stack[:-1] == (*main, f"{outer}:1 (<module>)")
                and "<frozen importlib._bootstrap_external>" in stack[-1])
    assert reads >= 120_000


@every_version
def test_threads_have_stacks_of_their_own(version, tmp_path):
    script = WORKLOADS / "threads_allocate.py"
    run = profile([script], tmp_path, interpreter(version))
    assert (run.status, run.out) == (0, b"done\n")
    report = run.report()
    report.assert_complete()
    for count, line in ((10, 20), (20, 24), (30, 28), (40, 32)):
        caller = f"{script}:{line} (hold_{count})"
        held = sum(size for stack, size in report.stacks.items()
                   if stack[-2:] == (caller, f"{script}:14 (hold)"))
        assert count * (MIB + 33) <= held <= count * (MIB + 49) + LIST_OF_100


@every_version
def test_json_tool(version, tmp_path):
    text = "x" * 5_000_000
    (tmp_path / "in.json").write_text(json.dumps({"key": text, "list": list(range(10))}))
    python = interpreter(version)
    command = ["-m", "json.tool", "in.json", "out.json"]
    run = profile(command, tmp_path, python)
    assert (run.status, run.out, run.err) == (0, b"", b"")
    seen = (tmp_path / "out.json").read_text()
    assert runs.run([python, *command], tmp_path).returncode == 0
    assert seen == (tmp_path / "out.json").read_text()
    report = run.report()
    report.assert_complete()
    # The file's text and the string of its value, in json.load and below.
    loaded = report.held_under("/json/__init__.py:")
    assert 2 * len(text) <= loaded <= 4.5 * len(text)
    assert report.held_under("/json/tool.py:") >= 2 * len(text)
    assert loaded <= report.peak <= loaded + 3.5 * len(text)


def test_pip_list(tmp_path):
    pip = os.path.join(os.path.dirname(PYTHON), "pip")
    if not os.path.exists(pip):
        pytest.skip(f"there is no {pip}; ./build.sh test makes it")
    words = [pip, "list", "--disable-pip-version-check", "--no-color"]
    bare = runs.run(words, tmp_path)
    run = profile(words, tmp_path)
    assert (run.status, run.out, run.err) == (bare.returncode, bare.stdout, bare.stderr)
    report = run.report()
    report.assert_complete()
    # Nearly all of it is the modules that pip imports for its command.
    assert report.held_under("/pip/_internal/cli/main.py:") > report.peak / 2
    assert report.held_under(f"{pip}:") > report.peak * 0.8


def test_pytest_of_a_small_package(tmp_path):
    package = tmp_path / "small"
    package.mkdir()
    (package / "__init__.py").write_text("def hold(size):\n    return bytes(size)\n")
    (tmp_path / "test_small.py").write_text(
        "import small\n\nkept = []\n\n\ndef test_hold():\n"
        "    kept.append(small.hold(7_000_000))\n    assert len(kept[0]) == 7_000_000\n\n\n"
        "def test_hold_more():\n    kept.append(small.hold(8_000_000))\n    assert False\n")
    program = os.path.join(os.path.dirname(PYTHON), "pytest")
    if not os.path.exists(program):
        pytest.skip(f"there is no {program}; ./build.sh test makes it")
    # With the folder of the tests on the path, as pytest's default mode has it.
    run = profile([program, "-q", "-p", "no:cacheprovider", "test_small.py"], tmp_path,
                  env=runs.environment(PYTHONPATH=str(tmp_path)))
    assert run.status == 1 and b"1 failed, 1 passed" in run.out, run.out
    report = run.report()
    report.assert_complete()
    assert report.allocated_at(f"{package}/__init__.py:2") == 7_000_033 + 8_000_033
    assert report.held_under(f"{tmp_path}/test_small.py:7 (test_hold)") >= 7_000_033
    assert report.held_under(f"{tmp_path}/test_small.py:12 (test_hold_more)") >= 8_000_033


# Packages with parts in C, by version: a folder for PYTHONPATH, filled once by pip.

REQUIREMENTS = {"3.9": ["numpy==2.0.2"], "3.14": ["numpy==2.3.5"]}


def packages(version, names):
    """PYTHONPATH with wheels for that Python; None if the tests' own Python has them."""
    if interpreter(version) == PYTHON or version == version_of_tests():
        return None
    if not runs.FULL:
        pytest.skip("the fast lane has packages for its own Python only")
    folder = runs.BUILD / "packages" / version
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        numeric = version.rstrip("t")
        installed = subprocess.run(
            [PYTHON, "-m", "pip", "install", "-q", "--target", folder, "--only-binary=:all:",
             "--python-version", numeric, "--implementation", "cp",
             "--abi", f"cp{version.replace('.', '')}", "--abi", "abi3", "--abi", "none",
             *REQUIREMENTS.get(version, ["numpy==2.2.6"]), "pandas==2.3.3", *names],
            capture_output=True, text=True, check=False)
        assert installed.returncode == 0, installed.stderr
        (folder / "complete").touch()
    return str(folder)


def version_of_tests():
    asked = runs.run([PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], ".")
    return asked.stdout.decode().strip()


@pytest.fixture(params=runs.versions())
def numeric(request, tmp_path):
    """A function that profiles a script with numpy and pandas, in every Python."""
    version = request.param
    path = packages(version, [])
    python = PYTHON if path is None else interpreter(version)

    def run_script(script):
        env = runs.environment(PYTHONPATH=path, OPENBLAS_NUM_THREADS="1")
        bare = runs.run([python, script], tmp_path, env=env)
        run = profile([script], tmp_path, python, env=env)
        assert (run.status, run.out, run.err) == (0, bare.stdout, bare.stderr)
        run.report().assert_complete()
        return run.report()

    return run_script


def test_numpy_arrays_are_at_their_lines(numeric):
    script = WORKLOADS / "holds_numpy_arrays.py"
    lines = runs.marked_lines(script)
    report = numeric(script)
    for mark, size in (("ones", 8_000_000), ("zeros", 4_000_000), ("sum", 8_000_000),
                       ("copy", 1_000_000), ("sorted", 8_000_000)):
        assert size <= report.held_under(f"{script}:{lines[mark]} (main)") <= size + SMALL, mark
    for mark in ("view", "dropped"):
        assert report.held_under(f"{script}:{lines[mark]} (main)") <= SMALL, mark


def test_pandas_job(numeric):
    script = WORKLOADS / "pandas_job.py"
    report = numeric(script)
    made = runs.run([PYTHON, "-c", "import runpy, sys\n"
                     "print(len(runpy.run_path(sys.argv[1])['make_csv']()))", script], ".")
    text = int(made.stdout)
    rows = 200_000
    # The peak is in read_csv: the text, the StringIO of it (4 bytes a character), the columns.
    assert text <= report.held_under(f"{script}:21 (make_csv)") <= text + 64 * SMALL
    read = report.held_under(f"{script}:25 (read_orders)")
    assert 4 * text + 4 * 8 * rows <= read <= 12 * text
    assert report.held_under(f"{script}:45 (main)") == report.held_under(f"{script}:46 (main)") == 0
    # What came later is in the totals: five columns of the join, a column for each group.
    total = report.folded("total")
    assert total.held_under(f"{script}:36 (join)") >= 5 * 8 * rows
    assert total.held_under(f"{script}:40 (total_by_country)") >= 8 * rows


def test_scikit_learn_fit(tmp_path):
    script = WORKLOADS / "scikit_learn_fit.py"
    env = runs.environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    bare = runs.run([PYTHON, script], tmp_path, env=env)
    if b"No module named 'sklearn'" in bare.stderr:
        pytest.skip("no scikit-learn; ./build.sh test installs it")
    run = profile([script], tmp_path, PYTHON, env=env)
    assert (run.status, run.out, run.err) == (0, bare.stdout, bare.stderr)
    report = run.report()
    report.assert_complete()
    features = 20_000 * 40 * 8
    made = report.held_under("(make_data)")
    # make_classification copies, shuffles and scales: the features a few times over.
    assert features <= made <= 8 * features
    total = report.folded("total")
    assert total.held_under("(fit_linear)") >= features
    assert total.held_under("(fit_forest)") >= features / 2
