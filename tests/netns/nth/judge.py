# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold, whatever failed."""
import collections
import errno
import os
import re
import signal

from daemon import ask_json
from machine import Wrong, files_in, processes, queues, rules_left, until


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


# Libraries that may end the process that asks them, when they get no memory (kind "library"), and by which signals. It is a child
# of the master, or a daemon that only begins; the master goes on, and says who ended and how. All others have to fail in order, and
# so do these wherever they can.
FRAGILE = {
    # 2.5: writes through blocks that it did not get, or goes round in circles, which daemon/process/filter.c ends.
    "libseccomp.": {signal.SIGSEGV, signal.SIGXCPU},
    # 1.10: pcap_compile() cleans up a scanner that it could not make.
    "libpcap.": {signal.SIGSEGV},
    # nss of 2.36: the table of /etc/nsswitch.conf is asserted to be there, or taken for granted.
    "libc.": {signal.SIGSEGV, signal.SIGABRT},
}


def may_end_by(daemon):
    """Signals that are no crash of ours."""
    signals = set(daemon.kills)
    for find in daemon.shared.finds():
        if find.kind == "library":
            signals |= FRAGILE.get(re.match(r"[a-z]+\.|", find.owner)[0], set())
        # A worker that takes no words of the master any more is killed, and replaced: its socket was full.
        if find.call == "send" and find.error == errno.EAGAIN:
            signals.add(signal.SIGKILL)
    return signals


def began_in_vain(daemon):
    """It ended before it had said anything, in a library, which may have had its say."""
    said = [line for line in daemon.log.splitlines() if "Assertion" not in line]
    return -daemon.process.returncode in may_end_by(daemon) - daemon.kills and not said


def no_crash(daemon, status):
    may = may_end_by(daemon)
    if status < 0:
        raise Wrong(f"it was killed by {signal.Signals(-status).name}")
    if status not in (0, 1):
        raise Wrong(f"it ended with status {status}")
    words, daemon.judged = daemon.log[daemon.judged:], len(daemon.log)
    for killed in re.findall(r".*killed by signal.*", words):
        if int(re.search(r"killed by signal (\d+)", killed)[1]) not in may:
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


def has_named_line(words, beside="\0"):
    """One that names what failed, beside those that tell what follows from it."""
    return any(is_named(line) for line in words.splitlines() if line.startswith("nfverdict") and beside not in line)


def blocks_given_back(daemon, usual):
    extra = collections.Counter(daemon.live()) - usual
    if extra:
        raise Wrong("memory is not given back:\n" + "\n".join(f"    {line}" for line in extra.elements()))


def ends_well(daemon, status):
    no_crash(daemon, status)
    if status == 1:
        error_is_named(daemon)
        return "served and told of a failure"
    return "served"


def books_balance(options, sent):
    """Each packet has one verdict, and all that were sent went through their queue, whoever served it."""

    def wrong():
        books = {}
        for queue in ask_json(options, "stats")["queues"]:
            one = queue["packets"]
            books[queue["number"]] = one
            if one["seen"] != one["accepted"] + one["dropped"] + one["repeated"] + one["requeued"]:
                return f"queue {queue['number']}: the books do not balance: {one}"
        for number, count in sent.items():
            if books[number]["accepted"] != count:
                return f"queue {number}: {count} packets were sent, and the books say {books[number]}"
        return None

    why = until(3, wrong)
    if why:
        raise Wrong(why)
