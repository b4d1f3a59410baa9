/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_conf.h - the slice of sallyport-sshd: one struct of "vrf", "username" and "ssh"; groups as rights
 *
 * Shapes:  struct sshd_conf, one configuration, made from a slice tree
 * Units:   see ssh_conf.h
 * Errors:  0 or -errno
 * Owns:    the struct owns all its texts; sshd_conf_free() wipes them
 * Runs in: sallyport-sshd; pure
 * Source:  architecture.md walk (b)
 * Tests:   tests/system/test_commit.py
 */
#ifndef SERVICES_SSHD_CONF_H
#define SERVICES_SSHD_CONF_H

#include "aaa/group_conf.h"
#include "aaa/user_conf.h"
#include "base/cleanup.h"
#include "conf/logging_conf.h"
#include "conf/member.h"
#include "conf/system_conf.h"
#include "services/line_conf.h"
#include "services/ssh_conf.h"
#include "vrf/vrf_conf.h"

struct sshd_conf {
	struct ssh_conf ssh; /* first: the offsets of its rows count from the start */
	struct vrf_conf vrf;
	struct users_conf users;
	struct lines_conf lines;
	struct task_set *rights; /* of each of the users */
	struct logging_conf logging;
	struct system_conf system;
	struct bind_arena arena;
};

/* The rows of the slice, in the order of the running configuration. */
const struct stmt *sshd_conf_root(void);

int sshd_conf_new(const struct tree *slice, struct sshd_conf **ret_conf);
void sshd_conf_free(struct sshd_conf *conf);
AUTO_DECLARE(struct sshd_conf, sshd_conf_free)

typedef void sshd_conf_report(const struct member_fault *fault, void *to);

/* Says what cannot be meant. 0, or -EINVAL when something was reported. */
int sshd_conf_check(const struct sshd_conf *conf, sshd_conf_report *report, void *to);
/* What is accepted, stored and never offered: on_text gets a sentence for each that before (may be NULL) has not. */
void sshd_conf_each_deprecated(const struct sshd_conf *conf, const struct sshd_conf *before,
			       void (*on_text)(const char *text, void *userdata), void *userdata);
const struct user_conf *sshd_conf_user(const struct sshd_conf *conf, const char *name);
/* What the user's groups let him do; NULL: there is no such user. Valid as long as conf. */
const struct task_set *sshd_conf_rights(const struct sshd_conf *conf, const char *name);
/* Users nobody can log in as: on_user gets each name for which that was not so before (may be NULL). */
void sshd_conf_each_locked(const struct sshd_conf *conf, const struct sshd_conf *before,
			   void (*on_user)(const char *name, void *userdata), void *userdata);

#endif
