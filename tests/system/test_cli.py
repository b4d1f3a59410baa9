# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's shell, byte for byte, on a terminal and off it, against daemons that answer what a test wants."""
import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import termios
import threading
import time

import pexpect
import pytest

from cli_stub import CONFIG, TASKS, Config, Error, Silent, Sshd, session
from conftest import BIN, is_gone, wait_for

CLI = os.path.join(BIN, "sallyport")
STAMP = rb"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} UTC\r\n"
MORE = b" --More-- "


class Router:
    def __init__(self, directory):
        self.directory = str(directory)
        self.config = Config(os.path.join(self.directory, "confd.varlink"))
        self.sshd = Sshd(os.path.join(self.directory, "sshd.varlink"))
        self.children = []

    def run(self, *words, text_in="", timeout_s=20, env=None):
        return subprocess.run([CLI, "--run-dir", self.directory, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              input=text_in if isinstance(text_in, bytes) else text_in.encode(), timeout=timeout_s,
                              env={**os.environ, **(env or {})})

    def terminal(self, columns=80, lines=24, env=None, timeout_s=10):
        child = Terminal(self, columns, lines, env or {}, timeout_s)
        self.children.append(child.child)
        return child


class Terminal:
    """A pty; what comes back is compared to the byte."""

    def __init__(self, router, columns, lines, env, timeout_s):
        self.router = router
        self.mode = ""
        self.child = pexpect.spawn(CLI, ["--run-dir", router.directory], dimensions=(lines, columns), timeout=timeout_s,
                                   env={"TERM": "vt100", "PATH": "/usr/bin:/bin", **env})
        self.child.delaybeforesend = None
        assert self.until(self.prompt()) == b""

    def prompt(self):
        return f"RP/0/RP0/CPU0:{self.router.config.hostname()}{self.mode}#".encode()

    def until(self, text):
        """What comes before text; text is exact."""
        self.child.expect_exact(text)
        return self.child.before

    def do(self, line, end=b"\n", mode=None):
        """Types a line; returns its output without the echo and the next prompt, and both must be exact."""
        self.child.send(line.encode() + end)
        assert self.until(line.encode() + b"\r\n") == b""
        if mode is not None:
            self.mode = f"({mode})" if mode else ""
        return self.until(self.prompt())

    def plain(self, line, **more):
        """As do(); the time line must be there and is taken off."""
        out = self.do(line, **more)
        assert re.match(STAMP, out), out
        return re.sub(b"^" + STAMP, b"", out)

    def quiet(self):
        assert self.do("terminal length 0") != b""
        assert self.do("terminal exec prompt no-timestamp") == b""
        return self

    def drop(self):
        """Drops the line that is typed."""
        self.child.send("\x03")
        self.until(b"\r\n" + self.prompt())

    def nothing_more(self):
        with pytest.raises(pexpect.TIMEOUT):
            self.child.read_nonblocking(1, timeout=0.2)


def read_until(master, text):
    data = b""
    while text not in data:
        assert select.select([master], [], [], 10)[0], data
        data += os.read(master, 4096)
    return data


@pytest.fixture
def router(tmp_path):
    made = Router(tmp_path)
    yield made
    for child in made.children:
        child.close(force=True)
    made.config.daemon.listener.close()
    made.sshd.daemon.listener.close()


# ---- the terminal, byte for byte ----

def test_prompt_comes_unasked_and_echo_is_what_was_typed(router):
    term = router.terminal()
    term.child.send("show clock\n")
    assert re.fullmatch(rb"show clock\r\n" + STAMP + rb"\d\d:\d\d:\d\d\.\d{3} UTC \w{3} \w{3} [ \d]\d \d{4}\r\n",
                        term.until(term.prompt()))
    term.nothing_more()


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_line_end_runs_the_line_once(router, end):
    term = router.terminal().quiet()
    for _ in range(3):
        assert re.fullmatch(rb"\d\d:\d\d:\d\d\.\d{3} UTC \w{3} \w{3} [ \d]\d \d{4}\r\n", term.do("show clock", end=end))
    term.nothing_more()


@pytest.mark.parametrize("columns", [20, 80, 132, 511, 512])
def test_a_long_line_echoes_straight(router, columns):
    term = router.terminal(columns=columns)
    line = "x" + "abcdefghi " * 60
    out = term.do(line)
    assert out == b" " * len(term.prompt()) + b"^\r\n% Invalid input detected at '^' marker.\r\n"


def test_width_set_by_a_client_does_not_wrap_the_echo(router):
    term = router.terminal(columns=80)
    term.do("terminal width 511")
    line = "show running-config " + "y" * 480
    term.child.send(line + "\n")
    assert term.until(line.encode() + b"\r\n") == b""


def test_type_ahead_is_not_lost(router):
    term = router.terminal().quiet()
    term.child.send("".join(f"show terminal | include Line{n}\n" for n in range(50)) + "show terminal | include Width\n")
    out = term.until(b"Length: 0 lines, Width: 80 columns\r\n")
    for n in range(50):
        assert out.count(f"show terminal | include Line{n}\r\n".encode()) == 1
    term.until(term.prompt())
    term.nothing_more()


def test_typed_before_the_start_is_not_lost(router):
    master, slave = pty.openpty()
    os.write(master, b"show terminal\rexit\r")
    child = subprocess.Popen([CLI, "--run-dir", router.directory], stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True)
    os.close(slave)
    data = b""
    try:
        while select.select([master], [], [], 10)[0]:
            data += os.read(master, 4096)
    except OSError:
        pass
    assert child.wait(10) == 0
    os.close(master)
    assert b"Allowed transports are ssh.\r\n" in data and data.endswith(b"exit\r\n"), data


def test_no_escape_sequences_in_ordinary_use(router):
    term = router.terminal()
    term.child.send("show ssh\nconf t\nhostname x\nshow ?\x15abc\x7f\x7f\x7f\x1b[A\x1b[D\x15exit\nno\nexit\n")
    term.child.expect(pexpect.EOF)
    out = term.child.before
    assert b"\x1b" not in out and b"\x9b" not in out
    # every line ends in CR LF, and no other LF or CR LF CR LF pair comes from one newline
    assert not re.search(rb"(?<!\r)\n", out)


def test_bytes_of_others_do_not_reach_the_terminal(router):
    out = router.terminal().plain("show ssh")
    row = [line for line in out.split(b"\r\n") if b"blue" in line][0]
    assert re.fullmatch(rb"2 +1 +vty1 +0/RP0/CPU0 +SESSION_OPEN +evil\?\[31m\?{4}name +192\.168\.122\.1 +v2 +password +"
                        rb"Command-Line-Interface +blue", row), row


def test_text_and_reasons_of_daemons_are_cleaned(router):
    router.config.daemon.answers[f"{CONFIG}.GetCaller"] = lambda _: {
        "hostname": "a\x1b[31m#\nb", "user": "x\x1b", "groups": ["root-lr"], "tasks": TASKS["root-lr"], "domain_name": "",
        "commit_id": ""}
    child = pexpect.spawn(CLI, ["--run-dir", router.directory], timeout=10, dimensions=(24, 200))
    prompt = b"RP/0/RP0/CPU0:a--31m--b#"
    child.expect_exact(prompt)
    child.send("configure\rvrf red\r")
    child.expect_exact(b"(config-vrf)#")
    router.config.next_commit = Error(f"{CONFIG}.CommitFailed", faults=[{"line": "vrf \x1b[2J", "reason": "a\x9b31m\r\nb\x07"}])
    child.send("commit\rshow configuration failed\rabort\r")
    child.expect_exact(prompt)
    assert b"vrf ?[2J\r\n!!% a??31m?\r\nb?\r\n" in child.before and b"\x1b" not in child.before
    router.config.lines = ["vrf \x1b]0;title\x07"]
    child.send("show running-config\r")
    child.expect_exact(prompt)
    assert b"vrf ?]0;title?\r\n" in child.before
    child.close(force=True)


def test_time_line_and_its_end(router):
    term = router.terminal()
    assert re.fullmatch(STAMP, term.do("terminal length 0"))
    assert re.fullmatch(STAMP, term.do("terminal width 132"))
    assert term.do("terminal exec prompt no-timestamp") == b""
    assert term.do("terminal length 0") == b""
    assert term.do("terminal exec prompt timestamp") == b""
    assert re.match(STAMP, term.do("show clock"))
    assert term.do("show vrf | json").startswith(b"[\r\n")


def test_modes_of_the_terminal_are_put_back(router):
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    for how in ("exit\r", None):
        child = subprocess.Popen([CLI, "--run-dir", router.directory], stdin=slave, stdout=slave, stderr=slave)
        read_until(master, b"#")
        assert termios.tcgetattr(slave) != before
        if how:
            os.write(master, how.encode())
            read_until(master, b"exit\r\n")
        else:
            child.send_signal(signal.SIGTERM)
        child.wait(10)
        assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


# ---- editing ----

@pytest.mark.parametrize("keys, line", [
    ("show clokc\x7f\x7fck", "show clock"),
    ("clock\x01show \x05", "show clock"),
    ("xx\x15show clock", "show clock"),
    ("show vrf\x17clock", "show clock"),
    ("show clock and more" + "\x1b[D" * 9 + "\x0b", "show clock"),
    ("how clock\x01s", "show clock"),
    ("show cclock\x01\x06\x06\x06\x06\x06\x04", "show clock"),
    ("show ock\x1b[D\x1bOD\x02cl", "show clock"),
])
def test_editing_keys(router, keys, line):
    term = router.terminal().quiet()
    term.child.send(keys + "\r")
    assert re.search(rb"\d\d:\d\d:\d\d\.\d{3} UTC \w{3} \w{3} [ \d]\d \d{4}\r\n$", term.until(b"\n" + term.prompt()) + b"\n")
    # and history gives the finished line back
    term.child.send("\x1b[A")
    assert term.until(line.encode()).endswith(term.prompt())
    term.child.send("\r")
    term.until(term.prompt())


def test_going_back_in_a_line_that_has_wrapped(router):
    term = router.terminal(columns=30).quiet()
    term.child.send("how terminal | include transports are ssh")
    term.until(b"ssh")
    term.child.send("\x01s")
    term.child.send("\r")
    out = term.until(b"Allowed transports are ssh.\r\n")
    assert set(re.findall(rb"\x1b\[?.", out)) == {b"\x1b[A"}, out
    dumb = router.terminal(columns=30, env={"TERM": "dumb"}).quiet()
    dumb.child.send("how terminal | include transports are ssh\x01s\r")
    assert b"\x1b" not in dumb.until(b"Allowed transports are ssh.\r\n")


def test_one_command_leaves_the_terminal_alone(router):
    answer = threading.Event()
    router.sshd.daemon.answers["org.sallyport.SSH.ListVrfs"] = lambda _: {} if answer.wait(30) else {}
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)

    def at_a_terminal():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # what starts the tests may have it ignored
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    child = subprocess.Popen([CLI, "--run-dir", router.directory, "show", "vrf"], stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True, preexec_fn=at_a_terminal)
    wait_for(lambda: any(method.endswith("ListVrfs") for method, _ in router.sshd.daemon.calls), what="the call")
    assert termios.tcgetattr(slave) == before
    os.write(master, b"\x03")  # and Ctrl-C ends it
    assert child.wait(10) == -signal.SIGINT
    answer.set()
    os.close(master)
    os.close(slave)


