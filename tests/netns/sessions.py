#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the sessions that documents show and compares what comes out with what they say.

usage: sessions.py [--fill] FILE...

A session is what stands between .EX and .EE of a man page, or in a block ```console of a Markdown file. "# COMMAND" is run by a
shell, and the lines behind it are its output, standard error included; "# cat NAME" makes the file NAME of the lines behind it. All sessions
of a file run one after the other in one empty folder. --fill writes what came out into the file instead of comparing."""
import os
import re
import subprocess
import sys
import tempfile


def blocks(lines, man):
    """Ranges of lines of the sessions."""
    start = None
    for number, line in enumerate(lines):
        if start is None and line == (".EX" if man else "```console"):
            start = number + 1
        elif start is not None and line == (".EE" if man else "```"):
            yield start, number
            start = None


def shown(line, man):
    """A line of a man page as a reader sees it."""
    if not man:
        return line
    return re.sub(r"^\\&", "", line).replace(r"\(->", "→").replace(r"\-", "-").replace(r"\(aq", "'").replace(r"\(dq", '"').replace(r"\e", "\\")


def written(line, man):
    """The other way round."""
    if not man:
        return line
    line = line.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("→", r"\(->")
    return r"\&" + line if line[:1] in (".", "'") else line


def run(command, folder):
    done = subprocess.run(["bash", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.stdout.decode("utf-8", "replace").splitlines()


def try_session(lines, man, folder, place):
    """Runs one session. The number of commands, what they printed as a whole session, and the first difference or None."""
    session, commands, difference, at = [], 0, None, 0
    while at < len(lines):
        command = shown(lines[at], man)
        if not command.startswith("# "):
            return 0, [], f"{place + at}: a session begins with a command: # ..."
        end = at + 1
        while end < len(lines) and not shown(lines[end], man).startswith("# "):
            end += 1
        says = [shown(line, man) for line in lines[at + 1:end]]
        name = re.fullmatch(r"# cat ([A-Za-z0-9_.-]+)", command)
        if name:
            with open(os.path.join(folder, name[1]), "w", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in says))
            got = says
        else:
            got = run(command[2:], folder)
            commands += 1
        if got != says and difference is None:
            difference = f"{place + at}: {command}\nprinted:\n" + "\n".join(got) + "\nthe page says:\n" + "\n".join(says)
        session += [lines[at]] + [written(line, man) for line in got]
        at = end
    return commands, session, difference


def try_file(path, fill):
    man = not path.endswith(".md")
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    result, last, total, failed = [], 0, 0, False
    with tempfile.TemporaryDirectory() as folder:
        for start, end in blocks(lines, man):
            commands, session, difference = try_session(lines[start:end], man, folder, start + 1)
            result += lines[last:start] + (session if commands or session else lines[start:end])
            last = end
            total += commands
            if difference and not fill:
                print(f"{path}:{difference}")
                failed = True
    if fill:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(result + lines[last:]) + "\n")
    elif not failed:
        print(f"{path}: {total} commands print what it says")
    return total > 0 and not failed


def main():
    paths = sys.argv[1:]
    fill = paths[:1] == ["--fill"]
    results = [try_file(path, fill) for path in paths[fill:]]
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
