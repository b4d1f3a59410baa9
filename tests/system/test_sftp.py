# SPDX-License-Identifier: GPL-3.0-or-later
"""Files by sftp and scp, with the clients that operators have: OpenSSH, PuTTY, curl (libssh2), paramiko."""
import errno
import hashlib
import os
import re
import shutil
import stat
import subprocess
import time

import paramiko
import pytest

from conftest import varlink, wait_for

OPTIONS = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
           "-o", "IdentityAgent=none", "-o", "IdentitiesOnly=yes"]


def run(argv, timeout_s=60, **more):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s,
                          **({"stdin": subprocess.DEVNULL} | more if "input" not in more else more))


def scp(product, *words, options=()):
    return run(["scp", *OPTIONS, "-P", str(product.port), "-i", product.key, *options, *words])


def sftp(product, *lines, options=(), timeout_s=60):
    argv = ["sftp", "-b", "-", *OPTIONS, "-P", str(product.port), "-i", product.key, *options, "admin@127.0.0.1"]
    return run(argv, input="\n".join(lines) + "\n", timeout_s=timeout_s)


@pytest.fixture
def client(product):
    """paramiko, logged in as admin."""
    ssh = paramiko.SSHClient()
    ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    ssh.connect("127.0.0.1", product.port, "admin", key_filename=product.key, look_for_keys=False, allow_agent=False)
    yield ssh
    ssh.close()


@pytest.fixture
def files(client):
    return client.open_sftp()  # ends with its client


@pytest.fixture
def payload(tmp_path):
    path = tmp_path / "payload"
    path.write_bytes(os.urandom(300_000))
    return path


def on_disk(product, name):
    return os.path.join(product.run_dir, "state", "files", name)


# ---- OpenSSH ----

def test_one_file_has_one_name_however_it_is_written(product, payload, tmp_path):
    done = sftp(product, "pwd", f"put {payload} harddisk:/one", f"get /harddisk:/one {tmp_path}/a", "cd harddisk:",
                f"get one {tmp_path}/b", "pwd", "rm one")
    assert done.returncode == 0, done.stdout
    assert "Remote working directory: /\n" in done.stdout and "Remote working directory: /harddisk:\n" in done.stdout
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == payload.read_bytes()
    assert not os.path.exists(on_disk(product, "harddisk:/one"))


@pytest.mark.parametrize("mode", [[], ["-O"]], ids=["by-sftp", "by-rcp"])
def test_scp_goes_both_ways(product, payload, tmp_path, mode):
    os.utime(payload, (1_500_000_000, 1_500_000_000))
    payload.chmod(0o640)
    done = scp(product, "-p", str(payload), "admin@127.0.0.1:harddisk:/scp", options=mode)
    assert done.returncode == 0, done.stdout
    there = os.stat(on_disk(product, "harddisk:/scp"))
    assert there.st_mtime == 1_500_000_000 and stat.S_IMODE(there.st_mode) == 0o640
    done = scp(product, "admin@127.0.0.1:/harddisk:/scp", str(tmp_path / "back"), options=mode)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "back").read_bytes() == payload.read_bytes()


@pytest.mark.parametrize("mode", [[], ["-O"]], ids=["by-sftp", "by-rcp"])
def test_scp_copies_trees(product, tmp_path, mode):
    tree = tmp_path / "tree"
    (tree / "below").mkdir(parents=True)
    (tree / "a name with spaces").write_text("a")
    (tree / "below" / "b").write_text("b")
    name = "disk0:/tree" + "".join(mode)
    assert scp(product, "-r", str(tree), f"admin@127.0.0.1:{name}", options=mode).returncode == 0
    done = scp(product, "-r", f"admin@127.0.0.1:{name}", str(tmp_path / "back"), options=mode)
    assert done.returncode == 0, done.stdout
    assert run(["diff", "-r", str(tree), str(tmp_path / "back")]).stdout == ""


@pytest.mark.parametrize("mode", [[], ["-O"]], ids=["by-sftp", "by-rcp"])
def test_scp_says_what_is_not_there(product, payload, tmp_path, mode):
    done = scp(product, "admin@127.0.0.1:harddisk:/nothing", str(tmp_path / "x"), options=mode)
    assert done.returncode == 1 and "No such file or directory" in done.stdout
    done = scp(product, str(payload), "admin@127.0.0.1:harddisk:/nowhere/x", options=mode)
    assert done.returncode == 1 and "No such file or directory" in done.stdout


