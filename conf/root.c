/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the one place where the tables of all folders become one configuration. The order of the rows is
 * the order of the running configuration; a user stands before the services that let him in.
 */
#include "conf/root.h"

#include "aaa/user_conf.h"
#include "conf/system_conf.h"
#include "services/access_login.h"
#include "services/access_list.h"
#include "services/ssh_conf.h"
#include "vrf/vrf_conf.h"

const struct stmt conf_root[] = {
	SYSTEM_CONF_ROWS,
	VRF_CONF_ROW,
	ACCESS_LIST_ROWS,
	USER_CONF_ROW,
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
