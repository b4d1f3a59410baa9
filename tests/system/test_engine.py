# SPDX-License-Identifier: GPL-3.0-or-later
"""The commit engine: the past and the way back to it, trials, sessions, and the guard against locking oneself out."""
import collections
import os
import random
import re
import signal
import socket
import json
import threading
import time

import pytest

from conftest import wait_for
from test_commit import (AMY, CONFIG, FIRST, OSCAR, Tracer, bare, call_as, confd, confd_running_id, known,  # noqa: F401
                         member, root_only)

SECOND, THIRD = "1000000002", "1000000003"


def other(engine, method, **parameters):
    """A call from a process that is not this one, as the same user."""
    error, reply = call_as(engine, os.getuid(), method, **parameters)
    return error and error.replace(CONFIG, ""), reply


def rollback(engine, **which):
    error, reply = engine.call("Rollback", line_name="vty0", **which)
    return error and error.replace(CONFIG, ""), reply


def newest(engine):
    return engine.call("ListCommits")[1]["commits"][0]


# ---- the past ----

def test_commit_by_number_and_label(confd):
    first = confd.running()[1]
    assert confd.commit("hostname second", "username bob group operator", label="spring")[0] is None
    assert confd.commit("hostname third")[0] is None
    for name in (SECOND, "spring"):
        error, reply = confd.call("GetCommit", commit=name)
        assert error is None and reply["commit"]["commit_id"] == SECOND and reply["commit"]["label"] == "spring"
        assert "hostname second\n" in reply["text"] and "username bob\n group operator\n" in reply["text"]
    assert confd.call("GetCommit", commit=FIRST)[1]["text"] == first
    for name in ("1000000004", "autumn", "1"):
        error, reply = confd.call("GetCommit", commit=name)
        assert error == CONFIG + "NoSuchCommit" and name in reply["reason"]


def test_changes_of_commits(confd):
    assert confd.commit("hostname second", "username bob group operator")[0] is None
    assert confd.commit("no username oscar", "hostname third", "ssh server vrf blue")[0] is None

    def changes(**which):
        error, reply = confd.call("GetChanges", **which)
        assert error is None, (error, reply)
        return reply["text"]
    assert changes(commit=SECOND) == "hostname second\nusername bob\n group operator\n!\n"
    assert changes(last=1) == changes(commit=THIRD) == "hostname third\nno username oscar\n!\nssh server vrf blue\n!\n"
    assert changes(last=2) == "hostname third\nno username oscar\nusername bob\n group operator\n!\nssh server vrf blue\n!\n"
    assert changes(last=1, rollback=True) == "hostname second\nusername oscar\n group operator\n!\nno ssh server vrf blue\n!\n"
    assert changes(commit=SECOND, rollback=True) == changes(last=2, rollback=True)
    assert changes(last=1, signs=True) == (
        "-  hostname second\n+  hostname third\n-  username oscar\n-   group operator\n   !\n+  ssh server vrf blue\n")
    assert confd.commit("username bob group netadmin")[0] is None
    assert changes(last=1, signs=True) == "#  username bob\n+   group netadmin\n   !\n"
    # the first commit was made on nothing
    assert changes(commit=FIRST).startswith("hostname start\nusername amy\n")
    assert "no hostname\n" in changes(last=4, rollback=True)
    for wrong in ({"last": 0}, {"last": 101}, {}, {"last": 1, "commit": FIRST}, {"last": 1, "signs": 1}):
        assert confd.call("GetChanges", **wrong)[0] == "org.varlink.service.InvalidParameter", wrong
    assert confd.call("GetChanges", last=5)[0] == CONFIG + "NoSuchCommit"