def test_scp_names_in_quotes(product, payload):
    done = scp(product, "-O", str(payload), "admin@127.0.0.1:'harddisk:/a b'")
    assert done.returncode == 0, done.stdout
    assert os.path.getsize(on_disk(product, "harddisk:/a b")) == 300_000


@pytest.mark.parametrize("mode", [[], ["-O"]], ids=["by-sftp", "by-rcp"])
def test_scp_gets_what_a_pattern_means(product, files, tmp_path, mode):
    names = ["p/one.cfg", "p/two two.cfg", "p/[x].cfg", "p/*.txt", "p/other.txt", "p/.hidden.cfg"]
    if "p" not in files.listdir("harddisk:"):
        files.mkdir("harddisk:/p")
        files.symlink("/../../../../../../../etc", "harddisk:/p/etc")
    for name in names:
        files.open(f"harddisk:/{name}", "w").close()

    def get(*words):
        for name in os.listdir(tmp_path):
            os.unlink(tmp_path / name)
        done = scp(product, *(f"admin@127.0.0.1:{word}" for word in words), str(tmp_path), options=mode)
        return done.returncode, sorted(os.listdir(tmp_path)), done.stdout
    assert get("harddisk:/p/*.cfg")[:2] == (0, ["[x].cfg", "one.cfg", "two two.cfg"])
    assert get("/harddisk:/?/o[nt]*")[:2] == (0, ["one.cfg", "other.txt"])
    assert get(r"harddisk:/p/\[x\].cfg")[:2] == (0, ["[x].cfg"])
    assert get(r"harddisk:/p/\*.txt", "harddisk:/p/one.*")[:2] == (0, ["*.txt", "one.cfg"])
    # nothing that fits, and nothing of outside
    for pattern in ("harddisk:/p/*.none", "harddisk:/p/etc/pass*", "/../etc/pass*", "/etc/*", "harddisk:/p/e*/passwd", "/proc/*"):
        status, got, said = get(pattern)
        assert status == 1 and got == [] and "No such file" in said, (pattern, got, said)


def test_scp_is_no_way_to_another_program(product):
    for command in ("scp -t -S /bin/sh x", "scp -t x; id", "scp -f $(id)", "scp -t -oProxyCommand=id x"):
        done = product.ssh(command)
        assert done.returncode != 0 and "sallyport: " in done.stderr and "uid=" not in done.stdout + done.stderr, done


def test_sftp_of_a_batch_ends_with_status_0(product):
    done = run(product.ssh_argv("sftp", options=[])[:-1] + ["-s", "sftp"], input="")
    assert done.returncode == 0, done.stdout


# ---- PuTTY, curl ----

def host_key_line(product, word):
    done = run(["ssh-keyscan", "-p", str(product.port), "-t", word, "127.0.0.1"])
    return next(line.split()[2] for line in done.stdout.splitlines() if line.startswith("["))


def putty(product, program, *words, stdin=""):
    blob = host_key_line(product, "ed25519")
    digest = subprocess.run(["openssl", "base64", "-d", "-A"], input=blob.encode(), stdout=subprocess.PIPE, check=True).stdout
    print_ = "SHA256:" + __import__("base64").b64encode(hashlib.sha256(digest).digest()).decode().rstrip("=")
    return run([program, "-batch", "-P", str(product.port), "-pw", product.password, "-hostkey", print_, *words], input=stdin)


@pytest.mark.parametrize("mode", ["-sftp", "-scp"])
def test_pscp(product, payload, tmp_path, mode):
    done = putty(product, "pscp", mode, str(payload), "admin@127.0.0.1:/harddisk:/pscp")
    assert done.returncode == 0, done.stdout
    done = putty(product, "pscp", mode, "admin@127.0.0.1:/harddisk:/pscp", str(tmp_path / "back"))
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "back").read_bytes() == payload.read_bytes()


def test_psftp(product, payload, tmp_path):
    script = tmp_path / "script"
    script.write_text(f"cd harddisk:\nput {payload} psftp\nls\nget psftp {tmp_path}/back\ndel psftp\n")
    done = putty(product, "psftp", "-b", str(script), "admin@127.0.0.1")
    assert done.returncode == 0 and "psftp" in done.stdout, done.stdout
    assert (tmp_path / "back").read_bytes() == payload.read_bytes()


