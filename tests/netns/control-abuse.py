# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the control socket that do not behave. control-abuse.py SOCKET DONE: makes the file DONE at its end."""
import json
import socket
import sys
import time

path, done = sys.argv[1:]


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.settimeout(20)
    return s


def say(s, line):
    try:
        s.sendall(line)
    except BrokenPipeError:
        pass  # it has seen enough, or turned us away


def answer(s):
    text = b""
    while True:
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            piece = b""  # the daemon did not read all that was sent
        if not piece:
            return [json.loads(line) for line in text.splitlines()]
        text += piece


def ask(line):
    s = connect()
    say(s, line)
    return answer(s)[-1]


def check(what, good):
    if not good:
        sys.exit("FAIL: " + what)
    print("ok: " + what)


def status_works():
    """Those who block others are dropped after five seconds."""
    for _ in range(100):
        if ask(b'{"command": "status"}\n').get("done"):
            return True
        time.sleep(0.1)
    return False


check("garbage is refused", all(
    ask(line)["exit"] == 2 for line in (b"\0\xff\xfe\n", b"GET / HTTP/1.0\n", b"[" * 65535 + b"\n", b"{" * 100000, b"\n",
                                         b'{"command": "status", "more": 1}\n')))

s = connect()
s.sendall(b'{"command": "sta')
s.shutdown(socket.SHUT_WR)
check("half a line is refused", answer(s)[-1]["exit"] == 2)

half = connect()
half.sendall(b'{"command": "sta')
began = time.monotonic()
crowd = [connect() for _ in range(40)]
check("more than 16 are told so", "too many" in answer(crowd[-1])[-1]["error"])
check("and hold up the others for a while only", status_works())
check("half a line for ever is dropped", answer(half) == [] and 4 < time.monotonic() - began < 15)
for s in crowd:
    s.close()

for _ in range(1000):
    connect().close()
check("1000 connections that say nothing", status_works())

for _ in range(1000):
    s = connect()
    say(s, b'{"command": "stats"}\n')
    s.close()
check("1000 that do not wait for their answer", status_works())

# As many as there may be, none of which reads, again and again: 1000 answers that nobody takes.
for _ in range(63):
    deaf = []
    for _ in range(16):
        s = connect()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        say(s, b'{"command": "stats", "text": true}\n')
        deaf.append(s)
    for s in deaf:
        s.close()
check("1000 statistics that nobody reads", status_works())

open(done, "w").close()
