/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the daemon's configuration. The rows are those of the three folders; only where the struct of a folder lies in
 * ours is said here.
 */
#include "services/sshd_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "aaa/key_import.h"
#include "services/ssh_algorithm.h"
#include "vrf/vrf.h"

/* The last ones are bound by themselves: the offsets of what is below a group count from the start of the struct. */
static const struct stmt templates[] = { VRF_CONF_ROW,	ACCESS_LIST_ROWS,    GROUP_CONF_ROWS,  USER_CONF_ROW,
					 SSH_CONF_ROW, SYSTEM_HOSTNAME_ROW, LINE_CONF_ROWS,   LOGGING_CONF_ROW,
					 STMT_DONE };
static const struct stmt line_root[] = { LINE_CONF_ROWS, STMT_DONE };
static const struct stmt logging_root[] = { LOGGING_CONF_ROW, STMT_DONE };
static struct stmt rows[ARRAY_SIZE(templates)], bound[ARRAY_SIZE(templates) - 3];

const struct stmt *sshd_conf_root(void)
{
	if (rows[0].kind != STMT_END)
		return rows;
	memcpy(rows, templates, sizeof(rows));
	rows[0].offset += offsetof(struct sshd_conf, vrf);
	rows[5].offset += offsetof(struct sshd_conf, users);
	rows[7].offset += offsetof(struct sshd_conf, system);
	memcpy(bound, rows, sizeof(bound));
	bound[ARRAY_SIZE(bound) - 1] = (struct stmt)STMT_DONE;
	return rows;
}

static int rights_fill(const struct tree *slice, struct sshd_conf *conf)
{
	const struct user_conf *users = conf->users.users.items;

	conf->rights = calloc(conf->users.users.len + 1, sizeof(*conf->rights));
	if (!conf->rights)
		return -ENOMEM;
	for (size_t i = 0; i < conf->users.users.len; i++)
		group_user_tasks(slice, users[i].name, &conf->rights[i]);
	return 0;
}

int sshd_conf_new(const struct tree *slice, struct sshd_conf **ret_conf)
{
	AUTO(sshd_conf_free) struct sshd_conf *conf = calloc(1, sizeof(*conf));
	int rc;

	if (!conf)
		return -ENOMEM;
	sshd_conf_root();
	rc = bind_tree(slice, bound, conf, &conf->arena);
	if (rc == 0)
		rc = bind_tree(slice, logging_root, &conf->logging, &conf->arena);
	if (rc == 0)
		rc = bind_tree(slice, line_root, &conf->lines, &conf->arena);
	if (rc == 0)
		rc = rights_fill(slice, conf);
	if (rc < 0)
		return rc;
	*ret_conf = take(conf);
	return 0;
}

void sshd_conf_free(struct sshd_conf *conf)
{
	if (!conf)
		return;
	bind_arena_done(&conf->arena);
	free(conf->rights);
	free(conf);
}

/* Two names for one device would be two listeners on one socket address. */
static const struct vrf_conf_entry *device_user(const struct sshd_conf *conf, size_t before, const char *device)
{
	const struct vrf_conf_entry *vrfs = conf->vrf.vrfs.items;

	for (size_t i = 0; i < before; i++)
		if (vrfs[i].device && !strcmp(vrfs[i].device, device))
			return &vrfs[i];
	return NULL;
}

static bool vrf_check(const struct sshd_conf *conf, size_t place, sshd_conf_report *report, void *to)
{
	const struct vrf_conf_entry *vrf = (const struct vrf_conf_entry *)conf->vrf.vrfs.items + place, *other;
	char line[128], reason[256];

	if (!vrf->device)
		return true;
	snprintf(line, sizeof(line), "vrf %s device %s", vrf->name, vrf->device);
	other = device_user(conf, place, vrf->device);
	if (!strcmp(vrf->name, VRF_DEFAULT_NAME))
		snprintf(reason, sizeof(reason), "The default VRF is no device; remove 'device %s'", vrf->device);
	else if (other)
		snprintf(reason, sizeof(reason), "Device %s belongs to VRF %s already; remove one of the two",
			 vrf->device, other->name);
	else
		return true;
	report(&(const struct member_fault){ .line = line, .reason = reason }, to);
	return false;
}

