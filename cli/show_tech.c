/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: "show tech-support ssh": one archive with what somebody who helps will ask for. It is made by the operator's own
 * process, so it holds nothing that he may not see, and everything in it is scrubbed of secrets. Every show command
 * that needs no operand is in it, by the table, so a new command is too; a daemon that is dead leaves its complaint in
 * the place of its answer. Size and time are bounded: what there was no time for is named in the list of contents.
 */
#include "cli/show_tech.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/exec_history.h"
#include "cli/file_path.h"
#include "cli/tar_gz.h"
#include "cli/tech_scrub.h"
#include "services/ssh_report.h"

#define TIME_MAX_US	60000000
#define CONTENT_MAX	(256u << 20)
#define PIECE_MAX	(16u << 20)
#define FILE_MAX	(1u << 20) /* of one file of the system */
#define VRFS_MAX	64u
#define DEPTH_MAX	6u
#define UNWANTED	(STMT_WRITES | STMT_HIDDEN | STMT_BARE | STMT_UNSPOKEN) /* rows */
#define DIRECTORY	"harddisk:/showtech"
#define VERSION_LINE_MAX 512

struct tech {
	struct shell *shell;
	struct tar_gz *archive;
	int64_t begin_us; /* monotonic */
	int64_t wall_us;
	FILE *contents;
	char *contents_text;
	size_t contents_len;
	int result; /* of the archive */
};

/* ---- one file ---- */

static bool time_is_up(const struct tech *tech)
{
	return clock_monotonic_us() - tech->begin_us > TIME_MAX_US;
}

static void piece_add(struct tech *tech, const char *name, char *text, size_t len, const char *note)
{
	int r;

	if (len > PIECE_MAX) {
		note = "cut";
		len = PIECE_MAX;
	}
	column_clean(text, len, true);
	tech_scrub(text, len);
	r = tar_gz_add(tech->archive, name, tech->wall_us / 1000000, text, len);
	if (r < 0 && r != -EFBIG)
		tech->result = r;
	fprintf(tech->contents, "%-64s %10zu  %s\n", name, r == 0 ? len : 0,
		r == 0 ? note : "left out: the archive is full");
}

static void left_out(struct tech *tech, const char *name)
{
	fprintf(tech->contents, "%-64s %10d  left out: there was no time\n", name, 0);
}

/* ---- commands ---- */

static void file_name_of(const char *command, const char *ending, char *name, size_t size)
{
	snprintf(name, size, "commands/%.70s%s", command, ending);
	for (char *at = name + strlen("commands/"); *at; at++)
		if (*at == ' ' || *at == '/')
			*at = '-';
}

static void command_add(struct tech *tech, const char *command, bool as_json)
{
	AUTO(free) char *text = NULL;
	char name[100];
	size_t len = 0;
	int r;

	file_name_of(command, as_json ? ".json" : ".txt", name, sizeof(name));
	if (time_is_up(tech)) {
		left_out(tech, name);
		return;
	}
	r = shell_capture(tech->shell, command, as_json, &text, &len);
	if (!text || (as_json && r < 0))
		return; /* its complaint stands in the text */
	piece_add(tech, name, text, len, r < 0 ? "refused: see there" : "");
}

static bool is_wanted(const struct stmt *row)
{
	/* what was typed may have been a secret; an archive in the archive would not end */
	static const char *const unwanted[] = { "tech-support", "history" };

	for (size_t i = 0; i < ARRAY_SIZE(unwanted); i++)
		if (!strcmp(row->word, unwanted[i]))
			return false;
	return !(row->flags & UNWANTED);
}

static void rows_add(struct tech *tech, const struct stmt *rows, const char *before, unsigned depth)
{
	for (const struct stmt *row = rows; row && row->kind != STMT_END; row++) {
		bool whole = row->kind == STMT_FLAG ||
			     (row->kind == STMT_RUN && (!row->arg || (row->flags & STMT_ARG_OPTIONAL)));
		AUTO(free) char *command = NULL;

		if ((depth == 0 && !is_wanted(row)) || (row->flags & UNWANTED))
			continue;
		if (asprintf(&command, "%s %s", before, row->word) < 0) {
			command = NULL;
			return;
		}
		if (whole && row->run) {
			command_add(tech, command, false);
			command_add(tech, command, true);
		}
		if ((whole || row->kind == STMT_NODE) && depth < DEPTH_MAX)
			rows_add(tech, row->sub, command, depth + 1);
	}
}

static const struct stmt *row_of(const struct stmt *rows, const char *word)
{
	for (const struct stmt *row = rows; row && row->kind != STMT_END; row++)
		if (!strcmp(row->word, word))
			return row;
	return NULL;
}

static void commands_add(struct tech *tech)
{
	const struct stmt *show = row_of(exec_root, "show");

	if (show)
		rows_add(tech, show->sub, "show", 0);
}

/* ---- what commands do not show ---- */

