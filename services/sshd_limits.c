/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: what the door knows, as rows.
 */
#include "services/sshd_limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "services/sshd.h"
#include "services/sshd_varlink.h"

#define SAVE_AT_ONCE_MAX 512u /* sources; more wait for the next second */

/* The text of a parameter that may be left out. False, and the call is answered, when it is no text. */
static bool text_get(struct varlink_call *call, const json_t *parameters, const char *name, const char **ret_text)
{
	const json_t *value = json_object_get(parameters, name);

	*ret_text = json_string_value(value);
	if (!value || json_is_null(value) || *ret_text)
		return true;
	varlink_error_parameter(call, name);
	return false;
}

/* ---- access lists ---- */

struct access_walk {
	json_t *rows;
	const char *family;
};

static void on_entry(const char *list, const struct access_entry *entry, void *userdata)
{
	const struct access_walk *walk = userdata;
	struct access_entry_report row = { .number = entry->number, .matches = entry->matches };

	snprintf(row.family, sizeof(row.family), "%s", walk->family);
	snprintf(row.list, sizeof(row.list), "%s", list);
	snprintf(row.action, sizeof(row.action), "%s", entry->action);
	snprintf(row.text, sizeof(row.text), "%s", entry->text);
	json_array_append_new(walk->rows, field_encode(access_entry_report_fields, &row));
}

void sshd_limits_list_access(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	struct access_walk walk;
	const char *family, *name;

	if (!sshd_varlink_permits(sshd, call, "acl", TASK_READ))
		return;
	if (!text_get(call, parameters, "family", &family) || !text_get(call, parameters, "name", &name))
		return;
	walk.rows = json_array();
	for (int i = 0; i < ACCESS_FAMILY_MAX; i++) {
		walk.family = access_family_words[i];
		if (!family || !strcmp(family, walk.family))
			access_lists_each(door_access_lists(sshd->door), (enum access_family)i, name, on_entry, &walk);
	}
	varlink_reply(call, json_pack("{s:o}", "entries", walk.rows));
}

void sshd_limits_clear_access(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct sshd *sshd = userdata;
	const char *family, *list;
	size_t cleared = 0;
	char name[64];

	if (!sshd_varlink_may(sshd, varlink_call_peer(call), "acl", TASK_EXECUTE, name, sizeof(name))) {
		varlink_error_permission(call);
		return;
	}
	if (!text_get(call, parameters, "family", &family) || !text_get(call, parameters, "name", &list))
		return;
	for (int i = 0; i < ACCESS_FAMILY_MAX; i++)
		if (!family || !strcmp(family, access_family_words[i]))
			cleared += door_clear_access(sshd->door, (enum access_family)i, list);
	if (cleared > 0)
		log_event(LOG_SSHD_INFO_GENERAL, "Counters of %zu access list%s are cleared by '%s'", cleared,
			  cleared == 1 ? "" : "s", name);
	varlink_reply(call, json_pack("{s:I}", "cleared", (json_int_t)cleared));
}

/* ---- penalties ---- */

struct penalty_walk {
	const char *vrf_name; /* NULL: all */
	json_t *rows;
};

static void on_penalty(const struct penalty_row *row, void *userdata)
{
	const struct penalty_walk *walk = userdata;
	struct penalty_report report = { .shut_out = row->shut_out, .count = row->count, .refused = row->refused,
					 .left_s = (uint32_t)((row->left_us + 999999) / 1000000) };

	if (walk->vrf_name && strcmp(row->source->vrf_name, walk->vrf_name) != 0)
		return;
	admission_source_text(row->source, report.source, sizeof(report.source));
	snprintf(report.vrf, sizeof(report.vrf), "%s", row->source->vrf_name);
	snprintf(report.reason, sizeof(report.reason), "%s", penalty_reason_words[row->reason]);
	json_array_append_new(walk->rows, field_encode(penalty_report_fields, &report));
}

void sshd_limits_list_penalties(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	struct penalty_walk walk = { .vrf_name = NULL };

	if (!sshd_varlink_permits(sshd, call, "crypto", TASK_READ))
		return;
	if (!text_get(call, parameters, "vrf", &walk.vrf_name))
		return;
	walk.rows = json_array();
	penalties_each(door_penalties(sshd->door), clock_monotonic_us(), on_penalty, &walk);
	varlink_reply(call, json_pack("{s:o}", "penalties", walk.rows));
}

/* An address, or "2001:db8::/64" as it is shown. */
static bool source_read(const char *text, uint8_t bytes[static 16], size_t *ret_len)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/");

	if (len >= sizeof(address) || (text[len] && strcmp(text + len, "/64") != 0))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	*ret_len = inet_pton(AF_INET, address, bytes) == 1 ? 4 : 16;
	return (*ret_len == 4 && !text[len]) || inet_pton(AF_INET6, address, bytes) == 1;
}

