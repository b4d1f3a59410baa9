# SPDX-License-Identifier: GPL-3.0-or-later
"""What "show ssh history" picks out."""
import datetime
import json
import os
import re
import sqlite3
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
    assert [row["user"] for row in rows(product, "failed vrf default user admin")] == ["admin"], "in any order"
    text = product.cli("-c", "show ssh history details user mallory").stdout
    assert re.search(r" mallory +127\.0\.0\.1 +default +authentication-failed +password: no such user$", text, re.M), text
    text = product.cli("-c", "show ssh history user admin failed details").stdout
    assert re.search(r" authentication-failed +password: wrong password$", text, re.M), text


def test_everything_that_is_kept_can_be_reached(own_product):
    """More than a hundred, and back in time: by number, and by when they ended or began."""
    product = own_product
    product.ssh("show clock", check=0)
    wait_for(lambda: product.history(), what="a history row")
    database = sqlite3.connect(os.path.join(product.run_dir, "state/ssh/history.db"), timeout=10)
    names = [row[1] for row in database.execute("PRAGMA table_info(session)")]
    row = dict(zip(names, database.execute("SELECT * FROM session").fetchone()))
    noon = int(datetime.datetime(2026, 10, 14, 12).timestamp()) * 1000000  # one a minute until then

    def older():
        for i in range(300):
            end_us = noon - (300 - i) * 60000000
            yield tuple(dict(row, seq=None, id=1000 + i, user=f"u{i % 2}", start_us=end_us - 1000000, end_us=end_us)[name]
                        for name in names)
    database.execute("DELETE FROM session")
    database.executemany(f"INSERT INTO session VALUES ({','.join('?' * len(names))})", older())
    database.commit()
    database.close()

    def ids(*filters):
        return [row["id"] for row in rows(product, *filters)]

    assert ids() == list(range(1299, 1199, -1))
    assert ids("last 3") == [1299, 1298, 1297] and len(ids("last 10000")) == 300
    assert ids("start 2026-10-14T11:58") == [1299, 1298]
    assert ids("start 2026-10-14T11:30 end 2026-10-14T11:31:30") == [1271, 1270]
    assert ids("user u1 end 2026-10-14T07:05:00 last 2") == [1005, 1003], "the oldest are reached from behind"
    assert ids("vrf default since 5256000 start 2026-10-14 last 1 failed") == []
    assert ids("end 2026-10-13") == [] and ids("start 2099-01-01") == []
    assert "1299" in product.cli("-c", "show ssh history details last 1").stdout
    for wrong in ("start yesterday", "end 25:00", "start 2026-13-01", "end 2026-10-14T", "start -1"):
        said = product.cli("-c", f"show ssh history {wrong}").stdout
        assert "is no time" in said and "Incoming" not in said, (wrong, said)
    for wrong in ("last 0", "last 10001", "last x", "since -5", "user"):
        assert "% " in product.cli("-c", f"show ssh history {wrong}").stdout, wrong