static void vrfs_add(struct tech *tech)
{
	json_t *reply = NULL, *vrf;
	size_t i;

	remote_call(&tech->shell->remote, REMOTE_SSHD, SSH_LIST_VRFS, NULL, REMOTE_TIMEOUT_MS, &reply, NULL, NULL);
	json_array_foreach(json_object_get(reply, "vrfs"), i, vrf) {
		const char *name = json_string_value(json_object_get(vrf, "name"));
		char command[96];

		if (!name || i >= VRFS_MAX || strlen(name) > 32)
			continue;
		snprintf(command, sizeof(command), "show ssh server vrf %s", name);
		command_add(tech, command, false);
	}
	json_decref(reply);
}

static void history_add(struct tech *tech)
{
	json_t *reply = NULL;
	char *text;

	exec_history_read(tech->shell, json_object(), SSH_HISTORY_MAX, true, &reply);
	text = reply ? json_dumps(reply, JSON_INDENT(1)) : NULL;
	if (text)
		piece_add(tech, "history.json", text, strlen(text), "");
	free(text);
	json_decref(reply);
}

static void file_add(struct tech *tech, const char *path)
{
	AUTO(free) char *text = malloc(FILE_MAX);
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	ssize_t got;
	char name[100];

	if (!text || fd < 0)
		return;
	while (len < FILE_MAX && (got = read(fd, text + len, FILE_MAX - len)) > 0)
		len += (size_t)got;
	snprintf(name, sizeof(name), "system%.80s", path);
	piece_add(tech, name, text, len, "");
}

static void files_add(struct tech *tech)
{
	static const char *const paths[] = {
		"/proc/version", "/proc/uptime", "/proc/loadavg", "/proc/meminfo", "/proc/stat", "/proc/modules",
		"/proc/cmdline", "/proc/mounts", "/proc/net/tcp", "/proc/net/tcp6", "/proc/net/dev", "/proc/net/route",
		"/proc/net/ipv6_route", "/proc/net/if_inet6", "/proc/net/fib_trie", "/proc/net/sockstat",
		"/proc/net/sockstat6", "/proc/net/snmp", "/proc/net/netstat", "/proc/self/limits", "/proc/self/status",
		"/proc/sys/net/ipv4/tcp_l3mdev_accept", "/proc/sys/net/ipv4/udp_l3mdev_accept",
		"/proc/sys/net/ipv4/ip_local_port_range", "/proc/sys/kernel/pid_max", "/proc/sys/fs/file-nr",
		"/proc/sys/kernel/unprivileged_userns_clone", "/etc/os-release", "/etc/debian_version",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		file_add(tech, paths[i]);
}

/* Processes whose name says that they are ours. */
static void processes_write(FILE *out)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;

	while (processes && (entry = readdir(processes))) {
		char path[300], line[256];
		FILE *status;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/status", entry->d_name);
		status = fopen(path, "re");
		if (!status)
			continue;
		if (fgets(line, sizeof(line), status) && strstr(line, "\tsallyport")) {
			fputs(line, out);
			while (fgets(line, sizeof(line), status))
				fputs(line, out);
			fputc('\n', out);
		}
		fclose(status);
	}
	if (processes)
		closedir(processes);
}

static void directory_write(FILE *out, const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	fprintf(out, "%s:%s\n", path, directory ? "" : " not there");
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			fprintf(out, "  %s\n", entry->d_name);
	if (directory)
		closedir(directory);
}