def test_history_walks_both_ways(router):
    term = router.terminal().quiet()
    for line in ("show clock", "show terminal", "show version"):
        term.do(line)
    term.child.send("\x10\x10\x10\x0e\r")  # three back, one forth
    term.until(b"Allowed transports are ssh.\r\n")


def test_ctrl_c_drops_the_line_and_ctrl_d_leaves(router):
    term = router.terminal()
    term.child.send("show clock\x03")
    assert term.until(term.prompt()) == b"show clock\r\n"
    term.child.send("show\x04\x15\x04")
    term.child.expect(pexpect.EOF)
    term.child.close()
    assert term.child.exitstatus == 0


def test_nothing_that_starts_a_program_is_bound(router):
    # libedit can run an editor (ESC v in vi mode) and take commands (ESC x); neither may be reachable
    term = router.terminal()
    term.child.send("\x1bxbind -v\r\x1bv\r")
    term.until(b"marker.\r\n")
    term.child.send("\x03")
    assert subprocess.run(["pgrep", "-P", str(term.child.pid)], stdout=subprocess.PIPE, check=False).stdout == b""


def test_control_v_types_a_question_mark(router):
    term = router.terminal()
    term.child.send("show clock\x16?\r")
    assert term.until(term.prompt() + b"show clock?").count(b"clock") >= 1
    term.until(b"marker.\r\n")


