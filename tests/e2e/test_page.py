# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The page and the SVG in a real browser: zoom, search, sorting, hostile names, no network.

The reports are of made-up profiles: tests/unit/core/report/html.c writes them when it is called
with arguments. What the page shows is compared with the folded stacks of the same profile.
"""

import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

WRITER = pathlib.Path(os.environ.get("FIL_BUILD", "build"), "unit/core/report/html").resolve()
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)
# As root, in a container, without a network: nothing that asks for one.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SVG = "{http://www.w3.org/2000/svg}"
SAMPLES = ["pandas", "oom", "breach", "hostile", "deep", "empty", "3000"]
MIB = 1 << 20

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium; run: apt-get install chromium")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A function: the file of a sample's report in a format, written once."""
    folder = tmp_path_factory.mktemp("reports")

    def write(sample, form, *more):
        path = folder / f"{sample}{''.join(more)}.{form}"
        if not path.exists():
            path.write_bytes(subprocess.run([WRITER, sample, form, *more], check=True,
                                            stdout=subprocess.PIPE).stdout)
        return path

    return write


class Opened:
    """A report in a browser's tab, and everything it said or asked for."""

    def __init__(self, page, path):
        self.page, self.path, self.troubles, self.requests = page, path, [], []
        page.on("console", lambda message: self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", lambda dialog: (self.troubles.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())

    def texts(self, selector):
        return self.page.locator(selector).all_text_contents()


@pytest.fixture
def opened(browser, written):
    """A function that opens a report; at the end nothing may have gone wrong in any."""
    contexts, reports = [], []

    def open_report(sample, form, *more, width=1200, height=900, **context):
        context.setdefault("locale", "en-GB")
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **context))
        reports.append(Opened(contexts[-1].new_page(), written(sample, form, *more)))
        return reports[-1]

    yield open_report
    for report in reports:
        assert report.troubles == []
        assert report.requests == [report.path.as_uri()]
    for context in contexts:
        context.close()


def folded(written, sample):
    """The stacks of a sample at its peak: [([frame, ...], bytes)]."""
    lines = written(sample, "folded").read_text().splitlines()
    return [(stack.split(";"), int(size))
            for stack, size in (line.rsplit(" ", 1) for line in lines)]


def percent(part, whole):
    tenths = int(part / whole * 1000 + 0.5)
    return f"{tenths // 10}.{tenths % 10} %"


CONTRAST = """() => {
    const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const channel = c => c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const over = (top, under) => {
        const a = top.length > 3 ? top[3] : 1;
        return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a));
    };
    const ground = element => {
        const colours = [];
        for (let at = element; at; at = at.parentElement) {
            colours.unshift(parse(getComputedStyle(at).backgroundColor));
        }
        return colours.reduce((under, top) => over(top, under), [255, 255, 255]);
    };
    const poor = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!own || !element.checkVisibility() || element.matches(":disabled, script, noscript")) {
            continue;
        }
        const back = ground(element);
        const ink = over(parse(getComputedStyle(element).color), back);
        const [low, high] = [light(ink), light(back)].sort((a, b) => a - b);
        if ((high + 0.05) / (low + 0.05) < 4.5) {
            poor.push(`${element.className || element.localName}: ${element.textContent}`);
        }
    }
    return poor;
}"""


# The page


@pytest.mark.parametrize("sample", SAMPLES)
def test_page_opens_without_errors_and_without_network(opened, sample):
    report = opened(sample, "html")
    assert report.page.locator("#graph .box, #graph .empty").count() > 0


def test_page_says_how_it_ended(opened):
    well, killed = opened("pandas", "html"), opened("oom", "html")
    assert well.texts("#verdict") == ["Exited with status 0"]
    assert "well" in well.page.locator("#verdict").get_attribute("class")
    assert killed.texts("#verdict")[0].startswith("Killed by the kernel for lack of memory")
    assert "bad" in killed.page.locator("#verdict").get_attribute("class")
    assert killed.texts("#graph-title") == ["Memory held when it ran out"]
    assert killed.page.locator("#threads-section").is_visible()
    assert well.page.locator("#threads-section").is_hidden()


