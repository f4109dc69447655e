# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Children that share 150 MiB with their parent and map a file of 200 MiB, page by page."""

import mmap
import os

MIB = 1 << 20
CHILDREN, FILE = 3, 200

shared = b"x" * (150 * MIB)
with open("pages", "wb") as file:
    for _ in range(FILE):
        file.write(b"p" * MIB)


def read_all():
    with open("pages", "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
        # One fault for each page.
        pages.madvise(mmap.MADV_RANDOM)
        for start in range(0, len(pages), mmap.PAGESIZE):
            pages[start]


children = []
for _ in range(CHILDREN):
    pid = os.fork()
    if not pid:
        read_all()
        os._exit(0)
    children.append(pid)
assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * CHILDREN
os.unlink("pages")
print("done")
