# SPDX-License-Identifier: GPL-3.0-or-later
"""sallyport-confd by itself: commits with a member made here, callers, and what a crash or a full disk leaves behind."""
import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from conftest import BIN, CALL_AS, make_directory, varlink, wait_for

CONFIG = "org.sallyport.Config."
CONFD_UID = 1879090001
FIRST = "1000000001"
SECRET = "10 $6$oddsalt7$P2lCZDlEeI7RSoJQAczX1j7ACBj6FESvD3kAJbtliRB44bIHsaijALZkYTeA4ICt0xVuDWAhUXHDEGedjQ/QU/"
STARTER = f"hostname start\nusername amy\n group root-lr\n secret {SECRET}\n!\nusername oscar\n group operator\n!\nssh server v2\n!\nend\n"

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be other users")


class Confd:
    """One sallyport-confd in a directory of its own."""

    def __init__(self, directory):
        self.directory = directory
        self.run_dir = os.path.join(directory, "sock")
        self.state_dir = os.path.join(directory, "state")
        self.commits_dir = os.path.join(self.state_dir, "conf", "commits")
        self.path = os.path.join(self.run_dir, "confd.varlink")
        self.process = None
        for path in (self.run_dir, self.state_dir, os.path.join(self.state_dir, "ssh")):
            os.mkdir(path, 0o755)
        self.log_path = os.path.join(directory, "log")
        self.starter = os.path.join(directory, "starter")
        self.write_starter(STARTER)

    def write_starter(self, text):
        with open(self.starter, "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, *options, prefix=(), ready=True):
        """Starts it and waits until it says that it is ready, or ends when ready is False."""
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"sallyport-test-{os.getpid()}-{id(self)}"
        notify.bind("\0" + name)
        notify.settimeout(0.02)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, os.path.join(BIN, "sallyport-confd"), "--run-dir", "sock", "--state-dir", "state",
                 "--starter", "starter", *options],
                cwd=self.directory, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, "NOTIFY_SOCKET": "@" + name})

        def came():
            if self.process.poll() is not None:
                return "ended"
            try:
                return notify.recv(64) == b"READY=1" and "ready"
            except socket.timeout:
                return None
        how = wait_for(came, what="READY=1 of confd")
        notify.close()
        assert how == ("ready" if ready else "ended"), self.log()
        if ready:
            # waits behind what confd does first: looking for members that run already
            assert self.call("GetSlice", member="sshd")[0] is None
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=10) if self.process else None

    def restart(self):
        assert self.stop() == 0, self.log()
        return self.start()

    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def call(self, method, **parameters):
        return varlink(self.path, CONFIG + method, parameters, timeout_s=20)

    def running(self):
        error, reply = self.call("GetRunning")
        assert error is None
        return reply["commit_id"], reply["text"]

    def commit_whole(self, *lines, base=None, **more):
        """Returns the error name without its interface, or None, and the parameters."""
        error, reply = self.call("Commit", base_commit_id=self.running()[0] if base is None else base, lines=list(lines),
                                 line_name="vty0", **more)
        return error and error.replace(CONFIG, ""), reply

    def commit(self, *lines, **more):
        """The same with the commit's number only, where there is one."""
        error, reply = self.commit_whole(*lines, **more)
        return error, reply if error else {"commit_id": reply["commit_id"]}

    def file(self, commit_id, ending=".conf"):
        return os.path.join(self.commits_dir, commit_id + ending)