def test_page_answers_a_breach(opened):
    report = opened("breach", "html")
    assert [text.split(":")[0] for text in report.texts(".breach")] == ["Limit", "Breach"]
    assert report.texts("#cut tbody td.place") == ["report.py:18"]
    stacks = report.page.locator("#threads details")
    assert [stacks.nth(i).locator("summary b").inner_text() for i in range(3)] == [
        "Where it asked for 400.0 MiB (419,430,400 bytes) when the limit was reached",
        "Thread 4719", "Main thread"]
    assert report.texts("#threads em") == ["reached the limit"]
    assert stacks.nth(0).get_attribute("open") is not None
    assert "resources: {requests: {memory: 1984Mi}" in report.texts("#ram code")[0]


def test_page_sums_add_up(opened):
    """The rows of what the kernel counts: each total is what stands above it, added up."""
    report = opened("breach", "html")
    total = 0
    for row in report.page.locator("#ram .sum").first.locator("tr").all():
        sign, _, exact, name, _ = [cell.inner_text() for cell in row.locator("td, th").all()]
        count = int(exact.replace(",", ""))
        if sign == "=":
            assert total == count, name
        elif name != "resident":
            total += -count if sign == "\u2212" else count
    assert total > 0


def test_page_boxes_are_as_wide_as_their_bytes(opened, written):
    report = opened("pandas", "html")
    whole = sum(size for _, size in folded(written, "pandas"))
    share = sum(size for stack, size in folded(written, "pandas")
                if len(stack) > 1 and stack[1].endswith("report.py:54 (main)")) / whole
    box = report.page.locator(".box", has_text="report.py:54 (main)")
    assert float(box.evaluate("e => parseFloat(e.style.width)")) == pytest.approx(share * 100)
    assert report.texts(".box >> nth=0") == ["all: 1.2 GiB"]


def test_page_zooms_by_click_and_back(opened):
    report = opened("pandas", "html")
    before = report.page.locator(".box").count()
    report.page.locator(".box", has_text="report.py:54 (main)").click()
    zoomed = report.page.locator(".box", has_text="report.py:54 (main)")
    assert zoomed.evaluate("e => [e.style.left, e.style.width]") == ["0%", "100%"]
    assert report.page.locator(".box.above").count() == 2
    assert not any("load" in text for text in report.texts(".box"))
    report.page.locator("#reset").click()
    assert report.page.locator(".box").count() == before
    assert report.page.locator("#reset").is_disabled()


def test_page_zoom_shows_what_was_too_narrow(opened):
    report = opened("3000", "html")
    assert "too narrow" in report.texts("#graph-foot")[0]
    first = report.page.locator(".box").nth(1)
    names = set(report.page.eval_on_selector_all(".box", "all => all.map(e => e.ariaLabel)"))
    first.click()
    zoomed = set(report.page.eval_on_selector_all(".box", "all => all.map(e => e.ariaLabel)"))
    assert zoomed - names


def test_page_is_used_by_keyboard(opened):
    report = opened("pandas", "html")
    focused = "() => document.activeElement.ariaLabel"
    report.page.locator("#search").focus()
    report.page.keyboard.press("Tab")
    assert report.page.evaluate(focused).startswith("all: 1.2 GiB")
    for _ in range(2):
        report.page.keyboard.press("ArrowDown")
    assert report.page.evaluate(focused).startswith("report.py:52 (main)")
    report.page.keyboard.press("ArrowRight")
    assert report.page.evaluate(focused).startswith("report.py:54 (main)")
    report.page.keyboard.press("Enter")
    assert report.page.locator(".box.above").count() == 2
    assert report.page.evaluate(focused).startswith("report.py:54 (main)")
    assert "joined = trips.merge" in report.texts("#details")[0]
    report.page.keyboard.press("ArrowUp")
    assert report.page.evaluate(focused).startswith("report.py:61 (<module>)")
    report.page.keyboard.press("Escape")
    assert report.page.locator(".box.above").count() == 0


def test_page_search_tells_the_share(opened, written):
    stacks = folded(written, "pandas")
    merged = sum(size for stack, size in stacks if "merge" in ";".join(stack))
    report = opened("pandas", "html")
    report.page.keyboard.press("/")
    report.page.keyboard.type("reshape/MERGE.py")
    match = report.texts("#match")[0]
    assert match.startswith(percent(merged, sum(size for _, size in stacks)) + " in ")
    hits = report.page.locator(".box.hit")
    assert hits.count() == 2 and all("merge.py" in text for text in hits.all_text_contents())
    report.page.locator("#search").fill("no such thing")
    assert report.texts("#match") == ["no match"]
    report.page.keyboard.press("Escape")
    assert report.texts("#match") == [""]


