# SPDX-License-Identifier: GPL-3.0-or-later
"""Terminal lines over real SSH sessions: timeouts, templates, who may come in, and how many vtys there are."""
import json
import os
import re
import shutil
import socket
import time

import pexpect
import pytest

from conftest import BIN, WITHOUT_LIMITS, Product, make_directory, varlink, wait_for

PROMPT = r"(?:^|\r\n)(RP/0/RP0/CPU0:[\w-]+(\([\w-]+\))?#)$"
SSH = "org.sallyport.SSH"


class Lines(Product):
    def terminal(self, *options, lines=24, columns=80):
        argv = self.ssh_argv(options=list(options))
        return pexpect.spawn(argv[0], ["-tt"] + argv[1:], timeout=20, dimensions=(lines, columns), encoding="utf-8")

    def shell(self, **more):
        child = self.terminal(**more)
        child.expect(PROMPT)
        return child

    def commit(self, *lines):
        out = self.configure(*lines)
        assert "% " not in out, out

    def lines(self):
        error, reply = varlink(self.socket_path("sshd.varlink"), f"{SSH}.ListLines")
        assert error is None
        return {line["line"]: line for line in reply["lines"]}

    def ended(self, reason, since_us):
        return wait_for(lambda: [row for row in self.history() if row["end_reason"] == reason and row["start_us"] >= since_us],
                        what=f"a session that ended by {reason}")


@pytest.fixture(scope="module")
def product():
    directory = make_directory()
    running = Lines(directory)
    running.start()
    running.commit(*WITHOUT_LIMITS)
    yield running
    running.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def clean(product):
    yield
    product.configure("no line", "no vty-pool", "no ipv4 access-list MGMT")


def end_of(child):
    child.expect(pexpect.EOF)
    text = child.before
    child.close()
    return text, child.exitstatus


def test_an_idle_shell_ends_wherever_it_waits(product):
    product.commit("line default exec-timeout 0 4")
    since_us = time.time_ns() // 1000
    waiting = [product.shell() for _ in range(4)]
    waiting[1].send("terminal length 5\rshow running-config\r")
    waiting[1].expect(" --More-- ")
    waiting[2].send("configure\rhostname idle\rexit\r")
    waiting[2].expect(r"\[cancel\]:")
    waiting[3].send("show ver") # a line that is begun is no line
    for child in waiting:
        text, status = end_of(child)
        assert "nothing was typed for 0 min 4 s (exec-timeout)" in text and status == 124, text
    assert len(product.ended("exec-timeout", since_us)) == 4
    assert "exec-timeout" in json.dumps(json.loads(product.cli("-c", "show ssh history details | json").stdout))
    # whoever types stays, and a commit counts for the shells there are
    child = product.shell()
    for _ in range(3):
        child.expect(pexpect.TIMEOUT, timeout=1.5)
        child.send("\r")
        child.expect(PROMPT)
    product.commit("line default exec-timeout 0 0")
    child.expect(pexpect.TIMEOUT, timeout=2.1) # a shell asks again after two seconds
    child.send("show clock\r") # and then hears of it
    child.expect(PROMPT)
    child.expect(pexpect.TIMEOUT, timeout=4.2)
    child.send("show clock\r")
    child.expect(PROMPT)
    child.send("exit\r")
    assert end_of(child)[1] == 0


def test_screen_and_time_line_of_the_template(product):
    product.commit("line default length 0", "line default width 200", "line default timestamp disable")
    child = product.shell(lines=10, columns=40)
    child.send("show running-config\r")
    child.expect(PROMPT)
    assert "--More--" not in child.before and not re.search(r"^\w{3} \w{3} +\d+ ", child.before, re.M)
    child.send("show terminal\r")
    child.expect(PROMPT)
    assert "Length: 0 lines, Width: 200 columns" in child.before and "Timestamp Disabled" in child.before
    child.send("exit\r")
    end_of(child)


def test_autocommand(product):
    product.commit("line default autocommand show version")
    text, status = end_of(product.terminal())
    assert "Cisco IOS XR Software" in text and "#" not in text and status == 0
    assert "Sessionlimit" in product.ssh("show ssh server").stdout, "a command that is given is the command that runs"


def refused(product):
    done = product.ssh("show clock")
    assert done.returncode == 255, done.stdout
    return done.stderr


