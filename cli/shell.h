/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/shell.h - one operator's session: mode, prompt, terminal settings, and the run of one line
 *
 * Shapes:  struct shell; handlers of STMT_RUN rows get it and write to shell->out
 * Units:   length lines, width columns of the terminal
 * Errors:  a handler returns 0, or what shell_refuse() returned after telling the operator
 * Owns:    the shell owns everything it points to but the option texts
 * Runs in: sallyport (CLI)
 * Source:  clients.md sections 1 to 3
 * Tests:   tests/system/test_cli.py
 */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/edit.h"
#include "cli/pipe.h"
#include "cli/remote.h"
#include "conf/stmt.h"
#include "conf/task.h"
#include "services/ssh_report.h"

#define SHELL_VERSION	 "0.1.0"
#define SHELL_LOCATION	 "0/RP0/CPU0"
#define SHELL_LENGTH_MAX 512
#define SHELL_WIDTH_MAX	 512

struct config_mode;
struct log_monitor;

struct shell_options {
	int dir_fd; /* sockets relative to it; AT_FDCWD */
	const char *run_dir;
	int in_fd;
	FILE *out;
	bool one_command; /* the terminal, if there is one, keeps its modes */
};

struct shell {
	struct remote remote;
	struct edit *edit;
	struct config_mode *config; /* NULL in exec mode */
	struct log_monitor *monitor; /* "terminal monitor"; NULL: off */
	FILE *terminal;		    /* where everything goes in the end */
	FILE *out;		    /* output of the command that runs */
	FILE *refusals;		    /* its complaints, which no pipe filters */
	char *out_text, *refusals_text;
	size_t out_len, refusals_len;
	struct pipe_chain pipes;
	bool json_written; /* the command has answered to "| json" */
	bool head_written; /* the time line of the command that runs is out */
	bool timestamp;	   /* time line before the output of commands */
	const char *partial; /* the word that is being completed */
	const char *raw;   /* operand of a STMT_RAW command as typed */
	bool takes_input;  /* one command was given: what comes in is for it */
	int status;	   /* exit status that a command of its own chose, -1: by whether it was taken */
	bool leaving;	   /* the session ends after this line */
	bool paging;	   /* output may be stopped at a page */
	bool shows_prompt;
	unsigned length, width;
	bool length_typed, width_typed; /* by the operator: another size of the window does not change it */
	char hostname[64], user[64], line_name[16];
	struct line_report line; /* what holds on it */
	int64_t start_us;	 /* monotonic */
	char commit_id[16];	 /* that line is of */
	bool caller_known; /* the next are confd's answer */
	struct task_set tasks; /* what the caller may do; everything while nobody says: daemons ask again */
	char groups[512];      /* "root-lr, operator" */
	int64_t caller_us; /* monotonic time of the answer, 0: ask again */
	bool trial_armed;    /* a commit of this process waits to be confirmed, as far as we know */
	uint32_t session_id; /* ours in sshd's table, 0: not an SSH session */
};

int shell_new(const struct shell_options *options, struct shell **ret_shell);
void shell_free(struct shell *shell); /* NULL is fine */

/* Reads and runs lines until the operator leaves or the input ends. Returns the exit status: that of the last line. */
int shell_loop(struct shell *shell);
/* Runs one line, or several separated by newlines. 0, or 1 when the (last) one was refused. */
int shell_run(struct shell *shell, const char *lines);
/* The words that may come next in exec mode, one a line; names of what exists now only while the daemons answer. */
void shell_next_words(struct shell *shell, const char *before, FILE *out);

/* ---- for the modes ---- */

struct shell_table {
	const struct stmt *root;
	const struct match *context;
	bool may_negate;
};

/* Runs a line of commands out of root: pipes, match, authorization, time line, handler, output. column is where text
 * stands in the whole line as typed. */
int shell_command(struct shell *shell, const struct stmt *root, const char *line, const char *text);
/* Prints the caret line and the refusal that belong to a match that is not OK. */
int shell_refuse_match(struct shell *shell, const char *line, unsigned offset, const struct match *match);
/* Begins and ends the collection of output for what is not a command: configuration statements. */
int shell_begin(struct shell *shell);
void shell_end(struct shell *shell);

/* ---- for handlers ---- */

/* "% text" for the operator, whatever pipes there are. Always returns -EINVAL. */
int shell_refuse(struct shell *shell, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text for the operator as it is, whatever pipes there are. */
void shell_say(struct shell *shell, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text to be seen while the command still runs. With a pipe it waits like any output. */
void shell_show(struct shell *shell, const char *text);
/* Whether the command is to print JSON; the handler then calls column_json() and nothing else. */
bool shell_wants_json(struct shell *shell);
/* Shows what has been printed so far, asks, and gives the answer: "" for no answer. -EIO when the terminal has gone. */
int shell_ask(struct shell *shell, const char *question, char *answer, size_t size_bytes);
/* remote_call() with its failures told to the operator; 0, -EREMOTEIO with *ret_error, or what shell_refuse() gave. */
int shell_call(struct shell *shell, enum remote_daemon daemon, const char *method, json_t *parameters, int timeout_ms,
	       json_t **ret_reply, char **ret_error);
/* As shell_call() where every error answer is told too. */
int shell_fetch(struct shell *shell, enum remote_daemon daemon, const char *method, json_t *parameters,
		json_t **ret_reply);
/* Shows an answer; what cannot be read of it is told, and nothing shown. Takes the reply. */
int shell_show_reply(struct shell *shell, json_t *reply,
		     int (*render)(FILE *out, const json_t *reply, bool as_json, struct err *err));
/* Both: asks, and shows the answer. Takes the parameters. */
int shell_fetch_and_show(struct shell *shell, enum remote_daemon daemon, const char *method, json_t *parameters,
			 int (*render)(FILE *out, const json_t *reply, bool as_json, struct err *err));
/* Always returns -EINVAL. */
int shell_refuse_authorization(struct shell *shell);
/* What a command prints, complaints at the end, in *ret_text (malloc'ed), from within another one. 0, or what the
 * command returned. */
int shell_capture(struct shell *shell, const char *line, bool as_json, char **ret_text, size_t *ret_len);
/* Asks confd again who we are and how the router is called, before the next prompt. */
void shell_forget_caller(struct shell *shell);
/* Asks now when the last answer is older than max_age_us; without an answer the system's host name is taken. */
void shell_know_caller(struct shell *shell, int64_t max_age_us);

/* The exec commands. */
extern const struct stmt exec_root[];
/* An operand that is itself a line of another table: the names of their completion sources. */
#define SHELL_NESTED_EXEC   "exec"
#define SHELL_NESTED_CONFIG "config"

#endif
