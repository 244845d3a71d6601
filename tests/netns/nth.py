#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Runs nfverdictd again and again, and each time makes another one of its calls fail (tests/fail). The nth-*.sh say which and judge nothing:
what must hold whatever fails is here.

Without --every a call fails once for each place in the code that it is made from (by its callers); with it for N = 1, 2, 3 ... until
none is left.
"""
import argparse
import collections
import errno
import glob
import mmap
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

KINDS = ["memory", "mmap", "fork", "open", "write", "sendmsg", "recvmmsg", "receive", "wait", "exec"]
OFF, COUNTED, NEW_SITE = range(3)
HEAD = struct.Struct("=8I32s4I2Q")
FIND = struct.Struct("=IIiI16s16s12Q192s")
FINDS = 16
SIZE = HEAD.size + FINDS * FIND.size + 8192 * 8
TURN = 0xFFFFFFFF
PORT = 9000


class Shared:
    """The file that fail.c maps."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(b"\0" * SIZE)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), SIZE)
        self.memory[:4] = struct.pack("=I", 0x6E746821)

    def arm(self, mode, kinds, who, first=1, times=1, variant=TURN, depth=5):
        live = HEAD.unpack_from(self.memory)[13:15]
        turn = HEAD.unpack_from(self.memory)[11]
        bits = sum(1 << KINDS.index(kind) for kind in kinds)
        self.memory[4:8] = struct.pack("=I", OFF)
        HEAD.pack_into(self.memory, 0, 0x6E746821, OFF, bits, first, times, variant, depth, 0, who.encode(), 0, 0, turn, 0, *live)
        self.memory[4:8] = struct.pack("=I", mode)

    def disarm(self):
        self.memory[4:8] = struct.pack("=I", OFF)

    @property
    def fired(self):
        return HEAD.unpack_from(self.memory)[10]

    @property
    def live(self):
        return HEAD.unpack_from(self.memory)[13]

    def finds(self):
        for i in range(min(self.fired, FINDS)):
            kind, error, pid, count, role, call, *rest = FIND.unpack_from(self.memory, HEAD.size + i * FIND.size)
            yield Find(kind, error, pid, text(role), text(call), [(text(rest[12][f * 16:f * 16 + 16]), rest[f]) for f in range(count)])


def text(raw):
    return raw.split(b"\0", 1)[0].decode()


def place_name(name, place):
    """As the debug information has it, for who reads the log."""
    program = shutil.which("addr2line") and Find.programs.get(name)
    if not program:
        return f"{name}+{place:#x}"
    told = subprocess.run(["addr2line", "-sfe", program, f"{place - 1:#x}"], stdout=subprocess.PIPE, text=True, check=False).stdout.split("\n")
    return f"{told[0]}({told[1]})"


class Find:
    """One call that failed."""

    programs = {}

    def __init__(self, kind, error, pid, role, call, frames):
        self.kind, self.error, self.pid, self.role, self.call, self.frames = KINDS[kind], error, pid, role, call, frames

    def __str__(self):
        where = ", ".join(place_name(name, place) for name, place in self.frames)
        return f"{self.call}() gives {errno.errorcode[self.error]} in {self.role}, from {where}"


class Wrong(Exception):
    """What must not be."""


# ---- what the machine shows ----


