/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli/edit.h - lines from the operator: from a terminal with editing and history, or from a pipe as they are
 *
 * Shapes:  struct edit, one input; enum edit_result
 * Units:   none
 * Errors:  0 or -errno; a vanished terminal is EDIT_CLOSED
 * Owns:    the edit owns the editor, the history and the terminal modes, which edit_free() puts back
 * Runs in: sallyport (CLI)
 * Source:  clients.md section 1: echo is what was typed, no escape sequences, type-ahead is never lost
 * Tests:   tests/system/test_cli.py, tests/fuzz/fuzz_edit.c
 */
#ifndef CLI_EDIT_H
#define CLI_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct edit;

enum edit_result {
	EDIT_LINE,   /* a line, without its end */
	EDIT_LONG,   /* a line longer than STMT_LINE_MAX_BYTES, dropped whole */
	EDIT_LEAVE,  /* Ctrl-Z: end of configuration mode */
	EDIT_EXIT,   /* Ctrl-D on an empty line */
	EDIT_CLOSED, /* end of input, or the terminal has gone */
};

struct edit_ops {
	/* '?' was typed: print what may come next. before is the line up to the cursor. */
	void (*help)(const char *before, void *userdata);
	/* Tab: writes what to insert at the cursor; returns how many candidates there are. */
	size_t (*complete)(const char *before, char *ret_insert, size_t size_bytes, void *userdata);
};

/* The terminal is used when in_fd and out both are one and ops is not NULL. ops is borrowed. */
int edit_new(int in_fd, FILE *out, const struct edit_ops *ops, void *userdata, struct edit **ret_edit);
void edit_free(struct edit *edit); /* NULL is fine */
bool edit_is_terminal(const struct edit *edit);

/* Shows the prompt and reads a line; *ret_line is malloc'ed for EDIT_LINE, else NULL. Without a terminal no prompt is
 * shown. */
enum edit_result edit_line(struct edit *edit, const char *prompt, char **ret_line);
/* Shows the question, which ends without a newline, and reads an answer of a few words; Ctrl-C and Ctrl-Z answer "".
 * EDIT_LINE or EDIT_CLOSED. */
enum edit_result edit_ask(struct edit *edit, const char *question, char *answer, size_t size_bytes);
/* How long input is waited for: idle_s seconds each time, and never longer than until_us (monotonic); 0: for ever. Then
 * the input is at its end, and edit_timed_out() says so. */
void edit_limit(struct edit *edit, int64_t idle_s, int64_t until_us);
enum edit_timeout { EDIT_IN_TIME, EDIT_IDLE, EDIT_OVER };
enum edit_timeout edit_timed_out(const struct edit *edit);
/* One key as it was sent, -1 when the terminal has gone. */
int edit_key(struct edit *edit);

/* While a line is being typed, on_ready is called whenever fd can be read; it may return true after it has printed
 * whole lines, which then stand above the line that is typed. fd -1 ends it. */
void edit_watch(struct edit *edit, int fd, bool (*on_ready)(void *userdata), void *userdata);
/* Begins a new line on the terminal; for on_ready, before what it prints. */
void edit_step_aside(struct edit *edit);
/* Whether Ctrl-C, or Ctrl-^ as on other routers, has come from the terminal meanwhile; what was typed before it is
 * dropped with it, everything else is kept for the next line. Also true when the terminal has gone. Never waits. */
bool edit_interrupted(struct edit *edit);
/* What to poll for edit_interrupted(), -1 when there is no terminal. */
int edit_input_fd(const struct edit *edit);

/* Gives the terminal to a program as it finds one after login, and takes it back. */
void edit_lend(struct edit *edit);
void edit_take_back(struct edit *edit);

#define EDIT_HISTORY_MAX 1000
/* How many lines the history keeps: the newest. */
void edit_remember_lines(struct edit *edit, unsigned count);
/* The lines of the history, the oldest first. */
void edit_each_line(struct edit *edit, void (*on_line)(const char *line, void *userdata), void *userdata);
/* Puts the line into the history that the arrow keys walk. */
void edit_remember(struct edit *edit, const char *line);
/* Wipes what the editor still holds of the last line: it held a secret. */
void edit_wipe(struct edit *edit);

/* Lines and columns of the terminal, 0 when unknown. */
void edit_size(const struct edit *edit, unsigned *ret_lines, unsigned *ret_columns);
/* True once after each change of the terminal's size. */
bool edit_size_changed(struct edit *edit);

#endif