@root_only
def test_changes_mask_secrets(known):
    assert call_as(known, OSCAR, "GetChanges", commit=FIRST)[0] == call_as(known, OSCAR, "GetCommit", commit=FIRST)[0] == (
        "org.varlink.service.PermissionDenied")
    assert known.commit("username oscar group read-only-tg")[0] is None
    error, reply = call_as(known, OSCAR, "GetChanges", commit=FIRST)
    assert error is None and "secret ***" in reply["text"] and "$6$" not in reply["text"]
    assert "$6$" not in call_as(known, OSCAR, "GetCommit", commit=FIRST)[1]["text"]
    assert "$6$" in call_as(known, AMY, "GetChanges", commit=FIRST)[1]["text"]
    assert call_as(known, OSCAR, "Rollback", last=1, line_name="vty0")[0] == "org.varlink.service.PermissionDenied"


def test_rollback(confd, member):
    texts = [confd.running()[1]]
    for name in ("second", "third", "fourth"):
        assert confd.commit(f"hostname {name}", f"ssh server vrf {name}")[0] is None
        texts.append(confd.running()[1])
    error, reply = rollback(confd, last=1)
    assert (error, reply["commit_id"], reply["items"]) == (None, "1000000005", 2)
    assert confd.running() == ("1000000005", texts[2])
    assert newest(confd)["client"] == "Rollback" and newest(confd)["line"] == "vty0"
    assert member.applied == "1000000005"
    # the one that is named goes, too
    assert rollback(confd, to=SECOND, label="back", comment="why not")[0] is None
    assert confd.running()[1] == texts[0]
    assert (newest(confd)["label"], newest(confd)["comment"]) == ("back", "why not")
    # a rollback can be rolled back
    assert rollback(confd, last=1)[0] is None
    assert confd.running()[1] == texts[2]
    assert rollback(confd, to="back")[0] == "NothingToCommit", "what was before it runs again"
    assert rollback(confd, to="1000000005")[0] is None
    assert confd.running()[1] == texts[3]
    assert rollback(confd, last=8)[0] is None
    assert confd.running()[1] == ""
    for wrong in ({"last": 0}, {"last": 101}, {}, {"last": 1, "to": FIRST}):
        assert rollback(confd, **wrong)[0] == "org.varlink.service.InvalidParameter", wrong
    error, reply = rollback(confd, last=99)
    assert error == "CommitFailed" and "no more than 9" in reply["faults"][0]["reason"]
    assert rollback(confd, to="nosuch")[0] == "CommitFailed"


def test_rollback_to_what_is(confd):
    assert confd.commit("hostname second")[0] is None
    assert confd.commit("hostname start")[0] is None
    assert rollback(confd, last=2)[0] == "NothingToCommit"


def test_rollback_that_a_member_refuses(confd, member):
    assert confd.commit("no ssh server v2")[0] is None
    before = confd.running()
    member.plan["Check"].append([{"line": "ssh server v2", "reason": "not any more"}])
    assert rollback(confd, last=1) == ("CommitFailed", {"faults": [{"line": "ssh server v2", "reason": "not any more"}]})
    assert confd.running() == before


def test_each_of_a_hundred_commits_can_be_gone_back_to(confd):
    """Random edits; whichever commit is asked for, the text is the one that ran then, byte for byte."""
    chance = random.Random(42)
    texts = {FIRST: confd.running()[1]}
    for number in range(2, 131):
        lines = [f"hostname h{number}"]
        for _ in range(chance.randrange(4)):
            lines.append(chance.choice([f"ssh server vrf v{chance.randrange(20)}", f"no ssh server vrf v{chance.randrange(20)}",
                                        f"username u{chance.randrange(9)} group operator", f"no username u{chance.randrange(9)}",
                                        f"vrf r{chance.randrange(9)} description some words {number}", "no ssh server"]))
        commit_id = str(1000000000 + number)
        assert confd.commit(*lines) == (None, {"commit_id": commit_id}), lines
        texts[commit_id] = confd.running()[1]
    listed = [commit["commit_id"] for commit in confd.call("ListCommits")[1]["commits"]]
    assert listed == [str(1000000000 + number) for number in range(130, 30, -1)]
    confd.restart()
    for commit_id in listed:
        assert confd.call("GetCommit", commit=commit_id)[1]["text"] == texts[commit_id]
    # the oldest first: each rollback is a commit and pushes one out
    for step, commit_id in enumerate([listed[-1], *chance.sample(listed[:60], 25)]):
        assert rollback(confd, to=commit_id)[0] is None
        assert confd.running()[1] == texts[str(int(commit_id) - 1)], commit_id
        texts[confd.running()[0]] = confd.running()[1]
        if step % 5 == 0:
            confd.restart()
    error, reply = rollback(confd, last=100)
    assert error is None and confd.running()[1] == texts[str(int(reply["commit_id"]) - 101)]
    assert len(os.listdir(confd.commits_dir)) == 101