def has_sftp_curl():
    return shutil.which("curl") and " sftp" in run(["curl", "-V"]).stdout


@pytest.mark.skipif(not has_sftp_curl(), reason="curl without libssh2")
@pytest.mark.parametrize("scheme", ["sftp", "scp"])
def test_curl(product, payload, tmp_path, scheme):
    base = ["curl", "-sS", "-k", "--user", f"admin:{product.password}"]
    where = f"{scheme}://127.0.0.1:{product.port}/harddisk:/curl-{scheme}"
    done = run([*base, "-T", str(payload), where])
    assert done.returncode == 0, done.stdout
    done = run([*base, "-o", str(tmp_path / "back"), where])
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "back").read_bytes() == payload.read_bytes()


# ---- what sshfs and programs do ----

def test_writes_into_the_middle_keep_the_rest(files):
    with files.open("harddisk:/middle", "w") as file:
        file.write(b"0123456789")
    with files.open("harddisk:/middle", "r+") as file:
        file.seek(3)
        file.write(b"abc")
    with files.open("/harddisk:/middle") as file:
        assert file.read() == b"012abc6789"
    files.truncate("harddisk:/middle", 4)
    assert files.stat("harddisk:/middle").st_size == 4


def test_many_names_come_in_many_packets(product, files):
    directory = on_disk(product, "disk0:/many")
    os.mkdir(directory)
    for number in range(1500):
        with open(f"{directory}/{number:05d}-{'x' * 40}", "w", encoding="ascii"):
            pass
    names = files.listdir_attr("disk0:/many")
    assert len(names) == 1500
    assert all(re.match(r"^-rw-r--r-- +\S+ +\S+ +\S+ +0 \w{3} +\d+ +[\d:]+ \d{5}-x+$", str(name.longname)) for name in names)


def test_rename_over_a_file(files):
    for name in ("a", "b"):
        with files.open(f"harddisk:/{name}", "w") as file:
            file.write(name.encode())
    files.posix_rename("harddisk:/a", "harddisk:/b")
    with files.open("harddisk:/b") as file:
        assert file.read() == b"a"
    with pytest.raises(OSError) as raised:
        files.stat("harddisk:/a")
    assert raised.value.errno == errno.ENOENT


def test_a_large_request_is_one_message(files):
    data = os.urandom(200_000)
    with files.open("harddisk:/large", "w") as file:
        file.MAX_REQUEST_SIZE = 200_000  # one SSH_FXP_WRITE; sftp-server takes up to 256 KiB
        file.write(data)
    with files.open("harddisk:/large") as file:
        assert file.read() == data


def test_full_disk_is_the_clients_error(own_product, tmp_path):
    product = own_product
    small = on_disk(product, "disk0:")
    if os.geteuid() != 0 or run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=1777", "small", small]).returncode:
        pytest.skip("cannot mount here")
    try:
        big = tmp_path / "big"
        big.write_bytes(bytes(1_000_000))
        for mode in ([], ["-O"]):
            done = scp(product, str(big), "admin@127.0.0.1:disk0:/big", options=mode)
            assert done.returncode == 1, done.stdout
            sftp(product, "rm disk0:/big")
        assert sftp(product, "ls disk0:").returncode == 0
    finally:
        subprocess.run(["umount", small], check=True)


# ---- what is not there ----

OUTSIDE = ["/etc/passwd", "etc/passwd", "../etc/passwd", "harddisk:/../../etc/passwd", "/harddisk:/../../../../etc/passwd", "/proc/self/root",
           "/proc/1/root/etc/passwd", "/usr/lib/openssh/sftp-server", "/lib64/ld-linux-x86-64.so.2", "/tmp", "/tmp/passwd", "/dev/null",
           "/run", "//etc//passwd", "/harddisk:/link"]


def test_nothing_else_can_be_reached(product, files):
    files.symlink("/etc/passwd", "harddisk:/link")
    files.symlink("../../../../../../etc", "harddisk:/up")
    assert sorted(files.listdir("/")) == sorted(files.listdir("..")) == ["disk0:", "harddisk:"]
    assert sorted(files.listdir("harddisk:/../..")) == ["disk0:", "harddisk:"]
    for path in [*OUTSIDE, "harddisk:/up/passwd", product.run_dir, product.directory]:
        for attempt in (files.stat, files.listdir, files.open, lambda path: files.open(path, "w")):
            with pytest.raises(OSError):
                attempt(path)
    for attempt in (lambda: files.mkdir("/new"), lambda: files.open("/new", "w"), lambda: files.chmod("/", 0o777),
                    lambda: files.rename("/disk0:", "/other"), lambda: files.rmdir("/disk0:"),
                    lambda: files.chmod("/harddisk:", 0o777)):
        with pytest.raises(OSError):
            attempt()
    assert files.normalize("..") == "/" and files.normalize("harddisk:/..") == "/"


