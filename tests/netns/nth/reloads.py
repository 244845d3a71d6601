# SPDX-License-Identifier: GPL-2.0-or-later
"""Another configuration."""
import re
import signal
import subprocess

from judge import error_is_named, is_named, no_crash
from machine import Wrong


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
        daemon.read(0.02, lambda: False)  # the words of the last one
        mark = len(daemon.log)
        daemon.process.send_signal(signal.SIGHUP)

        def ended():
            # By its log or by what it tells systemd: one of them may be what fails.
            return re.search(r" reloaded: |reload: nothing was changed|RELOADING=1[^~]*READY=1", daemon.log[mark:])

        if not daemon.read(40, ended):
            raise Wrong("a reload does not come to an end")
        daemon.read(0.02, lambda: False)
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
