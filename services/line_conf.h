/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/line_conf.h - "line …" and "vty-pool …": templates of terminal lines, and which vty has which
 *
 * Shapes:  struct lines_conf as bound; struct line_settings, what holds on one line
 * Units:   in the names; 0 of a timeout: none
 * Errors:  see conf/stmt.h
 * Owns:    see conf/bind.h
 * Runs in: sallyport-sshd and every program that links conf/root.c; pure
 * Source:  features.md 2A (line, vty-pool); IOS XR: what a template does not say, "line default" says
 * Tests:   tests/unit/line_test.c, tests/system/test_line.py
 *
 * Lines are console and vtys. Until "vty-pool default" is configured there are as many vtys as there may be sessions,
 * all with "line default"; with it there are those of the pools. The numbers of "vty-pool eem" are kept free.
 */
#ifndef SERVICES_LINE_CONF_H
#define SERVICES_LINE_CONF_H

#include "conf/bind.h"

#define LINE_EXEC_TIMEOUT_MIN	 10 /* the default, minutes */
#define LINE_LENGTH		 24
#define LINE_WIDTH		 80
#define LINE_TEMPLATE_MAX_BYTES 32u
#define LINE_VTY_FREE		 300u /* the first vty that no pool can have */

struct line_template_conf {
	char *name;
	char *exec_timeout; /* "10 0": minutes and seconds */
	char *access_class, *access_class_ipv6;
	char *transport_input; /* "all", "none", or of "ssh telnet" */
	char *session_timeout; /* "0" */
	char *autocommand;
	int64_t absolute_timeout_min, login_response_s, length, width; /* STMT_UNSET */
	bool timestamp_disable;
};

struct line_pool_conf {
	char *text; /* "NAME FIRST LAST[ line-template T]" */
};

struct lines_conf {
	struct line_template_conf console, standard; /* "line console", "line default" */
	struct bind_list templates;		     /* struct line_template_conf */
	char *pool_default, *pool_eem;		     /* "FIRST LAST[ line-template T]" */
	struct bind_list pools;			     /* struct line_pool_conf */
};

/* Offsets are those of struct lines_conf: an owner of another struct adds where it lies. */
extern const struct stmt line_conf_children[], line_pool_children[];
#define LINE_CONF_ROWS                                                                                                 \
	{ .kind = STMT_NODE, .word = "line", .help = "Terminal lines", .sub = line_conf_children,                     \
	  .task = "tty-access", .source = "features.md 2A", .owners = OWNER_SSHD },                                    \
	{ .kind = STMT_NODE, .word = "vty-pool", .help = "Which virtual terminals there are",                         \
	  .sub = line_pool_children, .task = "tty-access", .source = "features.md 2A", .owners = OWNER_SSHD }

struct line_settings {
	char template_name[LINE_TEMPLATE_MAX_BYTES + 1]; /* "console", "default" */
	int64_t exec_timeout_s, absolute_timeout_s;
	int64_t login_response_s; /* 0: not said */
	int64_t length, width;	  /* -1: as the terminal is */
	bool timestamp, ssh;	  /* ssh may come in */
	/* of the configuration; may be NULL */
	const char *autocommand, *access_class, *access_class_ipv6, *transport_input;
};

/* What a line has. template_name "console", "default" or of "line template"; one that does not exist says nothing. */
void line_conf_settings(const struct lines_conf *conf, const char *template_name, struct line_settings *ret_settings);

enum line_pool_kind { LINE_POOL_DEFAULT, LINE_POOL_EEM, LINE_POOL_NAMED, LINE_POOL_NONE };
struct line_pool {
	enum line_pool_kind kind;
	char name[LINE_TEMPLATE_MAX_BYTES + 1], template_name[LINE_TEMPLATE_MAX_BYTES + 1];
	uint32_t first, last;
};
/* The pools that are configured, default and eem first; returns how many there are, at most pools_max are written. */
size_t line_conf_pools(const struct lines_conf *conf, struct line_pool *pools, size_t pools_max);
#define LINE_POOLS_MAX 64u
/* The pool a vty is in; without "vty-pool default" every other one is in the default pool. */
void line_conf_pool_of(const struct lines_conf *conf, uint32_t vty, struct line_pool *ret_pool);

/* Whether a session that began then on that vty has lasted its absolute-timeout; microseconds since 1970. */
bool line_conf_is_over(const struct lines_conf *conf, uint32_t vty, int64_t start_us, int64_t now_us);

/* What cannot be meant: templates that do not exist, pools that overlap. */
void line_conf_check(const struct lines_conf *conf,
		     void (*on_fault)(const char *line, const char *reason, void *userdata), void *userdata);

#endif
