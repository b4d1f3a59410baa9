/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the commands that sallyport-sshd answers: fetch, then render. Rendering is in show_ssh.c and knows no daemon.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/exec.h"
#include "cli/show_ssh.h"

#define PTS_MAJOR_FIRST 136 /* Documentation/admin-guide/devices.txt: 136-143 are Unix98 pty slaves */
#define PTS_MAJOR_LAST	143

int exec_show_ssh(struct shell *shell, const struct match *match)
{
	(void)match;
	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_LIST_SESSIONS, NULL, show_ssh_sessions);
}

int exec_show_ssh_details(struct shell *shell, const struct match *match)
{
	(void)match;
	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_LIST_SESSIONS, NULL, show_ssh_session_details);
}

static int show_rekey_now(FILE *out, const json_t *reply, bool as_json, struct err *err)
{
	return show_ssh_rekey(out, reply, clock_wall_us(), as_json, err);
}

int exec_show_ssh_rekey(struct shell *shell, const struct match *match)
{
	(void)match;
	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_LIST_SESSIONS, NULL, show_rekey_now);
}

int exec_show_ssh_server(struct shell *shell, const struct match *match)
{
	(void)match;
	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_GET_SERVER, NULL, show_ssh_server);
}

int exec_show_ssh_server_vrf(struct shell *shell, const struct match *match)
{
	const char *vrf = stmt_match_value(match, "vrf");
	AUTO(free) char *error = NULL;
	struct err err = { 0 };
	json_t *reply = NULL;
	int r = shell_call(shell, REMOTE_SSHD, SSH_GET_SERVER, json_pack("{s:s}", "vrf", vrf), REMOTE_TIMEOUT_MS,
			   &reply, &error);

	if (r == -EREMOTEIO && error && !strcmp(error, SSH_ERROR_NO_VRF))
		return shell_refuse(shell, "The SSH server does not serve VRF %s; ssh server vrf %s makes it", vrf,
				    vrf);
	if (r == -EREMOTEIO)
		return shell_refuse(shell, "%s refused the command (%s)", remote_name(REMOTE_SSHD),
				    error ? error : "no reason given");
	if (r < 0)
		return r;
	r = show_ssh_server(shell->out, reply, shell_wants_json(shell), &err);
	json_decref(reply);
	return r < 0 ? shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory") : 0;
}

int exec_show_vrf(struct shell *shell, const struct match *match)
{
	(void)match;
	return shell_fetch_and_show(shell, REMOTE_SSHD, SSH_LIST_VRFS, NULL, show_vrfs);
}

/* ---- show users ---- */

/* Parent and controlling terminal of a process: fields 4 and 7 of /proc/PID/stat. False when it has gone. */
static bool process_terminal(const char *pid, unsigned long *ret_parent, unsigned *ret_terminal)
{
	char path[64], line[512], *after;
	FILE *file;
	bool read;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	read = fgets(line, sizeof(line), file) != NULL;
	fclose(file);
	after = read ? strrchr(line, ')') : NULL; /* the name before it may hold anything */
	return after && sscanf(after, ") %*c %lu %*d %*d %u", ret_parent, ret_terminal) == 2;
}

static int64_t terminal_idle_s(unsigned terminal)
{
	unsigned number = minor(terminal) + (major(terminal) - PTS_MAJOR_FIRST) * 256;
	struct stat status;
	char path[32];
	int64_t idle_s;

	snprintf(path, sizeof(path), "/dev/pts/%u", number);
	if (major(terminal) < PTS_MAJOR_FIRST || major(terminal) > PTS_MAJOR_LAST || stat(path, &status) < 0)
		return -1;
	idle_s = clock_wall_us() / 1000000 - status.st_atim.tv_sec; /* read by the shell when something is typed */
	return idle_s > 0 ? idle_s : 0;
}

/* The shell of a session is a child of its monitor; its terminal tells when something was typed last. */
static int64_t session_idle_s(const struct session_report *session)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	int64_t idle_s = -1;

	while (processes && idle_s < 0 && (entry = readdir(processes))) {
		unsigned long parent;
		unsigned terminal;

		if (isdigit((unsigned char)entry->d_name[0]) &&
		    process_terminal(entry->d_name, &parent, &terminal) && parent == session->pid)
			idle_s = terminal_idle_s(terminal);
	}
	if (processes)
		closedir(processes);
	return idle_s;
}

int exec_show_users(struct shell *shell, const struct match *match)
{
	struct show_users_ask ask = {
		.own_session_id = shell->session_id,
		.own_line = shell->line_name,
		.own_user = shell->user,
		.idle_s = session_idle_s,
	};
	struct err err = { 0 };
	json_t *reply = NULL;
	int r = shell_fetch(shell, REMOTE_SSHD, SSH_LIST_SESSIONS, NULL, &reply);

	(void)match;
	if (r < 0)
		return r;
	r = show_users(shell->out, reply, &ask, shell_wants_json(shell), &err);
	json_decref(reply);
	return r < 0 ? shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory") : 0;
}

/* ---- clear ssh ---- */

int exec_clear_ssh(struct shell *shell, const struct match *match)
{
	const char *id = stmt_match_value(match, "ssh");
	AUTO(free) char *error = NULL;
	json_t *parameters;
	int r;

	if (!id)
		return shell_refuse(shell, "Incomplete command: say which session; show ssh lists those there are");
	parameters = json_pack("{s:I}", "id", (json_int_t)strtoll(id, NULL, 10));
	r = shell_call(shell, REMOTE_SSHD, SSH_CLEAR_SESSION, parameters, REMOTE_TIMEOUT_MS, NULL, &error);
	if (r != -EREMOTEIO)
		return r;
	if (error && !strcmp(error, SSH_ERROR_NO_SESSION))
		return shell_refuse(shell, "There is no SSH session %s; show ssh lists those there are", id);
	if (error && !strcmp(error, "org.varlink.service.PermissionDenied"))
		return shell_refuse(shell, "This command is not authorized");
	return shell_refuse(shell, "%s refused the command (%s)", remote_name(REMOTE_SSHD),
			    error ? error : "no reason given");
}