# ---- kinds of commits ----

def test_replace_is_the_whole(confd):
    error, reply = confd.commit_whole("hostname alone", "username bob group root-lr", replace=True)
    assert error is None and reply["items"] == 5  # hostname, bob, and amy, oscar and v2 are gone
    assert confd.running()[1] == "hostname alone\nusername bob\n group root-lr\n!\n"
    assert confd.commit("hostname alone", "username bob group root-lr", replace=True)[0] == "NothingToCommit"


def test_best_effort_leaves_out_what_fails(confd, member):
    member.plan["Check"].append([{"line": "ssh server vrf bad", "reason": "no such luck"}])
    error, reply = confd.commit_whole("hostname good", "ssh server vrf bad", "nonsense here", "ssh server vrf fine",
                                      best_effort=True)
    assert error is None
    assert [(f["line"], bool(f["reason"])) for f in reply["faults"]] == [("nonsense here", True), ("ssh server vrf bad", True)]
    text = confd.running()[1]
    assert "hostname good\n" in text and "ssh server vrf fine\n" in text and "bad" not in text
    assert member.methods() == ["Check", "Abort", "Check", "Prepare", "Apply"]
    assert confd.commit_whole("nonsense", best_effort=True)[0] == "CommitFailed"
    member.plan["Check"].append([{"line": "", "reason": "all of it"}])
    assert confd.commit_whole("ssh server vrf more", best_effort=True) == (
        "CommitFailed", {"faults": [{"line": "", "reason": "all of it"}]})


def test_labels_are_unique(confd):
    assert confd.commit("hostname second", label="spring")[0] is None
    assert confd.commit("hostname third", label="spring") == ("LabelTaken", {"label": "spring", "commit_id": SECOND})
    assert confd.running()[0] == SECOND
    for wrong in ("12345", "two words", "-x"):
        assert confd.commit("hostname third", label=wrong)[0] == "org.varlink.service.InvalidParameter"


def test_what_is_deprecated_is_said(confd):
    error, reply = confd.commit_whole("ssh server v1")
    assert error is None and len(reply["warnings"]) == 1 and "ssh server v1" in reply["warnings"][0]


# ---- trials ----

def change_trial(engine, commit_id, deadline_us):
    """Moves the deadline of a stored trial, as time would."""
    with open(engine.file(commit_id), "rb") as file:
        data = file.read()
    text = re.sub(rb"!! trial \d+ ", b"!! trial %d " % deadline_us, data[:data.rindex(b"!! end ")])
    checksum = 0xcbf29ce484222325
    for byte in text:
        checksum = ((checksum ^ byte) * 0x100000001b3) & 0xffffffffffffffff
    with open(engine.file(commit_id), "wb") as file:
        file.write(text + b"!! end %016x\n" % checksum)


