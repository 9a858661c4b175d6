"""A DNS server on the loopback that knows what a test tells it, over UDP and TCP."""

import socketserver
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from threading import Thread

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset


class Nameserver:
    """Answers with `records`: of each name its records by type, as zone files write them.

    A name may also have an rcode to answer with, or None to say nothing at all.
    """

    def __init__(self) -> None:
        self.records: dict[str, Mapping[str, Sequence[str]] | dns.rcode.Rcode | None] = {}
        self.asked: list[str] = []
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        kind = dns.rdatatype.to_text(question.rdtype)
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(f"{name} {kind}")
        known = self.records.get(name, dns.rcode.NXDOMAIN)
        if known is None:
            return None
        reply = dns.message.make_response(query)
        if isinstance(known, dns.rcode.Rcode):
            reply.set_rcode(known)
        elif texts := known.get(kind):
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        return reply.to_wire()

    @contextmanager
    def serving(self) -> Iterator["Nameserver"]:
        with ExitStack() as stack:
            servers = _pair()
            self.port = servers[0].server_address[1]
            for server in map(stack.enter_context, servers):
                server.nameserver = self
                thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
                thread.start()
                stack.callback(thread.join)
                stack.callback(server.shutdown)
            yield self


def _pair():
    """Servers for TCP and UDP with one port number, which may take several tries."""
    for _ in range(50):
        tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Tcp)
        try:
            return tcp, socketserver.ThreadingUDPServer(tcp.server_address, _Udp)
        except OSError:
            tcp.server_close()
    raise OSError("no port is free for both TCP and UDP")


class _Udp(socketserver.BaseRequestHandler):
    def handle(self):
        wire, socket = self.request
        reply = self.server.nameserver.answer(wire)
        if reply is None:
            return
        if len(reply) > 1232:
            short = dns.message.make_response(dns.message.from_wire(wire))
            short.flags |= dns.flags.TC
            reply = short.to_wire()
        socket.sendto(reply, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        (length,) = struct.unpack("!H", self.rfile.read(2))
        if reply := self.server.nameserver.answer(self.rfile.read(length)):
            self.wfile.write(struct.pack("!H", len(reply)) + reply)
