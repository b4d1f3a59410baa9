#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the tree that a compiler does not hold. Prints each breach as file:line: rule, and one closing line."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)

# who may include whom; "own" is always allowed
ARROWS = {
    "base": {"base"},
    "conf": {"base", "conf"},
    "vrf": {"base", "conf", "vrf"},
    "lpts": {"base", "conf", "vrf", "lpts"},
    "aaa": {"base", "conf", "vrf", "aaa"},
    "services": {"base", "conf", "vrf", "aaa", "lpts", "services"},
    "cli": {"base", "conf", "cli"},
    "packaging": {"base", "conf", "vrf", "aaa", "services", "cli", "packaging"},
}
# data-only headers anybody above may see; assembly files may name siblings
SHAPE = re.compile(r"_(conf|report)\.h$")
# the words and limits that vrf_report.h needs; the parser of keys that an operator imports, which runs with his own rights
CLI_MORE = {"vrf/vrf.h", "aaa/key_import.h"}
ASSEMBLY = re.compile(r"(root\.[ch]|_main\.c)$")
# confd asks who a uid is: the account side of the user tables, not a daemon
EXTRA = {("conf", "aaa/uidmap.h")}

# library headers and the only files that may include them
OWNED_HEADERS = {
    r"<libssh/": re.compile(r"^(services/ssh/(transport|relay|placeholder|selftest|client)[a-z_]*\.[ch]|tests/)"),
    r"<netlink/": re.compile(r"^vrf/vrf_netlink\.c$|^tests/"),
    r"<libmnl/|<libnftnl/": re.compile(r"^lpts/nft_"),
    r"<event2/": re.compile(r"^(base/varlink_|conf/(confd_|member)|vrf/vrf_(watch|netlink|netns)|services/(sshd_|listener|session_server)"
                            r"|packaging/run_main|tests/)"),
    r"<histedit\.h>": re.compile(r"^cli/edit"),
    r"<sqlite3\.h>": re.compile(r"^services/history|^tests/"),
}
# files that must stay testable: no socket, no loop
PURE = {"conf/stmt.c", "conf/stmt_hints.c", "conf/tree.c", "conf/tree_text.c", "conf/tree_diff.c", "conf/bind.c", "vrf/vrf.c",
        "services/admission.c", "services/session_table.c", "services/session_link.c", "services/ssh/proof.c", "aaa/user_conf.c",
        "aaa/key_import.c"}
SOCKET = re.compile(r"<(sys/socket|netinet/|arpa/|event2/|sys/epoll|poll\.h)")
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|system|popen|tmpnam|mktemp|atoi|atol|strtok)\s*\(")
LABELS = ["Shapes:", "Units:", "Errors:", "Owns:", "Runs in:", "Source:", "Tests:"]
PROJECT_TREES = ("base", "conf", "vrf", "lpts", "aaa", "services", "cli", "packaging")


def sources():
    for tree in PROJECT_TREES:
        for path in sorted(glob.glob(f"{tree}/**/*.[ch]", recursive=True)):
            yield path


def tracked():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True)
    return [p for p in listed.stdout.splitlines() if os.path.isfile(p)]