# ---- help, completion, errors ----

def test_help_comes_at_once_and_the_line_again(router):
    term = router.terminal()
    term.child.send("show ?")
    out = term.until(term.prompt() + b"show ")
    assert out.startswith(b"show ?\r\n  aaa ")
    assert b"  ssh             SSH sessions\r\n" in out
    term.nothing_more()
    term.child.send("vrf\n")
    assert term.until(b"vrf\r\n") == b""
    term.until(b"blush")


def test_help_behind_a_pipe_and_inside_operands(router):
    term = router.terminal(lines=100)
    term.child.send("show ssh | ?")
    assert b"  include  Show only lines that match\r\n" in term.until(term.prompt() + b"show ssh | ")
    term.drop()
    term.child.send("show running-config ssh ser?")
    assert b"  server" in term.until(term.prompt() + b"show running-config ssh ser")
    term.drop()
    term.child.send("clear ssh ?")
    out = term.until(term.prompt() + b"clear ssh ")
    assert b"  <1-4294967295>" in out and b"  1\r\n" in out and b"  2\r\n" in out
    term.drop()
    term.child.send("show nonsense ?")
    assert b" " * (len(term.prompt()) + 5) + b"^\r\n% Invalid input detected" in term.until(term.prompt() + b"show nonsense ")


def test_tab_completes_words_and_names(router):
    term = router.terminal()
    term.child.send("sh\tter\t\n")
    assert b"#show terminal \r\n" in term.until(b"Allowed transports are ssh.\r\n" + term.prompt())
    term.do("conf t", mode="config")
    term.child.send("ssh server vrf b\ts\t\n")
    # blue and blush share "bl"
    assert term.until(b"#ssh server vrf blus").startswith(b"ssh server vrf b\r")
    assert term.until(b"\r\n" + term.prompt()).endswith(b"#ssh server vrf blush ")
    term.child.send("do clear ssh 2\t\n")
    term.until(term.prompt())
    wait_for(lambda: router.sshd.cleared == [2], what="the session given by Tab")
    assert router.sshd.daemon.calls


def test_tab_lists_when_there_are_several(router):
    term = router.terminal()
    term.child.send("show v\t")
    out = term.until(term.prompt() + b"show v")
    assert b"  version" in out and b"  vrf" in out and b"terminal" not in out


@pytest.mark.parametrize("line, column", [("fred", 0), ("shwo", 2), ("show nonsense", 5), ("show sshx", 8), ("show ssh foo", 9),
                                          ("terminal length 999", 16), ("show version | xclude x", 15), ("show version | nclude x", 16),
                                          ("show running-config hastname x", 21)])
