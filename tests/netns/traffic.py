#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic for the namespace tests: senders, receivers that count on their own, a capture that verifies checksums.

Receivers create the file given with --ready once they listen. A sink runs until SIGTERM, empties its socket and prints.
"""
import argparse
import ctypes
import fcntl
import hashlib
import os
import select
import signal
import socket
import struct
import sys
import time

SO_RCVBUFFORCE, SO_SNDBUFFORCE = 33, 32
SOL_PACKET, PACKET_AUXDATA, CHECKSUM_NOT_READY, PACKET_OUTGOING = 263, 8, 1 << 3, 4
BLOCK = 1 << 20
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def buffers(sock, size):
    """As much as this user may have: more than the system's limit is for root of the first user namespace only."""
    for force, plain in ((SO_RCVBUFFORCE, socket.SO_RCVBUF), (SO_SNDBUFFORCE, socket.SO_SNDBUF)):
        try:
            sock.setsockopt(socket.SOL_SOCKET, force, size)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, plain, size)


def ready(args):
    if args.ready:
        open(args.ready, "w").close()


def until_sigterm(sock):
    """Yields whenever the socket can be read; after SIGTERM until it is empty."""
    stop = []
    wake_r, wake_w = os.pipe()
    os.set_blocking(wake_w, False)
    signal.set_wakeup_fd(wake_w)
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    sock.setblocking(False)
    while True:
        readable, _, _ = select.select([sock, wake_r], [], [], 0 if stop else None)
        if sock in readable:
            yield
        elif stop:
            return


# ---- UDP ----

def udp_send(args):
    """Sends datagrams that begin with their sequence number (8 bytes); from several source addresses in turn if asked."""
    sources = args.source or [None]
    socks = []
    for source in sources:
        sock = socket.socket(family(args.address), socket.SOCK_DGRAM)
        buffers(sock, 8 << 20)
        if source:
            sock.bind((source, 0))
        sock.connect((args.address, args.port))
        socks.append(sock)
    filler = bytes(max(args.size - 8, 0))
    start, pack, count = time.monotonic(), struct.Struct("!Q").pack, len(socks)
    sent = 0
    for number in range(args.count):
        if args.rate:
            wait = start + number / args.rate - time.monotonic()
            if wait > 0.001:
                time.sleep(wait)
        data = pack(args.first + number) + filler
        while True:
            try:
                socks[number % count].send(data)
                sent += 1
            except ConnectionRefusedError:  # nobody took an earlier one; this one was not sent yet
                continue
            break
    print(f"sent={sent} seconds={time.monotonic() - start:.2f}")


def udp_sink(args):
    """Counts datagrams of udp-send: all, distinct, those seen more than once."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    buffers(sock, 64 << 20)
    sock.bind(("::", args.port))
    ready(args)
    received, seen = 0, set()
    for _ in until_sigterm(sock):
        try:
            while True:
                data = sock.recv(65536)
                received += 1
                seen.add(data[:8])
        except BlockingIOError:
            pass
    print(f"received={received} distinct={len(seen)} duplicates={received - len(seen)}")


def udp_ask(args):
    """Sends a text, prints the answer; status 1 when none comes."""
    sock = socket.socket(family(args.address), socket.SOCK_DGRAM)
    sock.settimeout(args.timeout)
    sock.connect((args.address, args.port))
    sock.send(args.text.encode())
    try:
        print(sock.recv(65536).decode(errors="backslashreplace"))
    except (TimeoutError, ConnectionRefusedError) as error:
        print(f"no answer: {error}")
        sys.exit(1)


def udp_echo(args):
    """Answers every datagram with what it held."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(("::", args.port))
    ready(args)
    for _ in until_sigterm(sock):
        data, peer = sock.recvfrom(65536)
        sock.sendto(data, peer)