def test_trial_is_in_force_and_confirmed(confd):
    error, reply = confd.commit_whole("hostname try", confirmed_s=30)
    assert error is None and not reply["confirmed"]
    assert "hostname try\n" in confd.running()[1]
    commit = newest(confd)
    assert commit["trial_deadline_us"] - commit["changed_us"] == 30 * 1000000
    session_id = f"00001000-{os.getpid():08x}-00000000"
    # another process neither confirms nor commits
    wish = {"base_commit_id": SECOND, "line_name": "vty1"}
    assert other(confd, "Commit", lines=[], **wish)[0] == "NothingToCommit"
    assert other(confd, "Commit", lines=["hostname mine"], **wish) == ("Trial", {"session_id": session_id})
    assert other(confd, "Rollback", last=1, line_name="vty1") == ("Trial", {"session_id": session_id})
    assert newest(confd)["trial_deadline_us"]
    error, reply = confd.commit_whole()
    assert (error, reply["commit_id"], reply["confirmed"]) == (None, SECOND, True)
    assert newest(confd)["trial_deadline_us"] == 0
    confd.restart()
    assert newest(confd)["trial_deadline_us"] == 0 and confd.running()[0] == SECOND
    assert confd.commit_whole()[0] == "NothingToCommit"


def test_commit_of_the_trial_session_confirms(confd):
    assert confd.commit("hostname try", confirmed_s=30)[0] is None
    error, reply = confd.commit_whole("hostname more")
    assert error is None and reply["confirmed"] and reply["commit_id"] == THIRD
    assert newest(confd)["trial_deadline_us"] == 0
    assert other(confd, "Commit", lines=["hostname mine"], base_commit_id=THIRD, line_name="vty1")[0] is None


@pytest.mark.parametrize("seconds", [0, 29, 65536, -1, "30", 30.5])
def test_times_of_trials(confd, seconds):
    assert confd.commit("hostname try", confirmed_s=seconds)[0] == "org.varlink.service.InvalidParameter"
    assert confd.running()[0] == FIRST


def test_trial_that_nobody_confirms(confd, member):
    before = confd.running()[1]
    begin = time.monotonic()
    assert confd.commit("hostname try", "ssh server vrf trial", confirmed_s=30, user="amy")[0] is None
    wait_for(lambda: confd.running()[0] == THIRD, 40, "the rollback")
    assert 29.9 < time.monotonic() - begin < 33
    assert confd.running()[1] == before and member.applied == THIRD
    commit = newest(confd)
    assert (commit["client"], commit["user"], commit["line"]) == ("Rollback", "amy", "vty0")
    assert "Commit 1000000002 was not confirmed and has been taken back" in confd.log()
    assert confd.commit_whole()[0] == "NothingToCommit"


def test_trial_outlives_a_kill(confd):
    """The same session confirms it to the next confd."""
    assert confd.commit("hostname try", confirmed_s=30)[0] is None
    confd.stop(signal.SIGKILL)
    confd.start()
    assert newest(confd)["trial_deadline_us"]
    assert other(confd, "Commit", lines=["hostname x"], base_commit_id=SECOND, line_name="vty1")[0] == "Trial"
    assert confd.commit_whole()[1]["confirmed"]


def test_trial_runs_on_in_the_next_confd(confd, member):
    before = confd.running()[1]
    assert confd.commit("ssh server vrf trial", confirmed_s=30)[0] is None
    confd.stop(signal.SIGKILL)
    change_trial(confd, SECOND, int((time.time() + 1.5) * 1000000))
    confd.start()
    assert confd.running()[0] == SECOND
    wait_for(lambda: confd.running() == (THIRD, before), 10, "the rollback")
    wait_for(lambda: member.applied == THIRD, what="the member")


def test_trial_that_ended_while_nobody_ran(confd, member):
    before = confd.running()[1]
    assert confd.commit("ssh server vrf trial", confirmed_s=30)[0] is None
    confd.stop(signal.SIGKILL)
    change_trial(confd, SECOND, int((time.time() - 3600) * 1000000))
    confd.start()
    wait_for(lambda: confd.running() == (THIRD, before), 10, "the rollback")
    wait_for(lambda: member.applied == THIRD, what="the member")
    assert newest(confd)["client"] == "Rollback"


def test_clock_set_back_does_not_lengthen_a_trial(confd):
    assert confd.commit("hostname try", confirmed_s=30)[0] is None
    confd.stop(signal.SIGKILL)
    change_trial(confd, SECOND, int((time.time() + 7200) * 1000000))
    begin = time.monotonic()
    confd.start()
    wait_for(lambda: confd.running()[0] == THIRD, 40, "the rollback")
    assert time.monotonic() - begin < 33


