"""Python's collector of cycles, kept out of the way while many values are made that hold none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """For a while without it: it looks for cycles whenever many objects are made, through all that there are."""
    if not gc.isenabled():  # another thread may be here: whoever found it collecting sees to it that it does again
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def undisturbed() -> Iterator[None]:
    """For as long as a process delivers: editions are thousands of small values, looked through less often.

    What was there before is not looked through again at all. It took a fifth of the time that reading editions did.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
