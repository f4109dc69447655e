# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The Python package: typed and clean, and one wheel that works with every Python."""

import json
import os
import zipfile

import environments
import pytest
import runs
from environments import checked, install
from runs import FIL, ROOT, WORKLOADS

PACKAGE = ROOT / "cmd/python"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return environments.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def tools(wheel):
    """Where ruff, mypy, twine and uv are."""
    return environments.jupyter(wheel) / "bin"


def oldest_and_newest():
    """The newest also without the GIL."""
    known = runs.versions()
    with_gil = [version for version in known if not version.endswith("t")]
    return [with_gil[0], with_gil[-1], *[version for version in known if version.endswith("t")]]


@pytest.fixture(scope="module", params=oldest_and_newest())
def version(request):
    return request.param


@pytest.fixture(scope="module")
def installed(version, wheel, tmp_path_factory):
    """The folder of programs of a fresh environment with nothing but the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    ended = install(environments.fresh(version, folder), "--no-index", wheel)
    assert ended.returncode == 0, ended.stdout
    return folder / "bin"


@pytest.fixture(scope="module")
def with_ipython_and_pytest(version, installed, tmp_path_factory):
    """The same with IPython and pytest, of versions that are for that Python."""
    wheels = tmp_path_factory.mktemp("wheels")
    environments.skip_without_packages(environments.install_from_index(
        version, installed / "python", wheels, "ipython", "pytest", "pytest-xdist"))
    return installed


def test_package_is_clean(tools):
    checked([tools / "ruff", "check", "--no-cache", PACKAGE])


def test_package_is_typed(tools, tmp_path):
    checked([tools / "mypy", "--strict", "--python-executable", tools / "python", "--cache-dir",
             tmp_path, PACKAGE / "filprofiler"])


def test_wheel_is_what_indexes_and_installers_take(tools, wheel, tmp_path):
    assert "PASSED" in checked([tools / "twine", "check", "--strict", wheel])
    checked([tools / "uv", "pip", "install", "--offline", "--no-cache", "--target", tmp_path,
             wheel])
    assert (tmp_path / "filprofiler/py.typed").exists()
    assert os.access(tmp_path / "bin/fil-profile", os.X_OK)


def test_wheel_is_the_same_each_time_and_for_all(wheel, tmp_path):
    again = environments.build_wheel(tmp_path)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()
    name, version, python, abi, platforms = wheel.stem.split("-")
    assert (name, python, abi) == ("filprofiler", "py3", "none")
    assert checked([FIL, "--version"]) == f"fil-profile {version}\n"
    assert [platform.split("_")[0] for platform in platforms.split(".")] == [
        "manylinux2014", "manylinux", "musllinux"]
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{name}-{version}.dist-info/METADATA").decode()
    assert "Requires-Python: >=3.9" in metadata


def test_installed_program_finds_the_python_beside_it(installed, tmp_path):
    """Also where the environment is not activated."""
    env = runs.environment(VIRTUAL_ENV=None)
    code = "import sys, filprofiler; print(sys.prefix, filprofiler.__file__)"
    said = checked([installed / "fil-profile", "python", "-c", code], env=env, cwd=tmp_path)
    prefix, file = said.split()
    assert prefix == str(installed.parent)
    # The package of the program, not another version that happens to be installed.
    assert file.startswith("/proc/")


def test_installed_package_profiles(installed, tmp_path):
    parts = WORKLOADS / "profiles_its_parts.py"
    said = checked([installed / "fil-profile", "python", parts, "as_block", tmp_path / "out"])
    assert json.loads(said)["peak"] >= 55_000_000
    runs.Report(tmp_path / "out").assert_complete()


def test_installed_package_profiles_under_run(installed, tmp_path):
    """There it is the installed package that the program finds."""
    code = ("import filprofiler\n"
            "filprofiler.profile(lambda: len(bytearray(9_000_000)), 'block')\n"
            "print(filprofiler.__file__)")
    said = checked([installed / "fil-profile", "run", "-q", "--no-browser", "-c", code],
                   cwd=tmp_path)
    assert said.startswith(str(installed.parent / "lib"))
    assert 9_000_000 <= runs.Report(tmp_path / "block").peak < 9_100_000
    (folder,) = (tmp_path / "fil-result").iterdir()
    assert runs.Report(folder).peak > 9_100_000


WAYS = ["as_function", "as_async_decorator", "nested", "in_thread", "limited", "in_child"]


@pytest.mark.parametrize("way", WAYS)
def test_installed_package_does_all_of_it(way, installed, tmp_path):
    said = checked([installed / "fil-profile", "python", WORKLOADS / "profiles_its_parts.py", way,
                    tmp_path / "out"])
    assert json.loads(said)
    report = runs.Report(tmp_path / "out")
    report.assert_complete()
    assert report.peak >= 3_000_000


def test_module_is_the_program(installed, tmp_path):
    python = installed / "python"
    code = "import sys; print(sys.executable)"
    itself = checked([python, "-c", code])
    for words in (["run", "-q", "--no-browser", "-c", code], ["python", "-c", code]):
        said = checked([python, "-m", "filprofiler", *words], cwd=tmp_path)
        assert said == itself
    assert checked([python, "-m", "filprofiler", "--version"]).startswith("fil-profile ")
    assert len(list((tmp_path / "fil-result").iterdir())) == 1


def test_outside_it_imports_and_says_how_to_start(installed, tmp_path):
    code = ("import filprofiler, filprofiler.pytest_plugin" if (
        installed.parent / "pytest").exists() else "import filprofiler")
    code += "\ntry: filprofiler.peak_bytes()\nexcept RuntimeError as error: print(error)"
    said = checked([installed / "python", "-c", code], cwd=tmp_path)
    assert said.startswith("fil-profile has not started this process")


CELLS = r"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext filprofiler").raise_error()
shell.run_cell("%%filprofile\nkept = bytearray(20_000_000)\nlen(kept)").raise_error()
shell.run_cell("%filprofile_last").raise_error()
print("kept", len(shell.user_ns["kept"]))
"""


