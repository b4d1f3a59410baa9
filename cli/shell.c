/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the operator's session. A line becomes a match, the match a call of its handler, and what the handler prints is
 * collected, filtered by the pipes, cleaned of everything a terminal would obey, and shown page by page. Only questions
 * go to the terminal before a command has ended.
 */
#include "cli/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/column.h"
#include "cli/complete.h"
#include "cli/config_mode.h"
#include "cli/exec_file.h"
#include "cli/exec_logging.h"
#include "cli/pager.h"
#include "cli/shell_line.h"
#include "conf/config_report.h"
#include "conf/root.h"

#define CALLER_MAX_AGE_US 2000000 /* another session may have changed the host name */
#define PROMPT_MAX_BYTES 192

/* ---- who and where ---- */

static void system_hostname(char *hostname, size_t size_bytes)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 || !name[0])
		snprintf(name, sizeof(name), "router");
	name[strcspn(name, ".")] = '\0';
	snprintf(hostname, size_bytes, "%.63s", name);
}

/* A prompt must look like one whatever the name is: letters, digits, '-', '_', '.'. */
static void clean_hostname(char *hostname)
{
	for (char *c = hostname; *c; c++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", *c))
			*c = '-';
}

static void system_user(char *user, size_t size_bytes)
{
	const struct passwd *account = getpwuid(geteuid());

	if (account)
		snprintf(user, size_bytes, "%s", account->pw_name);
	else
		snprintf(user, size_bytes, "uid%u", (unsigned)geteuid());
}

/* What the answer says of the caller's rights; without an answer the daemons will say. */
static void take_rights(struct shell *shell, const json_t *reply)
{
	const char *tasks = json_string_value(json_object_get(reply, "tasks"));
	const json_t *group;
	size_t i, len = 0;

	memset(&shell->tasks, 0, sizeof(shell->tasks));
	shell->groups[0] = '\0';
	if (!reply)
		task_set_add_all(&shell->tasks, TASK_ACCESS_ALL);
	else if (tasks)
		task_set_parse(tasks, &shell->tasks);
	json_array_foreach(json_object_get(reply, "groups"), i, group)
		if (json_is_string(group) && len < sizeof(shell->groups))
			len += (size_t)snprintf(shell->groups + len, sizeof(shell->groups) - len, "%s%s",
						len ? ", " : "", json_string_value(group));
}

/* A commit may have changed how long the line may be idle. */
static void note_commit(struct shell *shell, const char *commit_id)
{
	bool known = shell->commit_id[0] != '\0';

	if (!commit_id || !strcmp(commit_id, shell->commit_id))
		return;
	snprintf(shell->commit_id, sizeof(shell->commit_id), "%s", commit_id);
	if (known)
		shell_line_refresh(shell);
}

void shell_forget_caller(struct shell *shell)
{
	shell->caller_us = 0;
}

void shell_know_caller(struct shell *shell, int64_t max_age_us)
{
	int64_t now_us = clock_monotonic_us();
	const char *hostname = NULL, *user = NULL;
	json_t *reply = NULL;

	if (shell->caller_us && now_us - shell->caller_us < max_age_us)
		return;
	remote_call(&shell->remote, REMOTE_CONFD, CONFIG_GET_CALLER, NULL, REMOTE_PROMPT_TIMEOUT_MS, &reply, NULL,
		    NULL);
	hostname = json_string_value(json_object_get(reply, "hostname"));
	user = json_string_value(json_object_get(reply, "user"));
	shell->caller_known = hostname && user;
	take_rights(shell, shell->caller_known ? reply : NULL);
	if (hostname && hostname[0])
		snprintf(shell->hostname, sizeof(shell->hostname), "%s", hostname);
	else if (!shell->hostname[0])
		system_hostname(shell->hostname, sizeof(shell->hostname));
	if (user && user[0])
		snprintf(shell->user, sizeof(shell->user), "%s", user);
	else if (!shell->user[0])
		system_user(shell->user, sizeof(shell->user));
	clean_hostname(shell->hostname);
	note_commit(shell, json_string_value(json_object_get(reply, "commit_id")));
	json_decref(reply);
	shell->caller_us = clock_monotonic_us(); /* a slow answer counts from its end */
}

static void make_prompt(struct shell *shell, char *prompt, size_t size_bytes)
{
	if (shell->config)
		snprintf(prompt, size_bytes, "RP/" SHELL_LOCATION ":%s(%s)#", shell->hostname,
			 config_mode_word(shell->config));
	else
		snprintf(prompt, size_bytes, "RP/" SHELL_LOCATION ":%s#", shell->hostname);
}

/* ---- output ---- */

int shell_begin(struct shell *shell)
{
	shell->json_written = false;
	shell->head_written = true; /* until a command says it has one */
	shell->out = open_memstream(&shell->out_text, &shell->out_len);
	shell->refusals = open_memstream(&shell->refusals_text, &shell->refusals_len);
	if (shell->out && shell->refusals)
		return 0;
	fputs("% Out of memory\n", shell->terminal);
	shell_end(shell);
	return -ENOMEM;
}

static int key_for_pager(void *userdata)
{
	struct shell *shell = userdata;

	return edit_key(shell->edit);
}

static void show_text(struct shell *shell, char *text, size_t len_bytes)
{
	int r;

	column_clean(text, len_bytes, true);
	r = pager_write(shell->terminal, text, len_bytes, shell->paging && !shell->pipes.no_more ? shell->length : 0,
			shell->width, key_for_pager, shell);
	if (r < 0)
		shell->leaving = true;
}

static void put_head(struct shell *shell, FILE *to)
{
	char text[64];

	if (!shell->head_written)
		fprintf(to, "%s\n", clock_text_prompt(clock_wall_us(), text, sizeof(text)));
	shell->head_written = true;
}

/* Ends the collection and shows it. Nothing is left open, whatever happens. */
static void close_streams(struct shell *shell)
{
	if (shell->out)
		fclose(shell->out);
	if (shell->refusals)
		fclose(shell->refusals);
	shell->out = shell->refusals = NULL;
}

/* How much of the text is left for the terminal: nothing. */
static size_t to_file(const struct shell *shell, const char *text, size_t len, FILE *out)
{
	int r = pipe_write(&shell->pipes, text, len);

	if (r < 0)
		fprintf(out, "%% The file is not whole: %s\n", strerror(-r));
	return 0;
}

void shell_end(struct shell *shell)
{
	AUTO(free) char *all = NULL;
	char *filtered = NULL;
	size_t all_len = 0, filtered_len = 0;
	FILE *whole;

	close_streams(shell);
	if (shell->out_text && pipe_apply(&shell->pipes, shell->out_text, shell->out_len, &filtered, &filtered_len) < 0)
		fputs("% Out of memory\n", shell->terminal);
	whole = open_memstream(&all, &all_len);
	if (whole) {
		put_head(shell, whole);
		if (filtered && shell->pipes.to_file)
			filtered_len = to_file(shell, filtered, filtered_len, whole);
		if (filtered)
			fwrite(filtered, 1, filtered_len, whole);
		if (shell->refusals_text)
			fwrite(shell->refusals_text, 1, shell->refusals_len, whole);
		if (fclose(whole) == 0)
			show_text(shell, all, all_len);
	}
	free(filtered);
	free(shell->out_text);
	free(shell->refusals_text);
	shell->out_text = shell->refusals_text = NULL;
	shell->out_len = shell->refusals_len = 0;
}

int shell_ask(struct shell *shell, const char *question, char *answer, size_t size_bytes)
{
	enum edit_result result;
	bool json_written = shell->json_written;

	shell_end(shell);
	result = edit_ask(shell->edit, question, answer, size_bytes);
	if (result == EDIT_CLOSED)
		shell->leaving = true;
	if (shell_begin(shell) < 0)
		return -ENOMEM;
	shell->json_written = json_written;
	return result == EDIT_CLOSED ? -EIO : 0;
}

int shell_refuse(struct shell *shell, const char *format, ...)
{
	va_list args;

	fputs("% ", shell->refusals);
	va_start(args, format);
	vfprintf(shell->refusals, format, args);
	va_end(args);
	fputc('\n', shell->refusals);
	return -EINVAL;
}

int shell_refuse_authorization(struct shell *shell)
{
	return shell_refuse(shell, "This command is not authorized");
}

void shell_say(struct shell *shell, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(shell->refusals, format, args);
	va_end(args);
}

void shell_show(struct shell *shell, const char *text)
{
	AUTO(free) char *clean = NULL;

	if (shell->pipes.len || shell->pipes.json) {
		fputs(text, shell->out);
		return;
	}
	clean = strdup(text);
	if (!clean)
		return;
	column_clean(clean, strlen(clean), true);
	put_head(shell, shell->terminal);
	fputs(clean, shell->terminal);
	fflush(shell->terminal);
}

bool shell_wants_json(struct shell *shell)
{
	if (shell->pipes.json)
		shell->json_written = true;
	return shell->pipes.json;
}

static size_t trimmed_len(const char *line)
{
	size_t len = strlen(line);

	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return len;
}

int shell_refuse_match(struct shell *shell, const char *line, unsigned offset, const struct match *match)
{
	char prompt[PROMPT_MAX_BYTES] = "";
	unsigned column = 0;

	switch (match->status) {
	case MATCH_OK:
	case MATCH_EMPTY:
		return 0;
	case MATCH_INCOMPLETE:
		return shell_refuse(shell, "Incomplete command.");
	case MATCH_AMBIGUOUS:
		return shell_refuse(shell, "Ambiguous command:  \"%.*s\"", (int)trimmed_len(line), line);
	case MATCH_INVALID:
		break;
	}
	if (shell->shows_prompt)
		make_prompt(shell, prompt, sizeof(prompt));
	for (unsigned i = 0; i < offset + match->mark && line[i]; i++)
		column += ((unsigned char)line[i] & 0xc0u) != 0x80;
	shell_say(shell, "%*s^\n", (int)(strlen(prompt) + column), "");
	shell_refuse(shell, "Invalid input detected at '^' marker.");
	if (match->err.text[0])
		shell_refuse(shell, "%s", match->err.text);
	return -EINVAL;
}

/* ---- calls ---- */

int shell_call(struct shell *shell, enum remote_daemon daemon, const char *method, json_t *parameters, int timeout_ms,
	       json_t **ret_reply, char **ret_error)
{
	struct err err = { 0 };
	int r = remote_call(&shell->remote, daemon, method, parameters, timeout_ms, ret_reply, ret_error, &err);

	if (r < 0 && r != -EREMOTEIO)
		return shell_refuse(shell, "%s", err.text);
	return r;
}

int shell_fetch(struct shell *shell, enum remote_daemon daemon, const char *method, json_t *parameters,
		json_t **ret_reply)
{
	AUTO(free) char *error = NULL;
	int r = shell_call(shell, daemon, method, parameters, REMOTE_TIMEOUT_MS, ret_reply, &error);

	if (r != -EREMOTEIO)
		return r;
	json_decref(*ret_reply);
	*ret_reply = NULL;
	if (error && !strcmp(error, "org.varlink.service.PermissionDenied"))
		return shell_refuse_authorization(shell);
	return shell_refuse(shell, "%s refused the command (%s)", remote_name(daemon),
			    error ? error : "no reason given");
}

int shell_show_reply(struct shell *shell, json_t *reply,
		     int (*render)(FILE *out, const json_t *reply, bool as_json, struct err *err))
{
	struct err err = { .text = "" };
	int r = render(shell->out, reply, shell_wants_json(shell), &err);

	json_decref(reply);
	if (r == 0)
		return 0;
	fseeko(shell->out, 0, SEEK_SET); /* half a table would be taken for a whole one */
	return shell_refuse(shell, "%s", err.text[0] ? err.text : "Out of memory");
}

int shell_fetch_and_show(struct shell *shell, enum remote_daemon daemon, const char *method, json_t *parameters,
			  int (*render)(FILE *out, const json_t *reply, bool as_json, struct err *err))
{
	json_t *reply = NULL;
	int r = shell_fetch(shell, daemon, method, parameters, &reply);

	return r < 0 ? r : shell_show_reply(shell, reply, render);
}

/* ---- commands ---- */

static void run_pipe(struct shell *shell, const char *line, const char *segment, int *result)
{
	const char *next = pipe_find(segment, false);
	AUTO(free) char *text = next ? strndup(segment, (size_t)(next - segment)) : strdup(segment);
	struct match match;

	if (!text) {
		*result = shell_refuse(shell, "Out of memory");
		return;
	}
	stmt_match(pipe_root, NULL, text, false, &match);
	if (match.status == MATCH_OK && !task_allows_command(&shell->tasks, &match))
		*result = shell_refuse_authorization(shell);
	else if (match.status == MATCH_OK)
		*result = stmt_match_row(&match)->run(shell, &match);
	else if (match.status == MATCH_EMPTY)
		*result = shell_refuse(shell, "Incomplete command.");
	else
		*result = shell_refuse_match(shell, line, (unsigned)(segment - line), &match);
	stmt_match_done(&match);
	if (*result == 0 && next)
		run_pipe(shell, line, next + 1, result);
}

static bool is_nested(const struct match *match, const char *name)
{
	const struct match_step *step = &match->steps[match->steps_len - 1];

	return step->value && step->row->arg->complete && !strcmp(step->row->arg->complete, name);
}

/* "do show ssh" is matched again as "show ssh"; the path of "show running-config" is matched to find its faults. */
static int match_nested(struct shell *shell, const struct stmt **root, const char *line, const char **text,
			struct match *match)
{
	struct match path;
	const char *inner;
	int r = 0;

	stmt_match(*root, NULL, *text, false, match);
	while (match->status == MATCH_OK && is_nested(match, SHELL_NESTED_EXEC)) {
		inner = complete_nested(*root, *text, SHELL_NESTED_EXEC);
		stmt_match_done(match);
		if (!inner)
			return shell_refuse(shell, "Incomplete command.");
		*root = exec_root;
		*text = inner;
		stmt_match(exec_root, NULL, inner, false, match);
	}
	if (match->status != MATCH_OK)
		return shell_refuse_match(shell, line, (unsigned)(*text - line), match);
	if (is_nested(match, SHELL_NESTED_CONFIG)) {
		inner = complete_nested(*root, *text, SHELL_NESTED_CONFIG);
		stmt_match(conf_root, NULL, inner ? inner : "", false, &path);
		/* a place in the configuration need not be a whole statement */
		if (inner && path.status != MATCH_INCOMPLETE && path.status != MATCH_OK)
			r = shell_refuse_match(shell, line, (unsigned)(inner - line), &path);
		stmt_match_done(&path);
	}
	return r;
}

static int run_match(struct shell *shell, const struct match *match)
{
	const struct stmt *row = stmt_match_row(match);
	int r;

	shell->head_written = !shell->timestamp || shell->pipes.json || (row->flags & STMT_NO_TIMESTAMP);
	r = row->run(shell, match);
	if (r == 0 && shell->pipes.json && !shell->json_written) {
		r = shell_refuse(shell, "This command has no rows to show as JSON");
		fseeko(shell->out, 0, SEEK_SET); /* drops the text */
	}
	return r;
}

/* Whether the operand is for another program to read; then shell->raw is where it begins. at: the command in line. */
static bool takes_raw(struct shell *shell, const struct match *match, const char *at)
{
	if (match->status != MATCH_OK || !(stmt_match_row(match)->flags & STMT_RAW) ||
	    !match->steps[match->steps_len - 1].value)
		return false;
	for (size_t i = 0; i < match->steps_len; i++) {
		at += strspn(at, " \t");
		at += strcspn(at, " \t");
	}
	shell->raw = at + strspn(at, " \t");
	return true;
}

int shell_command(struct shell *shell, const struct stmt *root, const char *line, const char *text)
{
	const char *pipe = pipe_find(text, true);
	AUTO(free) char *head = strndup(line, pipe ? (size_t)(pipe - line) : strlen(line));
	struct match match = { 0 };
	const char *at;
	int r = 0;

	if (!head || shell_begin(shell) < 0)
		return -ENOMEM;
	at = head + (text - line);
	r = match_nested(shell, &root, head, &at, &match);
	if (r == 0 && takes_raw(shell, &match, line + (at - head)) && pipe) {
		/* all of it is the operand, and is to be checked as one */
		stmt_match_done(&match);
		pipe = NULL;
		at = line + (at - head);
		r = match_nested(shell, &root, line, &at, &match);
	}
	if (r == 0 && match.status == MATCH_OK && !task_allows_command(&shell->tasks, &match))
		r = shell_refuse_authorization(shell);
	if (r == 0 && pipe && match.status == MATCH_OK)
		run_pipe(shell, line, pipe + 1, &r);
	if (r == 0 && match.status == MATCH_OK)
		r = run_match(shell, &match);
	stmt_match_done(&match);
	shell_end(shell);
	pipe_chain_done(&shell->pipes);
	return r;
}

static int capture_run(struct shell *shell, const char *line)
{
	struct match match;
	int r;

	stmt_match(exec_root, NULL, line, false, &match);
	if (match.status != MATCH_OK)
		r = shell_refuse(shell, "There is no such command");
	else if (!task_allows_command(&shell->tasks, &match))
		r = shell_refuse_authorization(shell);
	else
		r = run_match(shell, &match);
	stmt_match_done(&match);
	return r;
}

int shell_capture(struct shell *shell, const char *line, bool as_json, char **ret_text, size_t *ret_len)
{
	struct shell outer = *shell;
	FILE *both;
	int r;

	shell->pipes = (struct pipe_chain){ .json = as_json };
	if (shell_begin(shell) < 0) {
		*shell = outer;
		return -ENOMEM;
	}
	r = capture_run(shell, line);
	close_streams(shell);
	*ret_text = NULL;
	both = open_memstream(ret_text, ret_len);
	if (both) {
		fwrite(shell->out_text, 1, shell->out_len, both);
		fwrite(shell->refusals_text, 1, shell->refusals_len, both);
	}
	if (!both || fclose(both) != 0)
		r = -ENOMEM;
	free(shell->out_text);
	free(shell->refusals_text);
	/* what the command did to the collection of output is undone, and nothing else */
	shell->out = outer.out;
	shell->refusals = outer.refusals;
	shell->out_text = outer.out_text;
	shell->refusals_text = outer.refusals_text;
	shell->out_len = outer.out_len;
	shell->refusals_len = outer.refusals_len;
	shell->pipes = outer.pipes;
	shell->json_written = outer.json_written;
	shell->head_written = outer.head_written;
	return r;
}

/* ---- lines ---- */

struct secret_search {
	const char *line;
	bool found;
};

/* A line that failed may still hold a secret: any word that could be the keyword of one counts. */
static void on_secret_row(const struct stmt *const *path, size_t path_len, void *userdata)
{
	struct secret_search *search = userdata;
	const char *keyword = path[path_len - 1]->word, *at = search->line;

	if (!stmt_row_is_secret(path[path_len - 1]))
		return;
	while (*at) {
		size_t len;

		at += strspn(at, " \t");
		len = strcspn(at, " \t");
		if (len >= 2 && len <= strlen(keyword) && !strncasecmp(at, keyword, len))
			search->found = true;
		at += len;
	}
}

static bool may_hold_secret(const char *line)
{
	struct secret_search search = { .line = line };

	stmt_walk(conf_root, on_secret_row, &search);
	return search.found;
}

/* 0, or 1 when the line was refused. */
static int run_line(struct shell *shell, const char *line)
{
	bool secret = false;
	const char *start = line + strspn(line, " \t");
	int r;

	if (!*start || *start == '!')
		return 0;
	shell->status = -1;
	if (shell->config)
		r = config_mode_line(shell, line, &secret);
	else
		r = shell_command(shell, exec_root, line, line);
	if (secret || may_hold_secret(line))
		edit_wipe(shell->edit);
	else
		edit_remember(shell->edit, line);
	fflush(shell->terminal);
	if (ferror(shell->terminal))
		shell->leaving = true;
	return shell->status >= 0 ? shell->status : r < 0;
}

int shell_run(struct shell *shell, const char *lines)
{
	int status = 0;

	shell_know_caller(shell, CALLER_MAX_AGE_US);
	while (*lines && !shell->leaving) {
		size_t len = strcspn(lines, "\r\n");
		AUTO(free) char *line = strndup(lines, len);

		if (!line)
			return 1;
		if (len > STMT_LINE_MAX_BYTES)
			status = 1;
		if (len <= STMT_LINE_MAX_BYTES && line[strspn(line, " \t")])
			status = run_line(shell, line);
		lines += len + strspn(lines + len, "\r\n");
	}
	return status;
}

static int refuse_long_line(struct shell *shell)
{
	if (shell_begin(shell) == 0) {
		shell_refuse(shell, "Invalid input: the line is longer than %u bytes", STMT_LINE_MAX_BYTES);
		shell_end(shell);
	}
	return 1;
}

int shell_loop(struct shell *shell)
{
	int status = 0;

	shell->paging = shell->shows_prompt = edit_is_terminal(shell->edit);
	shell_line_begin(shell);
	shell_know_caller(shell, CALLER_MAX_AGE_US);
	if (shell->line.autocommand[0]) {
		status = run_line(shell, shell->line.autocommand);
		shell->leaving = true;
	}
	while (!shell->leaving) {
		char prompt[PROMPT_MAX_BYTES];
		enum edit_result got;
		char *line = NULL;

		shell_know_caller(shell, CALLER_MAX_AGE_US);
		make_prompt(shell, prompt, sizeof(prompt));
		got = edit_line(shell->edit, prompt, &line);
		if (edit_size_changed(shell->edit))
			shell_line_size(shell);
		switch (got) {
		case EDIT_LINE:
			status = line[0] ? run_line(shell, line) : status;
			explicit_bzero(line, strlen(line));
			break;
		case EDIT_LONG:
			status = refuse_long_line(shell);
			break;
		case EDIT_LEAVE:
			status = shell->config ? run_line(shell, "end") : 0;
			break;
		case EDIT_EXIT:
			status = run_line(shell, "exit");
			break;
		case EDIT_CLOSED:
			shell->leaving = true;
			break;
		}
		free(line);
	}
	if (shell_line_timed_out(shell))
		return SSH_EXIT_EXEC_TIMEOUT;
	return status;
}

/* ---- help ---- */

static bool row_is_visible(const struct stmt *row, void *userdata)
{
	const struct shell *shell = userdata;

	/* a statement is offered to be set, or as a part of "show running-config" */
	return task_shows_row(&shell->tasks, row, shell->config ? TASK_WRITE : TASK_READ);
}

static struct complete_scene scene_of(struct shell *shell)
{
	struct complete_scene scene = {
		.commands = { .root = exec_root },
		.exec = exec_root,
		.config = conf_root,
		.pipe = pipe_root,
		.visible = row_is_visible,
		.userdata = shell,
	};

	if (shell->config)
		config_mode_scene(shell->config, &scene);
	return scene;
}

/* The names that exist now, from the daemon that knows them. Without an answer there is nothing to complete. */
static const struct name_source {
	const char *name;
	enum remote_daemon daemon;
	const char *method, *list, *inner, *member;
} name_sources[] = {
	{ "vrf", REMOTE_SSHD, "org.sallyport.SSH.ListVrfs", "vrfs", NULL, "name" },
	{ "session", REMOTE_SSHD, "org.sallyport.SSH.ListSessions", "sessions", "session", "id" },
};

static void give_names(struct shell *shell, const struct name_source *source,
		       void (*on_value)(const char *value, void *to), void *to)
{
	json_t *reply = NULL, *entry;
	size_t i;

	remote_call(&shell->remote, source->daemon, source->method, NULL, REMOTE_PROMPT_TIMEOUT_MS, &reply, NULL, NULL);
	json_array_foreach(json_object_get(reply, source->list), i, entry) {
		json_t *row = source->inner ? json_object_get(entry, source->inner) : entry;
		json_t *value = json_object_get(row, source->member);
		char number[32];

		if (json_is_integer(value)) {
			snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
			on_value(number, to);
		} else if (json_is_string(value)) {
			on_value(json_string_value(value), to);
		}
	}
	json_decref(reply);
}

static void give_values(const char *name, void (*on_value)(const char *value, void *to), void *to, void *userdata)
{
	struct shell *shell = userdata;

	for (size_t i = 0; i < ARRAY_SIZE(name_sources); i++)
		if (!strcmp(name_sources[i].name, name))
			give_names(shell, &name_sources[i], on_value, to);
	if (!strcmp(name, EXEC_FILE_SOURCE))
		exec_file_names(shell->partial, on_value, to);
	if (shell->config)
		config_mode_values(shell->config, name, on_value, to);
}

struct help_values {
	struct hint_list *list;
	const char *partial;
};

static void on_help_value(const char *value, void *to)
{
	struct help_values *values = to;

	if (!strncmp(value, values->partial, strlen(values->partial)))
		hint_list_add(values->list, value, "", NULL, false);
}

/* The names that exist stand under the operand that takes them. */
static void add_values(struct shell *shell, const char *before, struct hint_list *list)
{
	const char *blank = strrchr(before, ' ');
	struct help_values values = { list, blank ? blank + 1 : before };
	size_t len = list->len;

	shell->partial = values.partial;
	for (size_t i = 0; i < len; i++)
		if (list->hints[i].arg && list->hints[i].arg->complete)
			give_values(list->hints[i].arg->complete, on_help_value, &values, shell);
}

/* Why there is no help: what the line would be refused for, were it entered. */
static void refuse_help(struct shell *shell, const struct complete_scene *scene, const char *before, unsigned column)
{
	const struct complete_table *tables[] = { &scene->commands, &scene->statements };
	struct match fault = { .status = MATCH_INVALID, .mark = column };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct match match = { 0 };

		if (tables[i]->root)
			stmt_match(tables[i]->root, tables[i]->context, before, tables[i]->may_negate, &match);
		if (match.status == MATCH_AMBIGUOUS || (match.status == MATCH_INVALID && match.mark > fault.mark)) {
			fault.status = match.status;
			fault.mark = match.mark;
		}
		stmt_match_done(&match);
	}
	shell_refuse_match(shell, before, 0, &fault);
}

