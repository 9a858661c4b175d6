"""Visitors of pages: fifty at the same time, each over a connection of their own, in a process of their own."""

import asyncio
import random
import time
from collections.abc import Sequence
from multiprocessing import get_context
from typing import NamedTuple

CLIENTS = 50


class Errand(NamedTuple):
    """What visitors come for."""

    name: str
    requests: Sequence[bytes]  # taken in turn
    expected: frozenset[int]  # the statuses of good answers


class Visit(NamedTuple):
    """What they got."""

    name: str
    answers: int
    wrong: int  # of them, with another status
    seconds: float
    latencies: tuple[float, ...]  # milliseconds, sorted

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def share(self, share: float) -> float:
        """The milliseconds within which such a share was answered."""
        return self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def visit(port: int, errand: Errand, seconds: float, pause: float = 0.0) -> Visit:
    """Visitors who ask again at once, or after a pause of so many seconds on the mean."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_visit, (port, errand, seconds, pause))


def _visit(port: int, errand: Errand, seconds: float, pause: float) -> Visit:
    return asyncio.run(_all(port, errand, seconds, pause))


async def _all(port: int, errand: Errand, seconds: float, pause: float) -> Visit:
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CLIENTS)]
    start = time.perf_counter()
    ones = [_one(line, errand, number, start + seconds, pause) for number, line in enumerate(lines)]
    found = await asyncio.gather(*ones)
    took = time.perf_counter() - start
    latencies = sorted(latency for each, _ in found for latency in each)
    return Visit(errand.name, len(latencies), sum(wrong for _, wrong in found), took, tuple(latencies))


async def _one(
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter], errand: Errand, number: int, until: float, pause: float
) -> tuple[list[float], int]:
    chance, (reader, writer) = random.Random(number), line
    latencies, wrong, at = [], 0, number * 97
    await asyncio.sleep(pause * chance.random())
    while not latencies or time.perf_counter() < until:
        begun = time.perf_counter()
        writer.write(errand.requests[at % len(errand.requests)])
        status = await _status(reader)
        latencies.append((time.perf_counter() - begun) * 1e3)
        wrong += status not in errand.expected
        at += 1
        if pause:
            await asyncio.sleep(pause * 2 * chance.random())
    writer.close()
    return latencies, wrong


async def _status(reader: asyncio.StreamReader) -> int:
    """Of one answer, read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    return int(head[9:12])