def test_caret_counts_from_the_start_of_the_prompt(router, line, column):
    term = router.terminal()
    out = term.do(line)
    assert out.split(b"\r\n")[:2] == [b" " * (len(term.prompt()) + column) + b"^", b"% Invalid input detected at '^' marker."]


def test_incomplete_and_ambiguous(router):
    term = router.terminal()
    assert term.do("show") == b"% Incomplete command.\r\n"
    assert term.do("terminal length") == b"% Incomplete command.\r\n"
    assert term.do("show v") == b'% Ambiguous command:  "show v"\r\n'
    assert term.do("e") == b'% Ambiguous command:  "e"\r\n'
    assert term.do("!comment") == b"" and term.do("") == b""
    assert re.fullmatch(STAMP, term.do("term len 0"))


# ---- pipes and pager ----

def test_pipes(router):
    def out(command):
        done = router.run("-c", command)
        return done.stdout.decode().split("\n", 1)[1]
    assert out("show version | include uptime|Copyright").count("\n") == 2
    assert "Copyright" not in out("show version | exclude ^Copyright")
    assert out("show version | begin processor").startswith("cisco Sallyport () processor\n")
    assert out("show version | utility head -n 2").count("\n") == 2
    assert out("show version | utility tail -n 1").startswith("router uptime is")
    assert out("show version | include Version | count") == "2\n"
    assert re.fullmatch(r" +1 +\d+ +\d+\n", out("show version | include uptime | utility wc"))
    assert out('show version | include "uptime is"').count("\n") == 1
    assert "regular expression" in out("show version | include (")[:40] or "regular expression" in router.run(
        "-c", "show version | include (").stdout.decode()


def test_an_error_behind_a_pipe_still_shows(router):
    router.sshd.daemon.stop()
    done = router.run("-c", "show ssh | include zzz")
    assert done.returncode == 1 and b"sallyport-sshd" in done.stdout
    router.sshd.daemon.start()


def test_json_is_one_array_with_stable_members(router):
    done = router.run("-c", "show ssh | json")
    rows = json.loads(done.stdout)
    assert [row["vrf"] for row in rows] == ["default", "blue"] and rows[0]["channel"] == 1 and rows[0]["auth_word"] == "password"
    assert b"\x1b" not in done.stdout
    assert json.loads(router.run("-c", "show vrf | json").stdout)[0] == {
        "name": "blue", "kind": "vrf", "state": "up", "device": "blue", "table_id": 10, "ifindex": 7}
    assert json.loads(router.run("-c", "show version | json").stdout)[0]["hostname"] == "router"
    router.config.take(["hostname a"], label="L1")
    assert json.loads(router.run("-c", "show configuration commit list | json").stdout)[0]["label"] == "L1"
    refused = router.run("-c", "show running-config | json")
    assert refused.returncode == 1 and b"no rows" in refused.stdout and b"hostname" not in refused.stdout


def test_pager_pages_and_erases_its_question(router):
    router.config.lines = [f"username u{n}" for n in range(60)]
    term = router.terminal(lines=10)
    term.child.send("show running-config\n")
    page = term.until(MORE)
    assert page.count(b"\r\n") == 1 + 9  # the echo, and all but one line of the screen
    term.child.send(" ")
    page = term.until(MORE)
    assert page.startswith(b"\r" + b" " * len(MORE) + b"\r") and page.count(b"\r\n") == 9
    for enter in (b"\n", b"\r"):
        term.child.send(enter)
        assert term.until(MORE).count(b"\r\n") == 1
    term.child.send("q")
    assert term.until(term.prompt()) == b"\r" + b" " * len(MORE) + b"\r"
    term.do("terminal length 0")
    assert term.plain("show running-config").endswith(b"end\r\n\r\n")
    # what fits is never stopped, not even when it fills the screen to its last line but one
    term.do("terminal length 8")
    assert MORE not in term.do("show terminal")
    term.do("terminal length 7")
    term.child.send("show terminal\n")
    term.until(MORE)
    term.child.send("\x03")
    term.until(term.prompt())


def test_no_pager_without_a_terminal_and_for_one_command(router):
    router.config.lines = [f"username u{n}" for n in range(200)]
    assert MORE not in router.run(text_in="show running-config\n").stdout
    assert MORE not in router.run("show", "running-config").stdout


# ---- off the terminal ----

def test_lines_from_a_pipe(router):
    done = router.run(text_in="show clock\r\nconfigure\nhostname piped\r\ncommit\nend\nshow running-config hostname\n")
    assert done.returncode == 0
    assert b"#" not in done.stdout and b"hostname piped\n" in done.stdout
    assert router.config.lines == ["hostname piped"]
    assert router.run(text_in="show clock\nshow nonsense\n").returncode == 1
    assert router.run(text_in="show nonsense\nshow clock\n").returncode == 0
    assert router.run(text_in="show clock").stdout.count(b"UTC") == 2  # a last line without its end


