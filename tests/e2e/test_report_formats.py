# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Every format of one run says the same, as readers of those formats read it."""

import gzip
import json
import os
import re
import shutil
import subprocess

import pytest

from runs import Stacks

FIL = os.environ["FIL"]
JOB = """
import json

def load(n):
    return [bytearray(1 << 20) for _ in range(n)]

def deep(n, keep):
    if n:
        return deep(n - 1, keep)
    keep.append(bytearray(3 << 20))

keep = load(20)
deep(50, keep)
text = json.dumps(list(range(20000)))
del keep[:10]
"""


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "job.py").write_text(JOB)
    subprocess.run([FIL, "run", "--no-browser", "--quiet", "-o", "out", "job.py"], cwd=folder,
                   check=True)
    return next((folder / "out").glob("*/capture.fil"))


def report(capture, form, *more):
    return subprocess.run([FIL, "report", capture, f"--format={form}", *more], check=True,
                          stdout=subprocess.PIPE).stdout


def folded(capture, *more):
    """Bytes by stack, a tuple of frames; no stack is there twice."""
    stacks = {}
    for line in report(capture, "folded", *more).decode().splitlines():
        frames, size = line.rsplit(" ", 1)
        key = tuple(frames.split(";"))
        assert key not in stacks
        stacks[key] = int(size)
    return stacks


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """The fields of a protocol buffer: (number, integer or bytes)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        yield key >> 3, value


def packed(data):
    at, values = 0, []
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


def pprof(data):
    """(names of the values, default one, [(frames, values)]) of a profile.proto."""
    strings, types, samples, locations, functions, default = [], [], [], {}, {}, 0
    for number, value in fields(gzip.decompress(data)):
        if number == 1:
            types.append(dict(fields(value))[1])
        elif number == 2:
            sample = dict(fields(value))
            samples.append((packed(sample[1]), packed(sample[2])))
        elif number == 4:
            location = dict(fields(value))
            line = dict(fields(location[4]))
            locations[location[1]] = (line[1], line[2])
        elif number == 5:
            function = dict(fields(value))
            functions[function[1]] = (function[2], function[4])
        elif number == 6:
            strings.append(value.decode())
        elif number == 14:
            default = value

    def frame(location):
        function, line = locations[location]
        name, file = (strings[index] for index in functions[function])
        return f"{file}:{line} ({name})" if file else name

    return ([strings[index] for index in types], strings[default],
            [(tuple(map(frame, reversed(stack))), values) for stack, values in samples])


@pytest.mark.parametrize("of", ["peak", "end", "total"])
def test_pprof_is_the_folded_stacks(capture, of):
    names, default, samples = pprof(report(capture, "pprof", f"--of={of}"))
    assert default == {"peak": "peak_space", "end": "end_space", "total": "alloc_space"}[of]
    column = names.index(default)
    assert {stack: values[column] for stack, values in samples if values[column]} \
        == folded(capture, f"--of={of}")


def test_speedscope_is_the_folded_stacks(capture):
    data = json.loads(report(capture, "speedscope"))
    [profile] = data["profiles"]
    frames = [f"{frame['file']}:{frame['line']} ({frame['name']})" if "file" in frame
              else frame["name"] for frame in data["shared"]["frames"]]
    stacks = {tuple(frames[i] for i in sample): weight
              for sample, weight in zip(profile["samples"], profile["weights"], strict=True)}
    assert stacks == folded(capture)
    assert profile["endValue"] == sum(profile["weights"])
    assert data["$schema"] == "https://www.speedscope.app/file-format-schema.json"


def test_stacks_sum_to_the_peak(capture):
    text = report(capture, "text").decode()
    [peak] = re.findall(r"^peak .*\(([0-9,]+) bytes\)", text, re.MULTILINE)
    peak = int(peak.replace(",", ""))
    assert f"stacks sum to the peak: yes ({peak:,} bytes)" in text
    assert sum(folded(capture).values()) == peak
    assert 23 << 20 <= peak <= 40 << 20


def test_the_run_left_what_report_writes(capture):
    assert capture.with_name("peak-memory.txt").read_bytes() == report(capture, "text")


def test_the_stacks_that_a_run_leaves_are_few_and_complete(capture):
    """Small ones are put together where they part: under frames that are in all stacks."""
    brief = Stacks(capture.with_name("peak-memory.prof").read_text())
    whole = Stacks(report(capture, "folded").decode())
    assert brief.total() == whole.total()
    assert len(brief) < len(whole)
    small = "[smaller stacks]"
    for stack, size in brief.items():
        frames = stack[:-1] if stack[-1] == small else stack
        under = sum(held for other, held in whole.items() if other[:len(frames)] == frames)
        assert size <= under if stack[-1] == small else size == whole[stack]


@pytest.mark.skipif(not shutil.which("go"), reason="no go, whose pprof would read it")
def test_pprof_itself_reads_it(capture, tmp_path):
    path = tmp_path / "profile.pb.gz"
    path.write_bytes(report(capture, "pprof"))
    top = subprocess.run(["go", "tool", "pprof", "-top", "-unit=MB", path], check=True,
                         stdout=subprocess.PIPE, text=True, env={**os.environ, "GOFLAGS": ""})
    assert "Type: peak_space" in top.stdout
    first = top.stdout.split("cum%\n", 1)[1].splitlines()[0]
    assert re.search(r"2[0-9.]+MB .* load", first)