def test_magic_and_pytest_plugin_work(with_ipython_and_pytest, tmp_path):
    """With the IPython and the pytest of that Python."""
    installed = with_ipython_and_pytest
    env = runs.environment(HOME=str(tmp_path), IPYTHONDIR=str(tmp_path / "ipython"))
    said = checked([installed / "fil-profile", "python", "-c", CELLS], cwd=tmp_path, env=env)
    assert said.endswith("kept 20000000\n")
    assert said.count("peak memory 19.1 MiB") == 1
    (folder,) = (tmp_path / "fil-result").iterdir()
    report = runs.Report(folder)
    assert "kept = bytearray(20_000_000)" in report.text
    assert "IPython" not in report.read(".prof")
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert len(bytearray(9_000_000))\n")
    said = checked([installed / "fil-profile", "python", "-m", "pytest", "-q", "--fil",
                    tmp_path / "test_it.py"], cwd=tmp_path, env=env)
    assert "8.6 MiB" in said


LIMITED = """
import pytest
@pytest.mark.limit_peak("1 MB")
@pytest.mark.parametrize("number", range(4))
def test_it(number): assert len(bytearray(9_000_000))
"""


def test_processes_of_xdist_are_not_forgotten(with_ipython_and_pytest, tmp_path):
    """Tests run in children, which are not profiled: that is said, and nothing pretended."""
    (tmp_path / "test_it.py").write_text(LIMITED)
    command = [with_ipython_and_pytest / "fil-profile", "python", "-m", "pytest", "-q", "-rN", "-p",
               "no:cacheprovider", tmp_path / "test_it.py"]
    said = checked([*command, "-n", "2"], cwd=tmp_path)
    assert "4 tests have limits of memory that were not checked" in said
    assert "4 passed" in said
    ended = runs.run([*command, "-n", "2", "--fil"], tmp_path)
    assert ended.returncode == 4
    assert b"pytest-xdist runs tests in child processes" in ended.stderr
    ended = runs.run([*command, "-n", "0", "--fil"], tmp_path)
    assert ended.returncode == 1
    assert ended.stdout.count(b"held at its peak, more than @pytest.mark.limit_peak(") == 4
