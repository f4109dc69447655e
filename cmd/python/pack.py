#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Write the zip file of the package that is embedded in the program, or the wheel of both.

    pack.py zip OUT.zip
    pack.py wheel FOLDER PROGRAM

Needs nothing but Python, and gives the same bytes for the same input. One wheel is for every Python
and every Linux of an architecture: the program is static, the package is plain Python.
"""

import base64
import hashlib
import json
import pathlib
import platform
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MOMENT = (1980, 1, 1, 0, 0, 0)
NAME = "filprofiler"

METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: Which lines of a Python program hold its memory at the peak
License: Apache-2.0
Keywords: memory,profiler,jupyter,pytest,out of memory
Classifier: Development Status :: 4 - Beta
Classifier: Framework :: IPython
Classifier: Framework :: Jupyter
Classifier: Framework :: Pytest
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Classifier: Topic :: Software Development :: Debuggers
Requires-Python: >=3.9
Description-Content-Type: text/markdown

"""

ENTRY_POINTS = """\
[pytest11]
filprofiler = filprofiler.pytest_plugin
"""

# jupyter_client puts the Python in place of "python" in whose environment the kernel is.
KERNEL = {
    "argv": ["python", "-m", "filprofiler", "python", "-m", "ipykernel_launcher", "-f",
             "{connection_file}"],
    "display_name": "Python 3 with Fil",
    "language": "python",
    "metadata": {"debugger": True},
}


def package_files():
    """Name in the archive: content."""
    return {f"{NAME}/{path.name}": path.read_bytes()
            for path in sorted((HERE / NAME).iterdir()) if path.is_file()}


def write_zip(path, files, compression, executable=()):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, MOMENT)
            info.compress_type = compression
            info.create_system = 3
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(info, content)


def version():
    text = (ROOT / "core/base/version.h").read_text()
    return re.search(r'#define FIL_VERSION "([^"]+)"', text)[1]


def tags():
    """What the file is called, and all that it is for."""
    machine = platform.machine()
    platforms = [f"{one}_{machine}" for one in ("manylinux2014", "manylinux_2_17", "musllinux_1_1")]
    return f"py3-none-{'.'.join(platforms)}", [f"py3-none-{one}" for one in platforms]


def record(files, name):
    """RECORD: each file with its hash and size."""
    rows = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}\n")
    return ("".join(rows) + f"{name},,\n").encode()


def write_wheel(folder, program):
    """Write it; returns its path."""
    base = f"{NAME}-{version()}"
    info, data = f"{base}.dist-info", f"{base}.data"
    tag, each = tags()
    script = f"{data}/scripts/fil-profile"
    metadata = METADATA.format(name=NAME, version=version()) + (ROOT / "README.md").read_text()
    wheel = "Wheel-Version: 1.0\nGenerator: fil-profile\nRoot-Is-Purelib: false\n"
    files = {
        **package_files(),
        script: pathlib.Path(program).read_bytes(),
        f"{data}/data/share/jupyter/kernels/filprofile/kernel.json":
            (json.dumps(KERNEL, indent=1) + "\n").encode(),
        f"{info}/LICENSE": (ROOT / "LICENSE").read_bytes(),
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": (wheel + "".join(f"Tag: {one}\n" for one in each)).encode(),
        f"{info}/entry_points.txt": ENTRY_POINTS.encode(),
    }
    files[f"{info}/RECORD"] = record(files, f"{info}/RECORD")
    path = pathlib.Path(folder) / f"{base}-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{NAME}-*.whl"):
        old.unlink()
    write_zip(path, files, zipfile.ZIP_DEFLATED, {script})
    return path


def main():
    kind, out = sys.argv[1:3]
    if kind == "zip":
        write_zip(out, package_files(), zipfile.ZIP_STORED)
    else:
        print(write_wheel(out, sys.argv[3]))


if __name__ == "__main__":
    main()
