/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the one place where the tables of all folders become one configuration. The order of the rows is
 * the order of the running configuration; a user stands before the services that let him in.
 */
#include "conf/root.h"

#include "aaa/group_conf.h"
#include "aaa/user_conf.h"
#include "conf/logging_conf.h"
#include "conf/system_conf.h"
#include "conf/tree.h"
#include "services/access_login.h"
#include "services/access_list.h"
#include "services/line_conf.h"
#include "services/line_login.h"
#include "services/ssh_conf.h"
#include "vrf/vrf_conf.h"

const struct stmt conf_root[] = {
	SYSTEM_CONF_ROWS,
	LOGGING_CONF_ROW,
	VRF_CONF_ROW,
	ACCESS_LIST_ROWS,
	GROUP_CONF_ROWS,
	USER_CONF_ROW,
	LINE_CONF_ROWS,
	SSH_CONF_ROW,
	STMT_DONE,
};

const struct conf_member conf_members[] = {
	{ .name = "sshd", .owner = OWNER_SSHD, .socket_name = "sshd.varlink" },
	{ .name = NULL },
};

bool conf_login_allowed(const struct tree *tree, const struct conf_login *login, const char **ret_list)
{
	return access_login_allowed(tree, login, ret_list);
}

bool conf_ssh_offers(const struct tree *tree, const char *vrf, const char *name)
{
	return ssh_conf_offers(tree, vrf, name);
}

bool conf_line_allowed(const struct tree *tree, const struct conf_login *login)
{
	return line_login_allowed(tree, login);
}

void conf_user_tasks(const struct tree *tree, const char *user, struct task_set *set)
{
	group_user_tasks(tree, user, set);
}

void conf_each_user(const struct tree *tree, void (*on_user)(const char *user, void *userdata), void *userdata)
{
	tree_keys(tree, "username", on_user, userdata);
}

void conf_check(const struct tree *tree, void (*on_fault)(const char *line, const char *reason, void *userdata),
		void *userdata)
{
	group_check(tree, on_fault, userdata);
}
