# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Children of a workload that take memory one after the other, as they are told."""

import itertools
import os
import signal


class Child:
    """A forked process that does take(step) for every byte that it is sent, and answers it."""

    def __init__(self, take):
        orders, self.orders = os.pipe()
        self.done, done = os.pipe()
        if os.fork() == 0:
            os.close(self.orders)
            for step in itertools.count():
                if not os.read(orders, 1):
                    os._exit(0)
                take(step)
                os.write(done, b".")
        os.close(orders)
        os.close(done)

    def take_more(self):
        """Once more. Whoever was killed by the kernel, the workload as a whole ends of it."""
        os.write(self.orders, b".")
        if not os.read(self.done, 1):
            os.kill(os.getpid(), signal.SIGKILL)
