/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: groups of users and of tasks. What a user may do is worked out from the tree each time it is asked: there are
 * few groups, and an answer that is kept is one that can be old.
 */
#include "aaa/group_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define PATH_BYTES 128u /* keywords and two names */

const char *const group_kind_words[] = { "usergroup", "taskgroup", NULL };

/* ---- predefined ---- */

const char *const group_predefined[] = {
	"cisco-support", "maintenance", "netadmin", "operator", "provisioning", "read-only-tg", "retrieve", "root-lr",
	"serviceadmin",	 "sysadmin",	NULL,
};

/* What a predefined group gives, after IOS XR; later rows take their task instead of an earlier "*" (every task). */
static const struct grant {
	const char *group, *access, *task;
} grants[] = {
	{ "cisco-support", "rwxd", "cisco-support" },
	{ "cisco-support", "rxd", "basic-services" },
	{ "cisco-support", "rwx", "tty-access" },
	/* looks, clears and debugs, and configures nothing */
	{ "maintenance", "rxd", "*" },
	{ "maintenance", "", "aaa" },
	{ "maintenance", "", "cisco-support" },
	{ "maintenance", "", "root-lr" },
	{ "maintenance", "", "root-system" },
	{ "netadmin", "rwxd", "*" },
	{ "netadmin", "r", "aaa" },
	{ "netadmin", "r", "admin" },
	{ "netadmin", "r", "boot" },
	{ "netadmin", "", "cisco-support" },
	{ "netadmin", "", "disallowed" },
	{ "netadmin", "r", "drivers" },
	{ "netadmin", "r", "inventory" },
	{ "netadmin", "r", "pkg-mgmt" },
	{ "netadmin", "r", "root-lr" },
	{ "netadmin", "", "root-system" },
	{ "netadmin", "r", "sysmgr" },
	{ "netadmin", "r", "universal" },
	{ "operator", "rwxd", "basic-services" },
	{ "operator", "r", "cdp" },
	{ "operator", "r", "diag" },
	{ "operator", "rx", "ext-access" },
	{ "operator", "r", "logging" },
	/* configures the network, not who may do what */
	{ "provisioning", "rwxd", "*" },
	{ "provisioning", "", "aaa" },
	{ "provisioning", "", "cisco-support" },
	{ "provisioning", "r", "root-lr" },
	{ "provisioning", "", "root-system" },
	{ "read-only-tg", "r", "*" },
	{ "read-only-tg", "", "cisco-support" },
	{ "retrieve", "r", "*" },
	{ "retrieve", "", "cisco-support" },
	{ "root-lr", "rwxd", "*" },
	{ "root-lr", "", "cisco-support" },
	{ "serviceadmin", "rwxd", "basic-services" },
	{ "serviceadmin", "rwxd", "config-services" },
	{ "serviceadmin", "rwxd", "host-services" },
	{ "serviceadmin", "rwxd", "sbc" },
	{ "serviceadmin", "r", "diag" },
	{ "serviceadmin", "r", "ip-services" },
	{ "serviceadmin", "rx", "ext-access" },
	{ "serviceadmin", "r", "logging" },
	{ "sysadmin", "r", "*" },
	{ "sysadmin", "rwxd", "aaa" },
	{ "sysadmin", "rwxd", "acl" },
	{ "sysadmin", "rwxd", "basic-services" },
	{ "sysadmin", "rwxd", "boot" },
	{ "sysadmin", "", "cisco-support" },
	{ "sysadmin", "rwxd", "config-mgmt" },
	{ "sysadmin", "rwxd", "config-services" },
	{ "sysadmin", "rwxd", "crypto" },
	{ "sysadmin", "rwxd", "diag" },
	{ "sysadmin", "rwxd", "eem" },
	{ "sysadmin", "rwxd", "ext-access" },
	{ "sysadmin", "rwxd", "fault-mgr" },
	{ "sysadmin", "rwxd", "filesystem" },
	{ "sysadmin", "rwxd", "host-services" },
	{ "sysadmin", "rwxd", "inventory" },
	{ "sysadmin", "rwxd", "ip-services" },
	{ "sysadmin", "rwxd", "logging" },
	{ "sysadmin", "rwxd", "lpts" },
	{ "sysadmin", "rwxd", "monitor" },
	{ "sysadmin", "rwxd", "pkg-mgmt" },
	{ "sysadmin", "", "root-system" },
	{ "sysadmin", "rwxd", "snmp" },
	{ "sysadmin", "rwxd", "sysmgr" },
	{ "sysadmin", "rwxd", "system" },
	{ "sysadmin", "rwxd", "transport" },
	{ "sysadmin", "rwxd", "tty-access" },
};