def test_one_command_and_its_status(router):
    assert router.run("show", "clock").returncode == 0
    assert router.run("-c", "show clock").returncode == 0
    assert router.run("-c", "configure\nhostname lines\ncommit\nend").returncode == 0
    assert router.config.lines == ["hostname lines"]
    done = router.run("-c", "show nonsense")
    assert done.returncode == 1 and done.stdout == b"     ^\n% Invalid input detected at '^' marker.\n"
    assert router.run("--nonsense").returncode == 2


def test_sockets_below_a_directory_descriptor(router):
    fd = os.open(router.directory, os.O_PATH)
    done = subprocess.run([CLI, "-c", "show vrf"], stdout=subprocess.PIPE, cwd="/", pass_fds=[fd], check=False,
                          env={**os.environ, "SALLYPORT_SOCK_FD": str(fd)})
    assert done.returncode == 0 and b"blush" in done.stdout
    assert subprocess.run([CLI, "-c", "show vrf"], stderr=subprocess.PIPE, check=False,
                          env={**os.environ, "SALLYPORT_SOCK_FD": "77"}).returncode == 2
    os.close(fd)


# ---- show ----

def test_show_ssh_words(router):
    out = router.run("-c", "show ssh").stdout.decode().split("\n")
    assert out[1:4] == ["SSH version : Cisco-2.0", "", out[3]]
    assert out[3].split() == "id chan pty location state userid host ver authentication connection type vrf".split()
    assert set(out[4]) == {"-"} and out[5] == "Incoming sessions" and len(out[6].split()) == 11
    assert "Outgoing sessions" in out
    # the expression of a public parser
    history = router.run("-c", "show ssh history").stdout.decode()
    found = re.findall(r"(?m)^(?P<id>\d+) +(?P<chan>\d+) +(?P<pty>\S+) +(?P<location>\S+) +(?P<userid>\S+) +(?P<host>\S+) +"
                       r"(?P<ver>\S+) +(?P<authentication>\S+) +(?P<connection_type>\S+)", history)
    assert found == [("9", "1", "vty8", "0/RP0/CPU0", "admin", "192.168.122.1", "v2", "password", "Command-Line-Interface")]
    details = router.run("-c", "show ssh session details").stdout.decode().split("\n")
    assert "Incoming Session" in details and "Outgoing connection" in details
    assert len(details[details.index("Incoming Session") + 1].split()) == 7
    details = router.run("-c", "show ssh history details").stdout.decode()
    assert "2026-10-14 11:22:05  2026-10-14 11:22:06" in details


def test_show_users_marks_the_asking_line(router):
    out = router.run("-c", "show users", env={"SALLYPORT_SESSION": "1", "SALLYPORT_LINE": "vty0"}).stdout.decode().split("\n")
    assert out[1] == "   Line            User                 Service  Conns   Idle        Location"
    assert re.match(r"\*  vty0 +admin +ssh +0  \S+ +192\.168\.122\.1$", out[2]) and out[3].startswith("   vty1")
    assert b"*  con0" in router.run("-c", "show users").stdout


def test_show_terminal_and_version_lines(router):
    out = router.run("-c", "show terminal", env={"SALLYPORT_SESSION": "1", "SALLYPORT_LINE": "vty0"}).stdout.decode().split("\n")
    assert out[1:7] == ['Line "vty0", Location "0/RP0/CPU0", Type "VTY"', "Length: 24 lines, Width: 80 columns",
                        'Baud rate (TX/RX) is 9600, "No" Parity, 2 stopbits, 8 databits', "Template: default",
                        "Capabilities: Timestamp Enabled", "Allowed transports are ssh."]
    version = router.run("-c", "show version").stdout.decode()
    assert re.search(r"^Cisco IOS XR Software, Version [A-Z0-9.]+$", version, re.M)
    assert re.search(r"^[Cc]isco (.+) \(\) processor", version, re.M)
    assert re.search(r"^router uptime is (\d+ \w+, )*\d+ minutes?$", version, re.M)


def test_clear_ssh(router):
    assert router.run("-c", "clear ssh 2").returncode == 0 and router.sshd.cleared == [2]
    done = router.run("-c", "clear ssh 77")
    assert done.returncode == 1 and b"no SSH session 77" in done.stdout


def test_running_config_and_its_parts(router):
    router.config.take(["hostname r1", "vrf blue", "username admin", "ssh server vrf default"], user="fred")
    router.config.lines = ["hostname r1", "vrf blue", " description x", "!", "username admin", " group root-lr", " secret ***", "!",
                           "username bob", " group operator", "!", "logging 10.0.0.1 vrf blue port 5514", "!", "ssh server v2",
                           "ssh server disable sftp scp", "ssh server vrf blue", "!"]

    def out(path=""):
        done = router.run("-c", f"show running-config {path}")
        return done.stdout.decode().split("\n", 1)[1]
    assert out() == ("Building configuration...\n!! IOS XR Configuration 0.1.0\n"
                     "!! Last configuration change at Wed Oct 14 11:22:05 2026 by fred\n!\n" +
                     "\n".join(router.config.lines) + "\nend\n\n")
    assert out("hostname") == "hostname r1\n\n"
    assert out("username admin") == "username admin\n group root-lr\n secret ***\n!\n\n"
    assert out("username bob group") == "username bob\n group operator\n!\n\n"
    assert out("username").count("!") == 2 and "hostname" not in out("username")
    assert out("ssh server vrf") == "ssh server vrf blue\n!\n\n"
    assert out("ssh") == "ssh server v2\nssh server disable sftp scp\nssh server vrf blue\n!\n\n"
    assert out("ssh server disable scp") == out("ssh server disable") == "ssh server disable sftp scp\n!\n\n"
    assert out("logging 10.0.0.1 vrf blue port") == "logging 10.0.0.1 vrf blue port 5514\n!\n\n"
    assert out("domain name") == "% No such configuration item(s)\n"
    assert out("username bo") == "% No such configuration item(s)\n"


