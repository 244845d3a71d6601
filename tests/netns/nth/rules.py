# SPDX-License-Identifier: GPL-2.0-or-later
"""`nfverdict rules`, which needs no daemon."""
import collections
import re
import signal
import subprocess

from daemon import Command
from judge import blocks_given_back, is_named
from machine import Wrong


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
        usual = Command(options, loop.shared, ["rules", *words])
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
                run = Command(options, loop.shared, ["rules", *words])
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
