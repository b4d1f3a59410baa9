/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: terminal lines. Three places take the same statements: the console, the default template and named templates;
 * the rows are one macro, given for each. What a template does not say the default template says, and what that does
 * not say is built in.
 */
#include "services/line_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "services/access_list.h"

#define MINUTES_MAX 35791

/* ---- operands ---- */

/* The number a word is, within bounds; -1 when it is none. */
static long word_number(const char *word, long min, long max)
{
	char *end;
	long value;

	if (!*word || strspn(word, "0123456789") != strlen(word) || strlen(word) > 6)
		return -1;
	value = strtol(word, &end, 10);
	return value >= min && value <= max ? value : -1;
}

static int text_give(char **ret_text, char *text)
{
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

static int exec_timeout_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	char copy[32], *words = copy, *minutes_word, *seconds_word, *canonical = NULL;
	long minutes, seconds;

	(void)arg;
	if (strlen(text) >= sizeof(copy))
		return err_set(err, -EINVAL, "must be minutes and seconds");
	memcpy(copy, text, strlen(text) + 1);
	minutes_word = strsep(&words, " ");
	seconds_word = strsep(&words, " ");
	minutes = word_number(minutes_word, 0, MINUTES_MAX);
	seconds = seconds_word ? word_number(seconds_word, 0, 59) : 0;
	if (minutes < 0)
		return err_set(err, -EINVAL, "must begin with minutes, from 0 to %d", MINUTES_MAX);
	if (seconds < 0 || words)
		return err_set(err, -EINVAL, "takes seconds, from 0 to 59, behind the minutes");
	if (asprintf(&canonical, "%ld %ld", minutes, seconds) < 0)
		canonical = NULL;
	return text_give(ret_text, canonical);
}

static int transport_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	char copy[64], *words = copy, *word;
	bool ssh = false, telnet = false, other = false;

	(void)arg;
	if (strlen(text) < sizeof(copy)) {
		memcpy(copy, text, strlen(text) + 1);
		while ((word = strsep(&words, " "))) {
			if (!strcmp(word, "ssh"))
				ssh = true;
			else if (!strcmp(word, "telnet"))
				telnet = true;
			else
				other = true;
		}
		if (!other)
			return text_give(ret_text, strdup(ssh && telnet ? "ssh telnet" : ssh ? "ssh" : "telnet"));
	}
	for (size_t i = 0; arg->words[i]; i++)
		if (!strcmp(text, arg->words[i]))
			return text_give(ret_text, strdup(text));
	return err_set(err, -EINVAL, "must be all, none, or of ssh and telnet");
}

static const char *const transport_words[] = { "all", "none", "ssh", "telnet", NULL };
static const char *const session_timeout_words[] = { "0", NULL };

static const struct arg arg_exec_timeout = {
	.name = "<0-35791> <0-59>", .help = "Minutes and seconds without input; 0 0 for ever", .min = 1, .max = 31,
	.text = true, .canonical = exec_timeout_canonical,
};
static const struct arg arg_absolute = {
	.help = "Time after which the session ends, whatever it does; 0 never", .unit = "minutes", .min = 0,
	.max = 10000, .words_taken = 1,
};
static const struct arg arg_session_timeout = {
	.help = "Never: no connection can be made from a line yet that could be timed", .words = session_timeout_words,
	.words_taken = 1,
};
static const struct arg arg_login_response = {
	.help = "Time to log in, where it is shorter than ssh timeout; 0 no limit of its own", .unit = "seconds",
	.min = 0, .max = 300, .words_taken = 1,
};
static const struct arg arg_length = {
	.help = "Lines of the screen, instead of what the terminal says; 0 for no pausing", .unit = "lines", .min = 0,
	.max = 512, .words_taken = 1,
};
static const struct arg arg_width = {
	.help = "Columns of the screen, instead of what the terminal says", .unit = "columns", .min = 0, .max = 512,
	.words_taken = 1,
};
static const struct arg arg_transport = {
	.name = "LINE", .help = "Who may come in: all, none, ssh; there is no Telnet server", .min = 1, .max = 16,
	.text = true, .words = transport_words, .canonical = transport_canonical,
};
static const struct arg arg_autocommand = {
	.name = "LINE", .help = "Runs instead of a shell, with the user's rights; that of default not on the console",
	.min = 1, .max = 200, .text = true,
};