# ---- configuration mode ----

def test_prompts_of_the_modes(router):
    term = router.terminal()
    term.plain("configure terminal", mode="config")
    assert term.do("username bob", mode="config-un") == b""
    assert term.do("group operator") == b""
    assert term.do("!") == b""
    assert term.do("vrf blue", mode="config-vrf") == b""  # a global line leaves the sub-mode by itself
    assert term.do("exit", mode="config") == b""
    assert term.do("username bob", mode="config-un") == b""
    assert term.do("root", mode="config") == b""
    assert term.do("username ann", mode="config-un") == b""
    assert term.do("username bob group root-lr", mode="config") == b""
    assert term.do("abort", mode="") == b""
    assert router.config.lines == []


def test_commit_changes_the_prompt_at_once_and_stays_in_the_mode(router):
    term = router.terminal()
    term.plain("configure", mode="config")
    term.do("username bob", mode="config-un")
    term.do("group root-lr")
    term.do("hostname edge-7", mode="config")
    term.do("username bob", mode="config-un")
    term.child.send("commit label L1 comment some words here\r")
    term.until(b"RP/0/RP0/CPU0:edge-7(config-un)#")
    commit = [parameters for method, parameters in router.config.daemon.calls if method.endswith("Commit")][-1]
    assert commit["lines"] == ["hostname edge-7", "username bob group root-lr"] or "username bob" in commit["lines"]
    assert (commit["label"], commit["comment"], commit["line_name"]) == ("L1", "some words here", "con0")
    assert term.plain("commit") == b"% No configuration changes to commit.\r\n"
    assert term.do("end", mode="") == b""


def test_show_configuration_is_the_pending_difference(router):
    router.config.take(["hostname r1", "ssh server vrf blue"])
    term = router.terminal()
    term.plain("configure", mode="config")
    assert term.plain("show configuration") == b"Building configuration...\r\n!! IOS XR Configuration 0.1.0\r\nend\r\n\r\n"
    term.do("no ssh server vrf blue")
    term.do("username bob", mode="config-un")
    term.do("group operator")
    out = term.plain("show configuration")
    assert out.startswith(b"Building configuration...\r\n!! IOS XR Configuration 0.1.0\r\n") and out.endswith(b"end\r\n\r\n")
    assert b"\r\nusername bob\r\n group operator\r\n!\r\n" in out and b"\r\nno ssh server" in out and b"hostname" not in out
    diff = term.plain("show commit changes diff")
    assert b"\r\n-  ssh server" in diff and b"\r\n+  username bob\r\n+   group operator\r\n   !\r\n" in diff
    assert term.do("clear", mode="config") == b""
    assert b"username" not in term.plain("show configuration")


QUESTION = b"Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:"


@pytest.mark.parametrize("way", ["end\r", "exit\r", "\x1a"])
@pytest.mark.parametrize("answer, stays, committed", [("", True, False), ("cancel", True, False), ("what", True, False),
                                                       ("no", False, False), ("n", False, False), ("yes", False, True)])
def test_leaving_with_pending_lines_asks(router, way, answer, stays, committed):
    term = router.terminal().quiet()
    term.do("configure", mode="config")
    term.do("vrf red", mode="config-vrf")
    term.do("exit", mode="config")
    term.child.send(way)
    assert term.until(QUESTION) == (way.encode().replace(b"\r", b"\r\n") if way != "\x1a" else b"\r\n")
    term.nothing_more()
    term.child.send(answer + "\r")
    term.mode = "(config)" if stays else ""
    assert term.until(term.prompt()) == answer.encode() + b"\r\n"
    assert (router.config.lines == ["vrf red"]) == committed


def test_nothing_pending_asks_nothing(router):
    term = router.terminal().quiet()
    for way in ("end", "exit", "abort"):
        term.do("configure", mode="config")
        assert term.do(way, mode="") == b""