bool group_is_predefined(const char *name)
{
	for (size_t i = 0; group_predefined[i]; i++)
		if (!strcmp(group_predefined[i], name))
			return true;
	return false;
}

static unsigned access_of(const char *letters)
{
	return (strchr(letters, 'r') ? TASK_READ : 0u) | (strchr(letters, 'w') ? TASK_WRITE : 0u) |
	       (strchr(letters, 'x') ? TASK_EXECUTE : 0u) | (strchr(letters, 'd') ? TASK_DEBUG : 0u);
}

static void predefined_tasks(const char *name, struct task_set *set)
{
	struct task_set own = { .access = { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(grants); i++) {
		int place;

		if (strcmp(grants[i].group, name) != 0)
			continue;
		if (!strcmp(grants[i].task, "*")) {
			task_set_add_all(&own, access_of(grants[i].access));
			continue;
		}
		place = task_place(grants[i].task);
		if (place >= 0)
			own.access[place] = (uint8_t)access_of(grants[i].access);
	}
	task_set_join(set, &own);
}

/* ---- names ---- */

static int name_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	size_t len = strlen(text);

	(void)arg;
	if (len == 0 || len > GROUP_NAME_MAX_BYTES)
		return err_set(err, -EINVAL, "the name of a group has 1 to %u characters, this one has %zu",
			       GROUP_NAME_MAX_BYTES, len);
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		    (i > 0 && (c == '.' || c == '-')))
			continue;
		return err_set(err, -EINVAL,
			       "the name of a group is made of letters, digits, '_', '.' and '-', and begins with "
			       "one of the first three");
	}
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int own_name_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	if (group_is_predefined(text))
		return err_set(err, -EINVAL, "%s is predefined and cannot be changed", text);
	return name_canonical(arg, text, ret_text, err);
}

/* Nothing is inherited from the group that may do all: who is to have it is put into it. */
static int parent_name_canonical(const struct arg *arg, const char *text, char **ret_text, struct err *err)
{
	if (!strcmp(text, "root-lr"))
		return err_set(err, -EINVAL, "root-lr cannot be inherited from, put the users into it");
	return name_canonical(arg, text, ret_text, err);
}

const struct arg arg_group_name = {
	.name = "WORD", .help = "Name of the group", .min = 1, .max = GROUP_NAME_MAX_BYTES, .text = true,
	.words_taken = 1, .canonical = name_canonical, .words = group_predefined, .complete = "usergroup",
};

const struct arg arg_usergroup_name = {
	.name = "WORD", .help = "Name of the user group, up to 32 characters", .min = 1, .max = GROUP_NAME_MAX_BYTES,
	.text = true, .words_taken = 1, .canonical = own_name_canonical, .complete = "usergroup",
};

const struct arg arg_taskgroup_name = {
	.name = "WORD", .help = "Name of the task group, up to 32 characters", .min = 1, .max = GROUP_NAME_MAX_BYTES,
	.text = true, .words_taken = 1, .canonical = own_name_canonical, .complete = "taskgroup",
};

static const struct arg arg_parent_usergroup = {
	.name = "WORD", .help = "Name of a user group", .min = 1, .max = GROUP_NAME_MAX_BYTES, .text = true,
	.words_taken = 1, .canonical = parent_name_canonical, .complete = "usergroup",
};

static const struct arg arg_parent_taskgroup = {
	.name = "WORD", .help = "Name of a task group", .min = 1, .max = GROUP_NAME_MAX_BYTES, .text = true,
	.words_taken = 1, .canonical = parent_name_canonical, .complete = "taskgroup",
};

static const struct arg arg_description = {
	.name = "LINE", .help = "What the group is for", .min = 1, .max = 240, .text = true, .words_taken = 0,
};

static const struct arg arg_task = {
	.name = "WORD", .help = "Task id", .words = task_words, .words_taken = 1,
};

/* ---- rows ---- */

#define GROUP_SOURCE "features.md 2D"
#define NAMES_ROW(word_, help_, arg_, max_)                                                                \
	{ .kind = STMT_LIST, .word = (word_), .help = (help_), .arg = (arg_), .source = GROUP_SOURCE, \
	  .max_entries = (max_) }
#define DESCRIPTION_ROW                                                                                  \
	{ .kind = STMT_LEAF, .word = "description", .help = "Describe the group", .arg = &arg_description, \
	  .source = GROUP_SOURCE }