def session_of(product, client):
    """The row of a paramiko client's session, or None."""
    port = client.get_transport().sock.getsockname()[1]
    return next((row for row in product.sessions() if row["session"]["peer_port"] == port), None)


def server_of(product, client, name):
    """The pid of the program of that name that runs in the client's session."""
    session = session_of(product, client)["session"]
    children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(session["pid"])], stdout=subprocess.PIPE, text=True, check=True).stdout
    return next((int(line.split()[0]) for line in children.splitlines() if line.split()[1].startswith(name)), 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="looks into another user's process")
def test_the_server_is_moved_away_from_everything(product, client):
    files = client.open_sftp()
    files.listdir("harddisk:")
    pid = server_of(product, client, "sftp-server")
    assert sorted(os.listdir(f"/proc/{pid}/root")) == ["disk0:", "harddisk:"]
    assert os.readlink(f"/proc/{pid}/cwd") == os.readlink(f"/proc/{pid}/root")
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert status["CapEff"] == status["CapPrm"] == status["CapInh"] == status["CapAmb"] == "0" * 16
    assert status["NoNewPrivs"] == "1" and "0" not in status["Uid"].split()
    assert len(os.listdir(f"/proc/{pid}/fd")) == 3
    # nothing else is mounted there: what the system unmounts would stay in use
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
        assert [line.split()[4] for line in file] == ["/"]
    # nothing of the start is left
    assert not [child for child in run(["ps", "-o", "comm=", "--ppid", str(pid)]).stdout.split() if child]


def test_nothing_of_ours_stays_behind(product, client):
    client.open_sftp().listdir("harddisk:")
    client.close()
    wait_for(lambda: not product.sessions(), what="the end of all sessions")
    assert "sallyport-help" not in run(["ps", "-eo", "comm="]).stdout


# ---- two users, one disk ----

def test_files_belong_to_their_users_on_a_disk_of_all(own_product, tmp_path):
    product = own_product
    if os.geteuid() != 0:
        pytest.skip("needs uids")
    product.configure("username second", "secret second-1")
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", product.port, "second", "second-1", look_for_keys=False, allow_agent=False)
    mine = client.open_sftp()
    (tmp_path / "x").write_text("x")
    assert sftp(product, f"put {tmp_path}/x harddisk:/shared").returncode == 0
    with mine.open("harddisk:/shared") as file:
        assert file.read() == b"x"
    for attempt in (lambda: mine.open("harddisk:/shared", "a"), lambda: mine.remove("harddisk:/shared"),
                    lambda: mine.rename("harddisk:/shared", "harddisk:/taken")):
        with pytest.raises(OSError):
            attempt()
    client.close()


# ---- off ----

def test_disabled(own_product, tmp_path):
    product = own_product
    (tmp_path / "x").write_text("x")
    product.configure("ssh server disable sftp", "ssh server disable scp")
    done = sftp(product, "ls")
    assert done.returncode != 0 and "SFTP is disabled on this server" in done.stdout
    done = scp(product, "-O", str(tmp_path / "x"), "admin@127.0.0.1:harddisk:/x")
    assert done.returncode != 0 and "scp is disabled on this server" in done.stdout
    assert not os.path.exists(on_disk(product, "harddisk:/x"))
    product.configure("no ssh server disable sftp")
    assert sftp(product, "ls").returncode == 0
    assert scp(product, "-O", str(tmp_path / "x"), "admin@127.0.0.1:harddisk:/x").returncode != 0


