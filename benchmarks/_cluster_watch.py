"""What a command and the processes that it begins take of the machine, looked at while they run."""

from pathlib import Path

import psutil


class Family:
    """A process and its descendants."""

    def __init__(self, number: int) -> None:
        self._first = psutil.Process(number)
        self._spent: dict[int, float] = {}  # seconds of CPU by process, as last seen
        self._heights: dict[int, int] = {}  # bytes of memory at its height

    def look(self) -> None:
        """See how they are; what has ended counts as it was last seen."""
        try:
            present = [self._first, *self._first.children(recursive=True)]
        except psutil.Error:
            return
        for each in present:
            try:
                self._spent[each.pid] = sum(each.cpu_times()[:2])
                self._heights[each.pid] = height(each.pid)
            except (psutil.Error, OSError, LookupError):  # it has just ended
                continue

    @property
    def cpu(self) -> float:
        """Seconds."""
        return sum(self._spent.values())

    @property
    def peak(self) -> float:
        """Megabytes that the largest of them ever held, with what it shares with others."""
        return max(self._heights.values(), default=0) / 2**20


def height(number: int) -> int:
    """Bytes that a process held when it held most (VmHWM, proc_pid_status(5))."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{number}/status").read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024
