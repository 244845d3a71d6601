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
WISH = struct.Struct("=8I32s4I")
HEAD = struct.Struct("=8I32s4I2Q")
FIND = struct.Struct("=IIiI16s16s12Q192s")
FINDS = 16
SITES = 8192
SIZE = HEAD.size + FINDS * FIND.size + SITES * 8
TURN = 0xFFFFFFFF
CHILDREN = {"nfv-queue-1", "nfv-queue-2", "nfv-send-2", "nfv-keeper", "nfv-rules"}  # that the configuration of nth-lib.sh makes
PORTS = (9000, 9001)  # one queue each


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
        turn = HEAD.unpack_from(self.memory)[11]
        bits = sum(1 << KINDS.index(kind) for kind in kinds)
        self.memory[4:8] = struct.pack("=I", OFF)
        WISH.pack_into(self.memory, 0, 0x6E746821, OFF, bits, first, times, variant, depth, 0, who.encode(), 0, 0, turn, 0)
        self.memory[4:8] = struct.pack("=I", mode)

    def clear(self):
        """No findings."""
        self.memory[HEAD.size - 32:HEAD.size - 24] = bytes(8)

    def forget_sites(self):
        self.memory[SIZE - SITES * 8:SIZE] = bytes(SITES * 8)

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
        self.receivers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in PORTS]
        for receiver, port in zip(self.receivers, PORTS):
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            receiver.bind(("127.0.0.1", port))
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.number = 0
        self.waiting = set()

    def close(self):
        for one in self.receivers + [self.sender]:
            one.close()

    def send(self, count):
        """As many to each port."""
        for _ in range(count):
            for port in PORTS:
                self.sender.sendto(struct.pack("=I", self.number), ("127.0.0.1", port))
                self.waiting.add(self.number)
                self.number += 1

    def take(self, seconds):
        """Until all have come. What is still missing."""
        end = time.monotonic() + seconds
        while self.waiting:
            ready, _, _ = select.select(self.receivers, [], [], max(0, end - time.monotonic()))
            if not ready:
                break
            (number,) = struct.unpack("=I", ready[0].recv(64))
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
        self.kills = False  # whether its processes are killed on purpose
        self.judged = 0  # so much of the log
        self.shared = shared
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

    def children(self):
        """By process id, what they are called."""
        return {pid: name for pid, name in processes().items() if pid != self.process.pid}

    def descriptors(self):
        folder = f"/proc/{self.process.pid}/fd"
        found = []
        for name in os.listdir(folder):
            try:
                found.append(re.sub(r"\d+", "", os.readlink(f"{folder}/{name}")))
            except OSError:
                pass  # closed meanwhile
        return sorted(found)

    def ended(self, pattern):
        """How often the log or systemd was told of the end of something."""
        return len(re.findall(pattern, self.log))

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


def no_crash(daemon, status):
    if status < 0:
        raise Wrong(f"it was killed by {signal.Signals(-status).name}")
    if status not in (0, 1):
        raise Wrong(f"it ended with status {status}")
    words, daemon.judged = daemon.log[daemon.judged:], len(daemon.log)
    # A worker that takes no words of the master any more is killed, and replaced: its socket was full.
    killed_by_master = any(find.call == "send" and find.error == errno.EAGAIN for find in daemon.shared.finds())
    for killed in re.findall(r".*killed by signal.*", words):
        if not ((daemon.kills or killed_by_master) and "signal 9 " in killed):
            raise Wrong(f"a process crashed: {killed}")


