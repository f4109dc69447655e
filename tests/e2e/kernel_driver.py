# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Drives a kernel, in an environment that has Jupyter: steps as JSON on stdin, results on stdout.

    kernel_driver.py KERNEL

    ["run", CODE]         execute a cell
    ["interrupt", CODE]   execute a cell, and interrupt it once it has printed "ready"
    ["lose", CODE]        execute a cell that the kernel does not survive, and start it again

The result of a step: {"text": streams, "error": its name or null, "data": [mime bundles]}.
"""

import json
import queue
import sys

from jupyter_client.manager import KernelManager

# Longer than anything takes: a kernel that hangs is not waited for.
HANG_S = 300
LOOK_S = 0.5


class Driver:
    """A kernel, and what it says."""

    def __init__(self, name):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel()
        self.connect()

    def connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=HANG_S)

    def messages(self, code):
        """The messages of a cell until it is done; or until the kernel is dead."""
        request = self.client.execute(code)
        waited = 0
        while waited < HANG_S:
            try:
                message = self.client.get_iopub_msg(timeout=LOOK_S)
            except queue.Empty:
                waited += LOOK_S
                if not self.manager.is_alive():
                    return
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
            yield message
        raise TimeoutError(code)

    def step(self, kind, code):
        result = {"text": "", "error": None, "data": []}
        for message in self.messages(code):
            content = message["content"]
            if message["msg_type"] == "stream":
                result["text"] += content["text"]
                if kind == "interrupt" and "ready" in content["text"]:
                    self.manager.interrupt_kernel()
            elif message["msg_type"] == "error":
                result["error"] = content["ename"]
                result["text"] += "\n".join(content["traceback"])
            elif message["msg_type"] in ("display_data", "execute_result"):
                result["data"].append(content["data"])
        if kind == "lose":
            assert not self.manager.is_alive()
            self.client.stop_channels()
            self.manager.restart_kernel(now=True)
            self.connect()
        return result


def main():
    driver = Driver(sys.argv[1])
    try:
        print(json.dumps([driver.step(kind, code) for kind, code in json.load(sys.stdin)]))
    finally:
        driver.client.stop_channels()
        driver.manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