/* ---- pools ---- */

static const char *pool_name_fault(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > LINE_TEMPLATE_MAX_BYTES)
		return "the name has 1 to 32 characters";
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
		      (name[i] >= '0' && name[i] <= '9') || strchr("_.-", name[i])))
			return "the name is made of letters, digits, '_', '.' and '-'";
	return NULL;
}

/* "FIRST LAST [line-template T]". NULL, or what is wrong. text is cut up. */
static const char *pool_parse(char *text, struct line_pool *pool)
{
	const char *first_word = strsep(&text, " "), *last_word = text ? strsep(&text, " ") : "";
	const char *keyword = text ? strsep(&text, " ") : NULL, *name = text ? strsep(&text, " ") : NULL;
	long first = word_number(first_word ? first_word : "", 0, (long)LINE_VTY_FREE - 1);
	long last = word_number(last_word ? last_word : "", 0, (long)LINE_VTY_FREE - 1);

	if (first < 0 || last < first)
		return "must be the first vty and the last";
	if (keyword && (strcmp(keyword, "line-template") != 0 || !name || text))
		return "only line-template and its name may follow the last vty";
	if (name && pool_name_fault(name))
		return "the line-template has a name that no template can have";
	pool->first = (uint32_t)first;
	pool->last = (uint32_t)last;
	snprintf(pool->template_name, sizeof(pool->template_name), "%s", name ? name : "default");
	return NULL;
}

static const char *range_fault(const struct line_pool *pool)
{
	switch (pool->kind) {
	case LINE_POOL_DEFAULT:
		return pool->first != 0 || pool->last < 4 || pool->last > 99 ?
			       "the default pool begins with 0 and ends with 4 to 99" :
			       NULL;
	case LINE_POOL_EEM:
		return pool->first != 100 || pool->last < 105 || pool->last > 199 ?
			       "the eem pool begins with 100 and ends with 105 to 199" :
			       NULL;
	case LINE_POOL_NAMED:
		return (pool->first >= 5 && pool->last <= 99) || pool->first >= 200 ?
			       NULL :
			       "a pool lies within 5 to 99 or 200 to 299";
	case LINE_POOL_NONE:
		break;
	}
	return NULL;
}

static const char *pool_read(const char *text, enum line_pool_kind kind, struct line_pool *pool)
{
	char copy[160], *words = copy;
	const char *fault = NULL, *name;

	*pool = (struct line_pool){ .kind = kind };
	if (strlen(text) >= sizeof(copy))
		return "must be the first vty and the last";
	memcpy(copy, text, strlen(text) + 1);
	name = kind == LINE_POOL_DEFAULT ? "default" : kind == LINE_POOL_EEM ? "eem" : strsep(&words, " ");
	fault = pool_name_fault(name);
	if (!fault && !words)
		fault = "must be the first vty and the last";
	if (fault)
		return fault;
	snprintf(pool->name, sizeof(pool->name), "%s", name);
	fault = pool_parse(words, pool);
	return fault ? fault : range_fault(pool);
}

static int pool_canonical(enum line_pool_kind kind, const char *text, char **ret_text, struct err *err)
{
	struct line_pool pool;
	const char *fault = pool_read(text, kind, &pool);
	char *canonical = NULL;

	if (fault)
		return err_set(err, -EINVAL, "%s", fault);
	if (asprintf(&canonical, "%s%s%u %u%s%s", kind == LINE_POOL_NAMED ? pool.name : "",
		     kind == LINE_POOL_NAMED ? " " : "", pool.first, pool.last,
		     strcmp(pool.template_name, "default") ? " line-template " : "",
		     strcmp(pool.template_name, "default") ? pool.template_name : "") < 0)
		canonical = NULL;
	return text_give(ret_text, canonical);
}

static int pool_default_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return pool_canonical(LINE_POOL_DEFAULT, text, ret_text, err);
}

static int pool_eem_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return pool_canonical(LINE_POOL_EEM, text, ret_text, err);
}

static int pool_named_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	(void)arg;
	return pool_canonical(LINE_POOL_NAMED, text, ret_text, err);
}

#define POOL_ARG(name_, help_, canonical_) \
	{ .name = (name_), .help = (help_), .min = 1, .max = 128, .text = true, .canonical = (canonical_) }
static const struct arg arg_pool_default = POOL_ARG("LINE", "0, the last vty <4-99>, and line-template NAME if any",
						    pool_default_canonical);