def is_named(line):
    """An object or a step, and what became of it; not the bare text of an error."""
    bare = {os.strerror(number) for number in errno.errorcode} | {"out of memory"}
    line = re.sub(r"^(nfverdictd|nfverdict): (error|warning): ", "", line)
    last = line.startswith("start failed: ")
    line = line.removeprefix("start failed: ")
    if ": " in line:
        return line.split(": ")[0] not in bare
    return not last and line not in bare and len(line.split()) > 4


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
        Find.programs = {os.path.basename(program): program for program in (options.daemon, options.command)}
        self.usual = collections.Counter()
        self.left = []  # kinds of which there was no time for all

    def arm(self, kinds, who, n):
        options = self.options
        if options.every:
            self.shared.arm(COUNTED, kinds, who, first=n, variant=options.variant)
        else:
            self.shared.arm(NEW_SITE, kinds, who, variant=options.variant, depth=options.depth)

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
        self.traffic.close()
        self.traffic = Traffic()

    def tell(self, what):
        kinds = " ".join(f"{kind}={count}" for kind, count in sorted(self.counts.items()))
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.outcomes.items()))
        print(f"{what}: {sum(self.counts.values())} failures: {kinds}; {ends}", flush=True)
        if self.left:
            print(f"  after {self.options.seconds} s, not all of: {', '.join(sorted(set(self.left)))} (make soak tries them)")

    def each(self, one):
        """one(n) for N = 1, 2, 3 ... of all kinds in turn, until none fails any more or time is up; it returns how it went."""
        options = self.options
        end = time.monotonic() + options.seconds
        turns = {kinds: 1 for kinds in options.kinds.split()}
        while turns and self.failures < options.most_wrong and (not options.seconds or time.monotonic() < end):
            for kinds, n in list(turns.items()):
                outcome = one(kinds.split(","), n)
                self.outcomes[outcome] += 1
                for find in self.shared.finds():
                    self.counts[f"{find.kind}({find.role})" if options.roles else find.kind] += 1
                    if options.verbose:
                        print(n, outcome, find, flush=True)
                turns[kinds] = n + 1
                if not self.shared.fired or n == options.limit:
                    del turns[kinds]
        self.left += turns

    def run_each(self, through):
        """Another daemon each time; through(daemon, arm) takes it from its start to its end."""
        self.shared.disarm()
        daemon = Daemon(self.options, self.shared)
        outcome = through(daemon, lambda: None)
        if outcome != "served":
            raise SystemExit(f"it does not run when nothing fails: {daemon.log}")
        self.usual = collections.Counter(daemon.live())
        self.files = set(files_in(self.options.folder))  # locks stay for the next one

        def one(kinds, n):
            self.shared.disarm()
            self.shared.clear()
            daemon = Daemon(self.options, self.shared) if not self.options.from_start else None
            try:
                if self.options.from_start:
                    self.arm(kinds, self.options.who, n)
                    daemon = Daemon(self.options, self.shared)
                outcome = through(daemon, lambda: self.arm(kinds, self.options.who, n))
                blocks_given_back(daemon, self.usual)
                nothing_left(self.options, self.files)
                return outcome
            except Wrong as why:
                self.wrong(daemon, why)
                return "went wrong"

        self.each(one)

    def begin(self):
        """A daemon for many failures."""
        self.shared.disarm()
        self.daemon = Daemon(self.options, self.shared)
        if not self.daemon.wait_ready():
            raise SystemExit(f"it does not run when nothing fails: {self.daemon.log}")
        self.traffic.all_come(20)
        if self.all_there(10):
            raise SystemExit(f"processes are missing: {self.all_there(0)}: {self.daemon.log}")
        self.alike = None

    def all_there(self, seconds):
        """Those that are missing."""
        return until(seconds, lambda: CHILDREN - set(self.daemon.children().values()))

    def is_alike(self):
        """What the master has, in the same state as ever: descriptors and blocks of memory."""
        now = (self.daemon.descriptors(), self.shared.live)
        self.alike = self.alike or now
        return now == self.alike

    def finish(self):
        """The daemon of many failures ends in order."""
        self.shared.disarm()
        status = self.daemon.stop()
        no_crash(self.daemon, status)
        if status:
            raise Wrong(f"it ended with status {status}")
        blocks_given_back(self.daemon, self.usual)
        nothing_left(self.options, self.files)

    def run_one(self, act):
        """The same daemon all the time; act(daemon) is what it does while its calls fail."""
        self.begin()
        self.daemon.stop()
        self.usual = collections.Counter(self.daemon.live())
        self.files = set(files_in(self.options.folder))
        self.begin()

        def one(kinds, n):
            self.shared.clear()
            try:
                self.arm(kinds, self.options.who, n)
                outcome = act(self.daemon)
                self.shared.disarm()
                self.calm()
                return outcome
            except Wrong as why:
                self.shared.disarm()
                self.wrong(self.daemon, why)
                self.begin()
                return "went wrong"

        self.each(one)
        try:
            self.finish()
        except Wrong as why:
            self.wrong(self.daemon, why)

    def calm(self):
        """Nothing fails any more: all is as it was."""
        self.daemon.read(0.001, lambda: False)
        if self.daemon.process.poll() is not None:
            raise Wrong(f"it ended with status {self.daemon.process.returncode}")
        no_crash(self.daemon, 0)
        self.traffic.all_come(2)
        if self.all_there(40):
            raise Wrong(f"processes are missing: {self.all_there(0)}")
        if until(5, lambda: not self.is_alike()):
            now = self.daemon.descriptors()
            gone = list((collections.Counter(self.alike[0]) - collections.Counter(now)).elements())
            new = list((collections.Counter(now) - collections.Counter(self.alike[0])).elements())
            raise Wrong(f"descriptors of the master: {new} are new, {gone} gone; it has {self.shared.live} blocks of memory, "
                        f"it had {self.alike[1]}")


