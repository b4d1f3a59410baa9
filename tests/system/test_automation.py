# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that drive a router: Netmiko and RANCID themselves, and the dialogues of those that are too large to install here.

The dialogues send what the client sends, with its line ends, and believe only the patterns that the client believes. A pattern that
does not come within the time is a client that hangs; that is what these tests are for.
"""
import os
import re
import socket
import stat
import subprocess
import time

import paramiko
import pytest

from conftest import free_ssh_ports, wait_for

netmiko = pytest.importorskip("netmiko", reason="needs python3-netmiko: packaging/deps test")

RANCID_BIN = "/usr/lib/rancid/bin"
ANSI = re.compile(rb"\x1b|\x08")

rancid_only = pytest.mark.skipif(not os.path.exists(os.path.join(RANCID_BIN, "clogin")), reason="needs rancid: packaging/deps test")


class Terminal:
    """A shell on a pty, as paramiko and the SSH libraries like it open one; keeps every byte that came."""

    def __init__(self, product, width=80, height=24, term="vt100"):
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        self.client.connect("127.0.0.1", product.port, "admin", product.password, look_for_keys=False, allow_agent=False, timeout=20)
        self.channel = self.client.invoke_shell(term=term, width=width, height=height)
        self.channel.settimeout(0.05)
        self.log = b""

    def close(self):
        self.client.close()

    def more(self):
        """What has come; b"" when nothing has, None when the channel has ended."""
        try:
            data = self.channel.recv(65536)
        except socket.timeout:
            return b""
        if not data:
            return None
        self.log += data
        return data

    def read(self, *patterns, timeout_s=10.0):
        """Reads until one of the patterns is found in what has come since the call; returns (bytes, number of the pattern)."""
        text, until = b"", time.monotonic() + timeout_s
        while True:
            data = self.more()
            assert data is not None, text
            text += data
            for number, pattern in enumerate(patterns):
                if re.search(pattern, text):
                    return text, number
            assert time.monotonic() < until, f"{patterns} not in {text!r}"

    def send(self, text):
        self.channel.sendall(text)

    def wait_for_end(self, timeout_s=10.0):
        wait_for(lambda: self.more() is None, timeout_s, "the end of the channel")
        return self.channel.recv_exit_status()


@pytest.fixture
def terminal(own_product):
    """Opens terminals that are closed behind the test."""
    opened = []

    def open_one(**more):
        opened.append(Terminal(own_product, **more))
        return opened[-1]
    yield open_one
    for one in opened:
        one.close()


def clean_bytes(log):
    """What no client copes with: escape sequences, backspaces, bare newlines, a doubled carriage return."""
    assert not ANSI.search(log), log
    assert not re.search(rb"(?<!\r)\n", log), log
    assert b"\r\r" not in log, log


# ---- Netmiko ----

@pytest.fixture
def net(own_product):
    connection = netmiko.ConnectHandler(device_type="cisco_xr", host="127.0.0.1", port=own_product.port, username="admin",
                                        password=own_product.password)
    yield connection
    connection.disconnect()


def test_netmiko_looks(own_product, net):
    assert re.fullmatch(r"RP/0/RP0/CPU0:[\w.-]+#", net.find_prompt())
    assert net.base_prompt == net.find_prompt()[:-1]
    assert not net.check_config_mode()
    out = net.send_command("show ssh").splitlines()
    assert re.match(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} \w+$", out[0]), out
    assert out[1] == "SSH version : Cisco-2.0", out
    row = next(line.split() for line in out if "SESSION_OPEN" in line)
    assert row[2] == "vty0" and row[5:9] == ["admin", "127.0.0.1", "v2", "password"] and row[9] == "Command-Line-Interface"
    assert re.search(r"^Cisco IOS XR Software, Version [A-Z0-9.]+$", net.send_command("show version"), re.M)
    out = net.send_command("show running-config")
    assert re.search(r"^username admin\n group root-lr\n secret ", out, re.M) and out.rstrip().endswith("\nend"), out
    assert "% Invalid input detected at '^' marker." in net.send_command("show nonsense")
    # more than a page, and nobody presses a key
    rows = [f"ssh server vrf v{i}" for i in range(40)]
    assert "% " not in own_product.configure(*rows)
    out = net.send_command("show running-config ssh")
    assert all(re.search(rf"^{row}$", out, re.M) for row in rows) and "--More--" not in out, out


def commits(product):
    return product.cli("show", "configuration", "commit", "list").stdout


def test_netmiko_configures(own_product, net):
    exec_prompt = net.find_prompt()
    out = net.send_config_set(["vrf blue", "description bought in 2026", "exit", "vrf red"])
    assert "% " not in out, out
    # it stays in the sub-mode, and waits there for the very prompt it saw before
    assert net.find_prompt() == exec_prompt[:-1] + "(config-vrf)#"
    out = net.commit(label="first", comment="two VRFs")
    assert "% " not in out and out.splitlines()[-1].endswith("(config-vrf)#"), out
    assert re.search(r"^1 +first +admin +vty\d+\S* +CLI ", commits(own_product), re.M), commits(own_product)
    assert net.find_prompt() == exec_prompt[:-1] + "(config-vrf)#"
    assert "% No configuration changes to commit." in net.commit()
    net.send_config_set(["no vrf red"])
    out = net.commit(label="tried", confirm=True, confirm_delay=300)
    assert "% " not in out, out
    assert "% Confirming commit for trial session." in net.commit()
    net.send_config_set(["hostname dropped"])
    out = net.exit_config_mode()
    assert "Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:no" in out, out
    assert net.find_prompt() == exec_prompt
    out = net.send_command("show running-config")
    assert re.search(r"^vrf blue\n description bought in 2026\n!$", out, re.M) and "vrf red" not in out and "dropped" not in out, out
    # a new name changes the prompt within the answer, so nobody waits for the old one
    net.send_config_set(["hostname edge-7"])
    out = net.send_command("commit", expect_string=r"edge-7\(config\)#$")
    assert "% " not in out, out
    net.exit_config_mode()
    net.set_base_prompt()
    assert net.base_prompt == "RP/0/RP0/CPU0:edge-7"


def test_netmiko_hears_of_a_failed_commit(own_product, net):
    with socket.socket() as other:
        port = free_ssh_ports(1)[0]
        other.bind(("127.0.0.1", port))
        other.listen()
        net.send_config_set([f"ssh server port {port}"])
        with pytest.raises(ValueError, match="Commit failed"):
            net.commit()
    out = net.send_command("show configuration failed")
    assert "!! SEMANTIC ERRORS" in out and f"ssh server port {port}" in out and "!!% " in out, out
    net.exit_config_mode()


def test_netmiko_hears_of_the_commit_of_others(own_product, net):
    net.send_config_set(["vrf mine"])
    assert "% " not in own_product.configure("vrf theirs")
    # what Netmiko 4 waits for and answers; 2.4 knows the text but waits for the prompt, of a router as of us
    out = net.send_command("commit", expect_string=r"\[no\]:$")
    assert "One or more commits have occurred from other" in out and "Do you wish to proceed" in out, out
    net.send_command_timing("no")
    net.exit_config_mode()
    out = net.send_command("show running-config vrf")
    assert "theirs" in out and "mine" not in out, out


# ---- Ansible, cisco.iosxr over network_cli ----

class Ansible:
    """What cliconf and terminal of cisco.iosxr send, and when they believe that an answer is whole or an error."""
    PROMPT = rb"[\r\n]*[\w+\-\.:\/\[\]]+(?:\([^\)]+\)){,3}(?:>|#) ?$"
    ERRORS = [re.compile(rb"% ?Error"), re.compile(rb"% ?Bad secret"), re.compile(rb"% ?This command is not authorized"),
              re.compile(rb"invalid input", re.I), re.compile(rb"(?:incomplete|ambiguous) command", re.I),
              re.compile(rb"(?<!\()connection timed out(?!\))", re.I), re.compile(rb"[^\r\n]+ not found", re.I),
              re.compile(rb"'[^']' +returned error code: ?\d+"), re.compile(rb"Failed to commit", re.I),
              re.compile(rb"show configuration failed \[inheritance\]", re.I)]

    class Failure(Exception):
        pass

    def __init__(self, terminal):
        self.terminal = terminal()
        self.prompt = self.terminal.read(self.PROMPT)[0].strip().splitlines()[-1]  # unasked
        for line in ("terminal length 0", "terminal width 512", "terminal exec prompt no-timestamp"):
            self.run(line)

    def run(self, line, prompt=None, answer=None):
        self.terminal.send(line.encode() + b"\r")
        text, which = self.terminal.read(self.PROMPT, *([prompt] if prompt else []))
        if prompt and (which == 1 or re.search(prompt, text)):
            self.terminal.send(answer.encode() + b"\r")
            text += self.terminal.read(self.PROMPT)[0]
        for error in self.ERRORS:
            if error.search(text):
                raise self.Failure(text)
        self.prompt = text.strip().splitlines()[-1]
        kept = [one for one in text.splitlines() if one.strip() != line.strip().encode() and self.prompt not in one]
        return b"\n".join(kept).strip().decode()

    def in_config(self):
        self.terminal.send(b"\r")
        return self.terminal.read(self.PROMPT)[0].strip().endswith(b")#")

    def device_info(self):
        text = self.run("show version | utility head -n 20")
        return {"version": re.search(r"Version (\S+)$", text, re.M)[1],
                "model": re.search(r"^[Cc]isco (.+) \(\) processor", text, re.M)[1],
                "hostname": re.search(r"^(.+) uptime", text, re.M)[1],
                "running": re.fullmatch(r"hostname (\S+)", self.run("show running-config hostname"))}

    def edit_config(self, lines, commit, enter="configure terminal", prompt=rb"(C|c)onfirm", answer="y"):
        if not self.in_config():
            self.run(enter)
        for line in lines:
            assert self.run(line) == ""
        diff = self.run("show commit changes diff")
        if commit:
            self.run(commit, prompt, answer)
        else:
            self.run("abort")
        if self.in_config():
            assert self.run("abort") == ""
        assert not self.in_config()
        return diff


def test_ansible_connects_and_gathers_facts(own_product, terminal):
    own_product.configure("hostname edge-1")
    ansible = Ansible(terminal)
    # the time line is gone behind the third line, which prints nothing itself
    assert ansible.run("terminal exec prompt no-timestamp") == ""
    info = ansible.device_info()
    assert re.fullmatch(r"[A-Z0-9.]+", info["version"]) and info["model"] and info["hostname"] == "edge-1"
    assert info["running"][1] == "edge-1"
    with pytest.raises(Ansible.Failure):
        ansible.run("show nonsense")
    # no show command whose answer is fine has a word in it that Ansible takes for an error
    for line in ("show ssh", "show ssh session details", "show ssh history", "show ssh server", "show users", "show vrf", "show terminal",
                 "show configuration commit list", "show clock", "show running-config"):
        ansible.run(line)
    # a line as wide as the width it has set is echoed straight
    wide = "show running-config | include " + "x" * 470
    assert ansible.run(wide) == ""
    clean_bytes(ansible.terminal.log)
    ansible.terminal.send(b"exit\r")
    assert ansible.terminal.wait_for_end() == 0


def test_ansible_configures(own_product, terminal):
    ansible = Ansible(terminal)
    lines = ["hostname edge-2", "vrf blue", " description one space in front"]
    # check mode leaves nothing behind
    diff = ansible.edit_config(lines, commit=None)
    assert re.search(r"^\+  hostname edge-2$", diff, re.M) and diff.splitlines()[-1] == "end", diff
    assert "blue" not in ansible.run("show running-config")
    # the default comment; the name in the prompt changes within the answer
    ansible.edit_config(lines, commit="commit comment configured by iosxr_config")
    assert ansible.prompt == b"RP/0/RP0/CPU0:edge-2#"
    running = ansible.run("show running-config")
    for line in lines:
        assert line in running.splitlines(), running
    # the same once more changes nothing
    diff = ansible.edit_config(["vrf blue", " description one space in front"], commit=None)
    assert diff.splitlines()[0] == "Building configuration..." and diff.splitlines()[-1] == "end" and "+" not in diff, diff
    ansible.edit_config(["vrf red"], commit="commit show-error")
    ansible.edit_config(["no vrf red"], commit="commit label away comment removed again")
    assert re.search(r"^1 +away +admin ", ansible.run("show configuration commit list"), re.M)
    assert "red" not in ansible.run("show running-config")
    ansible.edit_config(["vrf green"], commit="commit show-error", enter="configure exclusive")
    clean_bytes(ansible.terminal.log)


def test_ansible_hears_of_a_failed_line_and_gets_out(own_product, terminal):
    ansible = Ansible(terminal)
    with pytest.raises(Ansible.Failure):
        ansible.edit_config(["vrf blue", " nonsense here"], commit="commit show-error")
    # before the next task it aborts until the prompt is one of exec mode again
    assert ansible.in_config()
    ansible.run("abort")
    assert not ansible.in_config()
    assert "blue" not in ansible.run("show running-config")


def test_ansible_replaces_nothing_unless_it_says_yes(own_product, terminal):
    """commit replace asks, and the text of the question is what Ansible waits for."""
    question = b"This commit will replace or remove the entire running configuration"
    own_product.configure("vrf old")
    ansible = Ansible(terminal)
    ansible.run("configure terminal")
    ansible.run("vrf new")
    ansible.run("commit replace", question, "no")
    ansible.run("abort")
    running = ansible.run("show running-config")
    assert "vrf old" in running and "vrf new" not in running, running


def test_ansible_manages_users(own_product, terminal):
    """The one-line forms, typed while still inside the block of the user before."""
    ansible = Ansible(terminal)
    ansible.edit_config(["username nora", "username nora secret Correct-horse-7", "username nora group operator", "username olaf"],
                        commit="commit show-error")
    out = ansible.run("show running-config username")
    block = re.search(r"^username nora\n group operator\n secret \S.*\n!$", out, re.M)
    assert block and "Correct" not in out, out
    ansible.edit_config(["no username nora"], commit="commit show-error")
    assert "nora" not in ansible.run("show running-config username")


# ---- RANCID ----

@pytest.fixture
def rancid(own_product):
    """Runs a program of RANCID in the product's directory, with a password for it."""
    directory = own_product.directory
    ssh = os.path.join(directory, "ssh-plain")
    with open(ssh, "w", encoding="ascii") as file:
        # none of the keys and settings of whoever runs the tests
        file.write("#!/bin/sh\nexec ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
                   "-o PubkeyAuthentication=no -o IdentityAgent=none \"$@\"\n")
    os.chmod(ssh, stat.S_IRWXU)
    login = os.path.join(directory, ".cloginrc")
    with open(login, "w", encoding="ascii") as file:
        file.write(f"add user 127.0.0.1 admin\nadd password 127.0.0.1 {{{own_product.password}}}\nadd autoenable 127.0.0.1 1\n"
                   f"add method 127.0.0.1 {{ssh:{own_product.port}}}\nadd sshcmd 127.0.0.1 {{{ssh}}}\n")
    os.chmod(login, stat.S_IRUSR | stat.S_IWUSR)
    environment = {**os.environ, "HOME": directory, "TERM": "network", "PERL5LIB": "/usr/share/perl5/rancid", "BASEDIR": directory,
                   "TMPDIR": directory, "USER": "rancid", "LOGNAME": "rancid", "CLOGINRC": login,
                   "PATH": RANCID_BIN + ":" + os.environ["PATH"]}

    def run(*argv):
        done = subprocess.run([os.path.join(RANCID_BIN, argv[0]), *argv[1:]], cwd=directory, env=environment, text=True, timeout=90,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout
    return run


@rancid_only
def test_clogin_runs_commands(own_product, rancid):
    out = rancid("clogin", "-t", "20", "-c", "terminal exec prompt no-timestamp;show redundancy;show version", "127.0.0.1")
    prompt = re.search(r"^(RP/0/RP0/CPU0:[\w.-]+#)", out, re.M)[1]
    # nothing but ends of lines stands between the password and the prompt, whatever the terminal is called
    assert re.search(r"Password: ?[\r\n]+" + re.escape(prompt), out), out
    for line in ("terminal length 0", "terminal width 132", "terminal exec prompt no-timestamp", "show redundancy", "show version", "exit"):
        assert re.search("^" + re.escape(prompt + line) + "$", out, re.M), out
    answer = out.split(prompt + "show redundancy", 1)[1].split(prompt, 1)[0]
    assert re.fullmatch(r"\s+\^\s+% Invalid input detected at '\^' marker.\s+", answer), answer


@rancid_only
@pytest.mark.parametrize("kind", ["ios-xr7", "cisco-xr"])
def test_rancid_collects(own_product, rancid, kind):
    own_product.configure("hostname edge-9", "vrf blue")
    out = rancid("rancid", "-d", "-t", kind, "127.0.0.1")
    for complaint in ("missed cmd", "End of run not found", "clean_run is false", "found_end is false", "clogin error"):
        assert complaint not in out, out
    with open(os.path.join(own_product.directory, "127.0.0.1.new"), encoding="utf-8") as file:
        collected = file.read()
    assert re.search(r"^hostname edge-9$", collected, re.M) and re.search(r"^vrf blue$", collected, re.M), collected
    assert re.search(r"^end$", collected, re.M) and "Building" not in collected, collected


@pytest.mark.parametrize("term", ["network", "vt100", "xterm-256color", "", "no-such-terminal"])
def test_the_name_of_the_terminal_brings_no_words(product, term):
    """clogin calls it "network", which no data base of terminals knows."""
    shell = Terminal(product, term=term)
    text = shell.read(rb"CPU0:[\w.-]+#$")[0]
    shell.close()
    assert re.fullmatch(rb"[\r\n]*RP/0/RP0/CPU0:[\w.-]+#", text), text


# ---- Oxidized ----

def test_oxidized_cuts_by_position(own_product, terminal):
    """It takes away the echo and the head of the running configuration by the number of lines."""
    prompt = rb"^(\r?[\w.@:\/-]+[#>]\s?)$"
    shell = terminal(term="vt100")
    shell.read(rb"(?m)" + prompt)

    def run(line):
        shell.send(line.encode() + b"\n")
        text = b""
        # the prompt must stand at the end of what came, alone in its line
        while not re.search(rb"(?:^|\n)(\r?[\w.@:\/-]+[#>]\s?)\Z", text):
            data = shell.more()
            assert data is not None, text
            text += data
        return text.decode().split("\r\n")
    for line in ("terminal length 0", "terminal width 0", "terminal exec prompt no-timestamp"):
        lines = run(line)
        assert lines[0] == line, lines
    assert any(line.startswith("PID: ") for line in run("show inventory all"))
    assert any(line.startswith("Node ") for line in run("show platform"))
    lines = run("show running-config")
    assert lines[0] == "show running-config"
    assert lines[1] == "Building configuration..."
    assert re.fullmatch(r"!! IOS XR Configuration \S+", lines[2])
    assert re.fullmatch(r"!! Last configuration change at \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} by \S+", lines[3]), lines[3]
    assert lines[4] == "!" and lines[-3:-1] == ["end", ""] and lines[-1].endswith("#"), lines
    # the prompt of configuration mode is none of Oxidized's
    shell.send(b"configure\n")
    text = shell.read(rb"\(config\)#$")[0]
    assert not re.search(rb"(?m)" + prompt, text), text
    shell.send(b"end\nexit\n")
    assert shell.wait_for_end() == 0
    clean_bytes(shell.log)


# ---- scrapli ----

SCRAPLI_EXEC = rb"(?im)^[\w.\-@/:]{1,63}#\s?$"
SCRAPLI_CONFIG = rb"(?im)^[\w.\-@/:]{1,63}\(config[\w.\-@/:]{0,32}\)#\s?$"


def scrapli(shell):
    """Its send_command: a line, the prompt to come; what came between."""
    shell.read(SCRAPLI_EXEC)

    def run(line, prompt):
        # it reads the echo back before it sends the end of the line
        shell.send(line.encode())
        shell.read(re.escape(line.encode()))
        shell.send(b"\n")
        text = shell.read(prompt)[0].decode()
        for failure in ("% Ambiguous command", "% Incomplete command", "% Invalid input detected"):
            assert failure not in text, text
        return text.replace("\r\n", "\n").rsplit("\n", 1)[0].strip()
    return run


def test_scrapli_knows_every_prompt(own_product, terminal):
    shell = terminal(width=512)
    run = scrapli(shell)
    for line in ("terminal length 0", "terminal width 512", "term len 0", "term width 512"):
        run(line, SCRAPLI_EXEC)
    assert run("show version", SCRAPLI_EXEC)
    run("configure terminal", SCRAPLI_CONFIG)
    for line in ("vrf blue", "username nora", "root"):
        assert run(line, SCRAPLI_CONFIG) == ""
    run("commit", SCRAPLI_CONFIG)
    assert run("end", SCRAPLI_EXEC) == ""
    run("configure exclusive", SCRAPLI_CONFIG)
    assert run("vrf red", SCRAPLI_CONFIG) == ""
    run("commit", SCRAPLI_CONFIG)
    assert run("end", SCRAPLI_EXEC) == ""
    assert re.search(r"^vrf blue\n!\nvrf red\n!$", run("show running-config", SCRAPLI_EXEC), re.M)
    with pytest.raises(AssertionError, match="% Ambiguous command"):
        run("s", SCRAPLI_EXEC)
    clean_bytes(shell.log)


def test_scrapli_cfg_replaces_a_configuration(own_product, terminal):
    """scrapli-cfg: gets the running configuration, loads a whole one in an exclusive session, looks at the difference, replaces."""
    own_product.configure("vrf old", "ssh timeout 60")
    run = scrapli(terminal(width=512))
    for line in ("terminal length 0", "terminal width 512"):
        run(line, SCRAPLI_EXEC)
    assert re.search(r"Version \S+", run("show version", SCRAPLI_EXEC))
    # what it cuts off: the time line, Building, comments; and it sends back what is left, changed
    lines = [line for line in run("show running-config", SCRAPLI_EXEC).splitlines()
             if not re.match(r"(\w{3} ){2}|Building|!!|end$", line)]
    for answer, stays in (("no", True), ("yes", False)):
        run("configure exclusive", SCRAPLI_CONFIG)
        for line in [line for line in lines if line != "vrf old"] + ["vrf new"]:
            run(line, SCRAPLI_CONFIG)
        assert re.search(r"^\+ +vrf new$", run("show commit changes diff", SCRAPLI_CONFIG), re.M)
        difference = run("show configuration changes diff", SCRAPLI_CONFIG)
        assert re.search(r"^\+ +vrf new$", difference, re.M) and re.search(r"^- +vrf old$", difference, re.M), difference
        run("commit replace", rb"proceed\? \[no\]:")
        run(answer, SCRAPLI_CONFIG)
        run("abort", SCRAPLI_EXEC)
        running = run("show running-config", SCRAPLI_EXEC)
        assert ("vrf old" in running) == stays and ("vrf new" in running) != stays and "ssh timeout 60" in running, running


# ---- pyATS/Unicon ----

def test_unicon_goes_through_its_states(own_product, terminal):
    own_product.configure("hostname edge-3")
    enable = rb"(?s)^(.*?)RP/\w+(/\S+)?/\S+\d+:(edge-3|ios|xr)\s?#\s?$"
    config = rb"(?s)^(.*?)RP/\S+\(config.*\)\s?#\s?$"
    commit_question = rb"Uncommitted changes found, commit them.*$"
    failed = rb"(?s)^.*Please issue 'show configuration failed \[inheritance\].*[\r\n]*"
    shell = terminal(width=200)
    shell.read(enable)

    def run(line, *patterns):
        shell.send(line.encode() + b"\r")
        return shell.read(*patterns)
    for line in ("terminal length 0", "terminal width 0"):
        run(line, enable)
    # what it configures at the start of every connection
    run("configure terminal", config)
    for line in ("no logging console", "logging console disable", "line console", "exec-timeout 0 0", "absolute-timeout 0",
                 "session-timeout 0", "line default", "exec-timeout 0 0", "absolute-timeout 0", "session-timeout 0", "commit"):
        text = run(line, config)[0]
        assert not re.search(rb"(?m)^%", text), (line, text)
    run("end", enable)
    text = run("show running-config line", enable)[0].replace(b"\r", b"")
    for name in (b"console", b"default"):
        assert b"\nline " + name + b"\n absolute-timeout 0\n exec-timeout 0 0\n session-timeout 0\n!\n" in text, text
    assert b"Exec timeout: never, absolute timeout: never" in run("show line console", enable)[0]
    # leaving with changes: the question, answered with yes
    run("configure terminal", config)
    text = run("vrf blue", config)[0]
    assert not re.search(rb"(?m)^%\s*[Ii]nvalid (command|input)", text), text
    text, which = run("end", enable, commit_question)
    assert which == 1, text
    assert shell.more() in (b"", None), "something stands behind the question"
    run("yes", enable)
    assert b"vrf blue" in run("show running-config", enable)[0]
    # a failed commit: it looks at the reasons and aborts
    with socket.socket() as other:
        port = free_ssh_ports(1)[0]
        other.bind(("127.0.0.1", port))
        other.listen()
        run("configure exclusive", config)
        run(f"ssh server port {port}", config)
        text = run("commit", config)[0]
        assert re.search(failed, text), text
    text = run("show configuration failed", config)[0]
    assert b"!! SEMANTIC ERRORS" in text and b"end\r\n" in text, text
    run("abort", enable)
    # replace: the question, answered with no
    run("configure terminal", config)
    run("vrf red", config)
    text, which = run("commit replace", config, rb"Do you wish to proceed?.*$")
    assert which == 1, text
    run("no", config)
    run("abort", enable)
    assert b"red" not in run("show running-config", enable)[0]
    # Ctrl-Q is what it types when it is stuck
    shell.send(b"\x11")
    run("show clock", enable)
    shell.send(b"exit\r")
    assert shell.wait_for_end() == 0
    clean_bytes(shell.log)


# ---- parsers ----

def words_between(text, head, rule=True):
    """The words of the rows behind a header, up to an empty line."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.split() == head.split()) + (2 if rule else 1)
    rows = []
    for line in lines[start:]:
        if not line.strip() and rows:
            break
        if line.strip() and not re.match(r"(Incoming|Outgoing) ", line):
            rows.append(line.split())
    return rows


def test_parsers_count_the_words(own_product, terminal):
    """genie reads rows by the number of their words: none may be empty."""
    own_product.ssh("show clock", check=0)
    wait_for(own_product.history, what="a history row")
    ansible = Ansible(terminal)
    text = ansible.run("show ssh session details")
    rows = words_between(text, "id key-exchange pubkey incipher outcipher inmac outmac")
    assert rows and all(len(row) == 7 for row in rows), text
    assert text.startswith("SSH version : Cisco-2.0\n"), text
    assert re.search(r"^Incoming Session$", text, re.M) and re.search(r"^Outgoing connection$", text, re.M), text
    text = ansible.run("show ssh")
    rows = words_between(text, "id chan pty location state userid host ver authentication connection type vrf")
    assert rows and all(len(row) == 11 for row in rows), text
    text = ansible.run("show ssh history")
    rows = words_between(text, "id chan pty location userid host ver authentication connection type vrf")
    assert rows and all(len(row) == 10 for row in rows), text
    row = re.search(r"^\*  +(vty\d+) +admin +ssh +0 +\d\d:\d\d:\d\d +127\.0\.0\.1$", ansible.run("show users"), re.M)
    assert row
    text = ansible.run("show configuration commit list")
    assert re.search(r"^SNo\. +Label/ID +User +Line +Client +Time Stamp$", text, re.M), text
    assert re.search(r"^1 +\S+ +\S+ +\S+ +\S+ +\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$", text, re.M), text