static const struct stmt usergroup_inherit_rows[] = {
	NAMES_ROW("usergroup", "Inherit the task groups of a user group", &arg_parent_usergroup, 32),
	STMT_DONE,
};

const struct stmt usergroup_conf_children[] = {
	DESCRIPTION_ROW,
	NAMES_ROW("taskgroup", "Task group whose tasks the members have", &arg_parent_taskgroup, 32),
	{ .kind = STMT_NODE, .word = "inherit", .help = "Have the tasks of another group too",
	  .sub = usergroup_inherit_rows, .source = GROUP_SOURCE },
	STMT_DONE,
};

static const struct stmt taskgroup_inherit_rows[] = {
	NAMES_ROW("taskgroup", "Inherit the tasks of a task group", &arg_parent_taskgroup, 32),
	STMT_DONE,
};

static const struct stmt task_rows[] = {
	NAMES_ROW("read", "Allow to see it: show commands, and its statements", &arg_task, TASKS_MAX),
	NAMES_ROW("write", "Allow to configure it", &arg_task, TASKS_MAX),
	NAMES_ROW("execute", "Allow commands that change it: clear, generate", &arg_task, TASKS_MAX),
	NAMES_ROW("debug", "Allow to debug it", &arg_task, TASKS_MAX),
	STMT_DONE,
};

const struct stmt taskgroup_conf_children[] = {
	DESCRIPTION_ROW,
	{ .kind = STMT_NODE, .word = "task", .help = "What may be done", .sub = task_rows, .source = GROUP_SOURCE },
	{ .kind = STMT_NODE, .word = "inherit", .help = "Have the tasks of another group too",
	  .sub = taskgroup_inherit_rows, .source = GROUP_SOURCE },
	STMT_DONE,
};

/* ---- looking into a tree ---- */

struct name_search {
	const char *name;
	bool found;
};

static void on_searched(const char *key, void *userdata)
{
	struct name_search *search = userdata;

	search->found = search->found || !strcmp(key, search->name);
}

bool group_exists(const struct tree *tree, enum group_kind kind, const char *name)
{
	struct name_search search = { name, group_is_predefined(name) };

	if (!search.found)
		tree_keys(tree, group_kind_words[kind], on_searched, &search);
	return search.found;
}

void group_each_parent(const struct tree *tree, enum group_kind kind, const char *name, enum group_kind parent_kind,
		       void (*on_name)(const char *name, void *userdata), void *userdata)
{
	const char *inherit = kind == parent_kind ? "inherit " : "";
	char path[PATH_BYTES];

	if (group_is_predefined(name)) {
		if (kind == GROUP_USER && parent_kind == GROUP_TASK)
			on_name(name, userdata);
		return;
	}
	snprintf(path, sizeof(path), "%s %.32s %s%s", group_kind_words[kind], name, inherit,
		 group_kind_words[parent_kind]);
	tree_keys(tree, path, on_name, userdata);
}

/* Groups that were looked at: what they give is in, and circles end. */
struct seen {
	const char *names[2 * GROUPS_MAX]; /* of the tree */
	size_t len;
};

static bool seen_before(struct seen *seen, const char *name)
{
	for (size_t i = 0; i < seen->len; i++)
		if (!strcmp(seen->names[i], name))
			return true;
	if (seen->len == ARRAY_SIZE(seen->names))
		return true;
	seen->names[seen->len++] = name;
	return false;
}

struct gatherer {
	const struct tree *tree;
	struct task_set *set;
	struct seen seen[GROUP_KIND_MAX];
	unsigned access; /* of the task lines that are read */
};

static void gather(struct gatherer *gatherer, enum group_kind kind, const char *name);

static void on_task(const char *task, void *userdata)
{
	const struct gatherer *gatherer = userdata;

	task_set_add(gatherer->set, task, gatherer->access);
}

static void on_user_parent(const char *name, void *userdata)
{
	gather(userdata, GROUP_USER, name);
}

static void on_task_parent(const char *name, void *userdata)
{
	gather(userdata, GROUP_TASK, name);
}