/* ---- what is offered ---- */

/* One place that settings are given in: the server, or a VRF. */
struct place {
	char name[64]; /* "ssh server vrf blue" */
	const struct ssh_profile *own;
	struct ssh_profile in_force;
};

/* Place 0 is the server, the others are the VRFs. */
static void place_at(const struct sshd_conf *conf, size_t i, struct place *ret_place)
{
	const struct ssh_vrf_conf *vrf = i ? (const struct ssh_vrf_conf *)conf->ssh.vrfs.items + (i - 1) : NULL;

	*ret_place = (struct place){ .own = vrf ? &vrf->profile : &conf->ssh.server };
	snprintf(ret_place->name, sizeof(ret_place->name), "ssh server%s%s", vrf ? " vrf " : "", vrf ? vrf->name : "");
	ssh_profile_resolve(&conf->ssh.server, vrf ? &vrf->profile : NULL, 0, &ret_place->in_force);
}

/* Whether the place takes part in what is offered of that kind. */
static bool place_says(const struct place *place, enum ssh_algorithm_kind kind)
{
	if (kind == SSH_ALGORITHM_MAC)
		return place->own->disable_hmac_sha1 || place->own->disable_hmac_sha2_256 ||
		       place->own->disable_hmac_sha2_512;
	return ssh_algorithm_configured(kind, place->own) != NULL;
}

/* A server that offers nothing of a kind has no clients. Host keys may be made later, so all of them count as there. */
static bool offer_check(const struct place *place, enum ssh_algorithm_kind kind, sshd_conf_report *report, void *to)
{
	const struct ssh_algorithm_server server = { &place->in_force, ~0u, ssh_algorithm_libssh,
						     ssh_algorithm_no_gcm };
	char list[SSH_ALGORITHM_LIST_MAX_BYTES], line[SSH_ALGORITHM_LIST_MAX_BYTES + 128], reason[160];

	if (!place_says(place, kind) || *ssh_algorithm_list(kind, &server, list, sizeof(list)))
		return true;
	if (kind == SSH_ALGORITHM_MAC)
		snprintf(line, sizeof(line), "%s disable hmac %s", place->name,
			 place->own->disable_hmac_sha2_512 ? "hmac-sha2-512" :
			 place->own->disable_hmac_sha2_256 ? "hmac-sha2-256" : "hmac-sha1");
	else
		snprintf(line, sizeof(line), "%s algorithms %s %s", place->name, ssh_algorithm_list_keyword(kind),
			 ssh_algorithm_configured(kind, place->own));
	snprintf(reason, sizeof(reason), "No %s would be left to offer, and no client could connect; %s",
		 ssh_algorithm_kind_names[kind],
		 kind == SSH_ALGORITHM_MAC ? "leave one enabled" : "add one that is not deprecated");
	report(&(const struct member_fault){ .line = line, .reason = reason }, to);
	return false;
}

/* A list that is not there lets nobody in, which nobody means. */
static bool access_list_check(const struct sshd_conf *conf, const char *place, enum access_family family,
			      const char *name, sshd_conf_report *report, void *to)
{
	const char *word = access_family_words[family];
	char line[192], reason[256];

	if (!name || access_lists_has(&conf->ssh.access_lists, family, name))
		return true;
	snprintf(line, sizeof(line), "%s %s access-list %s", place, word, name);
	snprintf(reason, sizeof(reason), "There is no '%s access-list %s'; configure it in the same commit, or before",
		 word, name);
	report(&(const struct member_fault){ .line = line, .reason = reason }, to);
	return false;
}

static int access_lists_check(const struct sshd_conf *conf, sshd_conf_report *report, void *to)
{
	const struct ssh_netconf_vrf_conf *netconfs = conf->ssh.netconf_vrfs.items;
	const struct ssh_vrf_conf *vrfs = conf->ssh.vrfs.items;
	bool there = true;
	char place[80];

	for (size_t i = 0; i < conf->ssh.vrfs.len; i++) {
		const struct ssh_profile *own = &vrfs[i].profile;

		snprintf(place, sizeof(place), "ssh server vrf %s", vrfs[i].name);
		there &= access_list_check(conf, place, ACCESS_IPV4, own->ipv4_access_list, report, to);
		there &= access_list_check(conf, place, ACCESS_IPV6, own->ipv6_access_list, report, to);
	}
	for (size_t i = 0; i < conf->ssh.netconf_vrfs.len; i++) {
		snprintf(place, sizeof(place), "ssh server netconf vrf %s", netconfs[i].name);
		there &= access_list_check(conf, place, ACCESS_IPV4, netconfs[i].ipv4_access_list, report, to);
		there &= access_list_check(conf, place, ACCESS_IPV6, netconfs[i].ipv6_access_list, report, to);
	}
	return there ? 0 : -EINVAL;
}