def test_end_of_a_trial_that_a_member_refuses_is_tried_again(confd, member):
    before = confd.running()[1]
    assert confd.commit("ssh server vrf trial", confirmed_s=30)[0] is None
    confd.stop(signal.SIGKILL)
    change_trial(confd, SECOND, int(time.time() * 1000000))
    refusal = [{"line": "", "reason": "not now"}]
    member.plan["Check"] += [[], refusal, refusal]
    confd.start()
    wait_for(lambda: confd.running() == (THIRD, before), 20, "the rollback")
    assert "cannot be taken back yet" in confd.log()


def test_end_trial(confd):
    before = confd.running()[1]
    assert confd.call("EndTrial")[0] == CONFIG + "NothingToCommit"
    assert confd.commit("hostname try", confirmed_s=3000)[0] is None
    error, reply = confd.call("EndTrial")
    assert error is None and reply["commit_id"] == THIRD
    assert confd.running()[1] == before and newest(confd)["client"] == "Rollback"
    assert confd.call("EndTrial")[0] == CONFIG + "NothingToCommit"


@root_only
def test_end_trial_is_for_its_session(known):
    assert known.commit("hostname try", confirmed_s=3000)[0] is None
    assert call_as(known, AMY, "EndTrial")[0] == CONFIG + "Trial"
    assert known.running()[0] == SECOND


# ---- sessions ----

class Session:
    """A process of its own in configuration mode: an open call."""

    def __init__(self, engine, **parameters):
        directory = os.open(engine.run_dir, os.O_PATH)
        self.here, there = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.here.close()
            try:
                peer = socket.socket(socket.AF_UNIX)
                peer.connect(f"/proc/self/fd/{directory}/confd.varlink")
                peer.sendall(json.dumps({"method": CONFIG + "OpenSession", "more": True, "parameters": parameters}).encode() +
                             b"\0")
                data = b""
                while not data.endswith(b"\0"):
                    data += peer.recv(65536)
                there.sendall(data)
                there.recv(1)  # until the test closes its end
            finally:
                os._exit(0)
        os.close(directory)
        there.close()
        data = b""
        while not data.endswith(b"\0"):
            data += self.here.recv(65536)
        self.answer = json.loads(data[:-1])
        self.error = self.answer.get("error", "").replace(CONFIG, "")

    def end(self, how=None):
        if how:
            os.kill(self.pid, how)
        self.here.close()
        os.waitpid(self.pid, 0)


def test_sessions_are_listed_while_they_live(confd):
    first, second = Session(confd, line_name="vty0"), Session(confd, line_name="vty1")
    assert first.answer["continues"]
    listed = confd.call("ListSessions")[1]["sessions"]
    assert [(s["line"], s["exclusive"], s["session_id"]) for s in listed] == [
        ("vty0", False, f"00001000-{first.pid:08x}-00000000"), ("vty1", False, f"00001000-{second.pid:08x}-00000000")]
    first.end(signal.SIGKILL)
    wait_for(lambda: [s["line"] for s in confd.call("ListSessions")[1]["sessions"]] == ["vty1"], what="the end")
    second.end()
    wait_for(lambda: not confd.call("ListSessions")[1]["sessions"], what="the end")


def test_exclusive_locks_others_out(confd):
    assert confd.call("OpenSession", line_name="vty0")[0] == "org.varlink.service.InvalidParameter"
    lock = Session(confd, line_name="vty0", exclusive=True)
    second = Session(confd, line_name="vty1", exclusive=True)
    assert second.error == "Locked" and [s["line"] for s in second.answer["parameters"]["sessions"]] == ["vty0"]
    second.end()
    looker = Session(confd, line_name="vty2")
    assert not looker.error
    error, reply = confd.commit("hostname other")
    assert error == "Locked" and [s["line"] for s in reply["sessions"] if s["exclusive"]] == ["vty0"]
    assert rollback(confd, last=1)[0] == "Locked"
    lock.end(signal.SIGKILL)
    wait_for(lambda: confd.commit("hostname other")[0] is None, what="the end of the lock")
    looker.end()