static const struct arg arg_pool_eem =
	POOL_ARG("LINE", "100 and the last vty <105-199>, kept free: there is no event manager", pool_eem_canonical);
static const struct arg arg_pool_named =
	POOL_ARG("LINE", "Name, first and last vty <5-99> or <200-299>, and line-template NAME if any",
		 pool_named_canonical);

static int template_name_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	const char *fault = pool_name_fault(text);

	(void)arg;
	if (fault)
		return err_set(err, -EINVAL, "%s", fault);
	if (!strcmp(text, "default") || !strcmp(text, "console"))
		return err_set(err, -EINVAL, "%s is a template by itself: line %s", text, text);
	return text_give(ret_text, strdup(text));
}

static const struct arg arg_template = {
	.name = "WORD", .help = "Name of the template", .min = 1, .max = LINE_TEMPLATE_MAX_BYTES, .text = true,
	.words_taken = 1, .canonical = template_name_canonical,
};

/* ---- rows ---- */

#define LINE_SOURCE "features.md 2A; IOS XR, terminal services"
#define LINE_LEAF(word_, help_, arg_, offset_)                                                             \
	{ .kind = STMT_LEAF, .word = (word_), .help = (help_), .arg = (arg_), .offset = (offset_), \
	  .source = LINE_SOURCE }
#define LINE_NUMBER(word_, help_, arg_, offset_)                                                           \
	{ .kind = STMT_LEAF, .word = (word_), .help = (help_), .arg = (arg_), .offset = (offset_),         \
	  .flags = STMT_UNSET, .source = LINE_SOURCE }
#define LINE_GROUP(word_, help_, sub_) \
	{ .kind = STMT_NODE, .word = (word_), .help = (help_), .sub = (sub_), .source = LINE_SOURCE }

