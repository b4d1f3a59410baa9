/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: configuration mode. The candidate lives here and nowhere else: a copy of the running configuration with the
 * lines typed so far applied to it. confd hears of it only at commit, as the lines that turn the one into the other. A
 * clear secret is hashed before it reaches the candidate, so none is ever shown, stored or sent.
 */
#include "cli/config_mode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/user_conf.h"
#include "base/cleanup.h"
#include "base/varlink.h"
#include "cli/config_commit.h"
#include "conf/config_report.h"
#include "conf/root.h"

AUTO_DECLARE(struct tree, tree_free)

/* ---- the candidate ---- */

static int tree_from_text(const char *text, struct tree **ret_tree, struct err *err)
{
	AUTO(tree_free) struct tree *tree = NULL;
	int r = tree_new(conf_root, &tree);

	if (r < 0)
		return err_set(err, r, "Out of memory");
	r = tree_parse(tree, text, NULL, NULL, err);
	if (r < 0)
		return r;
	*ret_tree = take(tree);
	return 0;
}

int config_mode_fetch(struct shell *shell, struct tree **ret_tree, char **ret_commit_id)
{
	const char *text, *commit_id;
	json_t *reply = NULL;
	struct err err = { 0 };
	AUTO(tree_free) struct tree *tree = NULL;
	AUTO(free) char *id = NULL;
	int r = shell_fetch(shell, REMOTE_CONFD, CONFIG_GET_RUNNING, NULL, &reply);

	if (r < 0)
		return r;
	text = json_string_value(json_object_get(reply, "text"));
	commit_id = json_string_value(json_object_get(reply, "commit_id"));
	r = text && commit_id ? tree_from_text(text, &tree, &err)
			      : err_set(&err, -EPROTO, "the answer is incomplete");
	id = commit_id ? strdup(commit_id) : NULL;
	json_decref(reply);
	if (r < 0 || !id)
		return shell_refuse(shell,
				    "The running configuration cannot be read (%s): CLI and sallyport-confd "
				    "differ in version",
				    err.text);
	*ret_tree = take(tree);
	*ret_commit_id = take(id);
	return 0;
}

static int new_typed(struct tree **ret_typed)
{
	return tree_new(conf_root, ret_typed);
}

int config_mode_refresh(struct shell *shell)
{
	struct config_mode *config = shell->config;
	AUTO(tree_free) struct tree *base = NULL, *candidate = NULL, *typed = NULL;
	AUTO(free) char *base_id = NULL;
	int r = config_mode_fetch(shell, &base, &base_id);

	if (r < 0)
		return r;
	if (tree_copy(base, &candidate) < 0 || new_typed(&typed) < 0)
		return shell_refuse(shell, "Out of memory");
	tree_free(config->base);
	tree_free(config->candidate);
	tree_free(config->typed);
	free(config->base_id);
	config->base = take(base);
	config->candidate = take(candidate);
	config->typed = take(typed);
	config->base_id = take(base_id);
	return 0;
}

int config_mode_enter(struct shell *shell, bool exclusive)
{
	struct config_mode *config = calloc(1, sizeof(*config));
	int r;

	if (!config)
		return shell_refuse(shell, "Out of memory");
	config->exclusive = exclusive;
	shell->config = config;
	r = config_session_open(shell, config);
	if (r == 0)
		r = config_mode_refresh(shell);
	if (r < 0)
		config_mode_leave(shell);
	return r;
}

void config_mode_free(struct config_mode *config)
{
	if (!config)
		return;
	tree_free(config->base);
	tree_free(config->candidate);
	tree_free(config->typed);
	free(config->base_id);
	stmt_match_done(&config->context);
	json_decref(config->faults);
	varlink_client_free(config->session);
	free(config);
}

void config_mode_leave(struct shell *shell)
{
	config_mode_free(shell->config);
	shell->config = NULL;
}

static int on_any_line(const char *line, void *userdata)
{
	(void)line;
	*(bool *)userdata = true;
	return -ECANCELED; /* one is enough */
}

bool config_mode_is_pending(const struct config_mode *config)
{
	bool pending = false;

	tree_diff(config->base, config->candidate, on_any_line, &pending);
	return pending;
}

const char *config_mode_word(const struct config_mode *config)
{
	const struct match *context = &config->context;

	return context->steps_len ? context->steps[context->steps_len - 1].row->mode : "config";
}

void config_mode_scene(const struct config_mode *config, struct complete_scene *scene)
{
	scene->commands = (struct complete_table){ .root = config_mode_commands };
	scene->statements = (struct complete_table){ .root = conf_root, .may_negate = true };
	if (config->context.steps_len)
		scene->statements.context = &config->context;
}

struct value_pass {
	void (*on_value)(const char *value, void *to);
	void *to;
};

static void pass_value(const char *key, void *userdata)
{
	struct value_pass *pass = userdata;

	pass->on_value(key, pass->to);
}

void config_mode_values(const struct config_mode *config, const char *name,
			void (*on_value)(const char *value, void *to), void *to)
{
	/* the source of an operand carries the name of the list whose keys it takes */
	struct value_pass pass = { on_value, to };

	tree_keys(config->candidate, name, pass_value, &pass);
}

/* ---- what is pending ---- */

void config_mode_write_pending(const struct config_mode *config, FILE *out)
{
	if (config)
		tree_write_diff(config->base, config->candidate, 0, out);
}

void config_mode_write_changes(const struct config_mode *config, bool replace, FILE *out)
{
	if (config)
		tree_write_diff(config->base, replace ? config->typed : config->candidate, TREE_SIGNS, out);
}