def test_no_exclusive_session_beside_a_trial(confd):
    assert confd.commit("hostname try", confirmed_s=3000)[0] is None
    session = Session(confd, line_name="vty1", exclusive=True)
    assert session.error == "Trial"
    session.end()
    assert confd.commit_whole()[1]["confirmed"]
    session = Session(confd, line_name="vty1", exclusive=True)
    assert not session.error
    session.end()


# ---- the guard ----

def ssh_session(**more):
    return {"session": {"id": 7, "pid": os.getpid(), "vrf": "blue", "user": "amy", "authentication": "password",
                        "peer_address": "192.0.2.1", "local_port": 22, **more}, "channels": []}


@pytest.fixture
def guarded(known, member):
    """amy in a session of VRF blue: this process is her monitor, the processes that call are her programs."""
    assert known.commit("ssh server vrf blue", "ssh server vrf red", "username bob group root-lr")[0] is None
    member.sessions = [ssh_session(id=6, pid=1, vrf="red", user="bob"), ssh_session()]
    return known


def commit_as_amy(engine, *lines, **more):
    error, reply = call_as(engine, AMY, "Commit", base_commit_id=engine.running()[0], lines=list(lines), line_name="vty1", **more)
    return error and error.replace(CONFIG, ""), reply


@root_only
@pytest.mark.parametrize("line,word", [("no ssh server vrf blue", "VRF blue"), ("no ssh", "VRF blue"),
                                       ("no username amy", "'amy'"), ("no username amy group root-lr", "configure"),
                                       ("no username amy secret", "secret"),
                                       ("ssh server disable auth-methods password", "passwords")])
def test_guard_refuses(guarded, line, word):
    before = guarded.running()
    error, reply = commit_as_amy(guarded, line)
    assert error == "LockedOut" and len(reply["reasons"]) == 1 and word in reply["reasons"][0]
    assert guarded.running() == before
    error, reply = commit_as_amy(guarded, line, force=True)
    assert error is None and any(word in warning for warning in reply["warnings"])


@root_only
def test_guard_lets_a_trial_through(guarded):
    error, reply = commit_as_amy(guarded, "no ssh server vrf blue", confirmed_s=30)
    assert error is None and "VRF blue" in reply["warnings"][0]


@root_only
def test_guard_refuses_a_rollback(guarded):
    error, reply = call_as(guarded, AMY, "Rollback", last=1, line_name="vty1")
    assert error == CONFIG + "LockedOut" and "VRF blue" in reply["reasons"][0]
    assert call_as(guarded, AMY, "Rollback", last=1, line_name="vty1", force=True)[0] is None


@root_only
def test_guard_knows_whose_session_it_is(guarded, member):
    assert commit_as_amy(guarded, "no ssh server vrf red", "no username bob")[0] is None, "somebody else's"
    error, reply = commit_as_amy(guarded, "ssh server port 5523")
    assert error is None and "5523" in reply["warnings"][0]
    member.sessions = [ssh_session(pid=999999999)]
    assert commit_as_amy(guarded, "no ssh server vrf blue")[0] is None, "no ancestor is a monitor: nothing to lose"


@root_only
def test_no_guard_for_root_and_without_sshd(guarded, member):
    assert guarded.commit("no ssh server vrf blue")[0] is None
    assert guarded.commit("ssh server vrf blue")[0] is None
    member.leave()
    assert commit_as_amy(guarded, "no ssh server vrf blue")[0] is None


# ---- kill -9 at every system call ----

def calls_of(engine, act):
    trace = os.path.join(engine.directory, "trace")
    tracer = Tracer(engine.process.pid, "-o", trace)
    act()
    tracer.detach()
    with open(trace, encoding="utf-8", errors="replace") as file:
        return collections.Counter(re.findall(r"^(\w+)\(", file.read(), re.M))


