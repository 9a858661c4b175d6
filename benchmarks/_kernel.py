"""The same sums and the same best in C, compiled on the spot: what numpy and scipy are measured against."""

import ctypes
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from digest.ranking.choice import Wishes
from digest.ranking.table import EXCLUDED, MET, Table

_SOURCE = r"""
#include <stdint.h>
#include <string.h>

/* For profiles first to last: the sum of its lines' rows, the best `most` of those that meet a line, and their number. */
void best(int64_t first, int64_t last, const int64_t *ends, const int32_t *lines, const int8_t *excludes,
          const int64_t *row_ends, const int32_t *columns, const int64_t *values,
          const int64_t *barred_ends, const int32_t *barred, int64_t wide, int64_t most, int64_t met,
          int64_t *sums, int64_t *units, int32_t *chosen, int32_t *matched)
{
    for (int64_t p = first; p < last; p++) {
        memset(sums, 0, wide * sizeof *sums);
        for (int64_t e = ends[p]; e < ends[p + 1]; e++)
            for (int64_t r = row_ends[lines[e]]; r < row_ends[lines[e] + 1]; r++)
                sums[columns[r]] += values[r];
        for (int64_t e = ends[p]; e < ends[p + 1]; e++)
            if (excludes[lines[e]])
                for (int64_t r = barred_ends[lines[e]]; r < barred_ends[lines[e] + 1]; r++)
                    sums[barred[r]] = 0;
        int64_t *best = units + p * most, held = 0, count = 0;
        int32_t *who = chosen + p * most;
        for (int64_t c = 0; c < wide; c++) {
            if (sums[c] < met) continue;
            count++;
            int64_t value = sums[c] & (met - 1);
            if (held == most && value <= best[most - 1]) continue;
            int64_t at = held < most ? held++ : most - 1;
            while (at > 0 && best[at - 1] < value) { best[at] = best[at - 1]; who[at] = who[at - 1]; at--; }
            best[at] = value;
            who[at] = (int32_t)c;
        }
        matched[p] = (int32_t)count;
    }
}
"""


def compiled() -> ctypes.CDLL | None:
    """The kernel, if there is a compiler."""
    cc = shutil.which("cc")
    if not cc:
        return None
    folder = Path(tempfile.mkdtemp())
    (folder / "best.c").write_text(_SOURCE)
    options = ["-O3", "-march=native", "-shared", "-fPIC"]
    subprocess.run([cc, *options, "-o", folder / "best.so", folder / "best.c"], check=True)
    return ctypes.CDLL(str(folder / "best.so"))


def run(kernel: ctypes.CDLL, table: Table, wishes: Wishes, most: int, threads: int) -> tuple[float, float, int, int]:
    """Seconds on the clock and of CPU, how many listings matched, and the units of all the best together."""
    members = wishes.roster.members(0, len(wishes.roster))
    count, met = len(wishes.roster), table.met
    units, chosen = np.zeros((count, most), dtype=np.int64), np.zeros((count, most), dtype=np.int32)
    matched = np.zeros(count, dtype=np.int32)
    arrays = (
        members.lines.ends,
        members.lines.values.astype(np.int32),
        (table.sorts == EXCLUDED).astype(np.int8),
        table.matrix.indptr.astype(np.int64),
        table.matrix.indices.astype(np.int32),
        table.matrix.data,
        met.ends,
        met.values,
    )
    numbers = [ctypes.c_int64(n) for n in (table.wide, most, MET)]

    def part(first: int) -> None:
        sums = np.zeros(table.wide, dtype=np.int64)
        bounds = ctypes.c_int64(first), ctypes.c_int64(min(first + step, count))
        kernel.best(*bounds, *map(_at, arrays), *numbers, *map(_at, (sums, units, chosen, matched)))

    step = max(1, -(-count // (8 * threads)))
    wall, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, range(0, count, step)))
    return time.perf_counter() - wall, time.process_time() - cpu, int(matched.sum()), int(units.sum())


def _at(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
