"""Without Python's collector of cycles, while many values are made that hold none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """It looks for cycles whenever many objects are made, through all that there are."""
    if not gc.isenabled():  # another thread may be here: whoever found it collecting sees to it that it does again
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
