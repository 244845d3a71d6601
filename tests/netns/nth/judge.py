# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold, whatever failed."""
import collections
import errno
import os
import re
import signal

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


def ends_well(daemon, status):
    no_crash(daemon, status)
    if status == 1:
        error_is_named(daemon)
        return "served and told of a failure"
    return "served"
