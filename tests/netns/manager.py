# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for the service manager: keeps descriptors (FDSTORE=1, FDSTOREREMOVE=1), starts the service again when it ends, and gives
them back (LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID).

	manager.py SOCKET COMMAND...

Says on standard output what happens, a line each: "started PID", "ready", "kept NAME", "forgot NAME", "ended STATUS". SIGUSR1: the next
end is the last one. SIGHUP: gives one more descriptor with the next start, of a file. SIGTERM: ends the service, then itself.
"""
import array
import os
import select
import signal
import socket
import sys

path, command = sys.argv[1], sys.argv[2:]
kept = {}
last = False
stray = False
pid = 0


def say(*words):
    print(*words, flush=True)


def start():
    global pid, stray
    fds = list(kept.items())
    extra = None
    if stray:
        extra = os.open("/dev/null", os.O_RDONLY)
        fds.append(("something-else", extra))
        stray = False
    pid = os.fork()
    if pid == 0:
        # First away from the numbers that they are to have.
        high = [(name, os.dup2(fd, 200 + i)) for i, (name, fd) in enumerate(fds)]
        for i, (name, fd) in enumerate(high):
            os.dup2(fd, 3 + i)
            os.close(fd)
        os.closerange(3 + len(high), 200)
        environment = dict(os.environ, NOTIFY_SOCKET=path)
        if fds:
            environment.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)),
                               LISTEN_FDNAMES=":".join(name for name, _ in fds))
        os.execve(command[0], command, environment)
    if extra is not None:
        os.close(extra)
    say("started", pid)


def hear():
    data, ancillary, _, _ = listener.recvmsg(65536, socket.CMSG_SPACE(16 * 4))
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content)
    words = dict(line.split("=", 1) for line in data.decode().split("\n") if "=" in line)
    name = words.get("FDNAME", "stored")
    if words.get("FDSTORE") == "1" and len(fds) == 1:
        if name not in kept:
            say("kept", name, words.get("FDPOLL"))
            kept[name] = fds.pop()
    elif words.get("FDSTOREREMOVE") == "1" and name in kept:
        os.close(kept.pop(name))
        say("forgot", name)
    elif words.get("READY") == "1":
        say("ready")
    for fd in fds:
        os.close(fd)


def on_signal(number, frame):
    global last, stray
    if number == signal.SIGHUP:
        stray = True
        return
    last = True
    if number == signal.SIGTERM:
        os.kill(pid, signal.SIGTERM)


for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, on_signal)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(path)
os.set_inheritable(listener.fileno(), False)
start()
while True:
    if select.select([listener], [], [], 0.01)[0]:
        hear()
        continue
    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        _, status = os.waitpid(pid, 0)
        say("ended", os.waitstatus_to_exitcode(status))
        if last:
            break
        start()
os.unlink(path)
