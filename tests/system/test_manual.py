# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manual says is what the running product does: interfaces, options, completion."""
import json
import os
import re
import select
import subprocess

import pexpect
import pytest

from conftest import BIN, BUILD, ROOT, varlink

SERVICE = "org.varlink.service"
# what they show is the machine's or the network's
NO_EXAMPLE = ("dir", "ping", "show inventory", "show memory summary", "show platform")
MANUAL = os.path.join(BUILD, "tests", "manual")


class Description:
    """A reader of interface descriptions by Varlink's grammar; fails at what is none, and at a type that nobody defines."""

    def __init__(self, text):
        self.rest = re.findall(r"[\w.]+|->|[():,?\[\]]|\S", re.sub(r"#.*", "", text))
        self.names, self.used = [], set()
        self.expect("interface", r"[a-z]\w*(\.\w+)+")
        while self.rest:
            kind = self.expect(r"type|method|error")
            self.names.append(self.expect(r"[A-Z][A-Za-z0-9]*"))
            self.members()
            if kind == "method":
                self.expect("->")
                self.members()
        assert self.used <= set(self.names), self.used - set(self.names)
        assert len(self.names) == len(set(self.names)), "other readers refuse a name that is given twice"

    def expect(self, *patterns):
        for pattern in patterns:
            assert self.rest and re.fullmatch(pattern, self.rest[0]), (pattern, self.rest[:6])
            token = self.rest.pop(0)
        return token

    def members(self):
        self.expect(r"\(")
        while self.rest[0] != ")":
            self.expect(r"[a-z]\w*", ":")
            self.value()
            if self.rest[0] != ")":
                self.expect(",")
        self.expect(r"\)")

    def value(self):
        if self.rest[0] == "?":
            self.rest.pop(0)
        if self.rest[0] == "[":
            self.expect(r"\[", r"\]")
        if self.rest[0] == "(":
            return self.members()
        name = self.expect(r"\w+")
        if name not in ("bool", "int", "float", "string", "object"):
            self.used.add(name)


@pytest.mark.parametrize("daemon", ["confd", "sshd"])
def test_the_interface_files_are_what_the_daemons_answer(product, daemon):
    path = product.socket_path(f"{daemon}.varlink")
    error, info = varlink(path, f"{SERVICE}.GetInfo")
    assert error is None and info["vendor"] == "Sallyport"
    own = [name for name in info["interfaces"] if name != SERVICE]
    Description(varlink(path, f"{SERVICE}.GetInterfaceDescription", {"interface": SERVICE})[1]["description"])
    texts = []
    for name in own:
        error, reply = varlink(path, f"{SERVICE}.GetInterfaceDescription", {"interface": name})
        assert error is None, error
        texts.append(reply["description"])
        # every method that is described answers: nothing but a method the daemon lacks says MethodNotFound
        for method in re.findall(r"^method (\w+)\(", reply["description"], re.M):
            if name.endswith(".Member") or method in ("EndTrial", "OpenSession"):
                continue
            error, _ = varlink(path, f"{name}.{method}", {"id": 4294967295, "type": "none", "user": "none", "limit": "none",
                                                          "source": "192.0.2.1", "member": "none", "commit": "none", "last": "none"})
            assert error != f"{SERVICE}.MethodNotFound", method
    with open(os.path.join(ROOT, "docs", "varlink", f"{daemon}.varlink"), encoding="utf-8") as file:
        assert file.read() == "\n".join(texts)
    for text in texts:
        Description(text)
        lines = text.split("\n")
        for number, line in enumerate(lines):
            assert not line.startswith("method ") or lines[number - 1].startswith("# "), f"{line} is not explained"


@pytest.mark.parametrize("program", ["sallyport", "sallyport-confd", "sallyport-sshd", "sallyport-run"])
def test_options(program):
    helped = subprocess.run([os.path.join(BIN, program), "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            timeout=10)
    assert helped.returncode == 0 and helped.stdout.startswith(f"usage: {program} ") and not helped.stderr
    page = "sallyport.1" if program == "sallyport" else f"{program}.8"
    with open(os.path.join(ROOT, "man", page), encoding="utf-8") as file:
        text = file.read().replace("\\-", "-")
    for option in re.findall(r"^  (--?[a-z-]+)", helped.stdout, re.M):
        assert f"\\fB{option}\\fR" in text
    wrong = subprocess.run([os.path.join(BIN, program), "--no-such-option"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True, timeout=10)
    assert wrong.returncode in (1, 2) and "there is no option --no-such-option" in wrong.stderr and not wrong.stdout


def complete(words, directory):
    """The words bash would offer behind them; the last one is under the cursor. No daemon runs."""
    script = ('source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; _sallyport; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "bash", os.path.join(ROOT, "completion", "sallyport.bash"),
                           " ".join(["sallyport", *words])],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=10, cwd=directory,
                          env={"PATH": f"{BIN}:/usr/bin:/bin"})
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


def test_bash_completion_with_daemons(product, tmp_path):
    directory = os.path.join(product.run_dir, "sock")
    assert complete(["--run-dir", directory, "show", "ssh", "server", "vrf", "defa"], tmp_path) == ["default"]
    assert "default" in complete(["--run-dir", directory, "show", "ssh", "history", "vrf", ""], tmp_path)


def test_tab_in_bash(tmp_path):
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], cwd=str(tmp_path), timeout=10, encoding="utf-8",
                          env={"PATH": f"{BIN}:/usr/bin:/bin", "TERM": "dumb", "PS1": "$ ", "HOME": str(tmp_path)})
    shell.sendline(f"source {os.path.join(ROOT, 'completion', 'sallyport.bash')}; echo sour''ced")
    shell.expect("sourced")
    shell.send("sallyport sho\tss\this\tdet\t")
    shell.expect_exact("show ssh history details ")
    shell.send("\x15sallyport 'show ssh | inc\t")
    shell.expect_exact("'show ssh | include")
    shell.send("\x15sallyport 'sho\t")
    shell.expect_exact("'show")
    shell.send("\x15exit\r")
    shell.expect(pexpect.EOF)


