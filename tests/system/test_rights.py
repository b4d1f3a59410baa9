# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups and tasks over real SSH sessions, and the daemons asked directly by users who may not: the shell is no border."""
import glob
import json
import os
import re
import subprocess

import pexpect
import pytest

from conftest import CALL_AS, WITHOUT_LIMITS, Product, make_directory, shutil

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sessions run under uids of their own")

DENIED = "org.varlink.service.PermissionDenied"
REFUSED = "% This command is not authorized"
CONFIG, SSH = "org.sallyport.Config", "org.sallyport.SSH"


class Rights(Product):
    """The product with users of several kinds, all of whom log in with admin's key."""

    def prepare(self):
        with open(self.key + ".pub", encoding="ascii") as file:
            key = file.read().strip()
        users = {"looker": "lookers", "sshman": "sshmen", "sysad": "sysadmin", "oper": "operator", "none": None}
        out = self.configure(*WITHOUT_LIMITS, "taskgroup look", "task read crypto", "task read config-services", "exit",
                             "taskgroup ssh", "inherit taskgroup look", "task write crypto", "task write config-services",
                             "task execute crypto", "exit", "usergroup lookers taskgroup look", "usergroup sshmen taskgroup ssh",
                             *[f"username {user} keystring {key}" for user in users],
                             *[f"username {user} group {group}" for user, group in users.items() if group])
        assert "% " not in out, out
        return self

    def uid(self, user):
        path = glob.glob(os.path.join(self.directory, "**", "uids"), recursive=True)[0]
        with open(path, encoding="ascii") as file:
            return next(int(line.split()[0]) for line in file if line.split()[1] == user)

    def call_as(self, caller, method, /, **parameters):
        path = self.socket_path("confd.varlink" if method.startswith(CONFIG) else "sshd.varlink")
        done = subprocess.run(["/usr/bin/python3", "-c", CALL_AS, str(self.uid(caller)), path, method, json.dumps(parameters)],
                              stdout=subprocess.PIPE, check=True, timeout=20, cwd="/")
        reply = json.loads(done.stdout)
        return reply.get("error"), reply.get("parameters", {})

    def commit_as(self, user, *lines, **more):
        base = self.call_as(user, f"{CONFIG}.GetCaller")[1]["commit_id"]
        return self.call_as(user, f"{CONFIG}.Commit", base_commit_id=base, lines=list(lines), line_name="vty9", **more)

    def run_as(self, user, command):
        return self.ssh(command, user=user).stdout


@pytest.fixture(scope="module")
def rights():
    directory = make_directory()
    running = Rights(directory)
    running.start()
    yield running.prepare()
    running.stop()
    shutil.rmtree(directory, ignore_errors=True)


class Terminal:
    def __init__(self, product, user):
        argv = product.ssh_argv("-tt", user=user)
        # the words behind the host are the command: options go before it
        argv = argv[:1] + ["-tt"] + [word for word in argv[1:] if word != "-tt"]
        self.child = pexpect.spawn(argv[0], argv[1:], timeout=20, dimensions=(100, 200), encoding="utf-8")
        self.prompt()
        self.do("terminal exec prompt no-timestamp")

    def prompt(self):
        self.child.expect(r"(?:^|\r\n)(RP/0/RP0/CPU0:[\w-]+(\([\w-]+\))?#)$")
        return self.child.before

    def do(self, line):
        self.child.send(line + "\r")
        return self.prompt().replace("\r\n", "\n")

    def help(self, line):
        self.child.send(line + "?")
        self.child.expect_exact("#" + line)
        out = self.child.before
        self.child.send("\x03")
        self.prompt()
        return re.findall(r"^  (\S+)", out, re.M)

    def close(self):
        self.child.close(force=True)