struct line_faults {
	sshd_conf_report *report;
	void *to;
	int rc;
};

static void on_line_fault(const char *line, const char *reason, void *userdata)
{
	struct line_faults *faults = userdata;

	faults->report(&(const struct member_fault){ .line = line, .reason = reason }, faults->to);
	faults->rc = -EINVAL;
}

static bool class_exists(const struct sshd_conf *conf, const char *name)
{
	return access_lists_has(&conf->ssh.access_lists, ACCESS_IPV4, name) ||
	       access_lists_has(&conf->ssh.access_lists, ACCESS_IPV6, name);
}

static void class_check(const struct sshd_conf *conf, const char *place, const struct line_template_conf *template,
			struct line_faults *faults)
{
	char line[192], reason[160];

	if (template->access_class && !class_exists(conf, template->access_class)) {
		snprintf(line, sizeof(line), "line %s access-class ingress %s", place, template->access_class);
		snprintf(reason, sizeof(reason), "There is no access-list '%s'", template->access_class);
		on_line_fault(line, reason, faults);
	}
	if (template->access_class_ipv6 &&
	    !access_lists_has(&conf->ssh.access_lists, ACCESS_IPV6, template->access_class_ipv6)) {
		snprintf(line, sizeof(line), "line %s access-class ipv6 ingress %s", place,
			 template->access_class_ipv6);
		snprintf(reason, sizeof(reason), "There is no 'ipv6 access-list %s'", template->access_class_ipv6);
		on_line_fault(line, reason, faults);
	}
}

static int lines_check(const struct sshd_conf *conf, sshd_conf_report *report, void *to)
{
	const struct line_template_conf *named = conf->lines.templates.items;
	struct line_faults faults = { .report = report, .to = to };
	char place[64];

	line_conf_check(&conf->lines, on_line_fault, &faults);
	class_check(conf, "console", &conf->lines.console, &faults);
	class_check(conf, "default", &conf->lines.standard, &faults);
	for (size_t i = 0; i < conf->lines.templates.len; i++) {
		snprintf(place, sizeof(place), "template %s", named[i].name);
		class_check(conf, place, &named[i], &faults);
	}
	return faults.rc;
}

int sshd_conf_check(const struct sshd_conf *conf, sshd_conf_report *report, void *to)
{
	struct place place;
	int rc = access_lists_check(conf, report, to);

	if (lines_check(conf, report, to) < 0)
		rc = -EINVAL;

	for (size_t i = 0; i < conf->vrf.vrfs.len; i++)
		if (!vrf_check(conf, i, report, to))
			rc = -EINVAL;
	for (size_t i = 0; i <= conf->ssh.vrfs.len; i++) {
		place_at(conf, i, &place);
		for (unsigned kind = 0; kind < SSH_ALGORITHM_KIND_MAX; kind++)
			if (!offer_check(&place, (enum ssh_algorithm_kind)kind, report, to))
				rc = -EINVAL;
	}
	return rc;
}

struct deprecated {
	const char *place;
	enum ssh_algorithm_kind kind;
	const char *before; /* the list as it was */
	void (*on_text)(const char *text, void *userdata);
	void *userdata;
};

static void on_unoffered(const char *word, const char *why, void *userdata)
{
	const struct deprecated *deprecated = userdata;
	char text[512];

	if (ssh_algorithm_words_have(deprecated->before, word))
		return;
	snprintf(text, sizeof(text),
		 "'%s algorithms %s ... %s' is accepted, and %s is %s, never offered, because %s", deprecated->place,
		 ssh_algorithm_list_keyword(deprecated->kind), word, word,
		 ssh_algorithm_without_effect(word), why);
	deprecated->on_text(text, deprecated->userdata);
}

