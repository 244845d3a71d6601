# SPDX-License-Identifier: GPL-2.0-or-later
"""Start, stop, service, and processes that take the places of dead ones."""
import os
import re
import signal
import subprocess

from judge import began_in_vain, ends_well, error_is_named, no_crash
from machine import Wrong


def start(loop):
    """Fails as a whole, with its cause named, or serves."""

    def through(daemon, _):
        if not daemon.wait_ready():
            daemon.end()
            if began_in_vain(daemon):
                return "did not start"
            no_crash(daemon, daemon.process.returncode)
            if daemon.process.returncode == 0:
                raise Wrong("it did not start, with status 0")
            error_is_named(daemon)
            return "did not start"
        loop.traffic.all_come(10)
        return ends_well(daemon, daemon.stop())

    loop.options.from_start = True
    loop.run_each(through)


def stop(loop):
    """Under way packets get through, and it ends in order."""

    def through(daemon, arm):
        if not daemon.wait_ready():
            raise Wrong("it did not start")
        loop.traffic.all_come(2)
        loop.traffic.send(20)
        arm()
        status = daemon.stop()
        if loop.traffic.take(30):
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
        daemon.kills = {signal.SIGKILL}
        loop.traffic.send(20)
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # the one that was killed before took it along
        loop.traffic.all_come(20)
        missing = loop.all_there(10)
        if missing:
            raise Wrong(f"processes are missing: {missing}")
        return "replaced"

    loop.run_one(act)
