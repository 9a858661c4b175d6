"""Event loops beside a browser's: playwright leaves one running in the thread that tests are run in."""

from concurrent.futures import ThreadPoolExecutor


def apart(act):
    """What this comes to, in a thread of its own."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(act).result()