def test_what_may_not_be_done_is_neither_shown_nor_taken(rights):
    for user in ("looker", "oper", "none"):
        for command in ("configure", "clear ssh 1", "crypto key generate ed25519", "rollback configuration last 1", "show aaa userdb"):
            assert REFUSED in rights.run_as(user, command), (user, command)
    assert "Sessionlimit" in rights.run_as("looker", "show ssh server") and REFUSED in rights.run_as("oper", "show ssh server")
    assert REFUSED in rights.run_as("none", "show version") and "Version" in rights.run_as("oper", "show version")
    term = Terminal(rights, "looker")
    words = term.help("")
    assert {"exit", "show", "terminal"} <= set(words) and not {"configure", "clear", "rollback", "copy"} & set(words), words
    shown = term.help("show ")
    assert {"ssh", "running-config", "user"} <= set(shown) and not {"aaa", "clock", "access-lists", "users"} & set(shown), shown
    assert "username" not in term.help("show running-config ")
    assert term.do("clear ssh 1") .endswith(REFUSED)
    running = term.do("show running-config")
    assert "ssh server" in running and "username" not in running and "hostname" not in running and "taskgroup" not in running
    term.close()
    term = Terminal(rights, "sshman")
    assert {"configure", "clear"} <= set(term.help(""))
    term.do("configure")
    words = term.help("")
    assert "ssh" in words and "commit" in words and not {"username", "hostname", "taskgroup", "vrf"} & set(words), words
    for line in ("username mallory group root-lr", "hostname mallory", "no username admin", "taskgroup ssh task write aaa"):
        assert term.do(line).endswith(REFUSED), line
    assert REFUSED not in term.do("ssh timeout 41") and "%" not in term.do("commit")
    assert term.do("do show running-config ssh timeout").strip().startswith("do show running-config ssh timeout\nssh timeout 41")
    term.close()


def test_pasted_and_loaded_lines(rights):
    done = rights.ssh(user="sshman", text_in="configure\nusername mallory\n group root-lr\n!\nssh timeout 42\ncommit\nend\n")
    assert REFUSED in done.stdout
    assert "mallory" not in rights.cli("-c", "show running-config").stdout
    assert "ssh timeout 42" in rights.cli("-c", "show running-config").stdout
    done = rights.ssh(user="oper", text_in="configure\nssh timeout 43\ncommit\n")
    assert "ssh timeout 43" not in rights.cli("-c", "show running-config").stdout and REFUSED in done.stdout


def test_the_daemons_ask_for_themselves(rights):
    for user in ("looker", "oper", "none"):
        assert rights.commit_as(user, "ssh timeout 44")[0] == DENIED
        assert rights.call_as(user, f"{CONFIG}.Rollback", last=1, line_name="vty0")[0] == DENIED
        assert rights.call_as(user, f"{CONFIG}.EndTrial")[0] == DENIED
        for method, parameters in (("ClearSession", {"id": 1}), ("GenerateKey", {"type": "ed25519", "bits": 0}),
                                   ("ZeroizeKey", {"type": ""}), ("ClearPenalty", {"source": ""}),
                                   ("ZeroizeUserKeys", {"user": "admin", "type": ""}), ("ListAccessLists", {}), ("ListVrfs", {})):
            assert rights.call_as(user, f"{SSH}.{method}", **parameters)[0] == DENIED, (user, method)
    for method, parameters in (("ListSessions", {}), ("ListHistory", {"limit": 1}), ("GetServer", {}), ("ListKeys", {"type": ""})):
        assert rights.call_as("looker", f"{SSH}.{method}", **parameters)[0] is None
        assert rights.call_as("none", f"{SSH}.{method}", **parameters)[0] == DENIED
    for user in ("oper", "none"):
        for method in ("GetRunning", "ListCommits"):
            assert rights.call_as(user, f"{CONFIG}.{method}")[0] == DENIED
        assert rights.call_as(user, f"{CONFIG}.GetChanges", last=1)[0] == DENIED
    text = rights.call_as("looker", f"{CONFIG}.GetRunning")[1]["text"]
    assert "ssh server" in text and "username" not in text
    changes = rights.call_as("looker", f"{CONFIG}.GetChanges", last=1)[1]["text"]
    assert "username" not in changes and "taskgroup" not in changes


