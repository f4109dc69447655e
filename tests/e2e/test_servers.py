# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Servers and tools of the distribution, as they are: what they answer and how they end is the same
as without us, and the report says where their memory is from."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from real_programs import require
from runs import Run, command_of, environment

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 64; }}
http {{
  access_log off; gzip on; gzip_min_length 1; gzip_types *;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}/pages; }}
}}
"""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def connect(process, port):
    """A connection, as soon as the server listens; fails if it has ended."""
    while True:
        assert process.poll() is None, process.stderr.read()
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port))
        time.sleep(0.05)


@contextlib.contextmanager
def started(words, folder, **how):
    """The process of a command; killed if it still runs at the end."""
    with subprocess.Popen([str(word) for word in words], cwd=folder, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, **how) as process:
        try:
            yield process
        finally:
            process.kill()


def served_by(words, folder, serve):
    """What serve(process) says of the server under fil-profile; and its report."""
    folder.mkdir(exist_ok=True)
    with started(command_of(["--", *words]), folder) as process:
        answer = serve(process)
        assert process.wait() == 0, process.stderr.read()
    ended = subprocess.CompletedProcess(words, 0, b"", b"")
    report = Run(ended, folder).report()
    report.assert_complete()
    assert "refused" not in report.text.lower(), report.text[:2000]
    return answer, report


def served_without(words, folder, serve):
    with started(words, folder) as process:
        answer = serve(process)
        assert process.wait() == 0, process.stderr.read()
    return answer


def test_nginx(tmp_path):
    require("nginx")
    pages, port = tmp_path / "pages", free_port()
    pages.mkdir()
    (pages / "page").write_text("".join(f"line {number}\n" for number in range(20000)))
    (tmp_path / "conf").write_text(NGINX.format(folder=tmp_path, port=port))
    words = [shutil.which("nginx"), "-c", tmp_path / "conf"]

    def serve(process):
        connect(process, port).close()
        answers = []
        for kind in ("identity", "gzip"):
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/page",
                                           headers={"Accept-Encoding": kind})
            with urllib.request.urlopen(asked) as answer:
                answers.append((answer.status, answer.read()))
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGQUIT)
        return answers

    bare = served_without(words, tmp_path, serve)
    answers, report = served_by(words, tmp_path / "profiled", serve)
    assert answers == bare and answers[0][1] == (pages / "page").read_bytes()
    assert report.held_under("ngx_http_output_filter") > 100000, report.text


def redis_says(port, *words):
    """The answer to a command, from redis-cli."""
    return subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True,
                          check=True).stdout


def test_redis(tmp_path):
    require("redis-server", "redis-cli")
    port = free_port()
    words = ["redis-server", "--port", port, "--save", ""]

    def serve(process):
        connect(process, port).close()
        for _ in range(2):
            redis_says(port, "eval", "for i = 1, 20000 do "
                       "redis.call('set', 'key' .. i, string.rep('x', 100)) end", "0")
        kept = redis_says(port, "eval", "return redis.call('dbsize')", "0"), \
            redis_says(port, "get", "key777")
        redis_says(port, "shutdown", "nosave")
        return kept

    bare = served_without(words, tmp_path, serve)
    answer, report = served_by(words, tmp_path / "profiled", serve)
    assert answer == bare and "x" * 100 in answer[1]
    # Keys, values, and the table of them.
    assert report.held_under("(dictAdd") > 20000 * 24, report.text
    assert report.held_under("luaRedis") + report.held_under("evalGenericCommand") > 2000000


def test_git(tmp_path):
    """It packs a repository the same."""
    require("git")
    git = ["git", "-C", tmp_path / "repository"]
    made = environment(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null")
    subprocess.run(["git", "init", "-q", tmp_path / "repository"], env=made, check=True)
    for number in range(20):
        text = "".join(f"{line * line % (97 + number)}\n" for line in range(2000))
        (tmp_path / "repository" / f"file{number}").write_text(text)
    subprocess.run([*git, "add", "."], env=made, check=True)
    names = subprocess.run([*git, "ls-files", "-s"], env=made, capture_output=True, text=True,
                           check=True).stdout
    objects = "".join(re.findall(r"[0-9a-f]{40}", name)[0] + "\n" for name in names.splitlines())
    pack = [*git, "pack-objects", "-q", "--threads=1", "--no-reuse-delta", "--stdout"]
    bare = subprocess.run(pack, input=objects.encode(), env=made, capture_output=True, check=True)
    ours = subprocess.run([str(word) for word in command_of(["--", *pack])], cwd=tmp_path,
                          input=objects.encode(), env=made, capture_output=True, check=True)
    report = Run(ours, tmp_path).report()
    report.assert_complete()
    assert ours.stdout == bare.stdout and ours.stdout.startswith(b"PACK")
    # All of it is git's own, or zlib's that it calls.
    assert report.held_under("git") > 0.9 * report.peak, report.text
