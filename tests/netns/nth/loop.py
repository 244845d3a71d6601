# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes one call fail after the other, each in a daemon of its own or all in the same one."""
import collections
import os
import subprocess
import time

from daemon import Daemon
from judge import blocks_given_back, books_balance, no_crash, nothing_left
from machine import Traffic, Wrong, files_in, until
from shared import COUNTED, NEW_SITE, Find, Shared

# That the configuration of nth-lib.sh makes.
CHILDREN = {"nfv-queue-1", "nfv-queue-2", "nfv-send-2", "nfv-keeper", "nfv-rules"}


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
        self.state = ""  # in which of those that a daemon may have it is
        self.alike = {}  # what it has in each of them
        self.same_master = True  # all the time: it has as much memory, and its own executable open
        self.left = []  # kinds of which there was no time for all

    def arm(self, kinds, who, n):
        options = self.options
        if options.every:
            self.shared.arm(COUNTED, kinds, who, first=n, variant=options.variant)
        else:
            self.shared.arm(NEW_SITE, kinds, who, variant=options.variant, depth=options.depth)

    def wrong(self, daemon, why):
        self.failures += 1
        daemon.read(0.01, lambda: False)
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
        self.sent_before = self.traffic.sent
        self.deadly = 0  # packets to queue 2 that nobody receives
        if not self.daemon.wait_ready():
            raise SystemExit(f"it does not run when nothing fails: {self.daemon.log}")
        self.traffic.all_come(20)
        if self.all_there(10):
            raise SystemExit(f"processes are missing: {self.all_there(0)}: {self.daemon.log}")
        self.alike = {}

    def all_there(self, seconds):
        """Those that are missing."""
        return until(seconds, lambda: CHILDREN - set(self.daemon.children().values()))

    def is_alike(self):
        """What the master has, in the same state as ever: descriptors and blocks of memory."""
        if self.state not in self.alike:
            self.alike[self.state] = self.settled()
        return self.shows() == self.alike[self.state]

    def shows(self):
        descriptors, blocks = self.daemon.descriptors(), self.shared.live
        if not self.same_master:
            descriptors, blocks = [name for name in descriptors if name != self.options.daemon], 0
        return descriptors, blocks, sorted(self.daemon.children().values())

    def settled(self):
        """What it shows once that does not change any more."""
        looks = [self.shows()]

        def moves():
            looks.append(self.shows())
            return len(looks) < 50 or any(look != looks[-1] for look in looks[-50:])

        if until(20, moves):
            raise Wrong(f"it does not settle: {looks[-2:]}")
        return looks[-1]

    def finish(self):
        """The daemon of many failures ends in order."""
        self.shared.disarm()
        status = self.daemon.stop()
        no_crash(self.daemon, status)
        if status:
            raise Wrong(f"it ended with status {status}")
        blocks_given_back(self.daemon, self.usual)
        nothing_left(self.options, self.files)

    def run_one(self, act, before=lambda daemon: None):
        """The same daemon all the time; act(daemon) is what it does while its calls fail, before(daemon) what before that."""
        self.begin()
        self.daemon.stop()
        self.usual = collections.Counter(self.daemon.live())
        self.files = set(files_in(self.options.folder))
        self.begin()

        def one(kinds, n):
            try:
                before(self.daemon)
                self.shared.clear()
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
            raise Wrong(self.differs())
        sent = self.traffic.sent - self.sent_before
        books_balance(self.options, {1: sent, 2: sent + self.deadly})

    def differs(self):
        descriptors, blocks, names = self.alike[self.state]
        now = collections.Counter(self.shows()[0])
        usual = collections.Counter(descriptors)
        new, gone = list((now - usual).elements()), list((usual - now).elements())
        return (f"descriptors of the master: {new} are new, {gone} gone; "
                f"it has {self.shared.live} blocks of memory, it had {blocks}; "
                f"processes: {sorted(self.daemon.children().values())}, there were {names}")
