# SPDX-License-Identifier: GPL-2.0-or-later
"""
Runs nfverdictd again and again, and each time makes another one of its calls fail (tests/fail). The nth-*.sh say which and judge nothing:
what must hold whatever fails is here.

Without --every a call fails once for each place in the code that it is made from (by its callers); with it for N = 1, 2, 3 ... until
none is left.
"""
import argparse
import sys

from control import answers, ask_to_stop, client, release
from loop import Loop
from masters import orphans, upgrade
from reloads import reload, reload_each
from rules import rules
from service import crash, start, steady, stop
from shared import TURN


SCENARIOS = {"start": start, "stop": stop, "steady": steady, "crash": crash, "reload": reload, "reload-each": reload_each,
             "rules": rules, "upgrade": upgrade, "orphans": orphans, "answers": answers, "release": release,
             "ask-to-stop": ask_to_stop, "client": client}


def main():
    options = arguments()
    loop = Loop(options)
    SCENARIOS[options.what](loop)
    loop.tell(options.what)
    sys.exit(1 if loop.failures else 0)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=sorted(SCENARIOS))
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--command", required=True, help="nfverdict")
    parser.add_argument("--library", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--other", help="the configuration to reload, the executable to upgrade to")
    parser.add_argument("--file", required=True, help="to share with the library")
    parser.add_argument("--folder", action="append", default=[], help="in which no new file may be left")
    parser.add_argument("--kinds", default="fork mmap recvmmsg sendmsg write exec wait receive open memory library")
    parser.add_argument("--who", default="*")
    parser.add_argument("--seconds", type=int, default=0, help="for all kinds together; 0: as long as it takes")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--variant", type=int, default=TURN)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--most-wrong", type=int, default=5)
    parser.add_argument("--roles", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
