# SPDX-License-Identifier: GPL-3.0-or-later
"""Both daemons as the CLI sees them, in a thread: they answer what a test puts into them."""
import json
import os
import socket
import threading

CONFIG, SSH = "org.sallyport.Config", "org.sallyport.SSH"

# what the predefined groups give, of the tasks that commands ask for
TASKS = {
    "root-lr": ",".join(f"rwxd:{task}" for task in ("aaa", "acl", "basic-services", "config-services", "crypto", "diag", "filesystem",
                                                    "ip-services", "logging", "monitor", "network", "root-lr", "system",
                                                    "tty-access")),
    "operator": "rwxd:basic-services,r:cdp,r:diag,rx:ext-access,r:logging",
}


class Daemon:
    """One Varlink socket. answers maps a method to a function of its parameters, which returns parameters or Error."""

    def __init__(self, path, answers):
        self.path = path
        self.answers = answers
        self.calls = []
        self.listener = None
        self.start()

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)

    def accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        data = b""
        with peer:
            while True:
                while b"\0" not in data:
                    try:
                        more = peer.recv(65536)
                    except OSError:
                        return
                    if not more:
                        return
                    data += more
                message, data = data.split(b"\0", 1)
                call = json.loads(message)
                reply = self.answer(call["method"], call.get("parameters", {}))
                if reply is None:
                    return
                peer.sendall(json.dumps(reply).encode() + b"\0")

    def answer(self, method, parameters):
        self.calls.append((method, parameters))
        answer = self.answers.get(method)
        if answer is None:
            return {"error": "org.varlink.service.MethodNotFound", "parameters": {"method": method}}
        try:
            return {"parameters": answer(parameters)}
        except Error as error:
            return {"error": error.name, "parameters": error.parameters}
        except Silent:
            return None


class Error(Exception):
    def __init__(self, name, **parameters):
        super().__init__(name)
        self.name = name
        self.parameters = parameters


class Silent(Exception):
    """The daemon closes the connection in the middle of the call."""


class Config:
    """A running configuration of flat lines."""

    def __init__(self, path):
        self.lines = []
        self.commits = []
        self.groups = ["root-lr"]
        self.user = "admin"
        self.next_commit = None  # raised by the next Commit
        self.daemon = Daemon(path, {
            f"{CONFIG}.GetCaller": self.get_caller, f"{CONFIG}.GetRunning": self.get_running,
            f"{CONFIG}.OpenSession": lambda _: {"session_id": "00001000-00000001-00000000", "sessions": []},
            f"{CONFIG}.Commit": self.commit, f"{CONFIG}.ListCommits": lambda _: {"commits": self.commits}})

    def hostname(self):
        names = [line.split()[1] for line in self.lines if line.startswith("hostname ")]
        return names[-1] if names else "router"

    def commit_id(self):
        return self.commits[0]["commit_id"] if self.commits else ""

    def get_caller(self, _):
        return {"hostname": self.hostname(), "domain_name": "", "user": self.user, "groups": self.groups,
                "tasks": TASKS.get(self.groups[0], "") if self.groups else "",
                "commit_id": self.commit_id()}

    def get_running(self, _):
        return {"commit_id": self.commit_id(), "text": "".join(line + "\n" for line in self.lines),
                "changed_us": self.commits[0]["changed_us"] if self.commits else 0,
                "changed_by": self.commits[0]["user"] if self.commits else ""}

    def take(self, lines, user="admin", **more):
        for line in lines:
            if line.startswith("no "):
                self.lines = [old for old in self.lines if not (old + " ").startswith(line[3:] + " ")]
            elif line.startswith("hostname "):
                self.lines = [line] + [old for old in self.lines if not old.startswith("hostname ")]
            elif line not in self.lines:
                self.lines.append(line)
        self.commits.insert(0, {"commit_id": str(1000000001 + len(self.commits)), "user": user, "line": "con0", "client": "CLI",
                                "label": "", "comment": "", "changed_us": 1791976925000000, **more})

    def commit(self, parameters):
        if self.next_commit:
            error, self.next_commit = self.next_commit, None
            raise error
        if parameters["base_commit_id"] != self.commit_id():
            raise Error(f"{CONFIG}.Conflict", commits=self.commits[:1])
        self.take(parameters["lines"], line=parameters["line_name"], label=parameters.get("label") or "",
                  comment=parameters.get("comment") or "")
        return {"commit_id": self.commit_id()}


def session(session_id, **more):
    return {"id": session_id, "vty": session_id - 1, "vrf": "default", "user": "admin", "peer_address": "192.168.122.1",
            "peer_port": 50022, "state": "SESSION_OPEN", "authentication": "password", "auth_word": "password",
            "kex": "curve25519-sha256", "host_key": "ssh-ed25519", "cipher_in": "aes128-ctr", "cipher_out": "aes128-ctr",
            "mac_in": "hmac-sha2-256", "mac_out": "hmac-sha2-256", "start_us": 1791976925000000,
            "first_type": "Command-Line-Interface", "had_pty": True, **more}


class Sshd:
    def __init__(self, path):
        self.sessions = [session(1), session(2, vrf="blue", user="evil\x1b[31m\r\n\x9bname")]
        self.cleared = []
        self.daemon = Daemon(path, {
            f"{SSH}.ListSessions": self.list_sessions,
            f"{SSH}.ListHistory": lambda _: {"sessions": [session(9, end_us=1791976926000000, end_reason="exit")]},
            f"{SSH}.ListVrfs": lambda _: {"vrfs": [{"name": name, "kind": "vrf", "state": "up", "device": name, "table_id": 10,
                                                    "ifindex": 7} for name in ("blue", "blush", "red")]},
            f"{SSH}.ClearSession": self.clear})

    def list_sessions(self, _):
        return {"sessions": [{"session": row, "channels": [{"session_id": row["id"], "channel": 1, "has_pty": True,
                                                            "type": "Command-Line-Interface", "command": ""}]}
                             for row in self.sessions]}

    def clear(self, parameters):
        if parameters["id"] not in [row["id"] for row in self.sessions]:
            raise Error(f"{SSH}.NoSuchSession")
        self.cleared.append(parameters["id"])
        return {}