class Member:
    """Stands in for sallyport-sshd: answers as the plan says, writes down what it was asked."""

    def __init__(self, confd):
        self.path = os.path.join(confd.run_dir, "sshd.varlink")
        self.calls = []  # (method, commit_id)
        self.texts = {}
        self.applied = None
        self.plan = collections.defaultdict(list)  # method -> what to do next: "hang", "drop", "leave", or faults
        self.hung = []
        self.sessions = []  # of the SSH server
        self.listener = None
        self.listen()

    def listen(self):
        directory = os.open(os.path.dirname(self.path), os.O_PATH)
        self.listener = socket.socket(socket.AF_UNIX)
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass
        self.listener.bind(f"/proc/self/fd/{directory}/{os.path.basename(self.path)}")
        os.close(directory)
        os.chmod(self.path, 0o666)
        self.listener.listen(16)
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()

    def leave(self):
        """Goes as a daemon that was killed does: nobody listens, the socket stays."""
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def serve(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(peer,), daemon=True).start()

    def answer(self, peer):
        data = b""
        while not data.endswith(b"\0"):
            more = peer.recv(65536)
            if not more:
                return
            data += more
        call = json.loads(data[:-1])
        method = call["method"].rsplit(".", 1)[1]
        if method == "ListSessions":
            peer.sendall(json.dumps({"parameters": {"sessions": self.sessions}}).encode() + b"\0")
            peer.close()
            return
        commit_id = call["parameters"]["commit_id"]
        step = self.plan[method].pop(0) if self.plan[method] else []
        reply = {}
        if method in ("Check", "Prepare"):
            self.texts[commit_id] = call["parameters"]["text"]
            reply = {"faults": step if isinstance(step, list) else []}
        self.calls.append((method, commit_id))
        if step == "leave":
            self.leave()
        if step == "hang":
            self.hung.append(peer)
        elif step == "drop":
            peer.close()
        else:
            if method == "Apply":
                self.applied = commit_id
            try:
                peer.sendall(json.dumps({"parameters": reply}).encode() + b"\0")
            except BrokenPipeError:  # confd was killed while it asked
                pass
            peer.close()

    def methods(self, commit_id=None):
        return [m for m, i in self.calls if commit_id in (None, i)]

    def forget(self):
        self.calls.clear()


@pytest.fixture
def bare():
    parent = make_directory()  # closed to others, as a home may be; only the directory itself is open
    directory = os.path.join(parent, "run")
    os.mkdir(directory, 0o755)
    daemon = Confd(directory)
    yield daemon
    ended = daemon.process.poll()
    assert (daemon.stop() if ended is None else ended) in (0, 1, -signal.SIGKILL), daemon.log()
    assert "Sanitizer" not in daemon.log()
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def confd(bare):
    return bare.start()


@pytest.fixture
def member(confd):
    fake = Member(confd)
    yield fake
    fake.leave()


# ---- what a commit does ----

def test_first_start_takes_the_starter(confd):
    commit_id, text = confd.running()
    assert commit_id == FIRST
    assert text.startswith("hostname start\nusername amy\n group root-lr\n secret 10 $6$")
    error, reply = confd.call("ListCommits")
    assert [(c["commit_id"], c["user"], c["client"]) for c in reply["commits"]] == [(FIRST, "system", "Starter")]
    confd.write_starter("hostname other\n")
    confd.restart()
    assert confd.running() == (commit_id, text)


def test_commit_stays(confd):
    assert confd.commit("hostname second", "no username oscar", "ssh server vrf blue", user="amy", label="spring",
                        comment="two words") == (None, {"commit_id": "1000000002"})
    commit_id, text = confd.running()
    assert commit_id == "1000000002"
    assert "hostname second\n" in text and "ssh server vrf blue\n" in text and "oscar" not in text
    assert re.search(r"CONFD_\[\d+\]: %MGBL-CONFIG-6-DB_COMMIT : Configuration committed by user 'amy'\. "
                     r"Use 'show configuration commit changes 1000000002' to view the changes\.\n", confd.log())
    confd.restart()
    assert confd.running() == (commit_id, text)
    newest = confd.call("ListCommits")[1]["commits"][0]
    assert {k: newest[k] for k in ("commit_id", "user", "line", "client", "label", "comment")} == {
        "commit_id": "1000000002", "user": "amy", "line": "vty0", "client": "CLI", "label": "spring", "comment": "two words"}
    assert confd.commit("hostname third") == (None, {"commit_id": "1000000003"})


def test_refused_lines(confd):
    before = confd.running()
    error, reply = confd.commit("hostname fine", "hostname not_fine", "vrf " + "v" * 33, "username amy secret clearly",
                                "ssh server port", "s", "no such thing", "")
    assert error == "CommitFailed"
    faults = {f["line"]: f["reason"] for f in reply["faults"]}
    assert len(faults) == 7 and all(faults.values())
    assert "32 characters" in faults["vrf " + "v" * 33]
    assert "hashed" in faults["username amy secret clearly"]
    assert confd.running() == before
    assert "clearly" not in confd.log()


