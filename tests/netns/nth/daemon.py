# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of the daemon or of its command."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import time

from machine import Wrong, processes, until


class Daemon:
    """nfverdictd in the foreground; what it prints is read on the way."""

    def __init__(self, options, shared):
        self.log = ""
        self.kills = set()  # signals by which its processes are killed on purpose
        self.judged = 0  # so much of the log
        self.shared = shared
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.notified.bind(f"\0nth-{os.getpid()}-{id(self)}")
        name = self.notified.getsockname().decode().replace("\0", "@")
        environment = dict(os.environ, LD_PRELOAD=options.library, NFV_FAIL_FILE=shared.path, NOTIFY_SOCKET=name)
        self.live_file = shared.path + ".live"
        if os.path.exists(self.live_file):
            os.unlink(self.live_file)
        shared.expect_master()
        command = [options.daemon, "-f", "--allow-unsafe-files", "-c", options.config]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        os.set_blocking(self.process.stdout.fileno(), False)

    def read(self, seconds, done):
        """Until done() or the end of what is printed. True: done()."""
        end = time.monotonic() + seconds
        while not self.process.stdout.closed and self.notified.fileno() >= 0:
            self.hear()
            if done():
                break
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

    def hear(self):
        """What it tells systemd."""
        try:
            while True:
                self.log += "".join(f"notified: {line}\n" for line in self.notified.recv(4096).decode().splitlines())
        except BlockingIOError:
            pass

    def is_ready(self):
        """By its log or by what it tells systemd: one of them may be what fails."""
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
        self.read(seconds, lambda: False)
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
                found.append(re.sub(r"\d+|-other$", "", os.readlink(f"{folder}/{name}")))
            except OSError:
                pass  # closed meanwhile
        return sorted(found)

    def ended(self, pattern):
        """How often the log or systemd was told of the end of something."""
        return len(re.findall(pattern, self.log))

    def kill_master(self):
        """The others stay."""
        self.process.kill()
        self.read(5, lambda: self.process.poll() is not None)
        self.process.wait()
        self.read(0.01, lambda: False)
        self.process.stdout.close()
        self.notified.close()

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


def ask_json(options, *words):
    """What the daemon says, once it does."""
    end = time.monotonic() + 40
    while True:
        done = subprocess.run([options.command, *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=40, check=False)
        if done.stdout.startswith("{") and (document := json.loads(done.stdout)).get("queues"):
            return document
        if time.monotonic() > end:
            raise Wrong(f"nfverdict {words[0]} gets no answer: {done.stdout}{done.stderr}")
        time.sleep(0.02)


class Command:
    """nfverdict to its end, whose calls may fail; as far as no_crash() and the like are concerned, a daemon."""

    def __init__(self, options, shared, words):
        self.kills = set()
        self.words = words
        self.live_file = shared.path + ".live"
        if os.path.exists(self.live_file):
            os.unlink(self.live_file)
        shared.expect_master()
        environment = dict(os.environ, LD_PRELOAD=options.library, NFV_FAIL_FILE=shared.path)
        try:
            done = subprocess.run([options.command, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=environment, text=True, timeout=40, check=False)
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"nfverdict {' '.join(words)} does not end") from late
        self.status, self.out, self.log = done.returncode, done.stdout, done.stderr

    live = Daemon.live

    def kill(self):
        """It has ended."""