def processes():
    """Those of ours, by what they are called."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            name = open(path).read().strip()
            if re.match(r"nfverdict|nfv-|ip6?tables|xtables", name) and open(path[:-4] + "stat").read().rsplit(")", 1)[1].split()[0] != "Z":
                found[int(path.split("/")[2])] = name
        except OSError:
            pass
    return found


def queues():
    return open("/proc/self/net/netfilter/nfnetlink_queue").read()


def rules_left():
    left = ""
    for tool in ("iptables-save", "ip6tables-save"):
        saved = subprocess.run([tool], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        left += "".join(line + "\n" for line in saved.splitlines() if "NFV-" in line or "nfv:" in line)
    return left


def files_in(folders):
    return sorted(os.path.join(at, name) for folder in folders for at, _, names in os.walk(folder) for name in names)


def until(seconds, question):
    """The first answer that is empty, or the last one."""
    end = time.monotonic() + seconds
    while (answer := question()) and time.monotonic() < end:
        time.sleep(0.005)
    return answer


# ---- one run of the daemon ----


class Traffic:
    """Packets to ourselves, through the queue; each has a number."""

    def __init__(self):
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.receiver.bind(("127.0.0.1", PORT))
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.number = 0
        self.waiting = set()

    def send(self, count):
        for _ in range(count):
            self.sender.sendto(struct.pack("=I", self.number), ("127.0.0.1", PORT))
            self.waiting.add(self.number)
            self.number += 1

    def take(self, seconds):
        """Until all have come. What is still missing."""
        end = time.monotonic() + seconds
        while self.waiting:
            ready, _, _ = select.select([self.receiver], [], [], max(0, end - time.monotonic()))
            if not ready:
                break
            (number,) = struct.unpack("=I", self.receiver.recv(64))
            if number not in self.waiting:
                raise Wrong(f"packet {number} came twice")
            self.waiting.remove(number)
        return len(self.waiting)

    def all_come(self, count, seconds=5):
        self.send(count)
        missing = self.take(seconds)
        if missing:
            self.waiting.clear()
            raise Wrong(f"{missing} packets did not come through")


class Daemon:
    """nfverdictd in the foreground; what it prints is read on the way."""

    def __init__(self, options, shared):
        self.log = ""
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.notified.bind(f"\0nth-{os.getpid()}-{id(self)}")
        name = self.notified.getsockname().decode().replace("\0", "@")
        environment = dict(os.environ, LD_PRELOAD=options.library, NFV_FAIL_FILE=shared.path, NOTIFY_SOCKET=name)
        self.live_file = shared.path + ".live"
        if os.path.exists(self.live_file):
            os.unlink(self.live_file)
        command = [options.daemon, "-f", "--allow-unsafe-files", "-c", options.config]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self, seconds, done):
        """Until done() or the end of what is printed. True: done()."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            readable = select.select([self.process.stdout, self.notified], [], [], left)[0]
            if self.process.stdout not in readable:
                if readable and done():
                    return True
                continue
            got = self.process.stdout.read()
            if got == b"":
                return done()
            self.log += (got or b"").decode(errors="replace")
        return True

    def is_ready(self):
        """By its log or by what it tells systemd: one of them may be what fails."""
        try:
            self.log += "".join(f"notified: {line}\n" for line in self.notified.recv(4096).decode().splitlines())
        except BlockingIOError:
            pass
        return re.search(r"\bready\b|READY=1", self.log) is not None

    def wait_ready(self):
        """False: it ended."""
        if self.read(20, self.is_ready):
            return True
        if until(2, lambda: self.process.poll() is None):
            raise Wrong("it is neither ready nor gone")
        return False

    def end(self, seconds=20):
        """Its status, once all that hold what it prints to are gone."""
        self.read(seconds, lambda: self.is_ready() and False)
        self.notified.close()
        try:
            return self.process.wait(1)
        except subprocess.TimeoutExpired as late:
            raise Wrong("it does not end") from late

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def kill(self):
        for pid in processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stdout.close()
        self.notified.close()

    def live(self):
        """Blocks that the master did not give back."""
        if not os.path.exists(self.live_file):
            return []
        return open(self.live_file).read().splitlines()


# ---- what must hold ----


def nothing_left(options, files):
    left = until(3, processes)
    if left:
        raise Wrong(f"processes are left: {left}")
    left = queues()
    if left:
        raise Wrong(f"queues are left: {left}")
    left = rules_left()
    if left:
        raise Wrong(f"rules are left: {left}")
    new = sorted(set(files_in(options.folder)) - set(files))
    if new:
        raise Wrong(f"files are left: {new}")


def no_crash(daemon, status, signals=r"\d+"):
    if status < 0:
        raise Wrong(f"it was killed by {signal.Signals(-status).name}")
    if status not in (0, 1):
        raise Wrong(f"it ended with status {status}")
    killed = re.search(rf".*(killed by|died of) signal {signals}\b.*", daemon.log)
    if killed:
        raise Wrong(f"a process crashed: {killed.group(0)}")


def is_named(line):
    """An object or a step, and what became of it; not the bare text of an error."""
    line = re.sub(r"^(nfverdictd|nfverdict): (error|warning): (start failed: )?", "", line)
    bare = {os.strerror(number) for number in errno.errorcode} | {"out of memory"}
    return ": " in line and line.split(": ")[0] not in bare


def error_is_named(daemon):
    lines = [line for line in daemon.log.splitlines() if ": error: " in line or re.match(r"\S+\.yaml:", line)]
    if not [line for line in lines if is_named(line)]:
        raise Wrong("no line names what failed")


def blocks_given_back(daemon, usual):
    extra = collections.Counter(daemon.live()) - usual
    if extra:
        raise Wrong("memory is not given back:\n" + "\n".join(f"    {line}" for line in extra.elements()))


# ---- the loops ----