def lines(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().split("\n")


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(\\.|[^\"\\])*\"", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def rule_arrows():
    """Every include obeys base <- conf <- vrf <- {lpts, aaa} <- services; cli sees base, conf and shapes only"""
    for path in sources():
        tree = path.split("/")[0]
        for number, line in enumerate(lines(path), 1):
            found = re.match(r'#include "([a-z]+)/([^"]+)"', line)
            if not found or ASSEMBLY.search(path):
                continue
            header = f"{found[1]}/{found[2]}"
            if found[1] in ARROWS[tree] or (tree, header) in EXTRA:
                continue
            if tree == "cli" and (SHAPE.search(header) or header in CLI_MORE):
                continue
            yield path, number, f"{tree} may not include {header}"


def rule_library_headers():
    """A library's headers stay in the files that exist for it"""
    for path in sources():
        for number, line in enumerate(lines(path), 1):
            for pattern, allowed in OWNED_HEADERS.items():
                if re.match(r"#include\s+" + f"({pattern})", line) and not allowed.match(path):
                    yield path, number, f"{line.strip()} does not belong here"


def rule_pure():
    """Pure files include no socket or loop header"""
    for path in sorted(PURE):
        if not os.path.exists(path):
            yield path, 0, "listed as pure but not there"
            continue
        for number, line in enumerate(lines(path), 1):
            if re.match(r"#include\s+", line) and SOCKET.search(line):
                yield path, number, "a pure file may not include " + line.split()[1]


def rule_labels():
    """Every header opens with the seven labels"""
    for path in sources():
        if path.endswith(".h"):
            head = "\n".join(lines(path)[:60])
            for label in LABELS:
                if f" * {label}" not in head:
                    yield path, 1, f"label {label} is missing"


def rule_banned():
    """No call that cannot be bounded, no shell"""
    for path in list(sources()) + sorted(glob.glob("tests/**/*.c", recursive=True)):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = without_comments(file.read())
        for number, line in enumerate(text.split("\n"), 1):
            found = BANNED.search(line)
            if found:
                yield path, number, f"{found[1]}() is not used here"


def rule_exit():
    """Libraries do not exit: only *_main.c, and children after fork (_exit)"""
    for path in sources():
        if path.endswith("_main.c"):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            text = without_comments(file.read())
        for number, line in enumerate(text.split("\n"), 1):
            if re.search(r"(?<![_\w])exit\s*\(", line):
                yield path, number, "exit() below main"


def rule_spdx():
    """Every source file names its licence in its first lines"""
    for path in tracked():
        if re.search(r"\.(c|h|py|mk)$|(^|/)(Makefile|lab|check|deps)$", path) and os.path.getsize(path) > 0:
            if "SPDX-License-Identifier: GPL-3.0-or-later" not in "\n".join(lines(path)[:3]):
                yield path, 1, "SPDX line is missing"


def rule_self_contained():
    """The project speaks of itself alone: no path of a build machine, no registry host"""
    words = re.compile(r"/work/|(?<!proc/1)/root/(?!x)|/tmp/b-|deb\.debian\.org|registry\.npmjs|security\.debian\.org")
    for path in tracked():
        if path == "tests/lint/lint.py" or path.startswith("tests/fuzz/corpus/"):
            continue
        for number, line in enumerate(lines(path), 1):
            found = words.search(line)
            if found:
                yield path, number, f"names {found[0]}"


def rule_functions():
    """A function is one screen: 80 lines at most"""
    for path in sources():
        if not path.endswith(".c"):
            continue
        start = None
        for number, line in enumerate(lines(path), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start > 80:
                    yield path, start, f"a function of {number - start} lines"
                start = None


def rule_format():
    """Lines end clean, tabs indent, 110 columns at most"""
    for path in sources():
        for number, line in enumerate(lines(path), 1):
            if line != line.rstrip():
                yield path, number, "blank at the end of the line"
            if len(line.expandtabs(8)) > 120:
                yield path, number, f"{len(line.expandtabs(8))} columns"
            if re.match(r" {8}", line):
                yield path, number, "indented by blanks"


def rule_tests_wait():
    """Tests wait for events: no sleep of half a second or more"""
    for path in sorted(glob.glob("tests/**/*.py", recursive=True)):
        for number, line in enumerate(lines(path), 1):
            found = re.search(r"\btime\.sleep\(([\d.]+)\)", line)
            if found and float(found[1]) >= 0.5 and "lint:" not in line:
                yield path, number, "sleeps instead of waiting for an event"


def rule_links():
    """A link in a document leads to a file that is there, and to a heading of it"""
    for path in tracked():
        if not path.endswith(".md"):
            continue
        for number, line in enumerate(lines(path), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                file, _, heading = target.partition("#")
                there = os.path.join(os.path.dirname(path), file) if file else path
                if re.match(r"\w+://", target):
                    continue
                if not os.path.exists(there):
                    yield path, number, f"leads to {target}, which is not there"
                elif heading and heading not in headings(there):
                    yield path, number, f"leads to {target}, a heading that is not there"


def headings(path, known={}):
    """The anchors of a document as a reader of Markdown makes them."""
    if path not in known:
        known[path] = set()
        for line in lines(path):
            if re.match(r"#+ ", line):
                anchor = re.sub(r"[^a-z0-9_ -]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
                more = next(n for n in range(100) if (f"{anchor}-{n}" if n else anchor) not in known[path])
                known[path].add(f"{anchor}-{more}" if more else anchor)
    return known[path]


RULES = [rule_arrows, rule_library_headers, rule_pure, rule_labels, rule_banned, rule_exit, rule_spdx, rule_self_contained,
         rule_functions, rule_format, rule_tests_wait, rule_links]


def main():
    failed = 0
    for rule in RULES:
        breaches = list(rule())
        failed += bool(breaches)
        for path, number, text in breaches:
            print(f"{path}:{number}: {text} [{rule.__name__[5:]}]")
    print(f"{len(RULES) - failed} rules passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