static void on_help(const char *before, void *userdata)
{
	struct shell *shell = userdata;
	struct complete_scene scene = scene_of(shell);
	struct hint_list list = { 0 };
	unsigned column = 0;

	if (shell_begin(shell) < 0)
		return;
	if (complete_hints(&scene, before, &list, &column) < 0)
		refuse_help(shell, &scene, before, column);
	add_values(shell, before, &list);
	hint_list_print(&list, shell->out);
	hint_list_done(&list);
	shell_end(shell);
}

static size_t on_complete(const char *before, char *ret_insert, size_t size_bytes, void *userdata)
{
	struct shell *shell = userdata;
	struct complete_scene scene = scene_of(shell);
	struct hint_list list = { 0 };
	unsigned column;
	size_t candidates;

	ret_insert[0] = '\0';
	shell->partial = strrchr(before, ' ') ? strrchr(before, ' ') + 1 : before;
	if (complete_hints(&scene, before, &list, &column) < 0)
		return 0;
	candidates = complete_insert(&list, before, give_values, shell, ret_insert, size_bytes);
	column_clean(ret_insert, strlen(ret_insert), false);
	hint_list_done(&list);
	return candidates;
}

/* ---- for another shell's completion ---- */

struct next_words {
	FILE *out;
	const char *partial;
};