struct clear {
	const char *vrf_name; /* NULL: all */
	const uint8_t *bytes; /* NULL: all */
	size_t bytes_len;
	struct admission_source *found;
	size_t found_len, found_size;
};

/* The table must not change while it is walked. */
static void on_wanted(const struct penalty_row *row, void *userdata)
{
	struct clear *clear = userdata;
	struct admission_source wanted;

	if (clear->vrf_name && strcmp(row->source->vrf_name, clear->vrf_name) != 0)
		return;
	if (clear->bytes) {
		admission_source_set(&wanted, row->source->vrf_name, clear->bytes, clear->bytes_len);
		if (memcmp(&wanted, row->source, sizeof(wanted)) != 0)
			return;
	}
	if (clear->found_len == clear->found_size) {
		size_t size = clear->found_size ? 2 * clear->found_size : 64;
		struct admission_source *grown = reallocarray(clear->found, size, sizeof(*grown));

		if (!grown)
			return;
		clear->found = grown;
		clear->found_size = size;
	}
	clear->found[clear->found_len++] = *row->source;
}

void sshd_limits_clear_penalty(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct sshd *sshd = userdata;
	struct clear clear = { .vrf_name = NULL };
	uint8_t bytes[16];
	const char *source;
	char name[64];

	if (!sshd_varlink_may(sshd, varlink_call_peer(call), "crypto", TASK_EXECUTE, name, sizeof(name))) {
		varlink_error_permission(call);
		return;
	}
	if (!text_get(call, parameters, "source", &source) || !text_get(call, parameters, "vrf", &clear.vrf_name))
		return;
	if (!source || (source[0] && !source_read(source, bytes, &clear.bytes_len))) {
		varlink_error_parameter(call, "source");
		return;
	}
	clear.bytes = source[0] ? bytes : NULL;
	penalties_each(door_penalties(sshd->door), clock_monotonic_us(), on_wanted, &clear);
	for (size_t i = 0; i < clear.found_len; i++)
		penalties_clear(door_penalties(sshd->door), &clear.found[i]);
	if (clear.found_len > 0)
		log_event(LOG_SSHD_INFO_GENERAL, "Penalties of %zu source%s are cleared by '%s'", clear.found_len,
			  clear.found_len == 1 ? "" : "s", name);
	sshd_limits_save(sshd);
	varlink_reply(call, json_pack("{s:I}", "cleared", (json_int_t)clear.found_len));
	free(clear.found);
}

/* ---- through a restart ---- */

static int store_path(const struct sshd *sshd, const char *suffix, char **ret_path)
{
	if (asprintf(ret_path, "%s/penalties%s", sshd->ssh_dir, suffix) >= 0)
		return 0;
	*ret_path = NULL;
	return -ENOMEM;
}

static void boot_id_get(char *boot_id, size_t size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(boot_id, (int)size, file))
		boot_id[0] = '\0';
	boot_id[strcspn(boot_id, " \n")] = '\0';
	if (file)
		fclose(file);
}

/* While that is cheap: a flood from everywhere waits for the next second. */
static void on_shut_out(void *userdata)
{
	struct sshd *sshd = userdata;

	if (penalties_len(door_penalties(sshd->door)) <= SAVE_AT_ONCE_MAX)
		sshd_limits_save(sshd);
}

void sshd_limits_load(struct sshd *sshd)
{
	AUTO(free) char *path = NULL;
	AUTO(free) char *text = NULL;
	size_t text_len, len;

	door_on_shut_out(sshd->door, on_shut_out, sshd);
	boot_id_get(sshd->boot_id, sizeof(sshd->boot_id));
	if (store_path(sshd, "", &path) < 0 || fs_read(path, PENALTY_STORE_BYTES_MAX, &text, &text_len) < 0)
		return;
	len = penalty_store_read(door_penalties(sshd->door), sshd->boot_id, clock_monotonic_us(), text);
	if (len > 0)
		log_event(LOG_SSHD_INFO_GENERAL, "Penalties of %zu source%s are taken over from the last daemon", len,
			  len == 1 ? "" : "s");
}

/* Without fsync: what a power failure loses has run out when the machine is back. */
void sshd_limits_save(struct sshd *sshd)
{
	uint64_t changes = penalties_changes(door_penalties(sshd->door));
	AUTO(free) char *path = NULL;
	AUTO(free) char *next = NULL;
	AUTO(close) int fd = -1;
	FILE *out;

	if (changes == sshd->penalties_saved || store_path(sshd, "", &path) < 0 || store_path(sshd, ".new", &next) < 0)
		return;
	fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return;
	fd = -1;
	penalty_store_write(door_penalties(sshd->door), sshd->boot_id, clock_monotonic_us(), out);
	if (fclose(out) == 0 && rename(next, path) == 0)
		sshd->penalties_saved = changes;
}
