# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A program's surroundings are the same with and without fil-profile, however it is started."""

import os
import resource
import signal
import subprocess

import pytest
import runs
from runs import PYTHON, ROOT, WORKLOADS, every_version, interpreter

SURROUNDINGS = WORKLOADS / "prints_its_surroundings.py"
USR2_BIT = 1 << (signal.SIGUSR2 - 1)


def is_the_profiler(_bare, seen):
    return seen == "'fil-profile'"


def is_not_less(bare, seen):
    """A number, perhaps as the bytes of a line of /proc."""
    return int(seen.strip("b'\\n")) >= int(bare.strip("b'\\n"))


def has_usr2_more(bare, seen):
    return int(seen.strip("'"), 16) == int(bare.strip("'"), 16) | USR2_BIT


# The whole list of differences: the fact, the words that README.md has for it, and what is allowed.
DOCUMENTED = [
    ("parent", "parent", is_the_profiler),
    ("oom_score_adj", "oom_score_adj", is_not_less),
    ("caught signals", "SIGUSR2", has_usr2_more),
    ("zero bytes behind environ", "/proc/self/environ", is_not_less),
]


def facts(path):
    """name: value, of what the workload printed; its output is bytes of any kind."""
    text = path.read_bytes().decode(errors="surrogateescape")
    found = dict(line.split(": ", 1) for line in text.splitlines())
    assert len(found) == len(text.splitlines()) > 80
    return found


def assert_same(bare, seen):
    """Equal but for the list, and each difference is as the list says."""
    allowed = {name: rule for name, _, rule in DOCUMENTED}
    assert list(bare) == list(seen)
    for name, value in bare.items():
        if seen[name] != value:
            assert name in allowed, (name, value, seen[name])
            assert allowed[name](value, seen[name]), (name, value, seen[name])


class Surroundings:
    """Runs the workload with and without us, by the same calls, from the same process."""

    def __init__(self, folder, python):
        self.folder, self.python = folder, python

    def run_once(self, command, stdin, close, **how):
        """One run; its output in the files out and err, for their names are among the facts."""
        with (open(self.folder / "out", "wb") as out, open(self.folder / "err", "wb") as err,
              open(stdin, "rb") as source):
            before = how.pop("preexec_fn", None)

            def prepare():
                if before:
                    before()
                for descriptor in close:
                    os.close(descriptor)

            # As bytes: words and variables may be of any kind.
            return subprocess.run([word if isinstance(word, bytes) else str(word)
                                   for word in command], cwd=self.folder, stdin=source, stdout=out,
                                  stderr=err, preexec_fn=prepare, check=False,
                                  timeout=runs.HANG_S, **how).returncode

    def compare(self, words=(SURROUNDINGS,), output="out", stdin="/dev/null", close=(), **how):
        """The facts without us, after the facts with us have been found the same."""
        both = []
        for command in ([self.python, *words], runs.command_of(words, self.python)):
            status = self.run_once(command, stdin, close, **dict(how))
            error = (self.folder / "err").read_bytes()
            assert (status, error) == (0, b""), (status, error)
            (self.folder / output).rename(self.folder / "facts")
            both.append(facts(self.folder / "facts"))
        assert_same(*both)
        runs.Report(next((self.folder / "fil-result").iterdir())).assert_complete()
        return both[0]


@pytest.fixture
def surroundings(tmp_path):
    return Surroundings(tmp_path, PYTHON)


@every_version
def test_everything_is_the_same(version, tmp_path):
    Surroundings(tmp_path, interpreter(version)).compare((SURROUNDINGS, "a", "b c", "--own=option"))


