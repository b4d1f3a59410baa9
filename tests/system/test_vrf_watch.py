# SPDX-License-Identifier: GPL-3.0-or-later
"""The VRF watcher on real network namespaces, in a mount and network namespace of the test's own. VRF devices are tested in
the lab (tests/lab/scenario/vrf_basics): not every kernel has them."""
import os
import re
import select
import subprocess
import time

import pytest

from conftest import BUILD

PROBE = os.path.join(BUILD, "tests/tool/vrf_watch_probe")
ROOT = os.geteuid() == 0


class Box:
    """Namespaces of our own, and commands in them. As an ordinary user they are those of a user namespace."""

    def __init__(self, directory):
        self.dir = os.path.join(directory, "netns")
        kinds = ["-m", "-n"] if ROOT else ["-m", "-n", "-U", "-r"]
        self.keeper = subprocess.Popen(["unshare", *kinds, "--propagation", "private", "sh", "-c", "echo in; exec sleep 600"],
                                       stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline() == b"in\n"
        self.enter = ["nsenter", f"--target={self.keeper.pid}", "--mount", "--net",
                      *([] if ROOT else ["--user", "--preserve-credentials"])]
        self.probes = []

    def run(self, script, *args):
        return subprocess.run([*self.enter, "sh", "-e", "-c", script, "sh", *args], check=True, stdout=subprocess.PIPE, text=True,
                              timeout=20).stdout.strip()

    def add(self, name):
        """As ip-netns(8) does: the file, then the namespace on it. Returns the namespace's inode."""
        return self.run(': >"$1"; unshare -n mount --bind /proc/self/ns/net "$1"; stat -L -c %i "$1"', f"{self.dir}/{name}")

    def remove(self, name):
        self.run('umount -l "$1"; rm "$1"', f"{self.dir}/{name}")

    def make_dir(self):
        os.mkdir(self.dir)

    def probe(self, *names, directory=None, prefix=()):
        probe = Probe([*self.enter, *prefix, PROBE, "-d", directory or self.dir, *names])
        self.probes.append(probe)
        return probe

    def end(self):
        for probe in self.probes:
            probe.end()
        self.keeper.kill()
        self.keeper.wait()


class Probe:
    """The probe program; its lines are read in order."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines, self.rest = [], b""
        self.before = self.until("ready", keep=True)

    def until(self, start, timeout_s=10.0, keep=False):
        """The first line that begins so; with keep, all lines before it."""
        end, passed = time.monotonic() + timeout_s, []
        while True:
            while self.lines:
                line = self.lines.pop(0)
                if line.startswith(start):
                    return passed if keep else line
                passed.append(line)
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, f"the probe did not say '{start}', but {passed}"
            more = os.read(self.process.stdout.fileno(), 65536)
            assert more, f"the probe ended; it said {passed} {self.rest}"
            *lines, self.rest = (self.rest + more).split(b"\n")
            self.lines += [line.decode() for line in lines]

    def ask(self, command, answer):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self.until(answer)

    def names(self):
        """The VRFs in the table, and what was said before the list."""
        self.process.stdin.write(b"each\n")
        self.process.stdin.flush()
        lines = self.until("each", keep=True)
        return [line.split()[1] for line in lines if line.startswith("is ")], [line for line in lines if not line.startswith("is ")]

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(20)
        assert status == 0, self.process.stdout.read()


def generation(line):
    return int(re.search(r"generation=(\d+)", line).group(1))


@pytest.fixture(name="box")
def make_box(tmp_path):
    box = Box(str(tmp_path))
    # the ordinary user of one test must get there
    path = tmp_path
    while ROOT and path != path.parent and path.stat().st_uid == 0 and str(path) != "/tmp":
        path.chmod(path.stat().st_mode | 0o711)
        path = path.parent
    yield box
    box.end()


def test_there_before(box):
    box.make_dir()
    box.add("mgmt")
    probe = box.probe("mgmt")
    assert any(line.startswith("came mgmt kind=netns state=up device= ifindex=0 table=0") for line in probe.before)
    assert probe.names()[0] == ["default", "mgmt"]


def test_unwanted_is_listed_too(box):
    box.make_dir()
    box.add("mgmt")
    probe = box.probe()
    assert probe.names()[0] == ["default", "mgmt"]
    box.remove("mgmt")
    probe.until("went mgmt")
    assert probe.names()[0] == ["default"]


def test_comes_goes_and_comes_again(box):
    box.make_dir()
    probe = box.probe("mgmt")
    seen = []
    for _ in range(3):
        box.add("mgmt")
        seen.append(generation(probe.until("came mgmt")))
        box.remove("mgmt")
        probe.until("went mgmt")
    assert seen == sorted(set(seen)), "each time a new generation, though the inode may be the same"


def test_recreated_at_one_stroke(box):
    """Both events are there at one read, and the kernel likes to give the inode number again."""
    box.make_dir()
    box.add("mgmt")
    probe = box.probe("mgmt")
    first = next(line for line in probe.before if line.startswith("came mgmt"))
    box.run('umount -l "$1"; rm "$1"; : >"$1"; unshare -n mount --bind /proc/self/ns/net "$1"', f"{box.dir}/mgmt")
    probe.until("went mgmt")
    assert generation(probe.until("came mgmt")) > generation(first)


def test_directory_comes_later(box):
    probe = box.probe("mgmt")
    assert probe.names()[0] == ["default", "mgmt"]
    box.make_dir()
    box.add("mgmt")
    probe.until("came mgmt kind=netns")
    box.remove("mgmt")
    probe.until("went mgmt")
    os.rmdir(box.dir)
    box.make_dir()
    box.add("mgmt")
    probe.until("came mgmt kind=netns")


def test_directory_goes_with_what_is_in_it(box):
    box.make_dir()
    box.add("mgmt")
    probe = box.probe("mgmt")
    os.rename(box.dir, box.dir + ".away")
    probe.until("went mgmt")
    os.rename(box.dir + ".away", box.dir)
    probe.until("came mgmt")


def test_directory_is_mounted_over_itself(box):
    """ip-netns(8) does so at the first name; a name made before and after is found all the same."""
    box.make_dir()
    probe = box.probe("mgmt")
    box.run('mount --bind "$1" "$1"; mount --make-shared "$1"', box.dir)
    box.add("mgmt")
    probe.until("came mgmt")
    result = probe.ask("socket mgmt 4", "socket mgmt")
    assert "error" not in result


@pytest.mark.parametrize("delay_s", ["0.3", "1.5"])
def test_mounted_some_time_after_the_file(box, delay_s):
    box.make_dir()
    probe = box.probe("mgmt")
    box.run(f': >"$1"; sleep {delay_s}; unshare -n mount --bind /proc/self/ns/net "$1"', f"{box.dir}/mgmt")
    probe.until("came mgmt", timeout_s=3)


def test_what_is_no_namespace_is_no_vrf(box):
    box.make_dir()
    probe = box.probe()
    long_name = "n" * 33
    box.run(': >"$1/stray"; mkdir "$1/dir"; ln -s /proc/self/ns/net "$1/link"; mkfifo "$1/fifo"; ln -s nowhere "$1/dangling"', box.dir)
    box.run(': >"$1"; mount --bind /proc/self/ns/uts "$1"', f"{box.dir}/uts")
    box.run(': >"$1"; mount --bind /proc/self/ns/net "$1"', f"{box.dir}/own")
    box.add(long_name)
    box.add("last")
    probe.until("came last")
    # the short steps in which a file is looked at again are over for none of them: make one more pass certain
    box.add("later")
    probe.until("came later")
    names, told = probe.names()
    assert names == ["default", "last", "later"]
    assert not told


def test_symbolic_link_to_a_process(box):
    """What is often done for containers: ln -s /proc/PID/ns/net /run/netns/NAME."""
    box.make_dir()
    probe = box.probe("container")
    with subprocess.Popen([*box.enter, "unshare", "-n", "sh", "-c", "echo in; read x"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as container:
        assert container.stdout.readline() == b"in\n"
        inode = box.run('ln -s "/proc/$2/ns/net" "$1"; stat -L -c %i "$1"', f"{box.dir}/container", str(container.pid))
        probe.until("came container")
        assert f" in={inode} " in probe.ask("socket container 4", "socket container")
        container.stdin.close()
        container.wait(20)
    assert "error=ENODEV" in probe.ask("socket container 4", "socket container")
    os.unlink(f"{box.dir}/container")
    probe.until("went container")


def test_many_at_once(box):
    box.make_dir()
    probe = box.probe()
    box.run('for i in $(seq 50); do : >"$1/n$i"; unshare -n mount --bind /proc/self/ns/net "$1/n$i"; done', box.dir)
    left = {f"n{i}" for i in range(1, 51)}
    while left:
        left.discard(probe.until("came").split()[1])


def test_socket_is_inside_and_the_process_is_not(box):
    box.make_dir()
    inode = box.add("mgmt")
    own = box.run("stat -L -c %i /proc/self/ns/net")
    assert own != inode
    probe = box.probe("mgmt", "absent")
    for family in "46":
        line = probe.ask(f"socket mgmt {family}", "socket mgmt")
        assert line == f"socket mgmt in={inode} own={own} cloexec=1 nonblock=1"
        line = probe.ask(f"socket default {family}", "socket default")
        assert line == f"socket default in={own} own={own} cloexec=1 nonblock=1"
    line = probe.ask("socket absent 4", "socket absent")
    assert line.startswith(f"socket absent error=ENODEV own={own} ")


def test_socket_not_in_another_namespace_of_that_name(box):
    """A mount over a mount gives no event; the socket must not be opened in what is there now."""
    box.make_dir()
    box.add("mgmt")
    probe = box.probe("mgmt")
    box.run('unshare -n mount --bind /proc/self/ns/net "$1"', f"{box.dir}/mgmt")
    own = box.run("stat -L -c %i /proc/self/ns/net")
    line = probe.ask("socket mgmt 4", "socket mgmt")
    assert line.startswith(f"socket mgmt error=ENODEV own={own} ")


@pytest.mark.skipif(not ROOT, reason="needs another user")
def test_without_the_right_to_enter(box):
    box.make_dir()
    box.add("mgmt")
    os.chmod(box.dir, 0o755)
    probe = box.probe("mgmt", prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
    assert any(line.startswith("came mgmt") for line in probe.before)
    own = box.run("stat -L -c %i /proc/self/ns/net")
    assert probe.ask("socket mgmt 4", "socket mgmt").startswith(f"socket mgmt error=EPERM own={own} ")
    assert " in=" in probe.ask("socket default 4", "socket default")


def test_no_directory_and_no_parent(box, tmp_path):
    probe = box.probe("mgmt", directory=str(tmp_path / "not" / "netns"))
    assert probe.names()[0] == ["default", "mgmt"]
    (tmp_path / "not" / "netns").mkdir(parents=True)
    box.dir = str(tmp_path / "not" / "netns")
    box.add("mgmt")
    probe.until("came mgmt")