def test_bash_completion(tmp_path):
    assert complete(["sh"], tmp_path) == ["show"]
    assert {"history", "server", "session"} <= set(complete(["show", "ssh", ""], tmp_path))
    assert complete(["--run-dir", "/x", "show", "ssh", "his"], tmp_path) == ["history"]
    assert complete(["show", "ssh", "'|'", "js"], tmp_path) == ["json"]
    assert complete(["show", "running-config", "host"], tmp_path) == ["hostname"]
    assert {"--run-dir", "--version"} <= set(complete(["--"], tmp_path))
    assert complete(["show", "nonsense", ""], tmp_path) == []
    assert complete(["show", "file", "harddisk:/no-such"], tmp_path) == []
    (tmp_path / "a dir").mkdir()
    for evil in ("$(touch made)", "`touch made`", ";touch made", "'; touch made; '", "-c", "--help", "a\\"):
        for place in ([evil], ["show", evil], ["show", evil, ""], [evil, "x"], ["--run-dir", evil], ["--run-dir", evil, ""]):
            complete(place, tmp_path)
    assert os.listdir(tmp_path) == ["a dir"]


def json_sections():
    """docs/json.md: command -> ({member: (type, words)}, {member of the list: …}, whether there is an example)."""
    with open(os.path.join(ROOT, "docs", "json.md"), encoding="utf-8") as file:
        parts = re.split(r"^## (.+)$", file.read(), flags=re.M)[1:]
    for command, text in zip(parts[::2], parts[1::2]):
        own, _, below = text.split("```json")[0].partition("\nEach of `")
        tables = [{name: (kind, re.findall(r"`([^`]+)`", meaning)) for name, kind, meaning in
                   re.findall(r"^\| `(\w+)` \| (\w[\w ]*) \| [^|]*\| (.*) \|$", part, re.M)} for part in (own, below)]
        yield command, tables[0], tables[1], "```json" in text


def check_object(row, table, below, command):
    assert set(row) == set(table), f"{command}: {set(row) ^ set(table)}"
    for name, value in row.items():
        kind, words = table[name]
        assert isinstance(value, {"text": str, "number": int, "true or false": bool, "array of text": list,
                                  "array of objects": list}[kind]), (command, name, value)
        assert kind != "number" or not isinstance(value, bool)
        assert not words or value in words, (command, name, value)
        for inner in value if kind == "array of objects" else ():
            check_object(inner, below, {}, command)
        assert kind != "array of text" or all(isinstance(inner, str) for inner in value)


def test_json_is_as_documented(own_product):
    """Every command that has rows is in docs/json.md, with the members that the product prints."""
    product = own_product
    product.configure("ipv4 access-list MGMT 10 permit tcp any any", "ssh server penalties exempt 198.51.100.1")
    assert product.ssh("show", "clock").returncode == 0  # a row in the history
    assert product.ssh("show", "clock", user="ghost").returncode != 0  # and a failed one
    listed = subprocess.run([MANUAL, "--list"], stdout=subprocess.PIPE, text=True, check=True, timeout=10).stdout
    lines = dict(line.split("\t") for line in listed.splitlines() if line.startswith(("show ", "dir", "who")))
    lines["ping"] = "ping 127.0.0.1 count 2"
    documented = {command: rest for command, *rest in json_sections()}
    assert set(documented) <= set(lines)
    assert len(documented) > 15
    with_rows = 0
    live = subprocess.Popen(product.ssh_argv(options=["RequestTTY=force"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    prompt = b""
    while b"#" not in prompt:  # of a session with a terminal
        ready, _, _ = select.select([live.stdout], [], [], 20)
        assert ready, prompt
        more = os.read(live.stdout.fileno(), 4096)
        assert more, prompt
        prompt += more
    lines.pop("show tech-support ssh", None)  # writes an archive
    for title, line in lines.items():
        for typed in {title, line, title + " all"}:
            said = product.cli(typed + " | json")
            if said.returncode != 0:
                assert "% " in said.stdout, said.stdout
                continue
            rows = json.loads(said.stdout)
            assert title in documented, f"{typed} | json is not in docs/json.md"
            table, below, example = documented[title]
            assert example or title in NO_EXAMPLE, f"{title} has no example in tests/golden/shell"
            for row in rows:
                check_object(row, table, below, typed)
            with_rows += bool(rows)
    live.communicate(b"exit\r", timeout=20)
    assert with_rows >= 12
