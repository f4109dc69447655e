# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The initial RAM disk of the machine: all that is on it, made of what is on this one."""

import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKLOADS = HERE.parent / "workloads"
# Drivers of the disks; what else they need is written in them.
MODULES = "virtio_pci", "virtio_blk"
# What the workloads import.
IMPORTS = "os", "signal", "sys"
FOLDERS = "bin", "dev", "proc", "sys", "tmp", "volume", "modules"


def module_files(kernel):
    """The kernel's modules by name."""
    files = {}
    for path in (kernel / "modules").rglob("*.ko*"):
        files[path.name.split(".ko")[0].replace("-", "_")] = path
    return files


def in_order(name, files, content):
    """Add a module to content, by name, after the ones that it depends on."""
    # A name without a file is built into the kernel.
    if name in content or name not in files:
        return
    data = files[name].read_bytes()
    if files[name].suffix == ".xz":
        data = lzma.decompress(data)
    depends = re.search(rb"\0depends=([^\0]*)\0", data).group(1).decode()
    for other in filter(None, depends.split(",")):
        in_order(other.replace("-", "_"), files, content)
    content[name] = data


def add_modules(root, kernel):
    content = {}
    files = module_files(kernel)
    for name in MODULES:
        in_order(name, files, content)
    for number, (name, data) in enumerate(content.items()):
        (root / "modules" / f"{number:02}-{name}.ko").write_bytes(data)


def add(root, path):
    """A file at its own place, as links lead to it, with the libraries that it needs."""
    target = root / os.path.relpath(path, "/")
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)
    if target.suffix != ".py":
        ldd = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(/\S+) \(0x", ldd):
            add(root, library)


def add_program(root, path):
    """A program, also as /bin/NAME."""
    real = os.path.realpath(path)
    add(root, real)
    link = root / "bin" / os.path.basename(path)
    if not link.exists():
        link.symlink_to(real)


def add_python(root):
    """This Python, with as much of its library as it needs to start and IMPORTS need."""
    python = os.path.realpath(sys.executable)
    code = (f"import {', '.join(IMPORTS)}\n"
            "for module in list(sys.modules.values()):\n"
            "    print(getattr(module, '__file__', None) or '')\n")
    told = subprocess.run([python, "-I", "-S", "-c", code], capture_output=True, text=True,
                          check=True, cwd="/")
    library = pathlib.Path(os.__file__).parent
    # What it looks for, and what it imports depending on the surroundings.
    files = [library / "site.py", library / "_sitebuiltins.py", *library.glob("encodings/*.py")]
    for path in filter(None, [*files, *told.stdout.splitlines()]):
        add(root, path)
    (root / library.relative_to("/") / "lib-dynload").mkdir(exist_ok=True)
    add_program(root, python)
    (root / "bin/python3").symlink_to(python)


def add_tests(root, scenarios):
    for folder, target in (HERE / "guest", "guest"), (HERE / "scenarios", "scenarios"), \
            (WORKLOADS, "workloads"):
        shutil.copytree(folder, root / target, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "init").symlink_to("guest/init")
    (root / "plan").write_text("".join(f"{name}\n" for name in scenarios))


def add_busybox(root):
    busybox = shutil.which("busybox")
    shutil.copy2(busybox, root / "bin/busybox")
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True,
                                 check=True).stdout.split():
        link = root / "bin" / applet
        if not link.is_symlink() and not link.exists():
            link.symlink_to("busybox")


def make(folder, program, kernel, scenarios):
    """Make folder/initrd.cpio, with program as fil-profile; returns its path."""
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    for name in FOLDERS:
        (root / name).mkdir(parents=True)
    shutil.copy2(program, root / "bin/fil-profile")
    for name in "setpriv", "unshare":
        add_program(root, shutil.which(name))
    add_python(root)
    add_busybox(root)
    add_modules(root, kernel)
    add_tests(root, scenarios)
    image = folder / "initrd.cpio"
    names = "".join(f"{path.relative_to(root)}\n" for path in sorted(root.rglob("*")))
    with open(image, "wb") as file:
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc", "-R", "0:0"], input=names.encode(),
                       stdout=file, stderr=subprocess.PIPE, cwd=root, check=True)
    return image