static bool is_package(const char *name)
{
	static const char *const beginnings[] = {
		"libssh",     "libssl",	   "openssl", "openssh",     "libevent", "libjansson", "libnl-", "libseccomp",
		"libcap-ng", "libsqlite3", "libedit", "libc6", "linux-image", "iproute2", "zlib1g", "sallyport",
		"frr",	     "ifupdown",
	};

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (!strncmp(name, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

static void packages_write(FILE *out)
{
	FILE *status = fopen("/var/lib/dpkg/status", "re");
	char line[VERSION_LINE_MAX], name[VERSION_LINE_MAX] = "";

	if (!status)
		fputs("packages: this system has no dpkg\n", out);
	while (status && fgets(line, sizeof(line), status)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "Package: ", 9))
			snprintf(name, sizeof(name), "%s", line + 9);
		if (!strncmp(line, "Version: ", 9) && is_package(name))
			fprintf(out, "%s %s\n", name, line + 9);
	}
	if (status)
		fclose(status);
}

static void system_write(FILE *out)
{
	struct utsname kernel;

	fprintf(out, "sallyport %s\n", SHELL_VERSION);
	if (uname(&kernel) == 0)
		fprintf(out, "kernel %s %s %s\n", kernel.release, kernel.version, kernel.machine);
	packages_write(out);
}

static void interfaces_write(FILE *out)
{
	directory_write(out, "/sys/class/net");
	directory_write(out, "/run/netns");
}

static void written_add(struct tech *tech, const char *name, void (*write_it)(FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	write_it(out);
	if (fclose(out) == 0)
		piece_add(tech, name, text, len, "");
	free(text);
}

/* ---- the archive ---- */

static int contents_begin(struct tech *tech)
{
	char when[64];

	tech->contents = open_memstream(&tech->contents_text, &tech->contents_len);
	if (!tech->contents)
		return -ENOMEM;
	fprintf(tech->contents, "show tech-support ssh of %s, asked for by %s on %s\n%s UTC\n\n", tech->shell->hostname,
		tech->shell->user, tech->shell->line_name, clock_text_iso(tech->wall_us, when, sizeof(when)));
	return 0;
}

static void contents_end(struct tech *tech)
{
	if (fclose(take(tech->contents)) == 0 && tech->result == 0)
		tech->result = tar_gz_add(tech->archive, "contents.txt", tech->wall_us / 1000000, tech->contents_text,
					  tech->contents_len);
	free(take(tech->contents_text));
}

static int archive_fill(struct tech *tech, int fd)
{
	int r = tar_gz_new(fd, CONTENT_MAX, &tech->archive), end;

	if (r < 0)
		return r;
	r = contents_begin(tech);
	if (r == 0) {
		written_add(tech, "versions.txt", system_write);
		written_add(tech, "processes.txt", processes_write);
		written_add(tech, "interfaces.txt", interfaces_write);
		files_add(tech);
		commands_add(tech);
		vrfs_add(tech);
		history_add(tech);
		contents_end(tech);
		r = tech->result;
	}
	end = tar_gz_close(tech->archive);
	return r < 0 ? r : end;
}

static void directory_make(void)
{
	char name[FILE_PATH_MAX_BYTES];
	const char *leaf;
	int dir_fd;

	if (file_path_name(DIRECTORY, name, NULL) < 0 || file_path_parent(name, &dir_fd, &leaf, NULL) < 0)
		return;
	/* every user may leave archives there; who cannot make it finds it, or is told when the file cannot be made */
	if (mkdirat(dir_fd, leaf, 01777) == 0)
		(void)!fchmodat(dir_fd, leaf, 01777, 0);
	close(dir_fd);
}

/* An archive that is half there would be taken for a whole one. */
static void archive_remove(const char *path)
{
	char name[FILE_PATH_MAX_BYTES];
	const char *leaf;
	int dir_fd;

	if (file_path_name(path, name, NULL) < 0) {
		unlink(path);
	} else if (file_path_parent(name, &dir_fd, &leaf, NULL) == 0) {
		unlinkat(dir_fd, leaf, 0);
		close(dir_fd);
	}
}

/* Where it is, also when it was named from the working directory. */
static void place_show(const struct shell *shell, const char *path)
{
	char name[FILE_PATH_MAX_BYTES];

	if (file_path_name(path, name, NULL) == 0)
		path = name;
	fprintf(shell->out, "Show tech output available at " SHELL_LOCATION " : %s%s\n", path[0] == '/' ? "" : "/",
		path);
}

static const char *time_text(int64_t wall_us, char *text, size_t size)
{
	time_t now = (time_t)(wall_us / 1000000);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(text, size, "%Y-%b-%d.%H%M%S.UTC", &utc);
	return text;
}

static int run_tech(struct shell *shell, const struct match *match)
{
	const char *given = stmt_match_value(match, "file");
	struct tech tech = { .shell = shell, .begin_us = clock_monotonic_us(), .wall_us = clock_wall_us() };
	AUTO(close) int fd = -1;
	char path[FILE_PATH_MAX_BYTES], when[64], text[128];
	struct err err = { .text = "" };
	int r;

	snprintf(path, sizeof(path), "%s", given ? given : "");
	if (!given) {
		snprintf(path, sizeof(path), DIRECTORY "/showtech-ssh-%.63s-%s.tgz", shell->hostname,
			 time_text(tech.wall_us, when, sizeof(when)));
		directory_make();
	}
	if (file_path_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd, &err) < 0)
		return shell_refuse(shell, "The archive cannot be made: %s%s", err.text,
				    given ? "" : "; show tech-support ssh file PATH puts it elsewhere");
	snprintf(text, sizeof(text), "++ Show tech start time: %s ++\n", time_text(tech.wall_us, when, sizeof(when)));
	shell_show(shell, text);
	r = archive_fill(&tech, fd);
	if (r < 0 || fsync(fd) < 0) {
		archive_remove(path);
		return shell_refuse(shell, "The archive cannot be written: %s", strerror(r < 0 ? -r : errno));
	}
	place_show(shell, path);
	fprintf(shell->out, "++ Show tech end time: %s ++\n", time_text(clock_wall_us(), when, sizeof(when)));
	return 0;
}

static const struct arg arg_file = {
	.name = "FILE", .help = "Where the archive goes: harddisk:/NAME, or a path of Linux", .text = true, .min = 1,
	.max = 512, .words_taken = 1,
};

static const struct stmt ssh_rows[] = {
	{ .kind = STMT_RUN, .word = "file", .help = "Name the archive", .arg = &arg_file, .run = run_tech,
	  .task = "crypto", .source = "issue: show tech-support ssh" },
	STMT_DONE,
};

const struct stmt exec_tech_rows[] = {
	{ .kind = STMT_RUN, .word = "ssh", .help = "Everything about the SSH service in one archive", .run = run_tech,
	  .sub = ssh_rows, .task = "crypto", .source = "features.md 1C-28" },
	STMT_DONE,
};