NO_USER_NAMESPACES = """
import ctypes, os, sys
class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64)]
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
allow, no_space, masked_equal, new_user = 0x7fff0000, 0x00050000 | 28, 7, 0x10000000
filter = ctypes.c_void_p(seccomp.seccomp_init(allow))
rule = Compare(0, masked_equal, new_user, new_user)
assert seccomp.seccomp_rule_add_array(filter, no_space, seccomp.seccomp_syscall_resolve_name(b"unshare"), 1, ctypes.byref(rule)) == 0
assert seccomp.seccomp_load(filter) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_no_user_namespaces_is_said(own_product):
    product = own_product
    if os.geteuid() != 0:
        pytest.skip("a transport of an ordinary user needs them too")
    product.stop()
    product.prefix = ["/usr/bin/python3", "-c", NO_USER_NAMESPACES]
    product.start()
    done = sftp(product, "ls")
    assert done.returncode != 0 and "user.max_user_namespaces" in done.stdout, done.stdout
    assert product.ssh("show ssh").returncode == 0


# ---- show ----

def test_show_ssh_says_what_it_is(product, client, payload):
    client.open_sftp().listdir("harddisk:")
    assert [channel["type"] for channel in session_of(product, client)["channels"]] == ["Sftp-Subsystem"]
    assert scp(product, "-O", str(payload), "admin@127.0.0.1:harddisk:/shown").returncode == 0
    wait_for(lambda: product.history(5)[0]["first_type"] == "Scp", what="the history row")


# ---- much ----

def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else \
            run(["sha256sum", str(path)]).stdout.split()[0]


def test_a_gigabyte_goes_up_and_down_through_rekeys(product, tmp_path):
    big = tmp_path / "big"
    with open(big, "wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20) * 16)
    options = ["-o", "RekeyLimit=200M", "-o", "Ciphers=aes256-gcm@openssh.com"]
    done = sftp(product, f"put {big} harddisk:/big", options=[*options, "-vv"], timeout_s=300)
    assert done.returncode == 0, done.stdout[-2000:]
    assert done.stdout.count("SSH2_MSG_NEWKEYS received") >= 4
    assert digest(on_disk(product, "harddisk:/big")) == digest(big)
    done = sftp(product, f"get harddisk:/big {tmp_path}/back", options=[*options, "-vv"], timeout_s=300)
    assert done.returncode == 0 and done.stdout.count("SSH2_MSG_NEWKEYS received") >= 4
    assert digest(tmp_path / "back") == digest(big)
    os.unlink(on_disk(product, "harddisk:/big"))


@pytest.mark.parametrize("mode", [[], ["-O"]], ids=["by-sftp", "by-rcp"])
def test_rekeys_every_256_kilobytes(product, tmp_path, mode):
    path = tmp_path / "x"
    path.write_bytes(os.urandom(8 << 20))
    options = [*mode, "-o", "RekeyLimit=256K"]
    assert scp(product, str(path), "admin@127.0.0.1:harddisk:/x", options=options).returncode == 0
    assert scp(product, "admin@127.0.0.1:harddisk:/x", str(tmp_path / "y"), options=options).returncode == 0
    assert digest(path) == digest(tmp_path / "y")


def test_show_ssh_answers_while_twenty_transfer(own_product, tmp_path):
    product = own_product
    product.configure("ssh server rate-limit 6000")
    path = tmp_path / "x"
    path.write_bytes(os.urandom(1 << 20) * 24)
    argv = ["sftp", "-b", "-", *OPTIONS, "-P", str(product.port), "-i", product.key, "admin@127.0.0.1"]
    transfers = []
    for number in range(20):
        transfers.append(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        transfers[-1].stdin.write(f"put {path} harddisk:/{number}\nget harddisk:/{number} {tmp_path}/{number}\n" * 2)
        transfers[-1].stdin.close()
    wait_for(lambda: len(product.sessions()) == 20, 60, "twenty sessions")
    times = []
    while any(transfer.poll() is None for transfer in transfers):
        before = time.monotonic()
        error, _ = varlink(product.socket_path("sshd.varlink"), "org.sallyport.SSH.ListSessions")
        times.append(time.monotonic() - before)
        assert error is None
        time.sleep(0.02)
    assert [transfer.wait() for transfer in transfers] == [0] * 20, [transfer.stdout.read() for transfer in transfers]
    times.sort()
    print(f"show ssh during twenty transfers: median {times[len(times) // 2] * 1000:.1f} ms, "
          f"99% {times[len(times) * 99 // 100] * 1000:.1f} ms, of {len(times)}")
    assert times[len(times) // 2] < 0.050
    assert all(digest(tmp_path / str(number)) == digest(path) for number in range(20))