def test_nothing_to_commit(confd):
    before = confd.running()
    assert confd.commit("hostname start", "ssh server v2")[0] == "NothingToCommit"
    assert confd.commit("hostname other", "hostname start")[0] == "NothingToCommit"
    assert confd.commit()[0] == "NothingToCommit"
    assert confd.running() == before


def test_conflict_names_the_others(confd):
    assert confd.commit("hostname second", base=FIRST, user="amy")[0] is None
    error, reply = confd.commit("hostname third", base=FIRST)
    assert error == "Conflict"
    assert [(c["commit_id"], c["user"]) for c in reply["commits"]] == [("1000000002", "amy")]
    assert confd.running()[0] == "1000000002"
    assert confd.commit("hostname third", base="1000000002")[0] is None


@pytest.mark.parametrize("parameters", [
    {"lines": ["hostname x"], "line_name": "vty0"},
    {"base_commit_id": FIRST, "line_name": "vty0"},
    {"base_commit_id": FIRST, "lines": "hostname x"},
    {"base_commit_id": FIRST, "lines": [7]},
    {"base_commit_id": 7, "lines": ["hostname x"]},
    {"base_commit_id": FIRST, "lines": ["hostname x"], "label": "two\nlines"},
    {"base_commit_id": FIRST, "lines": ["hostname x"], "label": "l" * 31},
    {"base_commit_id": FIRST, "lines": ["hostname x"], "comment": "c" * 257},
    {"base_commit_id": FIRST, "lines": ["hostname x"], "user": "u" * 33},
    {"base_commit_id": FIRST, "lines": ["hostname x"], "line_name": ["vty0"]},
])
def test_wrong_parameters(confd, parameters):
    assert confd.call("Commit", **parameters)[0] == "org.varlink.service.InvalidParameter"
    assert confd.running()[0] == FIRST


def test_limits_of_lists(confd):
    error, reply = confd.commit(*[f"ssh server vrf v{n}" for n in range(4097)])
    assert error == "CommitFailed" and [f["line"] for f in reply["faults"]] == ["ssh server vrf v4096"]
    assert confd.commit(*[f"ssh server vrf v{n}" for n in range(4096)])[0] is None
    confd.restart()
    assert confd.running()[1].count("ssh server vrf v") == 4096


# ---- members ----

def test_member_goes_through_the_phases(confd, member):
    assert confd.commit("ssh server vrf blue", "hostname second", "domain name example.org")[0] is None
    assert member.calls == [("Check", "1000000002"), ("Prepare", "1000000002"), ("Apply", "1000000002")]
    assert "ssh server vrf blue\n" in member.texts["1000000002"] and SECRET in member.texts["1000000002"]
    assert "domain" not in member.texts["1000000002"], "a slice holds the member's own lines"
    member.forget()
    assert confd.commit("domain name example.net")[0] is None
    assert member.calls == [], "its slice did not change"


@pytest.mark.parametrize("phase", ["Check", "Prepare"])
def test_member_refuses(confd, member, phase):
    before = confd.running()
    member.plan[phase].append([{"line": "ssh server port 5521", "reason": "the port is in use"}])
    error, reply = confd.commit("ssh server port 5521")
    assert (error, reply) == ("CommitFailed", {"faults": [{"line": "ssh server port 5521", "reason": "the port is in use"}]})
    assert member.methods() == ["Check", "Abort"] if phase == "Check" else ["Check", "Prepare", "Abort"]
    assert confd.running() == before
    member.forget()
    assert confd.commit("ssh server port 5521") == (None, {"commit_id": "1000000002"})
    assert member.methods() == ["Check", "Prepare", "Apply"]


@pytest.mark.parametrize("phase,step,reason", [("Check", "hang", "within 3 s"), ("Prepare", "hang", "within 3 s"),
                                               ("Check", "drop", "did not answer"), ("Prepare", "drop", "did not answer")])
def test_member_does_not_answer(confd, member, phase, step, reason):
    before = confd.running()
    member.plan[phase].append(step)
    error, reply = confd.commit("ssh server vrf blue")
    assert error == "CommitFailed" and reason in reply["faults"][0]["reason"] and "sshd" in reply["faults"][0]["reason"]
    assert member.methods()[-1] == "Abort"
    assert confd.running() == before
    assert confd.commit("ssh server vrf blue")[0] is None


