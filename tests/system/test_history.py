# SPDX-License-Identifier: GPL-3.0-or-later
"""What "show ssh history" picks out."""
import json
import subprocess

from conftest import wait_for


def wrong_login(product, user):
    subprocess.run(["sshpass", "-p", "wrong-one", *product.ssh_argv("show clock", user=user, key=False, options=[
        "PreferredAuthentications=password", "PubkeyAuthentication=no", "NumberOfPasswordPrompts=1"])], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=30)


def rows(product, *filters):
    done = product.cli("-c", " ".join(["show ssh history", *filters, "| json"]))
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)


def test_filters_of_history(own_product):
    product = own_product
    product.ssh("show clock", check=0)
    wrong_login(product, "admin")
    wrong_login(product, "mallory")
    wait_for(lambda: len(product.history()) == 3, what="three history rows")
    assert [row["user"] for row in rows(product)] == ["mallory", "admin", "admin"]
    assert [row["authentication"] for row in rows(product, "user admin")] == ["--", "public-key"]
    assert [row["user"] for row in rows(product, "failed")] == ["mallory", "admin"]
    assert [row["user"] for row in rows(product, "user admin failed")] == ["admin"]
    assert all(row["end_reason"] == "authentication-failed" for row in rows(product, "failed")), rows(product, "failed")
    assert len(rows(product, "details vrf default since 5")) == 3
    assert rows(product, "vrf elsewhere") == [] and rows(product, "user nobody") == []
    assert "% Invalid input" in product.cli("-c", "show ssh history failed user admin").stdout
    text = product.cli("-c", "show ssh history details user mallory").stdout
    assert "mallory" in text and "authentication-failed" in text, text