def test_page_switches_measure_and_order(opened):
    report = opened("pandas", "html")
    assert report.texts(".box >> nth=1")[0].startswith("report.py:61 (<module>)")
    report.page.get_by_role("button", name="What allocated on top").click()
    assert report.texts(".box >> nth=1")[0].startswith("pandas/core/internals/managers.py:2269")
    report.page.get_by_role("button", name="All ever allocated").click()
    assert report.texts("#graph-title") == ["All memory allocated during the run"]
    assert report.texts(".box >> nth=0") == ["all: 6.1 GiB"]
    assert report.texts(".box >> nth=1")[0].startswith("pandas/io/parsers/c_parser_wrapper.py:234")
    assert report.texts("#stacks-title") == ["Largest stacks of all that was allocated"]
    report.page.get_by_role("button", name="At the end").click()
    assert report.texts("#graph-title") == ["Memory held at the end"]
    report.page.locator("#with-source").uncheck()
    assert report.page.locator(".box .code").count() == 0


def test_page_table_has_the_sums_of_the_stacks(opened, written):
    own, with_called = {}, {}
    for stack, size in folded(written, "pandas"):
        own[stack[-1]] = own.get(stack[-1], 0) + size
        for frame in set(stack):
            with_called[frame] = with_called.get(frame, 0) + size
    largest = max(own, key=own.get)
    report = opened("pandas", "html")
    cells = report.page.locator("#sites tbody tr").first.locator("td")
    assert cells.nth(0).get_attribute("title").endswith(f"({own[largest]:,} bytes)")
    assert cells.nth(1).get_attribute("title").endswith(f"({with_called[largest]:,} bytes)")
    assert largest.startswith(cells.nth(3).get_attribute("title"))
    report.page.locator("#sites th button", has_text="With what it called").click()
    titles = report.page.eval_on_selector_all(
        "#sites tbody tr td:nth-child(2)", "all => all.map(e => e.title)")
    sizes = [int(re.search(r"([\d,]+) bytes", title).group(1).replace(",", ""))
             for title in titles]
    assert sizes == sorted(with_called.values(), reverse=True)[:len(sizes)]


def test_page_table_sorts_both_ways_and_filters(opened):
    report = opened("pandas", "html")
    names = "#sites tbody td.function"
    heading = report.page.locator("#sites th", has_text="Function")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert report.texts(names) == sorted(report.texts(names))
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert report.texts(names) == sorted(report.texts(names), reverse=True)
    report.page.locator("#filter").fill("STATION")
    assert report.texts(names) == ["station_table", "main"]
    report.page.locator("#filter").fill("")
    before = report.page.locator("#sites tbody tr").count()
    report.page.locator("#sites button.more").click()
    assert report.page.locator("#sites tbody tr").count() > before


def test_page_table_leads_to_the_graph(opened):
    report = opened("pandas", "html")
    report.page.locator("#filter").fill("trips.merge")
    report.page.locator("#sites td.source button").click()
    hits = report.page.locator(".box.hit")
    assert hits.count() == 1
    assert "report.py:54 (main)" in hits.text_content()
    assert report.texts("#match")[0].endswith(" in 1 box")


def test_page_shows_stacks_as_tracebacks(opened):
    report = opened("pandas", "html")
    first = report.page.locator("#stacks details").first
    assert first.evaluate("e => e.open")
    lines = first.locator("li").all_text_contents()
    assert lines[0] == "report.py:61 <module>main(sys.argv[1:])"
    assert lines[-1].startswith("pandas/io/parsers/c_parser_wrapper.py:234 CParserWrapper.read")
    second = report.page.locator("#stacks details").nth(1)
    second.locator("summary").click()
    assert second.locator("li").first.is_visible()
    report.page.locator("#stacks button.more").click()
    assert report.page.locator("#stacks details").count() == 30


def test_page_collapses_deep_recursion(opened):
    report = opened("deep", "html")
    assert any("… 9,905 more frames" in text for text in report.texts(".box"))
    assert report.page.locator("#graph").evaluate("e => e.clientHeight") < 5000
    assert any("… 9,905 more frames" == text for text in report.texts("#stacks li"))