def test_failed_commit(router):
    term = router.terminal(columns=400).quiet()
    term.do("configure", mode="config")
    assert term.do("show configuration failed") == b"% No such configuration item(s)\r\n"
    term.do("ssh server port 5521")
    router.config.next_commit = Error(f"{CONFIG}.CommitFailed", faults=[
        {"line": "ssh server port 5521", "reason": "port 5521 is used by another program in VRF default"}])
    assert term.do("commit") == (
        b"\r\n% Failed to commit one or more configuration items during a pseudo-atomic operation. All changes made have been "
        b"reverted. Please issue 'show configuration failed [inheritance]' from this session to view the errors\r\n")
    assert term.do("show configuration failed") == (
        b"!! SEMANTIC ERRORS: This configuration was rejected by\r\n!! the system due to semantic errors. The individual\r\n"
        b"!! errors with each failed configuration command can be\r\n!! found below.\r\n\r\n\r\nssh server port 5521\r\n"
        b"!!% port 5521 is used by another program in VRF default\r\n!\r\nend\r\n\r\n")
    assert b"port 5521" in term.do("show configuration")  # the candidate stays
    assert term.do("commit") == b""
    assert router.config.lines == ["ssh server port 5521"]
    assert term.do("show configuration failed") == b"% No such configuration item(s)\r\n"


def test_conflict_asks_and_rebases(router):
    term = router.terminal().quiet()
    term.do("configure", mode="config")
    term.do("domain name example.net")
    router.config.take(["vrf red"], user="other")
    for answer, lines in (("\r", ["vrf red"]), ("yes\r", ["vrf red", "domain name example.net"])):
        term.child.send("commit\r")
        out = term.until(b"Do you wish to proceed with this commit anyway? [no]:")
        assert b"One or more commits have occurred from other configuration sessions since this session started" in out
        term.child.send(answer)
        term.until(term.prompt())
        assert sorted(router.config.lines) == sorted(lines)
    assert b"domain" not in term.do("show configuration")


def test_commit_without_room_keeps_the_lines(router):
    term = router.terminal().quiet()
    term.do("configure", mode="config")
    term.do("vrf red", mode="config-vrf")
    router.config.next_commit = Error(f"{CONFIG}.StorageFailed", reason="No space left on device")
    assert b"No space left on device" in term.do("commit")
    assert b"vrf red" in term.do("show configuration")
    router.config.daemon.stop()
    assert b"sallyport-confd" in term.do("commit")
    assert b"vrf red" in term.do("show configuration")
    router.config.daemon.start()
    assert term.do("commit") == b"" and router.config.lines == ["vrf red"]


def test_commit_whose_daemon_dies_keeps_the_lines(router):
    term = router.terminal().quiet()
    term.do("configure", mode="config")
    term.do("vrf red", mode="config-vrf")
    router.config.next_commit = Silent()
    assert b"sallyport-confd" in term.do("commit")
    assert b"vrf red" in term.do("show configuration")


def test_do_and_show_in_configuration_mode(router):
    term = router.terminal().quiet()
    router.config.take(["hostname router"])
    term.do("configure", mode="config")
    assert b"UTC" in term.do("do show clock")
    assert term.do("do show running-config | include hostname") == b"hostname router\r\n"
    assert term.do("show running-config hostname") == b"hostname router\r\n\r\n"
    assert b"marker." in term.do("show version")
    assert b"^\r\n" in term.do("do show nonsense")
    assert b"configuration mode already" in term.do("do configure")
    assert b"SNo.  Label/ID" in term.do("show configuration commit list")
    term.do("username bob", mode="config-un")
    assert term.do("s") == b'% Ambiguous command:  "s"\r\n'
    assert term.do("abort", mode="") == b""


def test_pasted_block(router):
    term = router.terminal().quiet()
    term.do("configure", mode="config")
    term.child.send("username bob\r group root-lr\r group operator\r!\rvrf blue\r description x y z\r!\rssh server vrf blue\r!\rend\r")
    term.until(QUESTION)
    term.child.send("yes\r")
    term.until(b"RP/0/RP0/CPU0:router#")
    assert {"username bob group root-lr", "username bob group operator", "vrf blue description x y z",
            "ssh server vrf blue"} <= set(router.config.lines)


def test_clear_secrets_never_leave_the_terminal(router):
    term = router.terminal().quiet()
    term.do("configure", mode="config")
    term.do("username bob secret hunter2")
    term.do("username ann secret 0 hunter3")
    term.do("username eve", mode="config-un")
    term.do("sec hunter4")
    term.child.send("usernam eve scret hunter5\r")
    term.until(b"marker.\r\n" + term.prompt())
    assert b"hunter" not in term.do("show configuration")
    assert term.do("commit") == b""
    assert b"hunter" not in json.dumps(router.config.daemon.calls).encode()
    secrets = [line for line in router.config.lines if " secret " in line]
    assert len(secrets) == 3 and all(re.search(r" secret 10 \$6\$\S{8,16}\$\S{86}$", line) for line in secrets)
    # and the history does not give them back
    for _ in range(8):
        term.child.send("\x10")
    term.child.send("\x03")
    assert b"hunter2" not in term.until(b"\r\n" + term.prompt())


def test_hidden_from_those_who_may_not(router):
    router.config.groups = ["operator"]
    term = router.terminal()
    assert term.do("configure") == b"% This command is not authorized\r\n"
    assert term.do("clear ssh 2") == b"% This command is not authorized\r\n"
    assert router.sshd.cleared == []
    term.child.send("?")
    out = term.until(b"\r\n" + term.prompt())
    assert b"  show " in out and b"configure" not in out and b"clear" not in out


# ---- faults ----