/* A name from elsewhere is offered only when it is a word as it stands. */
static void on_next_word(const char *value, void *to)
{
	const struct next_words *words = to;
	AUTO(free) char *clean = strdup(value);

	if (!clean || strncasecmp(value, words->partial, strlen(words->partial)) != 0)
		return;
	column_clean(clean, strlen(clean), false);
	if (clean[0] && !strcmp(clean, value) && !strpbrk(clean, " \t"))
		fprintf(words->out, "%s\n", clean);
}

void shell_next_words(struct shell *shell, const char *before, FILE *out)
{
	const char *blank = strrchr(before, ' ');
	struct next_words words = { .out = out, .partial = blank ? blank + 1 : before };
	struct complete_scene scene;
	struct hint_list list = { 0 };
	unsigned column;

	shell_know_caller(shell, 0);
	scene = scene_of(shell);
	if (complete_hints(&scene, before, &list, &column) < 0)
		return;
	for (size_t i = 0; i < list.len; i++) {
		const struct hint *hint = &list.hints[i];

		if (hint->arg && hint->arg->complete)
			give_values(hint->arg->complete, on_next_word, &words, shell);
		else if (!hint->arg && !hint->enter)
			fprintf(out, "%s\n", hint->word);
	}
	hint_list_done(&list);
}