def test_each_changed_statement_is_asked_for(rights):
    def refused(user, *lines, **more):
        error, reply = rights.commit_as(user, *lines, **more)
        assert error == f"{CONFIG}.CommitFailed", (lines, error)
        return [fault["reason"] for fault in reply["faults"]]

    assert refused("sshman", "hostname mallory") == ["This command is not authorized"]
    assert refused("sshman", "no username admin")
    assert refused("sshman", "ssh timeout 45", "username mallory group root-lr", force=True)
    # everything but what is given would go, and that is more than he may take away
    assert refused("sshman", "ssh server v2", "ssh server vrf default", replace=True, force=True)
    error, reply = rights.commit_as("sshman", "ssh timeout 46", "hostname mallory", best_effort=True)
    assert error is None and [fault["line"] for fault in reply["faults"]] == ["hostname mallory"]
    # what others did he cannot take back either
    assert "% " not in rights.configure("hostname sally")
    error, reply = rights.call_as("sshman", f"{CONFIG}.Rollback", last=1, line_name="vty0", force=True)
    assert error == f"{CONFIG}.CommitFailed" and "hostname" in reply["faults"][0]["line"]
    running = rights.cli("-c", "show running-config").stdout
    assert "ssh timeout 46" in running and "mallory" not in running and "hostname sally" in running


def test_nobody_makes_himself_more(rights):
    secret = "10 $6$oddsalt7$P2lCZDlEeI7RSoJQAczX1j7ACBj6FESvD3kAJbtliRB44bIHsaijALZkYTeA4ICt0xVuDWAhUXHDEGedjQ/QU/"
    for lines in (["username sysad group root-lr"], ["username mallory group root-lr"], [f"username admin secret {secret}"],
                  ["no username admin"], ["usergroup lookers taskgroup root-lr"], ["taskgroup look task write root-lr"],
                  ["taskgroup t task write root-lr", "usergroup u taskgroup t", "username sysad group u"]):
        error, _ = rights.commit_as("sysad", *lines, force=True)
        assert error in (f"{CONFIG}.CommitFailed", "org.varlink.service.InvalidParameter"), lines
    assert rights.call_as("sysad", f"{SSH}.ImportUserKeys", user="admin", place=0, keys=[
        {"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM6ZvdDmpl9C2iSpHppnR5/nSb4nFlEQsQaa67FEAFpT", "comment": ""}])[0] == DENIED
    # and may do his work: users who have no more than he
    assert rights.commit_as("sysad", "username helper group operator", f"username helper secret {secret}")[0] is None
    assert rights.commit_as("sysad", "no username helper")[0] is None
    # groups that do not exist, and circles
    for lines in (["username oper group nosuch"], ["usergroup a inherit usergroup b", "usergroup b inherit usergroup a"],
                  ["no taskgroup look"]):
        assert "Failed to commit" in rights.configure(*lines)


def test_what_is_shown_of_users_and_groups(rights):
    out = rights.run_as("looker", "show user all")
    assert "Username: looker\nGroups: lookers\nAuthenticated using method local\nUser looker has the following Task ID(s):\n\n" in out
    assert "Task:      config-services  : READ\nTask:               crypto  : READ\n" in out
    assert rights.run_as("sshman", "show user group").rstrip().endswith("\nsshmen")
    assert rights.run_as("none", "show user").rstrip().endswith("\nnone")
    rows = json.loads(rights.run_as("looker", "show user tasks | json"))
    assert rows[0]["username"] == "looker" and [row["task"] for row in rows[0]["tasks"]] == ["config-services", "crypto"]
    out = rights.run_as("sysad", "show aaa usergroup sshmen")
    assert "User group 'sshmen'\n  Inherits from task group 'ssh'\n" in out
    assert "Task:               crypto  : READ    WRITE    EXECUTE\n" in out
    assert "Username looker (Local)\nUser group lookers\n" in rights.run_as("sysad", "show aaa userdb")
    assert "Task:       basic-services  : READ    WRITE    EXECUTE   DEBUG\n" in rights.run_as("sysad", "show aaa taskgroup operator")
    assert "There is no usergroup 'nosuch'" in rights.run_as("sysad", "show aaa usergroup nosuch")