def start(loop):
    """Fails as a whole, with its cause named, or serves."""

    def through(daemon, _):
        if not daemon.wait_ready():
            no_crash(daemon, daemon.process.returncode)
            daemon.end()
            if daemon.process.returncode == 0:
                raise Wrong("it did not start, with status 0")
            error_is_named(daemon)
            return "did not start"
        loop.traffic.all_come(10)
        return ends_well(daemon, daemon.stop())

    loop.options.from_start = True
    loop.run_each(through)


def ends_well(daemon, status):
    no_crash(daemon, status)
    if status == 1:
        error_is_named(daemon)
        return "served and told of a failure"
    return "served"


def stop(loop):
    """Under way packets get through, and it ends in order."""

    def through(daemon, arm):
        if not daemon.wait_ready():
            raise Wrong("it did not start")
        loop.traffic.all_come(2)
        loop.traffic.send(20)
        arm()
        status = daemon.stop()
        if loop.traffic.take(2):
            loop.traffic.waiting.clear()
            raise Wrong("packets did not come through")
        return ends_well(daemon, status)

    loop.options.from_start = False
    loop.run_each(through)


def steady(loop):
    """Packets, statistics, answers: whatever fails, all packets come, by the same worker or its successor."""

    def act(daemon):
        before = set(daemon.children())
        daemon.process.send_signal(signal.SIGUSR1)
        for _ in range(3):
            loop.traffic.all_come(20)
        ask(loop, "status", "--json")
        ask(loop, "stats")
        loop.traffic.all_come(20)
        return "a worker was replaced" if set(daemon.children()) - before else "served"

    loop.run_one(act)


