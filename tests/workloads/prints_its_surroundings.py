# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Prints everything of its surroundings that a profiler might change, one fact a line.

A line is "name: value". Run twice from the same shell, with and without the profiler, the lines are
the same but for those that README.md lists: parent, oom_score_adj, caught signals, and zero bytes
behind environ.
"""

import sys

# First of all, before an import of ours can add to it.
print("modules:", " ".join(sorted(sys.modules)))

import atexit
import ctypes
import faulthandler
import gc
import os
import resource
import signal
import subprocess
import threading


def fact(name, value):
    print(f"{name}: {value!r}")


def proc(name):
    try:
        with open(f"/proc/self/{name}", "rb") as file:
            return file.read()
    except OSError as error:
        return error.strerror


def status_line(name):
    for line in proc("status").decode().splitlines():
        if line.startswith(name + ":"):
            return line.split(":", 1)[1].strip()
    return None


def the_interpreter():
    fact("argv", sys.argv)
    fact("orig_argv", getattr(sys, "orig_argv", None))
    fact("executable", sys.executable)
    fact("path", sys.path)
    fact("prefix", (sys.prefix, sys.exec_prefix, sys.base_prefix))
    fact("flags", sys.flags)
    fact("xoptions", sys._xoptions)
    fact("warnoptions", sys.warnoptions)
    fact("__name__", __name__)
    fact("__file__", __file__)
    fact("__spec__", __spec__)
    fact("main is", sys.modules["__main__"].__dict__ is globals())
    fact("depth", sys._getframe(1).f_back is None)
    fact("trace and profile", (sys.gettrace(), sys.getprofile()))
    fact("meta_path", [getattr(finder, "__name__", type(finder).__name__)
                       for finder in sys.meta_path])
    fact("recursion limit", sys.getrecursionlimit())
    fact("switch interval", sys.getswitchinterval())
    fact("gc", (gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.callbacks)))
    fact("atexit", atexit._ncallbacks())
    fact("faulthandler", faulthandler.is_enabled())
    fact("encodings", (sys.stdout.encoding, sys.stdout.line_buffering, sys.getfilesystemencoding()))


def threads():
    fact("threads of Python", [thread.name for thread in threading.enumerate()])
    fact("threads of the system", len(os.listdir("/proc/self/task")))


def the_environment():
    fact("environ", list(os.environ.items()))
    environ = proc("environ")
    fact("environ of proc", environ.rstrip(b"\0"))
    fact("zero bytes behind environ", len(environ) - len(environ.rstrip(b"\0")))
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    fact("environ of libc", libc.getenv(b"LD_PRELOAD"))
    command = [sys.executable, "-c",
               "import sys; sys.stdout.buffer.write(open('/proc/self/environ', 'rb').read())"]
    fact("environ of a child", subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    fact("environ of a shell", subprocess.run("env | sort", shell=True, check=True,
                                              stdout=subprocess.PIPE).stdout)


def signals():
    fact("blocked", sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
    for number in sorted(signal.valid_signals()):
        handler = signal.getsignal(number)
        if handler is not signal.SIG_DFL:
            fact(f"handler of {int(number)}", getattr(handler, "__name__", str(handler)))
    fact("pending signals", sorted(signal.sigpending()))
    for name in ("SigPnd", "ShdPnd", "SigBlk", "SigIgn"):
        fact(name, status_line(name))
    fact("caught signals", status_line("SigCgt"))
    fact("timers", [signal.getitimer(which) for which in range(3)])


def descriptors():
    with os.scandir("/proc/self/fd") as entries:
        numbers = sorted(int(entry.name) for entry in entries)
    for number in numbers:
        try:
            fact(f"descriptor {number}", (os.readlink(f"/proc/self/fd/{number}"),
                                          os.get_inheritable(number), os.get_blocking(number)))
        except OSError:
            pass  # the folder's own, closed by now


def limits():
    for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT_")):
        fact(name, resource.getrlimit(getattr(resource, name)))


def the_process():
    umask = os.umask(0)
    os.umask(umask)
    fact("umask", umask)
    fact("ids", (os.getresuid(), os.getresgid(), os.getgroups()))
    fact("group and session", (os.getpgrp(), os.getsid(0)))
    fact("working directory", os.getcwd())
    fact("root", os.readlink("/proc/self/root"))
    fact("nice", os.nice(0))
    fact("scheduling", (os.sched_getscheduler(0), sorted(os.sched_getaffinity(0))))
    fact("exe", os.readlink("/proc/self/exe"))
    for name in ("comm", "cmdline", "cgroup", "personality", "coredump_filter", "timerslack_ns",
                 "oom_score_adj", "loginuid"):
        fact(name, proc(name))
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
                 "TracerPid", "THP_enabled"):
        fact(name, status_line(name))
    libc = ctypes.CDLL(None)
    value = ctypes.c_int(-1)
    for name, option in (("parent death signal", 2), ("subreaper", 37)):
        libc.prctl(option, ctypes.byref(value), 0, 0, 0)
        fact(name, value.value)
    fact("dumpable", libc.prctl(3, 0, 0, 0, 0))
    with open(f"/proc/{os.getppid()}/comm") as file:
        fact("parent", file.read().strip())


the_interpreter()
threads()
the_environment()
signals()
descriptors()
limits()
the_process()