def test_daemons_away_and_back(router):
    term = router.terminal().quiet()
    router.sshd.daemon.stop()
    out = term.do("show ssh")
    assert out.count(b"\r\n") == 1 and b"sallyport-sshd" in out and b" not found" not in out and b"% Error" not in out
    router.sshd.daemon.start()
    assert b"SESSION_OPEN" in term.do("show ssh")
    router.config.daemon.stop()
    assert b"sallyport-confd" in term.do("configure") and b"sallyport-confd" in term.do("show running-config")
    router.config.daemon.start()
    term.do("configure", mode="config")


def test_starts_without_daemons(tmp_path):
    child = pexpect.spawn(CLI, ["--run-dir", str(tmp_path / "none")], timeout=10)
    child.expect(r"RP/0/RP0/CPU0:[\w.-]+#")
    child.send("configure\r")
    child.expect("sallyport-confd")
    child.expect("#")
    child.send("exit\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_answers_that_make_no_sense(router):
    term = router.terminal().quiet()
    for answer in ({}, {"sessions": 7}, {"sessions": [7]}, {"sessions": [{"session": {"id": []}, "channels": []}]}):
        router.sshd.daemon.answers["org.sallyport.SSH.ListSessions"] = lambda _, answer=answer: answer
        out = term.do("show ssh")
        assert out.startswith(b"% ") and out.count(b"\r\n") == 1, out
    router.config.daemon.answers[f"{CONFIG}.GetRunning"] = lambda _: {"text": "nonsense here\n", "commit_id": "1"}
    assert b"cannot be read" in term.do("configure")


def test_the_end_of_the_terminal_ends_the_shell(router):
    term = router.terminal()
    pid = term.child.pid
    term.child.close(force=False)  # the kernel sends SIGHUP
    wait_for(lambda: is_gone(pid), what="the end of the shell")
    # without SIGHUP (no controlling terminal) the read fails, and that is enough
    master, slave = pty.openpty()
    child = subprocess.Popen([CLI, "--run-dir", router.directory], stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True)
    os.close(slave)
    read_until(master, b"#")
    os.close(master)
    child.wait(5)


def test_the_end_in_the_middle_of_a_page(router):
    router.config.lines = [f"username u{n}" for n in range(60)]
    term = router.terminal(lines=10)
    term.child.send("show running-config\n")
    term.until(MORE)
    pid = term.child.pid
    term.child.close(force=False)
    wait_for(lambda: is_gone(pid), what="the end of the shell")


def test_very_long_lines(router):
    done = router.run(text_in="show clock" + "x" * 65000 + "\nshow clock\n")
    assert done.returncode == 0 and b"marker." in done.stdout
    done = router.run(text_in="x" * 70000 + "\nshow clock\n")
    assert done.returncode == 0 and b"longer than 65536 bytes" in done.stdout
    assert done.stdout.count(b"UTC") == 2
    term = router.terminal()
    for chunk in range(70):
        term.child.send("y" * 1000)
        term.until(b"y" * (1000 if chunk < 65 else 536 if chunk == 65 else 0) or b"")
    term.child.send("\n")
    term.until(b"longer than 65536 bytes\r\n" + term.prompt())
    assert b"UTC" in term.do("show clock")


def test_bytes_that_are_no_text(router):
    done = router.run(text_in=b"show\0 clock\nshow \xff\xfe\n\x1b[31m\nshow vrf\n")
    assert done.returncode == 0 and done.stdout.count(b"marker.") == 2 and b"\x1b" not in done.stdout
    term = router.terminal()
    term.child.send(b"\xff\xc3\x28\xe2\x82\x00\r")
    term.until(b"marker.\r\n" + term.prompt())
    term.child.send(b"\xc3\xa9t\xc3\xa9\r")
    assert term.until(b"marker.\r\n" + term.prompt()).startswith(b"\xc3\xa9t\xc3\xa9\r\n" + b" " * len(term.prompt()) + b"^")


def test_random_keys_neither_kill_nor_hang(router):
    source = random.Random(20261122)
    alphabet = [bytes([n]) for n in range(256)] + [b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"show ", b"configure\r", b"\t", b"?", b"ssh "]
    term = router.terminal(lines=5, columns=30)
    for _ in range(30):
        # Ctrl-D would leave; everything else may come
        keys = b"".join(source.choice(alphabet) for _ in range(60)).replace(b"\x04", b"").replace(b"e", b"")
        term.child.send(keys)
        term.child.send(b"q\x03\x03")
        try:
            while True:
                term.child.read_nonblocking(65536, timeout=0.02)
        except pexpect.TIMEOUT:
            pass
    term.child.send(b"q\x03\x03\rabort\r")
    term.child.send(b"show terminal | include transports\r")
    term.until(b"Allowed transports are ssh.")


def test_start_is_quick(router):
    best = 1.0
    for _ in range(10):
        began = time.monotonic()
        router.run("-c", "show clock")
        best = min(best, time.monotonic() - began)
    assert best < 0.05, best


def test_sessions_have_ids_to_the_largest(router):
    router.sshd.sessions = [session(4294967295)]
    assert b"4294967295" in router.run("-c", "show ssh").stdout
