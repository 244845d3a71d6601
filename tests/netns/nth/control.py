# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked for through the control socket: whose calls fail are the daemon's, or the command's own."""
import collections
import json
import re
import signal
import socket
import subprocess
import time

from daemon import Command, ask_json
from judge import blocks_given_back, ends_well, has_named_line
from machine import Wrong, until


def order(loop, daemon, *words):
    """A command to its end, whose own calls do not fail, while what the daemon prints is read: its status, and all that it said."""
    command = subprocess.Popen([loop.options.command, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 90
    while command.poll() is None and time.monotonic() < end:
        daemon.read(0.02, lambda: command.poll() is not None)
    if command.poll() is None:
        command.kill()
        raise Wrong(f"nfverdict {' '.join(words)} gets no answer: {command.communicate()[0]}")
    said = command.communicate()[0]
    daemon.read(0.02, lambda: False)
    return command.returncode, said


def at_rest(loop, daemon):
    """Nothing is under way any more."""

    def moves():
        daemon.read(0.001, lambda: False)
        if daemon.process.poll() is not None:
            raise Wrong(f"it ended with status {daemon.process.returncode}")
        told = ask_json(loop.options, "status")["daemon"]
        return not told["ready"] or told["under_way"]

    if until(60, moves):
        raise Wrong("it does not come to rest")


# ---- the daemon's calls ----


def holds(usual, got):
    """What stood in the answer when nothing failed stands in this one, be its values others."""
    if isinstance(usual, dict) and isinstance(got, dict):
        return all(key in got and holds(value, got[key]) for key, value in usual.items())
    if isinstance(usual, list) and isinstance(got, list) and usual and isinstance(usual[0], dict) and "name" in usual[0]:
        return len(got) >= len(usual) and all(holds(one, other) for one, other in zip(usual, got))
    return True


def shape(text):
    return [re.sub(r"\d+", "#", line.split()[0]) for line in text.splitlines() if line.strip()]


def is_answer(status, said):
    """Of status also when something is wrong."""
    return status == 0 or (said.startswith("{") and "error" not in json.loads(said))


def is_refusal(said):
    if said.startswith("{"):
        return has_named_line("nfverdict: " + json.loads(said)["error"]["text"])
    return has_named_line(said)


def is_whole(usual, got):
    if "no memory for this table" in got:
        return True
    if usual.startswith("{"):
        try:
            return holds(json.loads(usual), json.loads(got))
        except ValueError:
            return False
    return collections.Counter(shape(usual)) - collections.Counter(shape(got)) == collections.Counter()


ASKED = (["status", "--json"], ["stats", "--json"], ["stats"], ["reload"], ["release", "--all"])


def answers(loop):
    """An answer is whole, or there is none, and it is said why."""
    usual = {}

    def act(daemon):
        daemon.kills = {signal.SIGKILL}
        refused = False
        for words in ASKED:
            status, said = order(loop, daemon, *words)
            usual.setdefault(tuple(words), said)
            if is_answer(status, said):
                if not is_whole(usual[tuple(words)], said):
                    raise Wrong(f"nfverdict {' '.join(words)}: status {status}, and it says {said}\n"
                                f"wanted: {usual[tuple(words)]}")
            elif not is_refusal(said):
                raise Wrong(f"nfverdict {' '.join(words)}: status {status}, and it says {said}")
            refused = refused or status != 0
        loop.shared.disarm()
        at_rest(loop, daemon)
        return "refused" if refused else "answered"

    def begun():
        begin()
        act(loop.daemon)

    begin, loop.begin = loop.begin, begun
    loop.run_one(act)


def release(loop):
    """A handler comes out of quarantine, or stays there, with the cause named."""
    deadly = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def quarantined():
        return [handler["name"] for queue in ask_json(loop.options, "status")["queues"] for handler in queue["handlers"]
                if handler["quarantined"]]

    def before(daemon):
        daemon.kills = {signal.SIGKILL, signal.SIGABRT}
        deadly.sendto(b"deadly", ("127.0.0.1", 9002))
        loop.deadly += 1
        if until(20, lambda: not quarantined()):
            raise Wrong("nothing goes into quarantine")

    def act(daemon):
        mark = len(daemon.log)
        loop.traffic.send(20)
        status, said = order(loop, daemon, "release", "--all")
        loop.shared.disarm()
        at_rest(loop, daemon)
        loop.traffic.all_come(5)
        left = quarantined()
        if status == 0 and left:
            raise Wrong(f"it was told to be released, and is not: {said}")
        if status and not has_named_line(said + daemon.log[mark:], "not all could be released"):
            raise Wrong(f"no line names what failed: {said}")
        if left and order(loop, daemon, "release", "--all")[0]:
            raise Wrong("nothing is released though nothing fails any more")
        if left and quarantined():
            raise Wrong("it is in quarantine though it was released")
        return "stayed" if left else "released"

    def begun():
        begin()
        before(loop.daemon)
        act(loop.daemon)

    begin, loop.begin = loop.begin, begun
    try:
        loop.run_one(act, before)
    finally:
        deadly.close()


def ask_to_stop(loop):
    """It stops, or says why not; packets get through."""

    def through(daemon, arm):
        if not daemon.wait_ready():
            raise Wrong("it did not start")
        loop.traffic.all_come(2)
        loop.traffic.send(20)
        arm()
        status, said = order(loop, daemon, "stop")
        if status and not has_named_line(said):
            raise Wrong(f"no line names what failed: {said}")
        if status and until(5, lambda: daemon.process.poll() is None):
            loop.shared.disarm()
            if order(loop, daemon, "stop")[0]:
                raise Wrong("it does not stop though nothing fails any more")
        status = daemon.end()
        if loop.traffic.take(2):
            loop.traffic.waiting.clear()
            raise Wrong("packets did not come through")
        return ends_well(daemon, status)

    loop.options.from_start = False
    loop.run_each(through)


# ---- the command's own calls ----


def client(loop):
    """The command says all that it is told, or what failed; the daemon does not mind."""
    options = loop.options
    loop.begin()

    def judge(run, usual, blocks):
        # jansson 2.14: json_loadb() uses a buffer that it could not make, in two of some hundred places.
        if run.status < 0 and any(name.startswith("libjansson.") for find in loop.shared.finds() for name, _ in find.frames[:2]):
            return "ended in jansson"
        if run.status < 0:
            raise Wrong(f"it was killed by {signal.Signals(-run.status).name}")
        blocks_given_back(run, blocks)
        if run.status == usual.status:
            if not is_whole(usual.out, run.out):
                raise Wrong(f"it prints {run.out}\nwanted: {usual.out}")
            return "done"
        if not has_named_line(run.log) and not is_refusal(run.out):
            raise Wrong(f"status {run.status}, and no line names what failed: {run.out}")
        return "refused"

    for words in ([["status"]] + list(ASKED) + [["upgrade", "--json", options.daemon]]):
        loop.shared.disarm()
        usual = Command(options, loop.shared, words)
        blocks = collections.Counter(usual.live())
        if usual.status:
            raise SystemExit(f"nfverdict {' '.join(words)} does not do what it is to do: {usual.log}")

        def one(kinds, n, words=words, usual=usual, blocks=blocks):
            at_rest(loop, loop.daemon)
            loop.shared.clear()
            loop.arm(kinds, "nfverdict", n)
            run = None
            try:
                run = Command(options, loop.shared, words)
                loop.shared.disarm()
                return judge(run, usual, blocks)
            except Wrong as why:
                loop.shared.disarm()
                loop.failures += 1
                print(f"FAIL: nfverdict {' '.join(words)}: {why}")
                print(*(f"  when {find}" for find in loop.shared.finds()), sep="\n")
                print(run.log if run else "", flush=True)
                return "went wrong"

        loop.each(one)
        loop.shared.forget_sites()
    at_rest(loop, loop.daemon)
    loop.traffic.all_come(5)
    if loop.daemon.stop():
        raise SystemExit(f"the daemon did not end in order: {loop.daemon.log}")