def notify(args):
    """Listens as a service manager does and prints what it is told."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if os.path.exists(args.path):
        os.unlink(args.path)
    sock.bind(args.path)
    os.chmod(args.path, 0o777)
    ready(args)
    for _ in until_sigterm(sock):
        print(sock.recv(4096).decode(), flush=True)


# ---- TCP ----

def stream(total, seed):
    """Blocks of `total` bytes in all, each different from the others; cheap, so that the network is what is slow."""
    block = bytearray(hashlib.shake_128(seed.encode()).digest(BLOCK))
    number = 0
    while total > 0:
        struct.pack_into("!Q", block, 0, number)
        part = memoryview(block)[:min(total, BLOCK)]
        yield part
        total -= len(part)
        number += 1


def tcp_send(args):
    """Sends bytes, or a text, and prints the SHA-256 of what it sent; then prints what the other side answers, if anything."""
    sock = socket.create_connection((args.address, args.port), timeout=args.timeout)
    digest, sent, start = hashlib.sha256(), 0, time.monotonic()
    for part in [args.text.encode()] if args.text else stream(args.bytes, "nfverdict"):
        sock.sendall(part)
        digest.update(part)
        sent += len(part)
    sock.shutdown(socket.SHUT_WR)
    answer = b""
    while more := sock.recv(65536):
        answer += more
    print(f"bytes={sent} sha256={digest.hexdigest()}")
    print(f"seconds={time.monotonic() - start:.2f} answer={answer.decode(errors='backslashreplace')}", file=sys.stderr)


def tcp_sink(args):
    """Takes one connection, prints the length and SHA-256 of what came; with --show the bytes themselves too."""
    server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("::", args.port))
    server.listen()
    ready(args)
    sock, _ = server.accept()
    digest, received, shown, buffer = hashlib.sha256(), 0, b"", bytearray(BLOCK)
    view = memoryview(buffer)
    while size := sock.recv_into(buffer):
        digest.update(view[:size])
        received += size
        if args.show:
            shown += view[:size]
    sock.close()
    print(f"bytes={received} sha256={digest.hexdigest()}")
    if args.show:
        print(shown.decode(errors="backslashreplace"))


# ---- capture ----

def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def judge(packet):
    """(protocol, ports, payload, verdict on the checksums) of an IP packet without extension headers."""
    if packet[0] >> 4 == 4:
        header, total = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0]
        protocol, addresses = packet[9], packet[12:20]
        header_ok = ones_sum(packet[:header]) == 0xffff
    else:
        header, total = 40, 40 + struct.unpack_from("!H", packet, 4)[0]
        protocol, addresses = packet[6], packet[8:40]
        header_ok = True
    segment = packet[header:total]
    pseudo = addresses + struct.pack("!IxxxB", len(segment), protocol)
    if protocol == socket.IPPROTO_ICMP:
        pseudo = b""
    ok = header_ok and len(packet) >= total and ones_sum(pseudo + segment) == 0xffff
    ports, payload = (0, 0), segment[8:]
    if protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        ports = struct.unpack_from("!HH", segment)
    if protocol == socket.IPPROTO_TCP:
        payload = segment[(segment[12] >> 4) * 4:]
    if protocol == socket.IPPROTO_UDP and struct.unpack_from("!H", segment, 4)[0] != len(segment):
        return protocol, ports, payload, "wrong-length"
    return protocol, ports, payload, "ok" if ok else "bad"


def capture(args):
    """One line for each packet that arrives at an interface: protocol, destination port, TTL, TOS, checksums, payload."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    buffers(sock, 16 << 20)
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.bind((args.interface, 3))
    ready(args)
    for _ in until_sigterm(sock):
        packet, extra, _, source = sock.recvmsg(1 << 17, 256)
        if source[2] == PACKET_OUTGOING or len(packet) < 20 or packet[0] >> 4 not in (4, 6):
            continue
        protocol, ports, payload, verdict = judge(packet)
        # Multicast reports of the kernel come with a hop-by-hop header, at any time.
        if protocol not in PROTOCOLS or (args.port and args.port != ports[1]):
            continue
        for level, kind, data in extra:
            if level == SOL_PACKET and kind == PACKET_AUXDATA and struct.unpack_from("=I", data)[0] & CHECKSUM_NOT_READY:
                verdict = "offloaded"
        v4 = packet[0] >> 4 == 4
        ttl, tos = (packet[8], packet[1]) if v4 else (packet[7], (packet[0] << 4 | packet[1] >> 4) & 0xff)
        print(f"ipv{packet[0] >> 4} {PROTOCOLS[protocol]} port={ports[1]} ttl={ttl} dscp={tos >> 2} checksum={verdict} payload={payload!r}", flush=True)


def offload(args):
    """Switches off what a veth leaves to the other end: checksums, segmentation (what ethtool -K does)."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for command in (0x15, 0x17, 0x1f, 0x24, 0x2c):  # ETHTOOL_SRXCSUM STXCSUM STSO SGSO SGRO
        value = bytearray(struct.pack("II", command, 0))
        buffer = (ctypes.c_char * len(value)).from_buffer(value)
        request = struct.pack("16sP", args.interface.encode(), ctypes.addressof(buffer))
        try:
            fcntl.ioctl(sock, 0x8946, request)  # SIOCETHTOOL
        except OSError as error:
            if command not in (0x15, 0x1f):  # not every driver has these
                raise SystemExit(f"offload {args.interface}: {command:#x}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(function, *names, **options):
        sub = commands.add_parser(function.__name__.replace("_", "-"), help=function.__doc__)
        sub.set_defaults(run=function)
        for name in names:
            sub.add_argument(name, type=int if name == "port" else str)
        sub.add_argument("--ready")
        for name, default in options.items():
            sub.add_argument("--" + name, default=default, type=type(default))
        return sub

    sub = command(udp_send, "address", "port", count=1, size=64, rate=0, first=0)
    sub.add_argument("--source", action="append")
    command(udp_sink, "port")
    command(udp_ask, "address", "port", "text", timeout=5.0)
    command(udp_echo, "port")
    command(notify, "path")
    command(tcp_send, "address", "port", bytes=0, text="", timeout=60.0)
    command(tcp_sink, "port", show=0)
    command(capture, "interface", port=0)
    command(offload, "interface")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