def test_page_chart_tells_values(opened):
    report = opened("oom", "html")
    plot = report.page.locator(".plot").bounding_box()
    report.page.mouse.move(plot["x"] + plot["width"] - 2, plot["y"] + 50)
    tip = report.page.locator(".tip")
    assert tip.is_visible()
    assert "tracked1.2 GiB" in tip.text_content() and "container" in tip.text_content()
    assert "13.3 s" in tip.text_content()
    report.page.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] - 60)
    assert tip.is_hidden()
    report.page.locator("#chart").focus()
    report.page.keyboard.press("ArrowRight")
    assert "0.00 s" in tip.text_content()
    assert "container limit 1.5 GiB" in report.texts(".level.limit")


def test_page_shows_hostile_names_as_text(opened):
    report = opened("hostile", "html")
    assert report.page.locator("main img, main b[onload], .box script").count() == 0
    assert any("<img src=x onerror=alert(2)>" in text for text in report.texts(".box .name"))
    assert any("\\x1b[2J" in text for text in report.texts(".box .name"))
    assert any("\\u202eesrever" in text for text in report.texts("td.function"))
    assert "</script><script>alert(8)</script>" in report.texts("h1")[0]
    report.page.get_by_role("button", name="What allocated on top").click()
    for box in range(min(report.page.locator(".box").count(), 9)):
        report.page.locator(".box").nth(box).hover()


@pytest.mark.parametrize("width", [360, 768, 1600])
@pytest.mark.parametrize("sample", ["oom", "breach", "hostile"])
def test_page_fits_its_window(opened, sample, width):
    report = opened(sample, "html", width=width)
    assert report.page.evaluate("document.documentElement.scrollWidth") <= width
    for part in ("#graph", "#sites", "#stacks", ".tiles"):
        box = report.page.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_page_follows_the_window(opened):
    report = opened("pandas", "html", width=1200)
    label = report.page.locator(".box[aria-label^='report.py:19 (load)'] .name")
    wide = label.text_content()
    report.page.set_viewport_size({"width": 420, "height": 800})
    sync_api.expect(label).not_to_have_text(wide)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sample", ["pandas", "oom", "breach"])
def test_page_has_contrast(opened, sample, scheme):
    report = opened(sample, "html", color_scheme=scheme)
    report.page.locator(".box").nth(3).hover()
    report.page.locator("#search").fill("main")
    assert report.page.evaluate(CONTRAST) == []
    report.page.locator(".box").nth(5).click()
    assert report.page.evaluate(CONTRAST) == []


def test_page_without_script_is_a_report(opened):
    report = opened("pandas", "html", java_script_enabled=False)
    assert report.page.locator("noscript svg .f").count() > 10
    assert report.page.locator("#graph-section").is_hidden()
    assert "1.2 GiB" in report.texts("noscript pre")[0]
    assert report.texts("#verdict") == ["Exited with status 0"]
    assert report.page.locator(".plot path.tracked").count() == 1


def test_page_prints_every_stack_and_no_buttons(opened):
    report = opened("oom", "html")
    report.page.emulate_media(media="print")
    assert report.page.locator("#graph-tools").is_hidden()
    assert report.page.pdf().startswith(b"%PDF")


# The SVG


def parse(path):
    return xml.etree.ElementTree.parse(path).getroot()


def svg_boxes(root):
    return [element for element in root.iter(SVG + "svg")
            if "f" in element.get("class", "").split()]


@pytest.mark.parametrize("reversed_", [(), ("reversed",)])
@pytest.mark.parametrize("sample", SAMPLES)
def test_svg_is_valid_and_alone(opened, written, sample, reversed_):
    root = parse(written(sample, "svg", *reversed_))
    for element in root.iter():
        assert element.tag.startswith(SVG)
        assert not any(name.endswith(("href", "src")) for name in element.attrib)
    opened(sample, "svg", *reversed_)


def test_svg_boxes_lie_within_their_parents(written):
    boxes = svg_boxes(parse(written("3000", "svg")))
    assert len(boxes) > 100
    path = []
    for box in boxes:
        left, width = (float(box.get(name).rstrip("%")) for name in ("x", "width"))
        top, height = int(box.get("y")), int(box.get("height"))
        while path and path[-1][2] > top - 1:
            path.pop()
        if path:
            parent = path[-1]
            assert left >= parent[0] - 1e-5 and left + width <= parent[1] + 1e-5
            assert top == parent[2]
        path.append((left, left + width, top + height))