def test_absent_member_does_not_block(confd):
    assert confd.commit("ssh server vrf blue")[0] is None
    fake = Member(confd)
    fake.leave()
    assert confd.commit("ssh server vrf red")[0] is None, "a socket that nobody listens on"
    error, reply = confd.call("GetSlice", member="sshd")
    assert reply["commit_id"] == "1000000003" and "ssh server vrf red\n" in reply["text"]


@pytest.mark.parametrize("phase", ["Check", "Prepare"])
def test_member_dies_between_phases(confd, member, phase):
    member.plan[phase].append("leave")
    assert confd.commit("ssh server vrf blue") == (None, {"commit_id": "1000000002"})
    assert member.methods() == ["Check"] if phase == "Check" else ["Check", "Prepare"]
    assert "ssh server vrf blue\n" in confd.call("GetSlice", member="sshd")[1]["text"]


@pytest.mark.parametrize("step", ["hang", "drop"])
def test_member_that_missed_apply_is_repaired(confd, member, step):
    member.plan["Apply"].append(step)
    assert confd.commit("ssh server vrf blue")[0] is None
    assert confd.running()[0] == "1000000002"
    assert member.applied is None
    wait_for(lambda: member.applied == "1000000002", what="the repair")
    assert member.methods() == ["Check", "Prepare", "Apply"] * 2
    assert "ssh server vrf blue\n" in member.texts["1000000002"]


def test_repair_is_refused_once_aloud(confd, member):
    refusal = [{"line": "", "reason": "not today"}]
    member.plan["Apply"].append("drop")
    member.plan["Check"] += [[], refusal, refusal]
    assert confd.commit("ssh server vrf blue")[0] is None
    wait_for(lambda: member.applied == "1000000002", what="the repair")
    assert confd.log().count("%MGBL-CONFIG-3-ERR_GENERAL") == 1
    assert "not today" in confd.log()


def test_restarted_confd_leads_its_members(confd, member):
    assert confd.commit("ssh server vrf blue")[0] is None
    confd.stop(signal.SIGKILL)
    member.forget()
    member.applied = None
    confd.start()
    wait_for(lambda: member.applied == "1000000002", what="apply after the restart")
    assert member.methods() == ["Check", "Prepare", "Apply"]


def in_thread(function):
    result = []
    thread = threading.Thread(target=lambda: result.append(function()), daemon=True)
    thread.start()

    def finish():
        thread.join(timeout=20)
        return result[0]
    return thread, finish


def test_slice_waits_for_the_commit(confd, member):
    member.plan["Prepare"].append("hang")
    _, commit = in_thread(lambda: confd.commit("ssh server vrf blue"))
    wait_for(lambda: member.hung, what="prepare")
    thread, get_slice = in_thread(lambda: confd.call("GetSlice", member="sshd"))
    # GetRunning is answered in between: confd is not busy, it holds the slice back
    assert confd.running()[0] == FIRST
    assert thread.is_alive()
    peer = member.hung.pop()
    peer.sendall(b'{"parameters":{"faults":[]}}\0')
    assert commit()[0] is None
    assert get_slice()[1]["commit_id"] == "1000000002"


def test_commits_wait_for_each_other(confd, member):
    member.plan["Check"].append("hang")
    _, first = in_thread(lambda: confd.commit("ssh server vrf blue", base=FIRST))
    wait_for(lambda: member.hung, what="check")
    waiting = [in_thread(lambda n=n: confd.commit(f"hostname other{n}", base=FIRST)) for n in range(3)]
    assert confd.running()[0] == FIRST
    assert all(thread.is_alive() for thread, _ in waiting)
    member.hung.pop().sendall(b'{"parameters":{"faults":[]}}\0')
    assert first() == (None, {"commit_id": "1000000002"})
    assert [finish()[0] for _, finish in waiting] == ["Conflict"] * 3


