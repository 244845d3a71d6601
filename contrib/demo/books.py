#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what nfverdictd counted with what the kernel and the server behind it counted. Status 1 when they differ.

usage: books.py STATISTICS REPORT BEFORE BEHIND MARKED

STATISTICS: nfverdictd's tables; REPORT: JSON of traffic.py serve; the others: packets that iptables rules of the server saw
before the queue, behind it, and behind it with the mark.
"""
import json
import sys


def tables(path):
    """{first heading: [row, ...]}, each row a dictionary by heading; of the last table of each kind."""
    found, rows, headings = {}, [], []
    for line in open(path):
        words = line.split()
        if not words:
            headings = []
        elif words[0] in ("queue", "handler") and "seen" in words:
            headings, rows = words, []
            found[words[0]] = rows
        elif headings and len(words) == len(headings):
            rows.append(dict(zip(headings, words)))
    return found


def main():
    statistics, report, before, behind, marked = sys.argv[1:]
    queue, = tables(statistics)["queue"]
    received = json.load(open(report))
    before, behind, marked = int(before), int(behind), int(marked)
    rows = [
        ("seen", before, "came to the server: rules before the queue"),
        ("accepted", behind, "went on: rules behind the queue"),
        ("dropped", before - behind, "came, and did not go on"),
        ("marked", marked, "had the mark: a rule behind the queue"),
        ("rewritten", received["changed"], 'texts that the server read with "love" where "hate" was sent'),
    ]
    agree = True
    print(f"{'':10} {'nfverdictd':>10} {'server':>7}   what the server counted")
    for name, counted, how in rows:
        same = int(queue[name]) == counted
        agree = agree and same
        print(f"{name:10} {queue[name]:>10} {counted:>7}   {how}{'' if same else '   <-- differs'}")
    # Each kind of verdict must have happened, or the demo has shown nothing.
    missing = [name for name, counted, _ in rows if counted == 0]
    if missing:
        print("\nThere was nothing to count of: " + ", ".join(missing))
    print("\nBoth counted the same, to the packet." if agree else "\nThe two counts DIFFER.")
    sys.exit(0 if agree and not missing else 1)


if __name__ == "__main__":
    main()