def test_svg_labels_are_the_same_with_and_without_script(opened, written):
    for sample in ("pandas", "deep", "3000"):
        drawn = [[text.text or "" for text in box.iter(SVG + "text")]
                 for box in svg_boxes(parse(written(sample, "svg")))]
        report = opened(sample, "svg", width=1200)
        texts = "f => [...f.querySelectorAll('text')].map(t => t.textContent)"
        shown = report.page.eval_on_selector_all("#graph .f", f"all => all.map({texts})")
        assert shown == drawn


def light(colour):
    """The relative luminance of three channels, as WCAG 2 defines it."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_svg_has_contrast(opened):
    report = opened("3000", "svg")
    colours = report.page.evaluate("""() => {
        const fill = e => getComputedStyle(e).fill.match(/\\d+/g).map(Number);
        const boxes = [...document.querySelectorAll("#graph .f")];
        return boxes.flatMap(f => [...f.querySelectorAll("text")].map(text =>
            [fill(text), fill(f.querySelector(".bg"))]));
    }""")
    assert len(colours) > 100
    for ink, ground in colours:
        assert (light(ground) + 0.05) / (light(ink) + 0.05) >= 4.5


def test_svg_zooms_and_resets(opened):
    report = opened("pandas", "svg", width=1000)
    reset = report.page.locator("#reset")
    assert reset.is_hidden()
    report.page.locator(".f", has_text="report.py:54 (main)").click()
    zoomed = report.page.locator(".f", has_text="report.py:54 (main)")
    assert [zoomed.get_attribute(name) for name in ("x", "width")] == ["0%", "100%"]
    assert report.page.locator(".f.above").count() == 2
    assert report.page.locator(".f", has_text="report.py:19 (load)").is_hidden()
    reset.click()
    assert report.page.locator(".f.above").count() == 0
    assert report.page.locator(".f", has_text="report.py:19 (load)").is_visible()


def test_svg_searches_and_tells(opened, written):
    stacks = folded(written, "pandas")
    merged = sum(size for stack, size in stacks if "reshape/merge" in ";".join(stack))
    report = opened("pandas", "svg")
    report.page.keyboard.press("/")
    report.page.keyboard.type("Reshape/merge.py")
    assert report.texts("#match")[0] == (
        percent(merged, sum(size for _, size in stacks)) + " in 2 boxes")
    report.page.keyboard.press("Escape")
    assert report.page.locator(".hit").count() == 0
    report.page.locator(".f", has_text="report.py:54 (main)").hover()
    assert report.texts("#tell")[0].startswith("289.0 MiB (303,038,464 bytes), 22.8 % of the peak")
    assert "joined = trips.merge" in report.texts("#tell")[0]


def test_svg_is_used_by_keyboard(opened):
    report = opened("pandas", "svg")
    focused = "() => document.activeElement.querySelector('title').textContent.split('\\n')[0]"
    report.page.locator("#graph .f").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        report.page.keyboard.press(key)
    assert report.page.evaluate(focused) == "/home/ana/jobs/report.py:54 (main)"
    assert report.page.locator(".f.above").count() == 2
    report.page.keyboard.press("Escape")
    assert report.page.locator(".f.above").count() == 0


def test_svg_is_a_picture_in_a_page(browser, written, tmp_path):
    page_path = tmp_path / "page.html"
    page_path.write_text(f'<img src="{written("pandas", "svg").as_uri()}" width="600">')
    page = browser.new_page()
    page.goto(page_path.as_uri())
    image = page.locator("img")
    assert image.evaluate("e => e.decode().then(() => e.naturalWidth)") == 1200
    assert image.bounding_box()["width"] == 600
    page.close()


def test_svg_shows_hostile_names_as_text(opened):
    report = opened("hostile", "svg")
    assert report.page.locator("script").count() == 1
    assert any("<img src=x onerror=alert(2)>" in text for text in report.texts(".f .name"))
    for box in range(report.page.locator(".f").count()):
        report.page.locator(".f").nth(box).hover()
