# SPDX-License-Identifier: GPL-3.0-or-later
"""The log: kept on disk through kill -9, shown and filtered, sent to syslog servers, on the console and in sessions."""
import json
import os
import re
import select
import socket
import subprocess
import tty

import paramiko
import pexpect
import pytest

from conftest import BIN, WITHOUT_LIMITS, Product, is_gone, make_directory, varlink, wait_for
from test_listener import needs_root, netns  # noqa: F401

LINE = re.compile(r"^RP/0/RP0/CPU0:\w{3} [ \d]\d \d\d:\d\d:\d\d\.\d{3} \S+: [A-Z]+_\[\d+\]: %[A-Z0-9]+-[A-Z]+-[0-7]-\w+ : .+$")


@pytest.fixture(scope="module")
def router(product):
    return product


def show(product, *words):
    done = product.cli("-c", " ".join(["show", "logging", *words]))
    assert done.returncode == 0, done.stdout
    return done.stdout


def lines(text):
    return [line for line in text.splitlines() if line.startswith("RP/0/RP0/CPU0:")]


def store(product):
    """Every byte that the store holds."""
    text = b""
    for name in ("previous", "current"):
        path = os.path.join(product.run_dir, "state/log", name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                text += file.read()
    return text.decode()


class Server:
    """A syslog server on loopback."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.got = []

    def take(self):
        while select.select([self.socket], [], [], 0)[0]:
            self.got.append(self.socket.recv(65536).decode())
        return self.got

    def has(self, text):
        return any(text in message for message in self.take())


def wrong_password(product, name):
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", product.port), 10))
    try:
        transport.start_client(timeout=10)
        with pytest.raises(paramiko.SSHException):
            transport.auth_password(name, "wrong")
    finally:
        transport.close()


def test_shown_as_the_reference_shows_it(router):
    router.configure("ssh timeout 33")
    text = show(router)
    assert re.search(r"^Syslog logging: enabled \(0 messages dropped, 0 flushes, 0 overruns\)$", text, re.M), text
    assert "    Console logging: Disabled\n" in text and "Log Buffer (2097152 bytes):\n" in text
    commit = [line for line in lines(text) if "%MGBL-CONFIG-6-DB_COMMIT : Configuration committed by user 'root'" in line]
    assert commit and lines(text) and all(LINE.match(line) for line in lines(text)), text
    # each filter leaves what it names
    assert lines(show(router, "last", "1")) == lines(show(router))[-1:]
    assert {re.search(r": ([A-Z]+)_\[", line)[1] for line in lines(show(router, "process", "confd"))} == {"CONFD"}
    assert all("DB_COMMIT" in line for line in lines(show(router, "string", "DB_COMMIT")))
    assert lines(show(router, "process", "confd", "string", "DB_COMMIT", "last", "1")) == commit[-1:]
    assert lines(show(router, "start", "2999-01-01")) == [] and lines(show(router, "end", "1999-12-31T23:59:59")) == []
    assert lines(show(router, "start", "2001-01-01", "end", "2999-01-01")) == lines(show(router))
    assert "% 'noon' is no time" in router.cli("-c", "show logging start noon").stdout
    rows = json.loads(show(router, "last", "2", "| json"))
    assert len(rows) == 2 and set(rows[0]) == {"severity", "wall_us", "text"}
    # the pipes are those of every command
    assert lines(show(router, "| include DB_COMMIT")) == lines(show(router, "string", "DB_COMMIT"))


def test_strangers_words_reach_neither_terminal_nor_automation(router):
    name = "evil\x1b[2J\r\nRP/0/RP0/CPU0:router# not found % Error\x9b"
    wrong_password(router, name)
    wait_for(lambda: "evil" in store(router), what="its line")
    router.cli("-c", "show clock")
    text = show(router)
    for forbidden in ("\x1b", "\x9b", "#", " not found", "% Error"):
        assert forbidden not in text, forbidden
    raw = store(router)
    assert "\x1b" not in raw and all(re.match(r"^[0-7] \d+ RP/0/RP0/CPU0:", line) for line in raw.splitlines())


def test_lines_survive_kill_9_of_every_daemon(own_product):
    product = own_product
    product.configure("ssh timeout 34")
    before = lines(show(product))
    assert any("DB_COMMIT" in line for line in before)
    for name in ("sallyport-sshd", "sallyport-confd"):
        product.kill_daemon(name)
        assert lines(show(product))[:len(before)] == before
    # whichever daemon lives answers; what the dead one cannot say is said
    os.kill(product.process.pid, 19)
    try:
        pid = product.daemon_pid("sallyport-sshd")
        os.kill(pid, 9)
        wait_for(lambda: is_gone(pid), what="its end")
        text = show(product)
        assert lines(text)[:len(before)] == before and "unknown while sallyport-sshd does not answer" in text
    finally:
        os.kill(product.process.pid, 18)
    wait_for(lambda: product.daemon_pid("sallyport-sshd") not in (0, pid), what="a new daemon")
    assert product.stop() == 0
    product.start()
    assert lines(show(product))[:len(before)] == before


def test_size_and_severity_of_what_is_kept(own_product):
    product = own_product
    said = product.configure("logging buffered 4096", "logging buffered warnings")
    assert "% " not in said, said
    running = product.cli("-c", "show running-config logging").stdout
    assert "logging buffered 4096\nlogging buffered warnings\n" in running, running
    wait_for(lambda: "level warnings" in show(product), what="the setting")
    # confd reads it a second later at most; nothing but the severity of a line decides
    # every process reads it a second later at most

    def unmoved():
        before = store(product)
        product.configure("ssh timeout 35")
        product.configure("ssh timeout 36")
        return store(product) == before
    wait_for(unmoved, 20, "an end of the commits' lines")
    # each of these makes a warning: nobody can log in as such a user
    for number in range(6):
        product.configure(*[f"username u{number}{letter}" for letter in "abcdefghijk"])
    assert os.path.exists(os.path.join(product.run_dir, "state/log/previous"))
    sizes = [os.path.getsize(os.path.join(product.run_dir, "state/log", name)) for name in ("previous", "current")
             if os.path.exists(os.path.join(product.run_dir, "state/log", name))]
    assert sum(sizes) < 4096 + 1024, sizes
    assert "Log Buffer (4096 bytes):" in show(product)
    product.configure("no logging buffered")
    wait_for(lambda: "Log Buffer (2097152 bytes):" in show(product), what="the default")


# ---- the events of the reference ----

def log_in(product):
    product.ssh("show", "clock", check=0)


def leave_before_login(product):
    with socket.create_connection(("127.0.0.1", product.port), 10) as peer:
        assert peer.recv(4) == b"SSH-"
        peer.sendall(b"SSH-2.0-somebody\r\n")


def fail(product):
    wrong_password(product, "stranger")


def forward(product):
    argv = product.ssh_argv()
    subprocess.run([*argv[:-1], "-W", f"127.0.0.1:{product.port}", argv[-1]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=20)


def forward_allowed(product):
    assert "% " not in product.configure("ssh server port-forwarding local")
    forward(product)
    assert "% " not in product.configure("no ssh server port-forwarding local")


def commit(product):
    assert "% " not in product.configure("ssh timeout 46")


def no_host_key(product):
    assert product.cli("-c", "crypto key zeroize all").returncode == 0
    with socket.create_connection(("127.0.0.1", product.port), 10) as peer:
        assert peer.recv(100) == b""  # it does not hang


ADDRESS = r"'127\.0\.0\.1'"
# what is written, what causes it, whether only with "ssh server logging"
EVENTS = [
    (rf"%SECURITY-SSHD-6-INFO_SUCCESS : Successfully authenticated user 'admin' from {ADDRESS} on 'vty\d+'\(cipher '\S+', mac '\S+'\)$",
     log_in, True),
    (rf"%SECURITY-SSHD-6-INFO_USER_LOGOUT : User 'admin' from {ADDRESS} logged out on 'vty\d+'$", log_in, True),
    (r"%SECURITY-SSHD-6-INFO_GENERAL : Client closes socket connection$", leave_before_login, True),
    (rf"%SECURITY-SSHD-4-WARN_GENERAL : Failed \S+ for user 'stranger' from {ADDRESS} port \d+ vrf 'default' on 'vty\d+': ", fail, False),
    (r"%SECURITY-SSHD-6-PORT_FWD_INFO_GENERAL : Port Forwarding, Target:=127\.0\.0\.1, Port:=\d+, Originator:=\S+,Port:=\d+, "
     r"Vrf:=default, Connection forwarded$", forward_allowed, False),
    (r"%SECURITY-SSHD-3-PORT_FWD_ERR_GENERAL : Port Forwarding, Port forwarding is not enabled$", forward, False),
    (r"%MGBL-CONFIG-6-DB_COMMIT : Configuration committed by user 'root'\. Use 'show configuration commit changes \d+' to view the changes\.$",
     commit, False),
    (r"%SECURITY-SSHD-3-ERR_GENERAL : .*host key", no_host_key, False),
]


def test_each_event_of_the_reference_is_caused(own_product):
    product = own_product
    product.configure(*WITHOUT_LIMITS)

    def seen(pattern):
        return [line for line in lines(show(product)) if re.search(r": " + pattern, line)]
    # without it, sessions come and go in silence
    for cause in (log_in, leave_before_login):
        past = len(product.history())
        cause(product)
        wait_for(lambda: len(product.history()) > past, what="the end of the session")
    for pattern, _, asked in EVENTS:
        assert not asked or not seen(pattern), pattern
    assert "% " not in product.configure("ssh server vrf default logging")
    for pattern, cause, _ in EVENTS:
        before = len(seen(pattern))
        cause(product)
        wait_for(lambda: len(seen(pattern)) > before, what=pattern)
        assert all(LINE.match(line) for line in seen(pattern)), seen(pattern)


def test_cleared_by_those_who_may(router):
    assert lines(show(router))
    before = lines(show(router))[0]
    assert router.cli("-c", "clear logging").returncode == 0
    after = lines(show(router))
    assert before not in after and len(after) == 1 and "The log was cleared by 'root'" in after[0], after


def test_syslog_server_gets_what_it_asks_for_and_nothing_is_lost(own_product):
    product, server = own_product, Server()
    said = product.configure(f"logging 127.0.0.1 severity informational port {server.port}", "hostname r7")
    assert "% " not in said, said
    running = product.cli("-c", "show running-config logging").stdout
    assert f"logging 127.0.0.1 vrf default severity informational port {server.port}\n" in running
    product.configure("ssh timeout 37")
    wait_for(lambda: server.has("DB_COMMIT"), what="the commit's line")
    message = [m for m in server.got if "DB_COMMIT" in m][-1]
    assert re.match(r"^<190>\w{3} [ \d]\d \d\d:\d\d:\d\d r7 CONFD_\[\d+\]: %MGBL-CONFIG-6-DB_COMMIT : ", message), message
    # RFC 5424, by wish
    product.configure("logging format rfc5424", "logging facility local3")
    product.configure("ssh timeout 38")
    wait_for(lambda: server.has(" r7 CONFD "), what="a line of the other form")
    message = [m for m in server.got if " r7 CONFD " in m][-1]
    assert re.match(r"^<158>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z r7 CONFD \d+ DB_COMMIT - %MGBL-CONFIG-6-DB_COMMIT : ",
                    message), message
    # what is written while the daemon that sends is dead comes when it lives again
    os.kill(product.process.pid, 19)
    try:
        os.kill(product.daemon_pid("sallyport-sshd"), 9)
        commits = len([m for m in server.take() if "DB_COMMIT" in m])
        product.configure("domain name example.net")
    finally:
        os.kill(product.process.pid, 18)
    wait_for(lambda: len([m for m in server.take() if "DB_COMMIT" in m]) > commits, what="the line of the time between")
    # the severity of the server and the one of all servers both hold
    product.configure("logging trap errors")
    wait_for(lambda: "Trap logging: level errors" in show(product), what="the setting")
    count = len([m for m in server.take() if "DB_COMMIT" in m])
    product.configure("ssh timeout 39")
    product.configure("no logging trap")
    wait_for(lambda: "Trap logging: level informational" in show(product), what="the setting")
    product.configure("ssh timeout 40")
    wait_for(lambda: len([m for m in server.take() if "DB_COMMIT" in m]) > count, what="a line")
    text = show(product)
    assert re.search(rf"Logging to 127\.0\.0\.1 vrf default port {server.port}, level informational, [1-9]\d* message lines", text)


def test_server_in_a_vrf_that_is_not_there_waits_and_harms_nobody(router):
    said = router.configure("logging 192.0.2.1 vrf nowhere")
    assert "% " not in said, said
    wait_for(lambda: "VRF nowhere is not present" in show(router), what="the reason")
    assert router.ssh("show", "clock", check=0).stdout
    router.configure("no logging 192.0.2.1 vrf nowhere")
    wait_for(lambda: "Logging to" not in show(router), what="its end")


@needs_root
def test_server_is_reached_in_its_vrf_and_nowhere_else(own_product, netns):  # noqa: F811
    """The same address in two VRFs: each gets its own; a VRF that is made anew is found again."""
    product, here = own_product, Server()
    name = f"syslog-{os.getpid()}"
    there = r"import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', int(sys.argv[1])));" \
            r"print('there', flush=True); [print(s.recv(65536).decode(), flush=True) for _ in iter(int, 1)]"

    def inside():
        """The VRF, with a server that is there before the way to it."""
        subprocess.run(["ip", "netns", "add", name], check=True)
        netns.made.append(name)
        process = subprocess.Popen(["ip", "netns", "exec", name, "/usr/bin/python3", "-c", there, str(here.port)], stdout=subprocess.PIPE,
                                   bufsize=0)
        assert process.stdout.readline() == b"there\n"
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        return process

    def said(process, text, timeout_s=10):
        got = []

        def more():
            # not through the buffer of readline(), which select() does not see
            if select.select([process.stdout], [], [], 0)[0]:
                got.append(os.read(process.stdout.fileno(), 65536))
            return text in b"".join(got)
        wait_for(more, timeout_s, "a message")

    # before the VRF is there: the messages wait
    assert "% " not in product.configure(f"logging 127.0.0.1 vrf {name} port {here.port}")
    product.configure("ssh timeout 50")
    wait_for(lambda: f"VRF {name} is not present" in show(product), what="the reason")
    first = inside()
    try:
        said(first, b"DB_COMMIT")
        assert here.take() == []
        assert "% " not in product.configure(f"logging 127.0.0.1 vrf default port {here.port}")
        product.configure("ssh timeout 51")
        wait_for(lambda: here.has("DB_COMMIT"), what="the message in the default VRF")
    finally:
        first.kill()
        first.communicate()
    subprocess.run(["ip", "netns", "del", name], check=True)
    netns.made.remove(name)
    wait_for(lambda: "is not present" in show(product), what="its end")
    second = inside()
    try:
        product.configure("ssh timeout 52")
        said(second, b"DB_COMMIT", 20)
    finally:
        second.kill()
        second.communicate()


def test_statements_that_automation_sends(router):
    said = router.configure("no logging console", "logging console disable", "ssh timeout 41")
    assert "% " not in said, said
    for line, wanted in (("logging router.example", "names are not taken"), ("logging buffered 1", "from 4096 to 125000000"),
                         ("logging console loudly", "Invalid input")):
        assert wanted in router.configure(line), line


def test_varlink_is_for_those_with_a_name_here(router):
    """Bad parameters are refused; a stranger's uid sees nothing."""
    path = router.socket_path("sshd.varlink")
    assert varlink(path, "org.sallyport.Log.Read", {"cursor": "1:2"})[0] == "org.varlink.service.InvalidParameter"
    assert varlink(path, "org.sallyport.Log.Read", {"cursor": 7})[0] == "org.varlink.service.InvalidParameter"
    assert varlink(path, "org.sallyport.Log.Follow", {"severity": 7})[0] == "org.varlink.service.InvalidParameter"
    if os.geteuid() != 0:
        return
    for name in ("sshd.varlink", "confd.varlink"):
        code = (f"import os,sys; os.chdir({router.run_dir!r}+'/sock'); os.setgid(65534); os.setuid(65534)\n"
                f"sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})\n"
                "import json, socket\n"
                "s = socket.socket(socket.AF_UNIX)\n"
                f"s.connect({name!r})\n"
                "s.sendall(b'{\"method\":\"org.sallyport.Log.Read\"}\\0')\n"
                "print(s.recv(65536).decode())\n")
        done = subprocess.run(["/usr/bin/python3", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        assert "PermissionDenied" in done.stdout, done.stdout


def test_lines_appear_in_a_session_that_asked_for_them(router):
    """Above the line that is being typed, which comes back whole; nothing a stranger sent is obeyed by the terminal."""
    shell = pexpect.spawn(os.path.join(BIN, "sallyport"), ["--run-dir", os.path.join(router.run_dir, "sock")], timeout=10, dimensions=(40, 200))
    try:
        shell.expect("#$")
        shell.send("terminal monitor\n")
        shell.expect("#$")
        shell.send("show clo")
        shell.expect("show clo$")
        router.configure("ssh timeout 44")
        shell.expect(r"\n(RP/0/RP0/CPU0:[^\n]*%MGBL-CONFIG-6-DB_COMMIT : [^\n]*)\r\n")
        assert LINE.match(shell.match[1].decode()), shell.match[1]
        shell.expect(r"RP/0/RP0/CPU0:\S+#show clo$")  # what was typed stands there again
        shell.send("ck\n")
        shell.expect(r"ck\r\n.* UTC\r\n.*\d\d:\d\d:\d\d.*#$")
        name = "boo\x1b[31m"
        wrong_password(router, name)
        shell.expect(r"\n([^\n]*user 'boo[^\n]*)\r\n")
        assert b"\x1b" not in shell.match[1] and b"boo?[31m" in shell.match[1], shell.match[1]
        shell.expect("#$")  # the prompt, again
        shell.send("terminal monitor disable\n")
        shell.expect("#$")
        router.configure("ssh timeout 45")
        shell.send("show clock\n")
        shell.expect("#$")
        assert b"DB_COMMIT" not in shell.before, shell.before
        # the daemon that sends them dies
        shell.send("terminal monitor\n")
        shell.expect("#$")
        router.kill_daemon("sallyport-sshd")
        shell.expect("% Messages are no longer shown")
        shell.send("exit\n")
        shell.expect(pexpect.EOF)
    finally:
        shell.close(force=True)
    assert "This command is for terminals" in router.cli("-c", "terminal monitor").stdout


def test_console_gets_lines_by_wish_and_never_blocks(own_product):
    """A pty whose other side does not read stands for a serial line that is too slow."""
    product = own_product
    master, slave = os.openpty()
    tty.setraw(slave)
    place = os.path.join(product.directory, "console")
    os.symlink(os.ttyname(slave), place)
    assert product.stop() == 0
    os.environ["SALLYPORT_CONSOLE"] = place
    try:
        product.start()
    finally:
        del os.environ["SALLYPORT_CONSOLE"]
    assert "% " not in product.configure("logging console warnings")
    wait_for(lambda: "Console logging: level warnings" in show(product), what="the setting")
    product.configure("username nokey")
    assert select.select([master], [], [], 10)[0]
    text = os.read(master, 65536).decode()
    assert text.endswith("\r\n") and "User 'nokey' has neither secret nor keystring" in text and "DB_COMMIT" not in text, text
    for number in range(20):
        product.configure(*[f"username v{number}{letter}" for letter in "abcdefghijklmnopqrst"])
    text = show(product)
    assert re.search(r"Console logging: level warnings, \d+ messages logged, [1-9]\d* not taken", text), text
    assert product.ssh("show", "clock", check=0).stdout
    product.configure("logging console disable")
    wait_for(lambda: "Console logging: Disabled" in show(product), what="the setting")
    os.close(master)
    os.close(slave)