def test_who_may_come_in(product):
    product.commit("line default transport input none")
    assert "transport input" in refused(product)
    product.commit("line default transport input telnet")
    assert "transport input" in refused(product)
    product.commit("line default transport input ssh")
    assert product.ssh("show clock").returncode == 0
    out = product.configure("line default access-class ingress MGMT")
    assert "Failed to commit" in out
    product.commit("ipv4 access-list MGMT 10 deny host 127.0.0.1", "ipv4 access-list MGMT 20 permit any",
                   "line default access-class ingress MGMT")
    assert refused(product) is not None
    wait_for(lambda: "an access list denies them" in product.output(), what="the log line")
    # a pool whose template takes him
    product.commit("line template NOC exec-timeout 1 0", "line template NOC access-class ingress ALL",
                   "ipv4 access-list ALL 10 permit any", "vty-pool default 0 4", "vty-pool ops 10 12 line-template NOC")
    child = product.shell()
    assert product.lines()["vty10"]["template_name"] == "NOC" and product.lines()["vty10"]["user"] == "admin"
    child.send("show users\r")
    child.expect(PROMPT)
    assert re.search(r"^\*  vty10 ", child.before, re.M)
    child.close(force=True)


def test_as_many_sessions_as_lines(product):
    product.commit("vty-pool default 0 4")
    children = [product.shell() for _ in range(5)]
    assert sorted(row["session"]["vty"] for row in product.sessions()) == [0, 1, 2, 3, 4]
    assert "No line is free" in refused(product)
    wait_for(lambda: "no line (vty-pool) is free" in product.output(), what="the log line")
    children[2].close(force=True)
    wait_for(lambda: len(product.sessions()) == 4, what="the end of a session")
    child = product.shell()
    assert sorted(row["session"]["vty"] for row in product.sessions()) == [0, 1, 2, 3, 4]
    for other in [child] + children:
        other.close(force=True)
    wait_for(lambda: not product.sessions(), what="the end of all sessions")


def test_those_who_do_not_log_in_take_no_line_from_those_who_do(product):
    product.commit("vty-pool default 0 4")
    silent = [socket.create_connection(("127.0.0.1", product.port)) for _ in range(9)]
    wait_for(lambda: len(product.sessions()) == 9, what="nine connections")
    children = [product.shell() for _ in range(5)]
    let_in = [row["session"]["vty"] for row in product.sessions() if row["session"]["user"] == "admin"]
    assert sorted(let_in) == [0, 1, 2, 3, 4]
    children[4].send("show users\r")
    children[4].expect(PROMPT)
    own = re.search(r"^\*  (vty\d+) ", children[4].before, re.M)
    assert own and int(own[1][3:]) in let_in, children[4].before
    assert "No line is free" in refused(product)
    for child in children:
        child.close(force=True)
    for connection in silent:
        connection.close()
    wait_for(lambda: not product.sessions(), what="the end of all sessions")


def test_the_console_has_a_template_of_its_own(product):
    product.commit("line console exec-timeout 0 1", "line default exec-timeout 0 0")
    child = pexpect.spawn(os.path.join(BIN, "sallyport"), ["--run-dir", os.path.join(product.run_dir, "sock")], timeout=20,
                          encoding="utf-8")
    child.expect(PROMPT)
    text, status = end_of(child)
    assert "exec-timeout" in text and status == 124


def test_what_is_shown_of_lines_and_of_what_was_typed(product):
    product.commit("line template NOC length 0", "vty-pool default 0 4 line-template NOC", "vty-pool eem 100 105")
    child = product.shell(columns=200)

    def do(line):
        child.send(line + "\r")
        child.expect(PROMPT)
        return child.before.replace("\r\n", "\n")
    out = do("show line")
    assert re.search(r"^   con0/RP0/CPU0 +9600 +0/0 +-/-$", out, re.M) and re.search(r"^\*  vty0 +0 +0/0 +-/-$", out, re.M), out
    assert len(re.findall(r"^   vty\d+ ", out, re.M)) == 4 + 6
    assert 'Line "vty0", Location "0/RP0/CPU0", Type "VTY"\n' in do("show line vty 0") and "Template: NOC\n" in do("show terminal")
    assert 'Type "Console"' in do("show line console")
    assert "There is no line vty77 now" in do("show line vty 77")
    assert json.loads(do("show line | json").split("\n", 1)[1])[1]["session_id"] > 0
    assert re.search(r"^\*  vty0 +admin +ssh ", do("who"), re.M) and re.search(r"^\*  vty0 +admin +ssh ", do("show users"), re.M)
    do("configure")
    do("username mallory secret hidden-Word-7")
    do("abort")
    history = re.findall(r"^  (\S.*)$", do("show history"), re.M)
    assert history[:2] == ["show line", "show line vty 0"] and history[-1] == "abort" and "hidden" not in "".join(history), history
    do("terminal history size 2")
    assert re.findall(r"^  (\S.*)$", do("show history"), re.M) == ["show history", "terminal history size 2"]
    child.close(force=True)