def test_caller_goes_while_its_commit_runs(confd, member):
    """A commit that has begun ends; one that waits is taken back."""
    member.plan["Check"].append("hang")

    def send(base, lines):
        directory = os.open(confd.run_dir, os.O_PATH)
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(f"/proc/self/fd/{directory}/confd.varlink")
        os.close(directory)
        peer.sendall(json.dumps({"method": CONFIG + "Commit", "parameters": {
            "base_commit_id": base, "lines": lines, "line_name": "vty0"}}).encode() + b"\0")
        return peer

    def connections():
        return len(os.listdir(f"/proc/{confd.process.pid}/fd"))
    running = send(FIRST, ["ssh server vrf blue"])
    wait_for(lambda: member.hung, what="check")
    one = connections()
    waiting = send("1000000002", ["ssh server vrf red"])
    wait_for(lambda: connections() == one + 1, what="the second caller")
    assert confd.running()[0] == FIRST
    running.close()
    waiting.close()
    wait_for(lambda: connections() == one - 1, what="confd sees that both have gone")
    assert confd.running()[0] == FIRST
    member.hung.pop().sendall(b'{"parameters":{"faults":[]}}\0')
    wait_for(lambda: confd.running()[0] == "1000000002", what="the commit")
    assert confd.commit("hostname last") == (None, {"commit_id": "1000000003"})
    assert "vrf red" not in confd.running()[1]


# ---- who calls ----

def call_as(confd, uid, method, **parameters):
    """A call from another process, and uid."""
    done = subprocess.run(["/usr/bin/python3", "-c", CALL_AS, str(uid), confd.path, CONFIG + method, json.dumps(parameters)],
                          stdout=subprocess.PIPE, check=True, timeout=20, cwd="/")
    reply = json.loads(done.stdout)
    return reply.get("error"), reply.get("parameters", {})


AMY, OSCAR, NOBODY = 1879100007, 1879100008, 1879100009
DENIED = "org.varlink.service.PermissionDenied"


@pytest.fixture
def known(confd):
    with open(os.path.join(confd.state_dir, "ssh", "uids"), "w", encoding="ascii") as file:
        file.write(f"{AMY} amy\n{OSCAR} oscar\n")
    os.chmod(file.name, 0o644)
    return confd


@root_only
def test_callers_are_known_by_their_uid(known):
    _, amy = call_as(known, AMY, "GetCaller")
    assert (amy["user"], amy["groups"], amy["hostname"], amy["commit_id"]) == ("amy", ["root-lr"], "start", FIRST)
    _, oscar = call_as(known, OSCAR, "GetCaller")
    assert (oscar["user"], oscar["groups"]) == ("oscar", ["operator"])
    _, nobody = call_as(known, NOBODY, "GetCaller")
    assert (nobody["user"], nobody["groups"]) == ("", [])


@root_only
def test_only_configuring_groups_commit(known):
    wish = {"base_commit_id": FIRST, "lines": ["hostname mine"], "line_name": "vty1"}
    for uid in (OSCAR, NOBODY):
        assert call_as(known, uid, "Commit", **wish)[0] == DENIED
        assert call_as(known, uid, "Commit", user="amy", **wish)[0] == DENIED
    assert known.running()[0] == FIRST
    assert call_as(known, AMY, "Commit", user="root", client="Forged", **wish)[0] is None
    newest = known.call("ListCommits")[1]["commits"][0]
    assert (newest["user"], newest["client"]) == ("amy", "CLI"), "what a caller says of itself does not count"


@root_only
def test_rights_follow_the_running_configuration(known):
    assert known.commit("no username amy group root-lr")[0] is None
    wish = {"base_commit_id": "1000000002", "lines": ["username amy group root-lr"], "line_name": "vty1"}
    assert call_as(known, AMY, "Commit", **wish)[0] == DENIED
    assert known.commit("username amy group sysadmin")[0] is None
    error, reply = call_as(known, AMY, "Commit", **{**wish, "base_commit_id": "1000000003"})
    assert error == CONFIG + "CommitFailed" and "rights to task" in reply["faults"][0]["reason"], "nobody makes himself more"
    wish["lines"] = ["ssh timeout 47"]
    assert call_as(known, AMY, "Commit", **{**wish, "base_commit_id": "1000000003"})[0] is None


