# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Compare the hook's stack reader with Python's own view while CPython's own tests run.

    stdlib.py MODULE…       modules of the package test, such as test_generators

At every collection, stacks being walked twice at every allocation in between. Whether the tests
themselves pass does not matter here: with callbacks all over the place some cannot.
"""

import contextlib
import gc
import importlib
import io
import os
import sys
import tempfile
import unittest

import reader
from checks import Checks, attach


def run(name):
    """One module's tests, silenced; how many ran."""
    module = importlib.import_module(f"test.{name}")
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        return unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(suite).testsRun


def main():
    checks = Checks()
    attach()
    gc.set_threshold(50)
    ran = 0
    os.chdir(tempfile.mkdtemp(prefix="stdlib-"))
    for name in sys.argv[1:]:
        gc.callbacks.append(checks.check)
        reader.capture(True)
        try:
            ran += run(name)
        except unittest.SkipTest as skip:
            print(f"{name}: {skip}")
        except ImportError as error:
            print(f"{name}: {error}")
        finally:
            # Tests of these very things leave them as they like.
            sys.settrace(None)
            sys.setprofile(None)
            reader.capture(False)
            gc.callbacks.clear()
            gc.set_threshold(50)
            gc.enable()
        print(f"{name}: {checks.compared} compared, {checks.different} different", flush=True)
    if not ran:
        sys.exit("no test ran")
    sys.exit(checks.report())


if __name__ == "__main__":  # a test that spawns imports this
    main()