def ask(loop, *command):
    """Whether it is answered is not asked here; that it does not wait for ever is."""
    try:
        subprocess.run([loop.options.command, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=15, check=False)
    except subprocess.TimeoutExpired as late:
        raise Wrong(f"nfverdict {command[0]} gets no answer") from late


def crash(loop):
    """Processes are killed, and others take their places."""

    def act(daemon):
        kinds = r"nfv-(queue|send|keeper)"  # the server of rules, which no packet waits for, takes its time to come back
        victims = [pid for pid, name in daemon.children().items() if re.match(kinds, name)]
        daemon.kills = True
        loop.traffic.send(20)
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # the one that was killed before took it along
        loop.traffic.all_come(20, 10)
        missing = loop.all_there(10)
        if missing:
            raise Wrong(f"processes are missing: {missing}")
        return "replaced"

    loop.run_one(act)


def rules_now():
    return subprocess.run("iptables-save; ip6tables-save", shell=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout


def reload(loop):
    """From one configuration to the other and back: in force as a whole, or nothing was changed and the cause is named."""
    texts = [open(loop.options.config).read(), open(loop.options.other).read()]
    rules = [None, None]
    now = 0

    def ask_for(daemon, wanted):
        """True: it is in force."""
        with open(loop.options.config, "w") as file:
            file.write(texts[wanted])
        daemon.read(0.02, lambda: daemon.is_ready() and False)  # the words of the last one
        mark = len(daemon.log)
        daemon.process.send_signal(signal.SIGHUP)

        def ended():
            daemon.is_ready()
            # By its log or by what it tells systemd: one of them may be what fails.
            return re.search(r" reloaded: |reload: nothing was changed|RELOADING=1[^~]*READY=1", daemon.log[mark:])

        if not daemon.read(40, ended):
            raise Wrong("a reload does not come to an end")
        daemon.read(0.02, lambda: daemon.is_ready() and False)
        return "reload: nothing was changed" not in daemon.log[mark:]

    def shape():
        return re.sub(r"(?m)^#.*\n|\[\d+:\d+\]", "", rules_now())

    def act(daemon):
        nonlocal now
        before = len(daemon.log)
        loop.traffic.send(20)
        in_force = ask_for(daemon, 1 - now)
        loop.shared.disarm()
        loop.traffic.all_come(5)
        if in_force:
            now = 1 - now
        elif not [line for line in daemon.log[before:].splitlines() if ": error: " in line and is_named(line)
                  and "nothing was changed" not in line]:
            raise Wrong("no line names what failed")
        if not in_force:
            if not ask_for(daemon, 1 - now):
                raise Wrong("a reload is refused though nothing fails any more")
            now = 1 - now
        rules[now] = rules[now] or shape()
        if rules[now] != shape():
            raise Wrong(f"rules: {shape()}\nwanted: {rules[now]}")
        return "reloaded" if in_force else "nothing was changed"

    def calm_in_first():
        """What the master has is compared in one of the two."""
        nonlocal now
        if now:
            if not ask_for(loop.daemon, 0):
                raise Wrong("a reload is refused though nothing fails any more")
            now = 0
        calm()

    def begun():
        nonlocal now
        now = 0
        with open(loop.options.config, "w") as file:
            file.write(texts[0])
        begin()
        if not ask_for(loop.daemon, 1) or not ask_for(loop.daemon, 0):
            raise SystemExit(f"it does not reload when nothing fails: {loop.daemon.log}")

    calm, loop.calm = loop.calm, calm_in_first
    begin, loop.begin = loop.begin, begun
    loop.run_one(act)


def reload_each(loop):
    """As reload(), by another daemon for each failure."""
    first, other = open(loop.options.config).read(), open(loop.options.other).read()

    def write(text):
        with open(loop.options.config, "w") as file:
            file.write(text)

    def ends(daemon):
        return len(re.findall(r" reloaded: |reload: nothing was changed", daemon.log))

    def through(daemon, arm):
        ready = daemon.wait_ready()
        write(other)
        if not ready:
            raise Wrong("it does not start")
        arm()
        daemon.process.send_signal(signal.SIGHUP)
        if not daemon.read(40, lambda: ends(daemon) == 1):
            raise Wrong("the reload has no end")
        outcome = "served"
        if "nothing was changed" in daemon.log:
            outcome = "changed nothing"
            error_is_named(daemon)
        loop.traffic.all_come(10)
        loop.shared.disarm()
        daemon.process.send_signal(signal.SIGHUP)
        if not daemon.read(40, lambda: ends(daemon) == 2):
            raise Wrong("the next reload has no end")
        if len(re.findall(" reloaded: ", daemon.log)) != (2 if outcome == "served" else 1):
            raise Wrong("the next reload does not work")
        loop.traffic.all_come(10)
        no_crash(daemon, daemon.stop())
        return outcome

    def back(daemon, arm):
        try:
            return through(daemon, arm)
        finally:
            write(first)

    loop.options.from_start = False
    loop.run_each(back)


class Command:
    """nfverdict to its end; as far as no_crash() and the like are concerned, a daemon."""

    def __init__(self, options, shared, words):
        self.kills = False
        self.live_file = shared.path + ".live"
        if os.path.exists(self.live_file):
            os.unlink(self.live_file)
        environment = dict(os.environ, LD_PRELOAD=options.library, NFV_FAIL_FILE=shared.path)
        try:
            done = subprocess.run([options.command, "rules", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=environment, text=True, timeout=20, check=False)
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"nfverdict rules {' '.join(words)} does not end") from late
        self.status, self.out, self.log = done.returncode, done.stdout, done.stderr

    live = Daemon.live

    def kill(self):
        """It has ended."""


def rules(loop):
    """A command does what it is to do, or changes nothing and says why."""
    options = loop.options
    before, wanted = open(options.config).read(), open(options.other).read()

    def put(text):
        subprocess.run(["iptables-restore"], input=text, text=True, check=True)

    def now():
        return re.sub(r"(?m)^#.*\n|\[\d+:\d+\]", "", subprocess.run(["iptables-save"], stdout=subprocess.PIPE, text=True, check=True).stdout)

    put(wanted)
    shape_wanted = now()
    put(before)
    shape_before = now()
    def judge(run, usual, blocks, changes):
        if run.status < 0:
            raise Wrong(f"it was killed by {signal.Signals(-run.status).name}")
        if changes and now() != (shape_before if run.status else shape_wanted):
            raise Wrong(f"status {run.status}, and the rules are {now()}")
        blocks_given_back(run, blocks)
        if run.status == usual.status:
            if run.out != usual.out and not changes:
                raise Wrong("it prints something else")
            return "done"
        if not [line for line in run.log.splitlines() if is_named(line)]:
            raise Wrong(f"status {run.status}, and no line names what failed")
        return "refused"

    for words in (["show"], ["export"], ["check", options.other], ["diff", options.other, "live"], ["apply", options.other]):
        changes = words[0] == "apply"
        loop.shared.disarm()
        usual = Command(options, loop.shared, words)
        blocks = collections.Counter(usual.live())
        if changes and now() != shape_wanted:
            raise SystemExit(f"nfverdict rules {' '.join(words)} does not do what it is to do: {usual.log}")

        def one(kinds, n, words=words, usual=usual, blocks=blocks, changes=changes):
            if changes:
                put(before)
            loop.shared.clear()
            loop.arm(kinds, options.who, n)
            run = None
            try:
                run = Command(options, loop.shared, words)
                loop.shared.disarm()
                return judge(run, usual, blocks, changes)
            except Wrong as why:
                loop.shared.disarm()
                loop.failures += 1
                print(f"FAIL: nfverdict rules {' '.join(words)}: {why}", *(f"  when {find}" for find in loop.shared.finds()), sep="\n")
                print(run.log if run else "", flush=True)
                return "went wrong"

        loop.each(one)
        # Places where one command failed are not tried with the next: what they do there differs.
        loop.shared.forget_sites()


def main():
    options = arguments()
    loop = Loop(options)
    {"start": start, "stop": stop, "steady": steady, "crash": crash, "reload": reload, "reload-each": reload_each,
     "rules": rules}[options.what](loop)
    loop.tell(options.what)
    sys.exit(1 if loop.failures else 0)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["start", "stop", "steady", "crash", "reload", "reload-each", "rules"])
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--command", required=True, help="nfverdict")
    parser.add_argument("--library", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--other", help="the configuration to reload")
    parser.add_argument("--file", required=True, help="to share with the library")
    parser.add_argument("--folder", action="append", default=[], help="in which no new file may be left")
    parser.add_argument("--kinds", default="fork mmap recvmmsg sendmsg write exec wait receive open memory")
    parser.add_argument("--who", default="*")
    parser.add_argument("--seconds", type=int, default=0, help="for all kinds together; 0: as long as it takes")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--variant", type=int, default=TURN)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--most-wrong", type=int, default=5)
    parser.add_argument("--roles", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
