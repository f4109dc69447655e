# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A server and its clients in one event loop: coroutines, long chains of await, small messages."""

import asyncio

CLIENTS, REQUESTS, DEPTH = 20, 1500, 10


async def answer(depth, line):
    if depth:
        return await answer(depth - 1, line)
    return b"%d %s" % (len(line), line.upper())


async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(await answer(DEPTH, line))
        await writer.drain()
    writer.close()


async def ask(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for i in range(REQUESTS):
        writer.write(b"client %d asks %d\n" % (number, i))
        total += len(await reader.readline())
    writer.close()
    return total


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        print(sum(await asyncio.gather(*(ask(port, number) for number in range(CLIENTS)))))


asyncio.run(main())