static void gather(struct gatherer *gatherer, enum group_kind kind, const char *name)
{
	static const char *const words[] = { "read", "write", "execute", "debug" };
	char path[PATH_BYTES];

	if (group_is_predefined(name)) {
		predefined_tasks(name, gatherer->set);
		return;
	}
	if (seen_before(&gatherer->seen[kind], name))
		return;
	if (kind == GROUP_USER)
		group_each_parent(gatherer->tree, kind, name, GROUP_USER, on_user_parent, gatherer);
	group_each_parent(gatherer->tree, kind, name, GROUP_TASK, on_task_parent, gatherer);
	for (size_t i = 0; kind == GROUP_TASK && i < ARRAY_SIZE(words); i++) {
		gatherer->access = 1u << i;
		snprintf(path, sizeof(path), "taskgroup %.32s task %s", name, words[i]);
		tree_keys(gatherer->tree, path, on_task, gatherer);
	}
}

void group_tasks(const struct tree *tree, enum group_kind kind, const char *name, struct task_set *set)
{
	struct gatherer gatherer = { .tree = tree, .set = set };

	gather(&gatherer, kind, name);
}

void group_user_tasks(const struct tree *tree, const char *user, struct task_set *set)
{
	struct gatherer gatherer = { .tree = tree, .set = set };
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "username %.32s group", user);
	tree_keys(tree, path, on_user_parent, &gatherer);
}

/* ---- what cannot be meant ---- */

struct checker {
	const struct tree *tree;
	void (*on_fault)(const char *line, const char *reason, void *userdata);
	void *userdata;
	enum group_kind kind, parent_kind;
	const char *owner; /* the group, or user, whose parents are looked at */
	const char *sought; /* the group that would inherit from itself */
	struct seen *seen;  /* on the way to it */
	bool found;
};

static void on_user_group(const char *name, void *userdata)
{
	const struct checker *checker = userdata;
	char line[PATH_BYTES], reason[PATH_BYTES];

	if (group_exists(checker->tree, GROUP_USER, name))
		return;
	snprintf(line, sizeof(line), "username %.32s group %.32s", checker->owner, name);
	snprintf(reason, sizeof(reason), "There is no usergroup '%.32s'", name);
	checker->on_fault(line, reason, checker->userdata);
}

static void on_user(const char *name, void *userdata)
{
	struct checker checker = *(struct checker *)userdata;
	char path[PATH_BYTES];

	checker.owner = name;
	snprintf(path, sizeof(path), "username %.32s group", name);
	tree_keys(checker.tree, path, on_user_group, &checker);
}

static void on_parent_exists(const char *name, void *userdata)
{
	const struct checker *checker = userdata;
	const char *parent_word = group_kind_words[checker->parent_kind];
	char line[PATH_BYTES], reason[PATH_BYTES];

	if (group_exists(checker->tree, checker->parent_kind, name))
		return;
	snprintf(line, sizeof(line), "%s %.32s %s%s %.32s", group_kind_words[checker->kind], checker->owner,
		 checker->kind == checker->parent_kind ? "inherit " : "", parent_word, name);
	snprintf(reason, sizeof(reason), "There is no %s '%.32s'", parent_word, name);
	checker->on_fault(line, reason, checker->userdata);
}

static void on_ancestor(const char *name, void *userdata)
{
	struct checker *checker = userdata;

	if (!strcmp(name, checker->sought))
		checker->found = true;
	if (!checker->found && !seen_before(checker->seen, name))
		group_each_parent(checker->tree, checker->kind, name, checker->kind, on_ancestor, checker);
}

static void on_group(const char *name, void *userdata)
{
	struct checker checker = *(struct checker *)userdata;
	struct seen seen = { .len = 0 };
	char line[PATH_BYTES];

	checker.owner = checker.sought = name;
	checker.seen = &seen;
	for (unsigned parent = 0; parent < GROUP_KIND_MAX; parent++) {
		checker.parent_kind = (enum group_kind)parent;
		if (checker.kind == GROUP_USER || parent == GROUP_TASK)
			group_each_parent(checker.tree, checker.kind, name, checker.parent_kind, on_parent_exists,
					  &checker);
	}
	group_each_parent(checker.tree, checker.kind, name, checker.kind, on_ancestor, &checker);
	if (!checker.found)
		return;
	snprintf(line, sizeof(line), "%s %.32s inherit", group_kind_words[checker.kind], name);
	checker.on_fault(line, "The group would inherit from itself", checker.userdata);
}

void group_check(const struct tree *tree, void (*on_fault)(const char *line, const char *reason, void *userdata),
		 void *userdata)
{
	struct checker checker = { .tree = tree, .on_fault = on_fault, .userdata = userdata };

	tree_keys(tree, "username", on_user, &checker);
	for (unsigned kind = 0; kind < GROUP_KIND_MAX; kind++) {
		checker.kind = (enum group_kind)kind;
		tree_keys(tree, group_kind_words[kind], on_group, &checker);
	}
}