bool config_mode_write_failed(const struct config_mode *config, FILE *out)
{
	const json_t *fault;
	size_t i;

	if (!config || !json_array_size(config->faults))
		return false;
	fputs("!! SEMANTIC ERRORS: This configuration was rejected by\n"
	      "!! the system due to semantic errors. The individual\n"
	      "!! errors with each failed configuration command can be\n"
	      "!! found below.\n\n\n",
	      out);
	json_array_foreach(config->faults, i, fault)
	{
		const char *line = json_string_value(json_object_get(fault, "line"));
		const char *reason = json_string_value(json_object_get(fault, "reason"));

		if (line && line[0])
			fprintf(out, "%s\n", line);
		fprintf(out, "!!%% %s\n!\n", reason ? reason : "no reason given");
	}
	fputs("end\n\n", out);
	return true;
}

/* ---- statements ---- */

/* A clear secret at the end of the line is replaced by its hash. The line given is wiped by its owner. */
static int hash_secret(const char *line, const struct match *match, char **ret_hashed, struct err *err)
{
	AUTO(free) char *hash = NULL;
	int r = user_secret_hash(line + match->column, &hash, err);

	if (r < 0)
		return r;
	if (asprintf(ret_hashed, "%.*s%s", (int)match->column, line, hash) < 0) {
		*ret_hashed = NULL;
		return err_set(err, -ENOMEM, "Out of memory");
	}
	return 0;
}

static bool names_secret(const struct match *match)
{
	return match->steps_len && stmt_row_is_secret(match->steps[match->steps_len - 1].row);
}

/* Where the next line is typed: in the block that this line opened, else in the innermost one that took it. */
static int move_context(struct config_mode *config, const struct match *match)
{
	const struct stmt *row = stmt_match_row(match);
	struct match context = { 0 };
	size_t kept = match->context_len;
	int r;

	if (!match->negate && row->mode) {
		r = stmt_match_copy(match, &context);
		if (r < 0)
			return r;
		stmt_match_done(&config->context);
		config->context = context;
		return 0;
	}
	/* a removed block is left: one cannot stand in what is not there */
	while (kept && !config->context.steps[kept - 1].row->mode)
		kept--;
	while (config->context.steps_len > kept)
		free(config->context.steps[--config->context.steps_len].value);
	return 0;
}

static int apply(struct config_mode *config, const struct match *match, struct err *err)
{
	int r = -EINVAL;

	if (match->status == MATCH_OK)
		r = tree_apply(config->candidate, match, err);
	if (r >= 0)
		r = tree_apply(config->typed, match, err);
	if (r >= 0)
		r = move_context(config, match);
	return r < 0 ? r : 0;
}

/* Streams are opened for a line that is refused only: ten thousand that are pasted say nothing. */
static int refuse(struct shell *shell, const char *line, const struct match *match, int r,
		  const struct err *err)
{
	if (shell_begin(shell) < 0)
		return -ENOMEM;
	if (match->status != MATCH_OK && !err->text[0])
		shell_refuse_match(shell, line, 0, match);
	else
		shell_refuse(shell, "%s", err->text[0] ? err->text : strerror(-r));
	shell_end(shell);
	return -EINVAL;
}

static int take_statement(struct shell *shell, const char *line, bool *ret_secret)
{
	const struct match *context = shell->config->context.steps_len ? &shell->config->context : NULL;
	AUTO(free) char *hashed = NULL;
	struct match match = { 0 };
	struct err err = { 0 };
	int r = 0;

	stmt_match(conf_root, context, line, true, &match);
	*ret_secret = names_secret(&match);
	if (match.status == MATCH_INVALID && match.clear_secret) {
		r = hash_secret(line, &match, &hashed, &err);
		if (r == 0) {
			stmt_match_done(&match);
			stmt_match(conf_root, context, hashed, true, &match);
		}
	}
	if (r == 0 && match.status == MATCH_OK && !task_allows_statement(&shell->tasks, &match, TASK_WRITE))
		r = err_set(&err, -EPERM, "This command is not authorized");
	if (r == 0)
		r = apply(shell->config, &match, &err);
	if (r < 0)
		r = refuse(shell, line, &match, r, &err);
	stmt_match_done(&match);
	return r;
}

/* ---- command or statement ---- */

struct word_count {
	const char *word;
	unsigned count;
	bool exact;
};

static void on_word(const struct stmt_hint *hint, void *userdata)
{
	struct word_count *count = userdata;

	if (hint->arg || hint->enter)
		return;
	count->count++;
	count->exact = count->exact || !strcasecmp(hint->word, count->word);
}

/* How many keywords the first word of a line begins in a table. */
static struct word_count count_words(const struct stmt *root, const struct match *context, bool may_negate,
				     const char *word)
{
	struct word_count count = { .word = word };
	unsigned column;

	stmt_hints(root, context, word, may_negate, NULL, on_word, &count, &column);
	return count;
}

int config_mode_line(struct shell *shell, const char *line, bool *ret_secret)
{
	const struct match *context = shell->config->context.steps_len ? &shell->config->context : NULL;
	const char *start = line + strspn(line, " \t");
	AUTO(free) char *word = strndup(start, strcspn(start, " \t|"));
	struct word_count command, statement;
	int r;

	*ret_secret = false;
	if (!word)
		return -ENOMEM;
	command = count_words(config_mode_commands, NULL, false, word);
	if (!command.count)
		return take_statement(shell, line, ret_secret);
	statement = count_words(conf_root, context, true, word);
	if (!command.exact && statement.exact)
		return take_statement(shell, line, ret_secret);
	if (command.exact || !statement.count)
		return shell_command(shell, config_mode_commands, line, line);
	if (shell_begin(shell) < 0)
		return -ENOMEM;
	r = shell_refuse_match(shell, line, 0, &(struct match){ .status = MATCH_AMBIGUOUS });
	shell_end(shell);
	return r;
}