static const struct edit_ops edit_ops = { .help = on_help, .complete = on_complete };

/* ---- life ---- */

int shell_new(const struct shell_options *options, struct shell **ret_shell)
{
	struct shell *shell = calloc(1, sizeof(*shell));
	const char *session = getenv("SALLYPORT_SESSION"), *line_name = getenv("SALLYPORT_LINE");
	int r;

	if (!shell)
		return -ENOMEM;
	shell->remote = (struct remote){ .dir_fd = options->dir_fd, .dir = options->run_dir };
	shell->terminal = options->out;
	shell->timestamp = true;
	shell->takes_input = options->one_command;
	shell->session_id = session ? (uint32_t)strtoul(session, NULL, 10) : 0;
	snprintf(shell->line_name, sizeof(shell->line_name), "%s", line_name ? line_name : "con0");
	r = edit_new(options->in_fd, options->out, options->one_command ? NULL : &edit_ops, shell, &shell->edit);
	if (r < 0) {
		free(shell);
		return r;
	}
	shell->line = (struct line_report){ .length = -1, .width = -1, .timestamp = true, .exec_timeout_s = 600 };
	shell_line_size(shell);
	*ret_shell = shell;
	return 0;
}

void shell_free(struct shell *shell)
{
	if (!shell)
		return;
	config_mode_free(shell->config);
	log_monitor_free(shell->monitor);
	edit_free(shell->edit);
	free(shell);
}
