"""Where the pages are asked for."""

import os
import socket

_WAITING = 1_024  # connections, while nobody takes them up; the system may allow fewer


def listen(host: str, port: int) -> socket.socket:
    """A socket at that address of this machine, or at a free port of it if it is 0.

    Raises:
        OSError: there is no such address, or the port is taken or not allowed.
    """
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # Not socket.create_server: asyncio sends without delay (40 ms an answer) only where TCP is named.
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_WAITING)
    except OSError:
        listening.close()
        raise
    return listening