class Loop:
    def __init__(self, options):
        self.options = options
        self.shared = Shared(options.file)
        self.traffic = Traffic()
        self.counts = collections.Counter()
        self.outcomes = collections.Counter()
        self.failures = 0
        Find.programs[os.path.basename(options.daemon)] = options.daemon
        self.usual = collections.Counter()
        self.pending = None

    def arm(self, kinds, who, n):
        options = self.options
        if options.every:
            self.shared.arm(COUNTED, kinds, who, first=n, variant=options.variant)
        else:
            self.shared.arm(NEW_SITE, kinds, who, variant=options.variant, depth=options.depth)

    def arm_now(self):
        """For those who bring the daemon into a state first."""
        if self.pending:
            self.arm(*self.pending)

    def wrong(self, daemon, why):
        self.failures += 1
        print(f"FAIL: {why}")
        for find in self.shared.finds():
            print(f"  when {find}")
        print("".join(f"  | {line}\n" for line in daemon.log.splitlines()[-40:] if " IP 127" not in line and not line.startswith(("queue ", "handler", "look", "pick", "one ")) and line), end="", flush=True)
        daemon.kill()
        subprocess.run([self.options.daemon, "--cleanup"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        for name in set(files_in(self.options.folder)) - self.files:
            os.unlink(name)
        self.traffic = Traffic() if self.traffic.receiver.close() is None else None

    def tell(self, what):
        kinds = " ".join(f"{kind}={count}" for kind, count in sorted(self.counts.items()))
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.outcomes.items()))
        print(f"{what}: {sum(self.counts.values())} failures: {kinds}; {ends}", flush=True)

    def run(self, what, one, late=False):
        """one(daemon) runs a daemon through and says how it went. late: it calls arm_now() before anything is to fail."""
        self.shared.disarm()
        daemon = Daemon(self.options, self.shared)
        outcome = one(daemon)
        if outcome != "served":
            raise SystemExit(f"it does not run when nothing fails: {daemon.log}")
        self.usual = collections.Counter(daemon.live())
        self.files = set(files_in(self.options.folder))  # locks stay for the next one
        for kinds in self.options.kinds.split():
            n = 1
            while self.failures < self.options.most_wrong and (self.options.limit == 0 or n <= self.options.limit):
                self.pending = (kinds.split(","), self.options.who, n)
                if late:
                    self.shared.disarm()
                else:
                    self.arm_now()
                daemon = Daemon(self.options, self.shared)
                try:
                    outcome = one(daemon)
                    blocks_given_back(daemon, self.usual)
                    nothing_left(self.options, self.files)
                    if self.options.verbose:
                        print(n, outcome, *self.shared.finds(), flush=True)
                except Wrong as why:
                    outcome = "went wrong"
                    self.wrong(daemon, why)
                self.outcomes[outcome] += 1
                if not self.shared.fired:
                    break
                for find in self.shared.finds():
                    self.counts[f"{find.kind}({find.role})" if self.options.roles else find.kind] += 1
                n += 1
        self.tell(what)
        return self.failures


def start(loop):
    """Fails as a whole, with its cause named, or serves."""

    def one(daemon):
        if not daemon.wait_ready():
            no_crash(daemon, daemon.process.returncode)
            daemon.end()
            if daemon.process.returncode == 0:
                raise Wrong("it did not start, with status 0")
            error_is_named(daemon)
            return "did not start"
        loop.traffic.all_come(20)
        status = daemon.stop()
        no_crash(daemon, status)
        if status == 1:
            error_is_named(daemon)
            return "served and told of a failure"
        return "served"

    return loop.run("start", one)


def reload(loop):
    """Puts another configuration in force, or changes nothing, with its cause named; afterwards all is as ever."""
    first = loop.options.config + ".first"
    shutil.copyfile(loop.options.config, first)

    def ends(daemon):
        return len(re.findall(r" reloaded: |reload: nothing was changed", daemon.log))

    def one(daemon):
        ready = daemon.wait_ready()
        shutil.copyfile(loop.options.other, loop.options.config)
        if not ready:
            raise Wrong("it does not start")
        loop.arm_now()
        daemon.process.send_signal(signal.SIGHUP)
        if not daemon.read(40, lambda: ends(daemon) == 1):
            raise Wrong("the reload has no end")
        outcome = "served"
        if "nothing was changed" in daemon.log:
            outcome = "changed nothing"
            error_is_named(daemon)
        loop.traffic.all_come(20)
        loop.shared.disarm()
        daemon.process.send_signal(signal.SIGHUP)
        if not daemon.read(40, lambda: ends(daemon) == 2):
            raise Wrong("the next reload has no end")
        if len(re.findall(" reloaded: ", daemon.log)) != (2 if outcome == "served" else 1):
            raise Wrong("the next reload does not work")
        loop.traffic.all_come(20)
        shutil.copyfile(first, loop.options.config)
        # A worker that cannot be told to leave is killed, and its successor repeats what it had.
        no_crash(daemon, daemon.stop(), signals=r"(?!9\b)\d+")
        return outcome

    return loop.run("reload", one, late=True)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["start", "reload"])
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--other", help="another configuration")
    parser.add_argument("--file", required=True, help="to share with the library")
    parser.add_argument("--folder", action="append", default=[], help="in which no new file may be left")
    parser.add_argument("--kinds", default="memory mmap fork open write sendmsg recvmmsg receive wait exec")
    parser.add_argument("--who", default="*")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--variant", type=int, default=TURN)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--most-wrong", type=int, default=5)
    parser.add_argument("--roles", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    loop = Loop(options)
    sys.exit(1 if {"start": start, "reload": reload}[options.what](loop) else 0)


if __name__ == "__main__":
    main()