def kill_everywhere(engine, prepare, act, judge):
    """For each system call that act makes in confd: prepare, act, killed there, started again, judged."""
    prepare()
    counts = calls_of(engine, act)
    assert sum(counts.values()) > 10, counts
    seen = collections.Counter()
    for name, count in counts.items():
        for when in range(1, count + 1):
            prepare()
            before = engine.running()
            tracer = Tracer(engine.process.pid, "-o", "/dev/null", "-e", f"trace={name}", "-e",
                            f"inject={name}:signal=SIGKILL:when={when}")
            try:
                answer = act()
            except (AssertionError, ConnectionError):
                answer = None
            tracer.detach()
            engine.stop(signal.SIGKILL)
            engine.start()
            seen[judge(before, answer, f"{name} number {when}")] += 1
            assert all(file.endswith(".conf") for file in os.listdir(engine.commits_dir))
    assert "broken" not in engine.log()
    return seen


def test_kill_at_every_system_call_of_a_rollback(confd, member):
    state = {"number": 0, "old": None}

    def prepare():
        state["number"] += 1
        state["old"] = confd.running()[1]
        assert confd.commit(f"hostname n{state['number']}", f"ssh server vrf n{state['number']}")[0] is None

    def judge(before, answer, where):
        after = confd.running()
        wait_for(lambda: member.applied == after[0], what=f"{where}: the member at {after[0]}")
        if after == before:
            assert answer is None, f"{where}: an answered rollback is lost"
            return "before"
        assert after[1] == state["old"] and int(after[0]) > int(before[0]), where
        assert newest(confd)["client"] == "Rollback"
        return "after"
    seen = kill_everywhere(confd, prepare, lambda: rollback(confd, last=1), judge)
    assert seen["before"] and seen["after"], seen


def test_kill_at_every_system_call_of_a_confirmation(confd, member):
    number = iter(range(1, 10000))

    def prepare():
        if newest(confd)["trial_deadline_us"]:
            assert confd.commit_whole()[1]["confirmed"]
        assert confd.commit(f"hostname n{next(number)}", confirmed_s=3000)[0] is None

    def confirm():
        return confd.commit_whole(base=confd_running_id(confd))

    def judge(before, answer, where):
        assert confd.running() == before, where
        if newest(confd)["trial_deadline_us"]:
            assert answer is None, f"{where}: an answered confirmation is lost"
            return "trial"
        return "confirmed"
    seen = kill_everywhere(confd, prepare, confirm, judge)
    assert seen["trial"] and seen["confirmed"], seen


def test_kill_at_every_system_call_of_a_trial(confd, member):
    """Killed while it begins there is no trial, or the whole trial with its clock."""
    number = iter(range(1, 10000))

    def prepare():
        if newest(confd)["trial_deadline_us"]:
            assert confd.call("EndTrial")[0] is None

    def judge(before, answer, where):
        after = confd.running()
        if after == before:
            assert answer is None, where
            return "before"
        assert newest(confd)["trial_deadline_us"], f"{where}: a trial without a clock"
        return "after"
    seen = kill_everywhere(confd, prepare, lambda: confd.commit(f"hostname n{next(number)}", base=confd_running_id(confd),
                                                                confirmed_s=3000), judge)
    assert seen["before"] and seen["after"], seen


# ---- many at once ----

def test_many_sessions_commit_at_once(confd):
    """Every commit that is answered is in the list; those beside it are told of the conflict."""
    answers = []

    def commit(number):
        for _ in range(10):
            answers.append(confd.commit(f"ssh server vrf t{number}-{len(answers)}"))
    threads = [threading.Thread(target=commit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [reply["commit_id"] for error, reply in answers if error is None]
    assert {error for error, _ in answers} <= {None, "Conflict"}
    listed = [commit["commit_id"] for commit in confd.call("ListCommits")[1]["commits"]]
    assert sorted(done, reverse=True) == listed[:-1] and len(done) >= 10
