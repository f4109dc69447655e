# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Notebooks: the wheel is installed beside Jupyter, and cells are profiled in its kernel."""

import html
import json
import os
import re
import shutil
import subprocess

import environments
import pytest
import runs
from cgroups import Unavailable, memory_cgroup
from environments import checked
from runs import MIB

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
KERNEL = "Python 3 with Fil"
# Longer than anything takes.
HANG_MS = 120_000

LOAD = "%load_ext filprofiler"
PANDAS = """%%filprofile
import numpy as np
import pandas as pd
def build():
    return pd.DataFrame({"a": np.arange(3_000_000), "b": np.ones(3_000_000)})
frame = build()
total = int(frame.a.sum())
total"""
USE = "print('rows:', len(frame), total, build.__name__)"


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    """The folder of an environment with Jupyter and the wheel."""
    return environments.jupyter(environments.build_wheel(tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("no chromium; run: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def private(tmp_path):
    """Whatever Jupyter, IPython and Matplotlib keep for a user goes into the test's folder."""
    return runs.environment(HOME=str(tmp_path), IPYTHONDIR=None, JUPYTER_DATA_DIR=None,
                            XDG_DATA_HOME=None, JUPYTER_PREFER_ENV_PATH="0",
                            JUPYTER_RUNTIME_DIR=str(tmp_path / "runtime"))


def write_notebook(path, cells, kernel="filprofile"):
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
    cells = [{"cell_type": "code", "execution_count": None, "id": f"cell-{i}", "metadata": {},
              "outputs": [], "source": source} for i, source in enumerate(cells)]
    path.write_text(json.dumps({"cells": cells, "metadata": metadata if kernel else {},
                                "nbformat": 4, "nbformat_minor": 5}))


def convert(jupyter, tmp_path, cells, form="html", **how):
    """Execute a notebook with nbconvert; the path of what it has written."""
    write_notebook(tmp_path / "given.ipynb", cells, **how)
    checked([jupyter / "bin/jupyter", "nbconvert", "--execute", "--allow-errors", "--to", form,
             "--output=executed", "given.ipynb"], cwd=tmp_path, env=private(tmp_path))
    return tmp_path / f"executed.{'ipynb' if form == 'notebook' else form}"


def outputs(path):
    """For each cell of an executed notebook: its text, the name of its error, its HTML."""
    for cell in json.loads(path.read_text())["cells"]:
        text, error, page = "", None, ""
        for output in cell["outputs"]:
            data = output.get("data", {})
            text += "".join(output.get("text", data.get("text/plain", "")))
            page += "".join(data.get("text/html", ""))
            error = output.get("ename", error)
            text += output.get("evalue", "") + "".join(output.get("traceback", ""))
        yield text, error, page


def drive(jupyter, tmp_path, steps, kernel="filprofile", **how):
    """What a kernel answers to steps: see kernel_driver.py."""
    driver = runs.ROOT / "tests/e2e/kernel_driver.py"
    ended = runs.run([jupyter / "bin/python", driver, kernel], tmp_path, env=private(tmp_path),
                     stdin=None, input=json.dumps(steps).encode(), **how)
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    return json.loads(ended.stdout)


def graph_of(page):
    """The frames and source lines of the flame graph in an output's HTML."""
    svg = html.unescape(re.search(r'srcdoc="([^"]*)"', page)[1])
    return html.unescape(" ".join(re.findall(r"<title>([^<]*)</title>", svg)))


def in_page(browser, path, look):
    """look(frame of the first flame graph) in a browser that has no network."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    handle = page.wait_for_selector("iframe.filprofile", timeout=HANG_MS)
    frame = handle.content_frame()
    frame.wait_for_selector("#graph .f", timeout=HANG_MS)
    try:
        return look(frame)
    finally:
        context.close()


def test_exported_notebook_stands_alone(jupyter, browser, tmp_path):
    page = convert(jupyter, tmp_path, [LOAD, PANDAS, USE])
    assert "rows: 3000000 4499998500000 build" in page.read_text()
    shutil.rmtree(tmp_path / "fil-result")

    def look(frame):
        shown = frame.locator(".f .name").all_text_contents()
        assert shown[0].startswith("all: ")
        code = [text.replace("\xa0", " ").strip() for text in
                frame.locator(".f .code").all_text_contents()]
        assert "frame = build()" in code
        assert any(text.startswith("return pd.DataFrame") for text in code)
        reset = frame.locator("#reset")
        assert not reset.is_visible()
        wide = frame.locator(".f", has_text="frame = build()").first
        before = wide.bounding_box()["width"]
        wide.click()
        assert reset.is_visible()
        assert wide.bounding_box()["width"] > before
        reset.click()
        assert not reset.is_visible()
        assert wide.bounding_box()["width"] == before
    in_page(browser, page, look)


def test_cell_has_its_own_lines_and_no_internals(jupyter, tmp_path):
    cells = [LOAD, PANDAS, USE, "def helper():\n    return bytearray(20_000_000)",
             "%%filprofile\n\nkept = helper()\nhelper();"]
    path = convert(jupyter, tmp_path, cells, "notebook")
    (_, _, _), (text, error, page), (used, _, _), _, (helped, _, helper_page) = outputs(path)
    assert re.search(r"peak memory [\d.]+ MiB, [\d.]+ s", text)
    assert "4499998500000" in text
    assert error is None
    assert used == "rows: 3000000 4499998500000 build\n"
    graph = graph_of(page)
    assert "In [2]:6 (<module>) frame = build()" in graph.replace("\n", " ")
    assert "In [2]:5 (build) " in graph.replace("\n", " ")
    for internal in ("ipykernel/", "IPython/", "filprofiler/", "asyncio", "run_code"):
        assert internal not in graph, internal
    # A function of an earlier cell, which was not profiled itself: its source is known, too.
    assert "In [4]:2 (helper) return bytearray(20_000_000)" in (
        graph_of(helper_page).replace("\n", " "))
    assert "bytearray(b" not in helped
    found = [runs.Report(folder) for folder in sorted((tmp_path / "fil-result").iterdir())]
    assert len(found) == 2
    for report in found:
        report.assert_complete()
        # The block's own beginning and end: some objects.
        assert report.held_under("filprofiler/") < 4096
        others = {stack: size for stack, size in report.stacks.items()
                  if "In [" not in stack[0] and "filprofiler/" not in stack[0]}
        assert all("threading.py" in stack[0] or stack[0].startswith("[")
                   for stack in others), others
    assert 40_000_000 <= found[1].peak < 41_000_000


def test_limit_raises_memory_error_and_the_kernel_lives_on(jupyter, tmp_path):
    limited = ("%%filprofile --limit 300M -o elsewhere\nfirst = bytearray(100_000_000)\n"
               "second = bytearray(1_000_000_000)")
    path = convert(jupyter, tmp_path, [LOAD, limited, "print(len(first), 'second' in dir())"],
                   "notebook")
    _, (text, error, page), (after, _, _) = outputs(path)
    assert error == "MemoryError"
    assert "of 300.0 MiB allowed" in text
    assert "refused: 953.7 MiB" in text
    assert "line 3" in re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "first = bytearray(100_000_000)" in graph_of(page)
    assert after == "100000000 False\n"
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1


def test_one_line_is_profiled(jupyter, tmp_path):
    cells = [LOAD, "%filprofile len(bytearray(30_000_000))", "%filprofile x = bytearray(9)",
             "print(len(x))", "%filprofile --native c = __import__('zlib').compressobj(9)"]
    _, (text, _, page), _, (assigned, _, _), (_, _, native) = outputs(
        convert(jupyter, tmp_path, cells, "notebook"))
    assert "30000000" in text
    assert "In [2]:1 (<module>) len(bytearray(30_000_000))" in graph_of(page).replace("\n", " ")
    assert assigned == "9\n"
    assert "deflateInit2_" in graph_of(native)
    assert "deflateInit2_" not in graph_of(page)


def test_mistakes_are_explained(jupyter, tmp_path):
    cells = [LOAD, "%%filprofile --limit lots\n1", "%%filprofile --nonsense\n1",
             "%%filprofile x\n1", "%filprofile", "%filprofile_last",
             "%%filprofile\nimport asyncio\nawait asyncio.sleep(0)", "%%filprofile\n1 +",
             "%%filprofile\nraise KeyError(7)", "%%filprofile\n%filprofile 1",
             "%%filprofile -o 'open\n1", "%%filprofile -o given.ipynb\n1"]
    texts = [(text, error) for text, error, _ in
             outputs(convert(jupyter, tmp_path, cells, "notebook"))][1:]
    expected = [("'lots' is no amount of memory", "UsageError"),
                ("unknown option --nonsense", "UsageError"),
                ("code begins on the next line", "UsageError"),
                ("needs code to run", "UsageError"),
                ("there is no report below fil-result", "UsageError"),
                ("await at the top level of a cell cannot be profiled", "UsageError"),
                ("invalid syntax", "SyntaxError"), ("KeyError", "KeyError"),
                ("another block is being profiled, and blocks do not nest", "UsageError"),
                ("No closing quotation", "UsageError"), ("given.ipynb is no folder", "UsageError")]
    for (text, error), (part, name) in zip(texts, expected):
        assert part in text
        # A usage error is a line on stderr, which has no name.
        assert error == (None if name == "UsageError" else name)


def test_another_kernel_says_which_one_to_choose(jupyter, tmp_path):
    path = convert(jupyter, tmp_path, [LOAD], "notebook", kernel="python3")
    ((text, _, _),) = outputs(path)
    assert f'choose "{KERNEL}" under Kernel > Change Kernel' in text


def test_interrupted_cell_keeps_its_report(jupyter, tmp_path):
    endless = ("%%filprofile\nkept = bytearray(50_000_000)\nprint('ready', flush=True)\n"
               "while True: pass")
    _, stopped, after = drive(jupyter, tmp_path, [
        ["run", LOAD], ["interrupt", endless], ["run", "print(len(kept))"]])
    assert stopped["error"] == "KeyboardInterrupt"
    assert "kept = bytearray(50_000_000)" in graph_of(stopped["data"][0]["text/html"])
    assert after["text"] == "50000000\n"


def test_kernel_killed_for_lack_of_memory_leaves_its_report(jupyter, tmp_path):
    grows = "%%filprofile\nkept = []\nwhile True:\n    kept.append(bytearray(1_000_000))"
    steps = [["run", LOAD], ["lose", grows], ["run", LOAD], ["run", "%filprofile_last"]]
    try:
        with memory_cgroup(400 * MIB) as group:
            answers = drive(jupyter, tmp_path, steps, preexec_fn=group.enter)
            assert group.kills() >= 1
    except Unavailable as reason:
        pytest.skip(str(reason))
    (shown,) = answers[3]["data"]
    assert "killed by the kernel for lack of memory" in " ".join(shown["text/plain"].split())
    assert "kept.append(bytearray(1_000_000))" in graph_of(shown["text/html"])
    (folder,) = (tmp_path / "fil-result").iterdir()
    report = runs.Report(folder, "out-of-memory")
    report.assert_complete()
    assert report.held_under(":4 (<module>)") > 100_000_000


READ = """%%filprofile
import numpy as np
import pandas as pd
def read_ratings(path):
    return pd.read_csv(path)
ratings = read_ratings("ratings.csv")"""
SURPRISE = ["""%%filprofile
from surprise import SVD, Dataset, Reader
def build_dataset(ratings):
    return Dataset.load_from_df(ratings, Reader(rating_scale=(1, 5))).build_full_trainset()
dataset = build_dataset(ratings)""", """%%filprofile
def fit(dataset):
    return SVD(n_factors=20, n_epochs=2, random_state=0).fit(dataset)
factors = fit(dataset)""", "print(factors.pu.shape)"]
SKLEARN = ["""%%filprofile
from scipy.sparse import csr_matrix
def build_dataset(ratings):
    return csr_matrix((ratings.rating, (ratings.user, ratings.item)))
dataset = build_dataset(ratings)""", """%%filprofile
from sklearn.decomposition import TruncatedSVD
def fit(dataset):
    return TruncatedSVD(n_components=20, random_state=0).fit_transform(dataset)
factors = fit(dataset)""", "print(factors.shape)"]


@pytest.mark.parametrize("module,cells", [("surprise", SURPRISE), ("sklearn", SKLEARN)])
def test_recommendation_notebook_names_its_steps(module, cells, jupyter, tmp_path):
    """The first users': read ratings, build a dataset, fit a matrix factorisation."""
    rows = (f"{i % 20000},{i * 7919 % 5000},{i % 5 + 1}\n" for i in range(200_000))
    (tmp_path / "ratings.csv").write_text("user,item,rating\n" + "".join(rows))
    path = convert(jupyter, tmp_path, [LOAD, READ, *cells], "notebook")
    _, *profiled, (text, _, _) = outputs(path)
    assert text == "(20000, 20)\n", module
    for (_, error, page), line in zip(profiled, ("ratings = read_ratings(\"ratings.csv\")",
                                                 "dataset = build_dataset(ratings)",
                                                 "factors = fit(dataset)")):
        assert error is None
        assert line in graph_of(page)


def listed_kernels(jupyter, env):
    return json.loads(checked([jupyter / "bin/jupyter", "kernelspec", "list", "--json"],
                              env=env))["kernelspecs"]


def test_wheel_brings_program_and_kernel(jupyter, tmp_path):
    kernels = listed_kernels(jupyter, private(tmp_path))
    assert kernels["filprofile"]["spec"]["display_name"] == KERNEL
    assert checked([jupyter / "bin/fil-profile", "--version"]).startswith("fil-profile ")


def test_program_alone_installs_its_kernel(jupyter, tmp_path):
    """Without pip: the package is the one in the program."""
    env = private(tmp_path)
    python = jupyter / "bin/python"
    said = checked([runs.FIL, f"--python={python}", "jupyter", "install", "--user"], env=env)
    assert said.startswith(f'installed the kernel "{KERNEL}"')
    folder = tmp_path / ".local/share/jupyter/kernels/filprofile"
    assert listed_kernels(jupyter, env)["filprofile"]["resource_dir"] == str(folder)
    program, *_ = json.loads((folder / "kernel.json").read_text())["argv"]
    assert program == os.path.realpath(runs.FIL)
    _, loaded, where = drive(jupyter, tmp_path, [
        ["run", LOAD], ["run", "%filprofile len(bytearray(10_000_000))"],
        ["run", "import filprofiler; print(filprofiler.__file__)"]])
    assert loaded["data"]
    assert where["text"].startswith("/proc/")
    prefix = tmp_path / "prefix"
    checked([runs.FIL, f"--python={python}", "jupyter", "install", f"--prefix={prefix}"], env=env)
    assert (prefix / "share/jupyter/kernels/filprofile/kernel.json").exists()


def server(jupyter, tmp_path):
    """JupyterLab, and its address once it listens."""
    process = subprocess.Popen(
        [jupyter / "bin/jupyter", "lab", "--no-browser", "--port=0", "--allow-root",
         "--IdentityProvider.token=secret"],
        cwd=tmp_path, env=private(tmp_path), stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL)
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return process, found[0]
    raise AssertionError("jupyter lab has not started")


def test_in_jupyterlab(jupyter, browser, tmp_path):
    """Choose the kernel, run the cells, look at the graph, and zoom."""
    write_notebook(tmp_path / "given.ipynb", [LOAD, PANDAS], kernel=None)
    process, address = server(jupyter, tmp_path)
    try:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(HANG_MS)
        page.goto(f"{address}/lab/tree/given.ipynb?token=secret")
        dialog = page.locator(".jp-Dialog")
        dialog.locator("select").select_option(label=KERNEL)
        dialog.locator("button.jp-mod-accept").click()
        dialog.wait_for(state="detached")
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        frame = page.wait_for_selector("iframe.filprofile").content_frame()
        wide = frame.locator(".f", has_text="frame = build()").first
        wide.click()
        assert frame.locator("#reset").is_visible()
        frame.locator("#reset").click()
        picture = os.environ.get("FIL_SCREENSHOT")
        if picture:
            page.screenshot(path=picture)
    finally:
        process.terminate()
        process.stderr.read()
        process.wait()