static const struct ssh_profile *profile_before(const struct sshd_conf *before, const struct sshd_conf *conf, size_t i)
{
	const struct ssh_vrf_conf *vrfs = conf->ssh.vrfs.items, *vrf;

	if (!before || !i)
		return before ? &before->ssh.server : NULL;
	vrf = ssh_conf_vrf(&before->ssh, vrfs[i - 1].name);
	return vrf ? &vrf->profile : NULL;
}

static bool keys_have(const struct user_conf *user, const char *keystring)
{
	const struct user_key_conf *keys = user ? user->keys.items : NULL;

	for (size_t i = 0; user && i < user->keys.len; i++)
		if (!strcmp(keys[i].keystring, keystring))
			return true;
	return false;
}

static void each_deprecated_key(const struct user_conf *user, const struct sshd_conf *before,
				void (*on_text)(const char *text, void *userdata), void *userdata)
{
	const struct user_key_conf *keys = user->keys.items;
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	char text[512];
	size_t len;

	for (size_t i = 0; i < user->keys.len; i++) {
		const char *why = NULL;

		if (strncmp(keys[i].keystring, "ssh-dss ", 8) != 0 && strncmp(keys[i].keystring, "ssh-rsa ", 8) != 0)
			continue;
		if (key_import_line(keys[i].keystring, &key, blob, &len, NULL) == 0)
			why = key_import_why_refused(key.type, key.bits);
		if (!why || (before && keys_have(sshd_conf_user(before, user->name), keys[i].keystring)))
			continue;
		snprintf(text, sizeof(text),
			 "'username %s keystring %.40s...' is accepted, and logins with this key are refused, "
			 "because %s",
			 user->name, keys[i].keystring, why);
		on_text(text, userdata);
	}
}

void sshd_conf_each_deprecated(const struct sshd_conf *conf, const struct sshd_conf *before,
			       void (*on_text)(const char *text, void *userdata), void *userdata)
{
	const struct user_conf *users = conf->users.users.items;
	struct place place;

	for (size_t i = 0; i < conf->users.users.len; i++)
		each_deprecated_key(&users[i], before, on_text, userdata);
	if (conf->ssh.v1 && !(before && before->ssh.v1))
		on_text("'ssh server v1' is deprecated and has no effect: clients of version 1 are refused", userdata);
	for (size_t i = 0; i <= conf->ssh.vrfs.len; i++) {
		const struct ssh_profile *old = profile_before(before, conf, i);

		place_at(conf, i, &place);
		for (unsigned k = 0; k < SSH_ALGORITHM_KIND_MAX; k++) {
			enum ssh_algorithm_kind kind = (enum ssh_algorithm_kind)k;
			struct deprecated deprecated = { place.name, kind,
							 old ? ssh_algorithm_configured(kind, old) : NULL, on_text,
							 userdata };

			ssh_algorithm_each_unoffered(kind, ssh_algorithm_configured(kind, place.own), on_unoffered,
						     &deprecated);
		}
	}
}

const struct user_conf *sshd_conf_user(const struct sshd_conf *conf, const char *name)
{
	const struct user_conf *users = conf->users.users.items;

	for (size_t i = 0; i < conf->users.users.len; i++)
		if (!strcmp(users[i].name, name))
			return &users[i];
	return NULL;
}

const struct task_set *sshd_conf_rights(const struct sshd_conf *conf, const char *name)
{
	const struct user_conf *user = sshd_conf_user(conf, name);

	return user ? &conf->rights[user - (const struct user_conf *)conf->users.users.items] : NULL;
}

static bool is_locked(const struct user_conf *user)
{
	return user && !user->secret && !user->keys.len;
}

void sshd_conf_each_locked(const struct sshd_conf *conf, const struct sshd_conf *before,
			   void (*on_user)(const char *name, void *userdata), void *userdata)
{
	const struct user_conf *users = conf->users.users.items;

	for (size_t i = 0; i < conf->users.users.len; i++)
		if (is_locked(&users[i]) && !(before && is_locked(sshd_conf_user(before, users[i].name))))
			on_user(users[i].name, userdata);
}