/* What may be said of a line; at: where its struct line_template_conf lies. */
#define LINE_TEMPLATE_ROWS(name_, at_)                                                                              \
	static const struct stmt name_##_ipv6[] = {                                                                 \
		LINE_LEAF("ingress", "Who may come in over IPv6", &arg_access_list_name,                            \
			  (at_) + offsetof(struct line_template_conf, access_class_ipv6)),                          \
		STMT_DONE,                                                                                          \
	};                                                                                                          \
	static const struct stmt name_##_access[] = {                                                               \
		LINE_LEAF("ingress", "Who may come in: by the ipv4 or ipv6 access-list of that name",               \
			  &arg_access_list_name, (at_) + offsetof(struct line_template_conf, access_class)),        \
		LINE_GROUP("ipv6", "For IPv6 alone", name_##_ipv6),                                                 \
		STMT_DONE,                                                                                          \
	};                                                                                                          \
	static const struct stmt name_##_login[] = {                                                                \
		LINE_NUMBER("response", "Time to log in", &arg_login_response,                                      \
			    (at_) + offsetof(struct line_template_conf, login_response_s)),                         \
		STMT_DONE,                                                                                          \
	};                                                                                                          \
	static const struct stmt name_##_timeout[] = {                                                              \
		LINE_GROUP("login", "Logging in", name_##_login),                                                   \
		STMT_DONE,                                                                                          \
	};                                                                                                          \
	static const struct stmt name_##_timestamp[] = {                                                            \
		{ .kind = STMT_FLAG, .word = "disable", .help = "No time line before the output of commands",       \
		  .offset = (at_) + offsetof(struct line_template_conf, timestamp_disable), .source = LINE_SOURCE }, \
		STMT_DONE,                                                                                          \
	};                                                                                                          \
	static const struct stmt name_##_transport[] = {                                                            \
		LINE_LEAF("input", "By which protocols the line is reached", &arg_transport,                        \
			  (at_) + offsetof(struct line_template_conf, transport_input)),                            \
		STMT_DONE,                                                                                          \
	};                                                                                                          \
	static const struct stmt name_##_rows[] = {                                                                 \
		LINE_NUMBER("absolute-timeout", "End the session after this time", &arg_absolute,                   \
			    (at_) + offsetof(struct line_template_conf, absolute_timeout_min)),                     \
		LINE_GROUP("access-class", "Who may come in", name_##_access),                                      \
		LINE_LEAF("autocommand", "Run a command at login and leave", &arg_autocommand,                      \
			  (at_) + offsetof(struct line_template_conf, autocommand)),                                \
		LINE_LEAF("exec-timeout", "End the shell when nothing is typed (default 10 0)", &arg_exec_timeout,  \
			  (at_) + offsetof(struct line_template_conf, exec_timeout)),                               \
		LINE_NUMBER("length", "Lines of the screen", &arg_length,                                           \
			    (at_) + offsetof(struct line_template_conf, length)),                                   \
		LINE_LEAF("session-timeout", "Idle time of connections made from the line", &arg_session_timeout,   \
			  (at_) + offsetof(struct line_template_conf, session_timeout)),                            \
		LINE_GROUP("timeout", "Timeouts", name_##_timeout),                                                 \
		LINE_GROUP("timestamp", "The time line before the output of commands", name_##_timestamp),          \
		LINE_GROUP("transport", "Protocols", name_##_transport),                                            \
		LINE_NUMBER("width", "Columns of the screen", &arg_width,                                           \
			    (at_) + offsetof(struct line_template_conf, width)),                                    \
		STMT_DONE,                                                                                          \
	}

LINE_TEMPLATE_ROWS(console, offsetof(struct lines_conf, console));
LINE_TEMPLATE_ROWS(standard, offsetof(struct lines_conf, standard));
LINE_TEMPLATE_ROWS(template, 0);

const struct stmt line_conf_children[] = {
	{ .kind = STMT_NODE, .word = "console", .help = "Settings of the console", .sub = console_rows,
	  .mode = "config-line",
	  .source = LINE_SOURCE },
	{ .kind = STMT_NODE, .word = "default", .help = "Every line, where its own template says nothing",
	  .sub = standard_rows, .mode = "config-line", .source = LINE_SOURCE },
	{ .kind = STMT_LIST, .word = "template", .help = "Lines of a vty-pool that names it", .arg = &arg_template,
	  .offset = offsetof(struct lines_conf, templates), .esize = sizeof(struct line_template_conf),
	  .key_offset = offsetof(struct line_template_conf, name), .sub = template_rows, .mode = "config-line",
	  .max_entries = 64, .source = LINE_SOURCE },
	STMT_DONE,
};

const struct stmt line_pool_children[] = {
	LINE_LEAF("default", "Where sessions come in (until it is configured, as many as there may be sessions)",
		  &arg_pool_default, offsetof(struct lines_conf, pool_default)),
	LINE_LEAF("eem", "Numbers that are kept free", &arg_pool_eem, offsetof(struct lines_conf, pool_eem)),
	{ .kind = STMT_LIST, .word = "pool", .help = "Where sessions come in as well", .arg = &arg_pool_named,
	  .offset = offsetof(struct lines_conf, pools), .esize = sizeof(struct line_pool_conf),
	  .key_offset = offsetof(struct line_pool_conf, text), .max_entries = 32, .flags = STMT_BARE,
	  .source = LINE_SOURCE },
	STMT_DONE,
};

/* ---- what holds ---- */

static const struct line_template_conf *template_find(const struct lines_conf *conf, const char *name)
{
	const struct line_template_conf *templates = conf->templates.items;

	if (!strcmp(name, "console"))
		return &conf->console;
	for (size_t i = 0; i < conf->templates.len; i++)
		if (!strcmp(templates[i].name, name))
			return &templates[i];
	return NULL;
}

static int64_t timeout_s(const char *text)
{
	const char *seconds = text ? strchr(text, ' ') : NULL;

	if (!text)
		return (int64_t)LINE_EXEC_TIMEOUT_MIN * 60;
	return strtol(text, NULL, 10) * 60 + (seconds ? strtol(seconds, NULL, 10) : 0);
}

static int64_t number_of(int64_t own, int64_t standard, int64_t built_in)
{
	return own >= 0 ? own : standard >= 0 ? standard : built_in;
}

void line_conf_settings(const struct lines_conf *conf, const char *template_name, struct line_settings *ret_settings)
{
	const struct line_template_conf *standard = &conf->standard, *own = template_find(conf, template_name);
	struct line_settings settings = { .timestamp = true };

	if (!own)
		own = standard;
	snprintf(settings.template_name, sizeof(settings.template_name), "%s", template_name);
	settings.exec_timeout_s = timeout_s(own->exec_timeout ? own->exec_timeout : standard->exec_timeout);
	settings.absolute_timeout_s = number_of(own->absolute_timeout_min, standard->absolute_timeout_min, 0) * 60;
	settings.login_response_s = number_of(own->login_response_s, standard->login_response_s, 0);
	settings.length = number_of(own->length, standard->length, -1);
	settings.width = number_of(own->width, standard->width, -1);
	settings.timestamp = !own->timestamp_disable && !standard->timestamp_disable;
	settings.autocommand = own->autocommand;
	if (!own->autocommand && own != &conf->console) /* there must be a way back from "line default autocommand" */
		settings.autocommand = standard->autocommand;
	settings.access_class = own->access_class ? own->access_class : standard->access_class;
	settings.access_class_ipv6 = own->access_class_ipv6 ? own->access_class_ipv6 : standard->access_class_ipv6;
	settings.transport_input = own->transport_input ? own->transport_input : standard->transport_input;
	settings.ssh = !settings.transport_input || !strcmp(settings.transport_input, "all") ||
		       strstr(settings.transport_input, "ssh");
	*ret_settings = settings;
}

size_t line_conf_pools(const struct lines_conf *conf, struct line_pool *pools, size_t pools_max)
{
	const struct line_pool_conf *named = conf->pools.items;
	size_t len = 0;

	if (conf->pool_default && len < pools_max && !pool_read(conf->pool_default, LINE_POOL_DEFAULT, &pools[len]))
		len++;
	if (conf->pool_eem && len < pools_max && !pool_read(conf->pool_eem, LINE_POOL_EEM, &pools[len]))
		len++;
	for (size_t i = 0; i < conf->pools.len && len < pools_max; i++)
		if (!pool_read(named[i].text, LINE_POOL_NAMED, &pools[len]))
			len++;
	return len;
}

void line_conf_pool_of(const struct lines_conf *conf, uint32_t vty, struct line_pool *ret_pool)
{
	struct line_pool pools[LINE_POOLS_MAX];
	size_t len = line_conf_pools(conf, pools, ARRAY_SIZE(pools));

	for (size_t i = 0; i < len; i++) {
		if (vty >= pools[i].first && vty <= pools[i].last) {
			*ret_pool = pools[i];
			return;
		}
	}
	*ret_pool = (struct line_pool){ .kind = conf->pool_default ? LINE_POOL_NONE : LINE_POOL_DEFAULT,
					.name = "default", .template_name = "default", .last = UINT32_MAX };
}

bool line_conf_is_over(const struct lines_conf *conf, uint32_t vty, int64_t start_us, int64_t now_us)
{
	struct line_settings settings;
	struct line_pool pool;

	line_conf_pool_of(conf, vty, &pool);
	line_conf_settings(conf, pool.kind == LINE_POOL_NONE ? "default" : pool.template_name, &settings);
	return settings.absolute_timeout_s > 0 && now_us - start_us > settings.absolute_timeout_s * 1000000;
}

/* ---- what cannot be meant ---- */

static void pool_line(const struct line_pool *pool, char *line, size_t size_bytes)
{
	const bool plain = !strcmp(pool->template_name, "default");

	snprintf(line, size_bytes, "vty-pool %s %u %u%s%s", pool->name, pool->first, pool->last,
		 plain ? "" : " line-template ", plain ? "" : pool->template_name);
}

void line_conf_check(const struct lines_conf *conf,
		     void (*on_fault)(const char *line, const char *reason, void *userdata), void *userdata)
{
	struct line_pool pools[LINE_POOLS_MAX];
	size_t len = line_conf_pools(conf, pools, ARRAY_SIZE(pools));
	char line[160], reason[128];

	for (size_t i = 0; i < len; i++) {
		pool_line(&pools[i], line, sizeof(line));
		if (strcmp(pools[i].template_name, "default") && !template_find(conf, pools[i].template_name)) {
			snprintf(reason, sizeof(reason), "There is no 'line template %s'", pools[i].template_name);
			on_fault(line, reason, userdata);
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(pools[i].name, pools[j].name) &&
			    (pools[i].first > pools[j].last || pools[i].last < pools[j].first))
				continue;
			snprintf(reason, sizeof(reason), strcmp(pools[i].name, pools[j].name) ?
				 "It has vtys of pool %s" : "Pool %s is configured twice; remove one", pools[j].name);
			on_fault(line, reason, userdata);
		}
	}
}
