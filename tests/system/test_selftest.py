# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon makes of libraries that do not do what it rests on."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import BIN, BUILD, Product, make_directory, wait_for

LIBRARY = os.path.join(BUILD, "tests/tool/broken_libraries.so")
SANITIZED = b"__asan_init" in open(os.path.join(BIN, "sallyport-sshd"), "rb").read()

pytestmark = pytest.mark.skipif(SANITIZED, reason="the sanitizer wants to be the first library itself")


@pytest.fixture
def broken():
    """The product on libraries that are broken in one way."""
    started = []

    def start(how, **more):
        product = Product(make_directory(), prefix=["env", f"LD_PRELOAD={LIBRARY}", f"BROKEN={how}"])
        started.append(product)
        return product.start(**more)

    yield start
    for product in started:
        product.stop()
        shutil.rmtree(product.directory, ignore_errors=True)


def test_libraries_that_are_whole(broken):
    product = broken("nothing")
    product.ssh("show clock", check=0, options=["Ciphers=aes128-gcm@openssh.com"])
    assert "elf-test" not in product.output(), product.output()


def test_without_tags_aes_gcm_is_not_offered(broken):
    product = broken("gcm")
    said = re.findall(r"%SECURITY-SSHD-3-ERR_GENERAL : Self-test: .*", product.output())
    assert len(said) == 1 and "libssh takes AES-GCM packets that were changed on their way; AES-GCM is not offered until libssh" in said[0], \
        product.output()
    text = product.cli("-c", "show ssh server | include Encryption").stdout
    assert "chacha20-poly1305@openssh.com" in text and "gcm" not in text, text
    product.ssh("show clock", check=0)
    done = subprocess.run([word.replace("LogLevel=ERROR", "LogLevel=INFO") for word in
                           product.ssh_argv("show clock", options=["Ciphers=aes128-gcm@openssh.com,aes256-gcm@openssh.com"])],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
    assert done.returncode == 255 and "no matching cipher found. Their offer: aes128-ctr" in done.stdout, done.stdout
    wait_for(lambda: "aes128-gcm@openssh.com needs a libssh that refuses packets with a wrong tag" in product.output(),
             what="the line about the refusal")
    # nor is it by name, and a server that would be left with nothing is refused
    assert "% " not in product.configure("ssh server algorithms cipher aes256-gcm@openssh.com aes256-ctr")
    product.ssh("show clock", check=0)
    assert "% Failed to commit" in product.configure("ssh server algorithms cipher aes256-gcm@openssh.com")
    # the next daemon asks again
    product.kill_daemon("sallyport-sshd")
    assert "gcm" not in product.cli("-c", "show ssh server | include Encryption").stdout
    product.ssh("show clock", check=0)


def test_without_the_monitor_nothing_is_served(broken):
    product = broken("provider", expect_ready=False)
    wait_for(lambda: "The SSH service cannot start (self-test)" in product.output(), 20, "the refusal")
    line = next(line for line in product.output().splitlines() if "cannot start (self-test)" in line)
    assert line.endswith("no connection is served with these libraries"), line
    assert "Listening on port" not in product.output()
    done = product.ssh("show clock")
    assert done.returncode == 255 and "Connection refused" in done.stderr, done.stderr