@root_only
def test_secrets_are_masked_for_others(known):
    for uid in (OSCAR, NOBODY):
        assert call_as(known, uid, "GetRunning")[0] == DENIED
    assert known.commit("username oscar group read-only-tg")[0] is None
    text = call_as(known, OSCAR, "GetRunning")[1]["text"]
    assert "$6$" not in text and "hostname start\n" in text and "secret ***" in text
    assert SECRET in call_as(known, AMY, "GetRunning")[1]["text"]


@root_only
def test_slices_are_for_members(known):
    for uid in (AMY, OSCAR, NOBODY):
        assert call_as(known, uid, "GetSlice", member="sshd")[0] == DENIED
    assert known.call("GetSlice", member="nosuch")[0] == "org.varlink.service.InvalidParameter"
    assert known.call("GetSlice", member="sshd")[0] is None


@root_only
def test_runs_as_its_own_user(bare):
    os.chown(bare.run_dir, CONFD_UID, CONFD_UID)
    os.mkdir(os.path.join(bare.state_dir, "conf"), 0o700)
    bare.start("--user-id", str(CONFD_UID))
    with open(f"/proc/{bare.process.pid}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert status["Uid"].split() == [str(CONFD_UID)] * 4 and status["Gid"].split() == [str(CONFD_UID)] * 4
    assert status["Groups"].strip() == "" and status["NoNewPrivs"] == "1"
    assert {status[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {""}
    assert bare.commit("hostname own")[0] is None
    assert os.stat(bare.file("1000000002")).st_uid == CONFD_UID
    assert os.stat(bare.file("1000000002")).st_mode & 0o777 == 0o600
    assert call_as(bare, CONFD_UID, "GetSlice", member="sshd")[0] is None, "a member may run as confd does"
    bare.stop()
    bare.start("--user-id", str(CONFD_UID))
    assert bare.running()[0] == "1000000002"


# ---- what goes wrong ----

def test_one_confd_at_a_time(confd):
    other = Confd.__new__(Confd)
    other.__dict__.update(confd.__dict__)
    other.start(ready=False)
    assert other.process.returncode == 1
    assert "another sallyport-confd" in confd.log()
    assert confd.commit("hostname still")[0] is None


def test_starter_that_does_not_match(bare):
    bare.write_starter("hostname r1\nusername amy\n secret clearly\n!\nfrobnicate\n")
    bare.start(ready=False)
    assert bare.process.returncode == 1
    log = bare.log()
    assert "line 3" in log and "line 5" in log and "clearly" not in log
    assert os.listdir(bare.commits_dir) == []


@pytest.mark.parametrize("damage", ["cut", "junk", "empty", "flipped", "unknown line"])
def test_broken_configuration_at_start(confd, damage):
    assert confd.commit("hostname good")[0] is None
    good = confd.running()
    assert confd.commit("hostname newest")[0] is None
    confd.stop()
    path = confd.file("1000000003")
    with open(path, "rb") as file:
        data = file.read()
    if damage == "unknown line":
        text = data[:data.rindex(b"!! end ")].replace(b"hostname newest", b"hostnome newest")
        checksum = 0xcbf29ce484222325
        for byte in text:
            checksum = ((checksum ^ byte) * 0x100000001b3) & 0xffffffffffffffff
        data = text + b"!! end %016x\n" % checksum
    else:
        data = {"cut": data[:-40], "junk": os.urandom(777), "empty": b"", "flipped": data.replace(b"newest", b"newesu")}[damage]
    with open(path, "wb") as file:
        file.write(data)
    confd.start()
    assert confd.running() == good
    assert f"%MGBL-CONFIG-3-ERR_GENERAL : A stored configuration is broken and set aside as state/conf/commits/1000000003" \
           in confd.log()
    with open(confd.file("1000000003", ".conf.broken"), "rb") as file:
        assert file.read() == data, "kept to be looked at"
    assert confd.commit("hostname next") == (None, {"commit_id": "1000000004"}), "a number is not used again"


def test_no_good_configuration_left(confd):
    confd.stop()
    with open(confd.file(FIRST), "wb") as file:
        file.write(b"!! junk\n")
    confd.start()
    assert confd.running() == ("", "")
    assert "No stored configuration is whole" in confd.log()
    assert confd.commit("hostname again", base="") == (None, {"commit_id": "1000000002"})


def in_small_disk(size):
    """Runs a program with a tmpfs of its own on state/conf."""
    maps = [] if os.geteuid() == 0 else ["-r"]
    return ["unshare", *maps, "-m", "sh", "-c", f'mkdir -p state/conf && mount -t tmpfs -o size={size},mode=700 none state/conf '
            '&& exec "$@"', "sh"]


def test_full_disk(bare):
    bare.start(prefix=in_small_disk("64k"))
    inside = f"/proc/{bare.process.pid}/root{bare.state_dir}/conf"
    before = bare.running()
    fake = Member(bare)
    with open(os.path.join(inside, "filler"), "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError as error:
            assert error.errno == 28
    for _ in range(2):
        error, reply = bare.commit("ssh server vrf blue")
        assert error == "StorageFailed" and "No space left" in reply["reason"]
    assert fake.methods() == ["Check", "Prepare", "Abort"] * 2
    assert bare.running() == before
    assert os.listdir(os.path.join(inside, "commits")) == [FIRST + ".conf"]
    os.unlink(os.path.join(inside, "filler"))
    fake.forget()
    assert bare.commit("ssh server vrf blue") == (None, {"commit_id": "1000000002"})
    assert fake.methods() == ["Check", "Prepare", "Apply"]
    fake.leave()


# ---- kill -9 at every system call of a commit ----

class Tracer:
    """strace on a running process; it is attached when this returns."""

    def __init__(self, pid, *options):
        self.process = subprocess.Popen(["strace", "-p", str(pid), *options], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        line = self.process.stderr.readline()
        assert b"attached" in line, line
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def detach(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=10)


def calls_of_a_commit(confd):
    trace = os.path.join(confd.directory, "trace")
    tracer = Tracer(confd.process.pid, "-o", trace)
    assert confd.commit("hostname traced", "ssh server vrf traced", base=confd_running_id(confd))[0] is None
    tracer.detach()
    with open(trace, encoding="utf-8", errors="replace") as file:
        names = re.findall(r"^(\w+)\(", file.read(), re.M)
    return names


def confd_running_id(confd):
    # from the files: a call to confd would count, too
    return max(name[:10] for name in os.listdir(confd.commits_dir) if name.endswith(".conf"))


def test_record_outlives_a_power_cut(confd, member):
    """The bytes are on the disk before the name is, and the name is before anybody applies or is told."""
    steps = iter(calls_of_a_commit(confd))
    for wanted in ("fsync", "renameat", "fsync", "connect", "sendmsg"):
        assert any(step == wanted for step in steps), f"no {wanted} where it belongs"


def test_kill_at_every_system_call_of_a_commit(confd, member):
    counts = collections.Counter(calls_of_a_commit(confd))
    assert sum(counts.values()) > 20, counts
    seen = {"old": 0, "new": 0}
    highest = 0
    number = 0
    for name, count in counts.items():
        for when in range(1, count + 1):
            number += 1
            old = confd.running()
            tracer = Tracer(confd.process.pid, "-o", "/dev/null", "-e", f"trace={name}", "-e",
                            f"inject={name}:signal=SIGKILL:when={when}")
            try:
                answer = confd.commit(f"hostname n{number}", f"ssh server vrf n{number}", base=old[0])
            except (AssertionError, ConnectionError):
                answer = None
            tracer.detach()
            confd.stop(signal.SIGKILL)
            member.applied = None
            confd.start()
            new = confd.running()
            where = f"{name} number {when}"
            if new == old:
                seen["old"] += 1
                assert answer is None, f"{where}: a commit that was answered is lost"
            else:
                seen["new"] += 1
                assert f"hostname n{number}\n" in new[1] and f"ssh server vrf n{number}\n" in new[1], where
                assert int(new[0]) > highest, where
                highest = int(new[0])
            wait_for(lambda: member.applied == new[0], what=f"{where}: the member at commit {new[0]}")
            assert all(file.endswith(".conf") for file in os.listdir(confd.commits_dir)), where
    assert seen["old"] and seen["new"], seen
    assert "broken" not in confd.log()
    assert confd.commit("hostname last")[0] is None
