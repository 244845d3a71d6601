# SPDX-License-Identifier: GPL-2.0-or-later
"""Another master: executed in the place of the one that runs, or started after that one was killed."""
import os
import signal

from control import at_rest, order
from daemon import Daemon
from judge import began_in_vain, error_is_named, has_named_line, no_crash
from machine import Wrong, until


def upgrade(loop):
    """From one executable to the other and back: it has the place, or the old one does, with the cause named."""
    programs = [loop.options.daemon, loop.options.other]
    now = blocks = 0

    def ask_for(daemon, wanted):
        """True: it has the place. The command's own words are believed only as far as they are right."""
        nonlocal now
        mark = len(daemon.log)
        status, said = order(loop, daemon, "upgrade", programs[wanted])
        loop.shared.disarm()
        at_rest(loop, daemon)
        done = os.path.samefile(f"/proc/{daemon.process.pid}/exe", programs[wanted])
        if status == 0 and not done:
            raise Wrong(f"it was told to be over, and is not: {said}")
        if not done and not has_named_line(said + daemon.log[mark:], "nothing was changed"):
            raise Wrong(f"no line names what failed: {said}")
        if done:
            now = wanted
            loop.state = os.path.basename(programs[now])
        return done

    def before(_):
        nonlocal blocks
        blocks = loop.settled() and loop.shared.live

    def act(daemon):
        daemon.kills = {signal.SIGKILL}  # on the way back
        mark = len(daemon.log)
        loop.traffic.send(20)
        done = ask_for(daemon, 1 - now)
        loop.traffic.all_come(5)
        if done:
            return "upgraded"
        if "takes the place of" not in daemon.log[mark:] and until(5, lambda: loop.shared.live != blocks):
            raise Wrong(f"the master has {loop.shared.live} blocks of memory, it had {blocks}")
        if not ask_for(daemon, 1 - now):
            raise Wrong("an upgrade is refused though nothing fails any more")
        return "went back" if "upgrade: back to" in daemon.log[mark:] else "nothing was changed"

    def begun():
        nonlocal now
        now = 0
        loop.state = "begun"  # who was started has what who was executed has not
        begin()
        loop.daemon.kills = {signal.SIGKILL}
        if not ask_for(loop.daemon, 1) or not ask_for(loop.daemon, 0):
            raise SystemExit(f"there is no upgrade when nothing fails: {loop.daemon.log}")

    begin, loop.begin = loop.begin, begun
    loop.same_master = False
    loop.run_one(act, before)


def orphans(loop):
    """The master is killed, and another one started: it takes over, or says why not; packets pass all the time."""

    def after(daemon):
        """The next one; None: it did not start."""
        following = Daemon(loop.options, loop.shared)
        following.kills = daemon.kills
        if following.wait_ready():
            loop.daemon = following
            return following
        following.end()
        if began_in_vain(following):
            return None
        no_crash(following, following.process.returncode)
        if following.process.returncode == 0:
            raise Wrong("it did not start, with status 0")
        error_is_named(following)
        daemon.log += following.log
        return None

    def act(daemon):
        daemon.kills = {signal.SIGKILL}
        loop.traffic.send(20)
        daemon.kill_master()
        loop.traffic.all_come(20)
        if after(daemon):
            loop.traffic.all_come(20)
            return "taken over"
        loop.traffic.all_come(20)
        loop.shared.disarm()
        if not after(daemon):
            raise Wrong("another one does not start either, though nothing fails any more")
        return "did not start"

    def begun():
        begin()
        if act(loop.daemon) != "taken over":
            raise SystemExit(f"nothing is taken over when nothing fails: {loop.daemon.log}")

    begin, loop.begin = loop.begin, begun
    loop.same_master = False
    loop.run_one(act)
