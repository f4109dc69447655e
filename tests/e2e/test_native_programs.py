# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Programs in C that try the hook: each says by its status whether it was right."""

import pathlib
import subprocess

import pytest
import runs
from runs import PYTHON, ROOT, profile

# Those that are built from tests/workloads/*.c; the hook is the same under every build of the tool.
PROGRAMS = ROOT / "build/workloads"


def check(command, tmp_path, **how):
    """Run it under fil-profile; its status must be 0 and the report complete."""
    run = profile(["--", *command], tmp_path, **how)
    assert run.status == 0, run.err
    report = run.report()
    report.assert_complete()
    return report


def assert_nothing_missed(report):
    assert "not recorded" not in report.text and "not seen" not in report.text, report.text[:2000]


@pytest.mark.parametrize("name", ["counts_each_kind_of_allocation", "maps_in_signal_handlers",
                                  "keeps_books_of_its_churn", "unmaps_in_vain"])
def test_counts_what_is_live(name, tmp_path):
    assert_nothing_missed(check([PROGRAMS / name], tmp_path))


def test_signal_handlers_map_under_a_limit(tmp_path):
    """They interrupt the look at what a block that is freed has, too."""
    limit = ["--limit=1G", "--limit-of=allocated"]
    run = profile([*limit, "--", PROGRAMS / "maps_in_signal_handlers"], tmp_path)
    assert run.status == 0, run.err
    assert_nothing_missed(run.report())


def test_counts_what_threads_hold_together(tmp_path):
    assert_nothing_missed(check([PROGRAMS / "keeps_books_in_threads", "300000"], tmp_path))


def test_what_cannot_be_mapped_is_no_lack_of_memory(tmp_path):
    report = check([PROGRAMS / "maps_in_vain"], tmp_path)
    assert "refused" not in report.text.lower(), report.text[:2000]


def test_a_mapping_that_there_is_no_memory_for_is(tmp_path):
    report = check([PROGRAMS / "maps_in_vain", "too-much"], tmp_path)
    assert "1 allocation was refused for lack of memory, the last of 64.0 TiB" in report.text


def test_records_again_when_a_limit_is_lifted(tmp_path):
    check([PROGRAMS / "limits_its_address_space_for_a_while"], tmp_path)


def test_goes_on_when_a_thread_is_stopped_inside_the_hook(tmp_path):
    """What cannot be kept until the thread goes on is counted as missed, and nothing hangs."""
    check([PROGRAMS / "stops_the_world"], tmp_path)


def test_counts_the_break(tmp_path):
    check([PROGRAMS / "counts_each_kind_of_allocation"], tmp_path,
          env=runs.environment(WITH_BREAK="1"))


def test_counts_under_musl(tmp_path):
    """The same hook, in a program of another C library."""
    program = tmp_path / "counts"
    source = ROOT / "tests/workloads/counts_each_kind_of_allocation.c"
    subprocess.run(["musl-gcc", "-O1", "-w", "-o", program, source], check=True)
    assert_nothing_missed(check([program], tmp_path))


@pytest.mark.parametrize("library", ["libjemalloc.so.2", "libtcmalloc_minimal.so.4"])
def test_counts_with_another_allocator_preloaded(library, tmp_path):
    found = [path for path in pathlib.Path("/usr/lib").rglob(library)]
    if not found:
        pytest.skip(f"{library} is not installed")
    check([PROGRAMS / "counts_each_kind_of_allocation"], tmp_path,
          env=runs.environment(LD_PRELOAD=str(found[0])))


def test_threads_that_free_for_each_other_leave_nothing(tmp_path):
    report = check([PROGRAMS / "churns_in_threads", "30000"], tmp_path)
    assert_nothing_missed(report)
    # What is left is of the C library: buffers of streams, records of threads.
    assert report.bytes_of("at the end") < 20000


def libpython():
    """The shared library of the tests' Python, or a skip in words."""
    where = subprocess.run(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_config_var('LIBDIR'), "
         "sysconfig.get_config_var('INSTSONAME'), sysconfig.get_config_var('prefix'))"],
        capture_output=True, text=True, check=True).stdout.split()
    library = pathlib.Path(where[0]) / where[1]
    if ".so" not in where[1] or not library.exists():
        pytest.skip(f"{PYTHON} has no shared library")
    return library, where[2]


def test_python_is_unloaded_and_loaded_again(tmp_path):
    library, home = libpython()
    code = "kept = [bytes(1000) for _ in range(1000)]"
    report = check([PROGRAMS / "unloads_python", library, code], tmp_path,
                   env=runs.environment(PYTHONHOME=home))
    assert report.held_under("<string>:1") > 1000000


def test_forks_while_libraries_are_loaded(tmp_path):
    """A child of a process whose loader is at work hangs in nothing of ours."""
    check([PROGRAMS / "loads_and_forks_at_once", "300", "liblzma.so.5"], tmp_path)


def test_forks_while_libraries_are_loaded_under_musl(tmp_path):
    """Where objects are found by the list that the loader keeps for debuggers."""
    program, library = tmp_path / "loads", tmp_path / "library.so"
    source = ROOT / "tests/workloads/loads_and_forks_at_once.c"
    subprocess.run(["musl-gcc", "-O1", "-o", program, source], check=True)
    subprocess.run(["musl-gcc", "-shared", "-fPIC", "-o", library, "-x", "c", "-"],
                   input=b"int answer(void) { return 42; }", check=True)
    check([program, "300", library], tmp_path)