def test_with_a_preloaded_library_of_the_user(surroundings, tmp_path):
    source, library = tmp_path / "own.c", tmp_path / "own.so"
    source.write_text("int own_answer(void) { return 4242; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    env = runs.environment(LD_PRELOAD=str(library))
    seen = surroundings.compare(env=env)
    assert seen["environ of libc"] == repr(os.fsencode(library))
    asked = ["-c", "import ctypes, os; print(ctypes.CDLL(None).own_answer(),"
             " os.environ['LD_PRELOAD'])"]
    (tmp_path / "again").mkdir()
    run = runs.profile(asked, tmp_path / "again", PYTHON, env=env)
    assert run.out.decode() == f"4242 {library}\n"


@pytest.mark.parametrize("preload", ["", " ", ":", "libm.so.6:libm.so.6", "libm.so.6 libc.so.6"])
def test_with_an_odd_preload(preload, surroundings):
    surroundings.compare(env=runs.environment(LD_PRELOAD=preload))


def test_with_an_empty_environment(surroundings):
    seen = surroundings.compare(env={})
    # Python itself sets LC_CTYPE in the C locale.
    assert seen["environ"] in ("[]", "[('LC_CTYPE', 'C.UTF-8')]")


def test_with_variables_that_no_shell_would_make(surroundings):
    env = {b"PATH": os.fsencode(os.environ["PATH"]), b"latin": b"\xe4\xf6\xfc", b"\xff\xfe": b"1",
           b"empty": b"", b"long": b"x" * 100_000, b"with newline": b"a b",
           b"LD_PRELOADED": b"no", b"XLD_PRELOAD": b"no", b"FIL": b"mine", b"FIL_RESULT": b"mine"}
    surroundings.compare(env=env)


def test_with_words_that_are_no_text(surroundings):
    words = [SURROUNDINGS, b"\xff\xfe", b"", b" ", b"--", b"-o", b"--help", b"\x1b[31m", b"a\tb",
             b"%s%n", b"x" * 100_000]
    surroundings.compare(words)


@pytest.mark.parametrize("close", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)],
                         ids=lambda close: "closed " + " ".join(map(str, close)))
def test_with_closed_descriptors(close, surroundings, tmp_path):
    """What a program opens gets the lowest free number: the file of the facts, here."""
    code = """import sys
sys.stdout = open(sys.argv[1], "w")
__file__ = sys.argv[2]
exec(compile(open(__file__).read(), __file__, "exec"))
"""
    words = ["-c", code, tmp_path / "own", SURROUNDINGS]
    surroundings.compare(words, output="own", close=close)


def test_with_open_descriptors(surroundings, tmp_path):
    """Inherited ones stay; nothing of ours is among them."""
    with open(SURROUNDINGS, "rb") as low:
        high = os.dup2(low.fileno(), 900)
        try:
            seen = surroundings.compare(pass_fds=(low.fileno(), high))
        finally:
            os.close(high)
    assert f"descriptor {high}" in seen


IGNORED = [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE, signal.SIGUSR1,
           signal.SIGQUIT, signal.SIGTSTP, signal.SIGCHLD, signal.SIGALRM]


@pytest.mark.parametrize("ignored", [*IGNORED, None], ids=str)
def test_with_ignored_signals(ignored, surroundings):
    def ignore():
        for number in [ignored] if ignored else IGNORED:
            signal.signal(number, signal.SIG_IGN)

    surroundings.compare(preexec_fn=ignore)


def test_with_the_signal_for_snapshots_ignored(surroundings):
    seen = surroundings.compare(preexec_fn=lambda: signal.signal(signal.SIGUSR2, signal.SIG_IGN))
    assert int(seen["SigIgn"].strip("'"), 16) & USR2_BIT


def test_with_blocked_signals(surroundings):
    every = signal.valid_signals()
    seen = surroundings.compare(
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, every))
    assert "SIGTERM" in seen["blocked"] and "SIGUSR2" in seen["blocked"]


@pytest.mark.parametrize("name,soft", [
    ("NOFILE", 20), ("NOFILE", 100_000), ("CORE", 0), ("STACK", 1 << 20), ("CPU", 600),
    ("DATA", 1 << 30), ("AS", 4 << 30), ("FSIZE", 64 << 20), ("MEMLOCK", 0),
    ("NPROC", 5000), ("SIGPENDING", 10)])
def test_with_limits(name, soft, surroundings):
    which = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(which)[1]
    if hard not in (-1, resource.RLIM_INFINITY):
        soft = min(soft, hard)
    seen = surroundings.compare(preexec_fn=lambda: resource.setrlimit(which, (soft, hard)))
    assert seen[f"RLIMIT_{name}"] == str((soft, hard))


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_with_a_umask(mask, surroundings):
    seen = surroundings.compare(preexec_fn=lambda: os.umask(mask))
    assert seen["umask"] == str(mask)


def test_in_a_session_of_its_own(surroundings):
    """The numbers of group and session are the child's own, so they differ in any two runs."""
    def lead():
        os.setsid()
        os.nice(3)

    run = surroundings.run_once
    both = []
    for command in ([PYTHON, SURROUNDINGS], runs.command_of([SURROUNDINGS], PYTHON)):
        assert run(command, "/dev/null", (), preexec_fn=lead) == 0
        both.append(facts(surroundings.folder / "out"))
    for found in both:
        group, session = eval(found.pop("group and session"))
        assert group == session != os.getsid(0)
    assert_same(*both)


def test_the_readme_lists_the_differences():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README.md")
    text = readme.read_text()
    for _, words, _ in DOCUMENTED:
        assert words in text
