/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: sallyport-sshd. It listens in every VRF that the configuration wants, lets connections in, gives each a
 * process of its own, and keeps the table and the history of sessions. It reads no byte of the network itself.
 *
 * Start, commit and restart after kill -9 are one path: parts are made in the order of the table below, the slice comes
 * from confd (or, when confd does not answer, from the copy of the last one that was in force), and sessions of the
 * earlier daemon register as if they had just been made. SIGTERM leaves sessions alone; SIGINT ends them.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cap-ng.h>

#include "aaa/uidmap.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/option.h"
#include "base/proc.h"
#include "services/ssh/file_root.h"
#include "services/ssh/monitor.h"
#include "services/sshd.h"
#include "services/sshd_keys.h"
#include "services/sshd_limits.h"
#include "services/sshd_logging.h"
#include "services/sshd_options.h"
#include "services/sshd_probe.h"
#include "services/sshd_selftest.h"
#include "services/sshd_varlink.h"

#define HEAP_LOOK_TICKS	   4
#define HEAP_SURPLUS_BYTES (128u << 10)
#define SHUTDOWN_MS	2000
#define SURVIVORS_US	700000
#define FILES_MAX	65536   /* two sockets for each of 4096 VRFs, and the sessions */
#define SLICE_MAX_BYTES (16u << 20)

/* What is kept of root, and for whom. Sessions' monitors keep a part of these (services/ssh/monitor.c). */
static const struct {
	unsigned cap;
	bool needed; /* else: without it something is missing that is said at start */
	const char *without;
} cap_rows[] = {
	{ CAP_SETUID, true, "" },	/* monitor, transport: become the session's or the transport's user */
	{ CAP_SETGID, true, "" },	/* the same for groups */
	{ CAP_SETPCAP, true, "" },	/* monitor, transport: empty the bounding set */
	{ CAP_CHOWN, true, "" },	/* monitor: give the pty to the session's user */
	{ CAP_KILL, true, "" },		/* monitor: end programs of the session's user */
	{ CAP_DAC_OVERRIDE, true, "" }, /* files in directories of confd's user, and below closed parents */
	{ CAP_FOWNER, true, "" },	/* modes of sockets in a sticky directory */
	{ CAP_SYS_CHROOT, false, "transports have no empty root" },
	{ CAP_SYS_ADMIN, false, "network namespaces cannot be served" },      /* setns */
	{ CAP_NET_BIND_SERVICE, false, "ports below 1024 cannot be served" }, /* port 22 */
	{ CAP_NET_RAW, false, "" }, /* bind to a device on kernels before 5.7 */
};

uint16_t sshd_port(const struct sshd *sshd)
{
	return sshd->conf && sshd->conf->ssh.server.port > 0 ? (uint16_t)sshd->conf->ssh.server.port :
							       sshd->default_port;
}

/* ---- configuration ---- */

static int ops_check(const struct tree *slice, sshd_conf_report *report, void *to, void *userdata)
{
	AUTO(sshd_conf_free) struct sshd_conf *conf = NULL;
	int rc = sshd_conf_new(slice, &conf);

	(void)userdata;
	return rc < 0 ? rc : sshd_conf_check(conf, report, to);
}

/* Users that are new get their uid now, where a full range or disk can still refuse the commit. */
static int uids_prepare(const struct sshd *sshd, const struct sshd_conf *next, sshd_conf_report *report, void *to)
{
	const struct user_conf *users = next->users.users.items;
	int rc = 0;

	if (sshd->weak)
		return 0;
	for (size_t i = 0; i < next->users.users.len; i++) {
		struct uid_identity identity;
		struct err err = { .text = "" };
		char line[64];
		int one;

		if (sshd->conf && sshd_conf_user(sshd->conf, users[i].name))
			continue;
		one = uidmap_identity(sshd->uidmap_path, users[i].name, true, &identity, &err);
		if (one == 0)
			continue;
		snprintf(line, sizeof(line), "username %s", users[i].name);
		report(&(const struct member_fault){ .line = line,
						     .reason = err.text[0] ? err.text : strerror(-one) },
		       to);
		rc = one;
	}
	return rc;
}

static void next_drop(struct sshd *sshd)
{
	sshd_conf_free(take(sshd->next));
	if (sshd->next_text)
		explicit_bzero(sshd->next_text, sshd->next_text_len); /* password hashes */
	free(take(sshd->next_text));
	sshd->next_text_len = 0;
}

static int slice_text_make(struct sshd *sshd, const struct tree *slice)
{
	FILE *out = open_memstream(&sshd->next_text, &sshd->next_text_len);
	int rc;

	if (!out)
		return -ENOMEM;
	rc = tree_write(slice, NULL, 0, out);
	if (fclose(out) != 0 && rc >= 0)
		rc = -ENOMEM;
	return rc < 0 ? rc : 0;
}

static int ops_prepare(const struct tree *slice, sshd_conf_report *report, void *to, void *userdata)
{
	struct sshd *sshd = userdata;
	int rc;

	next_drop(sshd);
	rc = sshd_conf_new(slice, &sshd->next);
	if (rc == 0)
		rc = slice_text_make(sshd, slice);
	if (rc == 0)
		rc = door_prepare(sshd->door, &sshd->next->ssh);
	if (rc == 0)
		rc = uids_prepare(sshd, sshd->next, report, to);
	/* at the start the slice is in force already, so a taken port is a state to wait out and not a refusal */
	if (rc == 0)
		rc = listener_set_prepare(sshd->listeners, &sshd->next->ssh, sshd->conf != NULL, report, to);
	if (rc < 0)
		next_drop(sshd);
	return rc;
}

static bool maps(const struct sshd_conf *conf, const char *name)
{
	const struct vrf_conf_entry *vrfs = conf->vrf.vrfs.items;

	for (size_t i = 0; i < conf->vrf.vrfs.len; i++)
		if (vrfs[i].device && !strcmp(vrfs[i].name, name))
			return true;
	return false;
}

static void maps_apply(struct sshd *sshd, const struct sshd_conf *before)
{
	const struct vrf_conf_entry *old = before ? before->vrf.vrfs.items : NULL;
	const struct vrf_conf_entry *now = sshd->conf->vrf.vrfs.items;

	for (size_t i = 0; before && i < before->vrf.vrfs.len; i++)
		if (old[i].device && !maps(sshd->conf, old[i].name))
			vrf_table_map(sshd->vrfs, old[i].name, "");
	for (size_t i = 0; i < sshd->conf->vrf.vrfs.len; i++)
		if (now[i].device && vrf_table_map(sshd->vrfs, now[i].name, now[i].device) < 0)
			log_event(LOG_VRF_ERR_GENERAL, "VRF %s cannot be mapped to device %s", now[i].name,
				  now[i].device);
}

static void on_locked_user(const char *name, void *userdata)
{
	const struct sshd *sshd = userdata;

	if (!sshd_user_keys_any(sshd, name))
		log_event(LOG_SSHD_WARN_GENERAL, "User '%s' has neither secret nor keystring and cannot log in", name);
}

static void on_deprecated(const char *text, void *userdata)
{
	(void)userdata;
	log_event(LOG_SSHD_WARN_GENERAL, "%s", text);
}

/* The copy is for a start without confd; without it only that is lost. */
static void slice_save(const struct sshd *sshd)
{
	int rc = fs_write_atomic(sshd->slice_path, 0600, sshd->next_text, sshd->next_text_len);

	if (rc < 0)
		log_event(LOG_SSHD_WARN_GENERAL, "The configuration in force cannot be copied to %s: %s",
			  sshd->slice_path, strerror(-rc));
}

void sshd_offer_tell(struct sshd *sshd)
{
	struct mon_buf record = { .bytes = malloc(MON_RECORD_MAX_BYTES) };
	struct ssh_profile profile;
	int rc = record.bytes ? 0 : -ENOMEM;

	if (!sshd->conf)
		return;
	ssh_profile_resolve(&sshd->conf->ssh.server, NULL, sshd->default_port, &profile);
	if (rc == 0) {
		mon_put_start(&record, MON_START, 0);
		monitor_offer_put(sshd->hostkeys, &profile, &record);
		rc = spawner_pool_offer(sshd->spawners, &record);
	}
	if (rc < 0)
		log_debug("sshd", "spawners of transports are not told what is offered: %s", strerror(-rc));
	free(record.bytes);
}

/* Before a listener can let anybody in by the new configuration. */
static void monitors_apply(struct sshd *sshd)
{
	int rc = monitor_pool_configure(sshd->monitors, sshd->next_text, sshd->next_text_len);

	sshd_offer_tell(sshd);
	if (rc < 0)
		log_event(LOG_SSHD_ERR_GENERAL,
			  "Sessions go on beginning with the configuration of before: it cannot be passed on (%s)",
			  strerror(-rc));
}

/* Other statements below "ssh server" look as if they brought it up. */
static void warn_unserved(const struct sshd_conf *conf, const struct sshd_conf *before)
{
	if (!conf->ssh.vrfs.len && (!before || before->ssh.vrfs.len))
		log_event(LOG_SSHD_WARN_GENERAL, "The SSH server is up in no VRF: no client can connect until "
						 "'ssh server' or 'ssh server vrf NAME' is committed");
}

static void ops_apply(void *userdata)
{
	struct sshd *sshd = userdata;
	struct sshd_conf *before = sshd->conf;

	sshd->conf = take(sshd->next);
	maps_apply(sshd, before);
	monitors_apply(sshd);
	door_apply(sshd->door);
	listener_set_apply(sshd->listeners);
	sshd_logging_apply(sshd->logging, sshd->conf);
	slice_save(sshd);
	sshd_user_keys_follow(sshd);
	sshd_conf_each_deprecated(sshd->conf, before, on_deprecated, NULL);
	sshd_conf_each_locked(sshd->conf, before, on_locked_user, sshd);
	warn_unserved(sshd->conf, before);
	sshd_conf_free(before);
	next_drop(sshd);
}

static void ops_abort(void *userdata)
{
	struct sshd *sshd = userdata;

	listener_set_abort(sshd->listeners);
	door_abort(sshd->door);
	next_drop(sshd);
}

static const struct member_ops member_ops = { ops_check, ops_prepare, ops_apply, ops_abort };

static void on_saved_fault(const struct member_fault *fault, void *to)
{
	(void)to;
	log_event(LOG_SSHD_WARN_GENERAL, "The copy of the last configuration: '%s': %s", fault->line, fault->reason);
}

static void on_saved_line(unsigned line_number, const char *line, const char *reason, void *userdata)
{
	(void)userdata;
	(void)line; /* may hold a secret */
	log_event(LOG_SSHD_WARN_GENERAL, "The copy of the last configuration: line %u is left out: %s",
		  line_number, reason);
}

/* The text of the last slice that was in force, by the same road as one from confd. */
static int slice_restore(struct sshd *sshd, const char *text)
{
	struct tree *tree = NULL;
	int rc = tree_new(sshd_conf_root(), &tree);

	if (rc == 0)
		rc = tree_parse(tree, text, on_saved_line, NULL, NULL);
	if (rc >= 0)
		rc = ops_check(tree, on_saved_fault, NULL, sshd);
	if (rc == 0)
		rc = ops_prepare(tree, on_saved_fault, NULL, sshd);
	if (rc == 0)
		ops_apply(sshd);
	tree_free(tree);
	return rc;
}

static void on_first(void *userdata)
{
	struct sshd *sshd = userdata;
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (!sshd->conf) {
		rc = fs_read(sshd->slice_path, SLICE_MAX_BYTES, &text, &len);
		if (rc == 0)
			rc = slice_restore(sshd, text);
		if (rc == 0)
			log_event(LOG_SSHD_WARN_GENERAL,
				  "sallyport-confd does not answer: the configuration that was last in force is used");
		else
			log_event(LOG_SSHD_WARN_GENERAL,
				  "sallyport-confd does not answer: no service until it does (%s)",
				  strerror(-rc));
		if (text)
			explicit_bzero(text, len);
		free(text);
	}
	rc = proc_notify_ready();
	if (rc < 0)
		log_event(LOG_SYS_WARN_GENERAL, "Readiness cannot be told: %s", strerror(-rc));
}

/* ---- events ---- */

static void on_history_notice(bool trouble, const char *text, void *userdata)
{
	(void)userdata;
	log_event(trouble ? LOG_SSHD_ERR_GENERAL : LOG_SSHD_INFO_GENERAL, "The %s", text);
}

static void on_vrf(enum vrf_event event, const struct vrf *vrf, void *userdata)
{
	struct sshd *sshd = userdata;

	if (vrf->wanted && event != VRF_EVENT_CHANGED)
		log_event(LOG_VRF_INFO_STATE, "VRF %s is %s", vrf->name,
			  event == VRF_EVENT_CAME ? vrf_state_words[vrf->state] : "gone");
	if (sshd->listeners)
		listener_set_vrf_event(sshd->listeners, event, vrf);
}

static bool on_connection(const struct listener_connection *connection, void *userdata)
{
	struct sshd *sshd = userdata;

	if (sshd_keys_ready(sshd, connection->vrf->name))
		return session_server_connection(sshd->sessions, connection);
	close(connection->fd);
	return false;
}

static void on_exhausted(const struct vrf *vrf, void *userdata)
{
	struct sshd *sshd = userdata;
	struct admission_source source = { .family = 0 };

	snprintf(source.vrf_name, sizeof(source.vrf_name), "%s", vrf->name);
	door_exhausted(sshd->door, &source);
}

static void on_tick(evutil_socket_t fd, short what, void *userdata)
{
	struct sshd *sshd = userdata;

	(void)fd;
	(void)what;
	/* a long answer, or two configurations side by side, have taken much for a moment */
	if (++sshd->ticks % HEAP_LOOK_TICKS == 0)
		heap_give_back_beyond(HEAP_SURPLUS_BYTES);
	door_tick(sshd->door);
	listener_set_tick(sshd->listeners);
	session_server_tick(sshd->sessions);
	sshd_logging_tick(sshd->logging);
	sshd_limits_save(sshd);
}

static void on_terminate(evutil_socket_t number, short what, void *userdata)
{
	struct sshd *sshd = userdata;

	(void)number;
	(void)what;
	log_event(LOG_SYS_INFO_GENERAL, "The SSH service stops; live sessions that go on: %zu",
		  session_table_len(session_server_table(sshd->sessions)));
	event_base_loopbreak(sshd->base);
}

static void on_empty(void *userdata)
{
	struct sshd *sshd = userdata;

	event_base_loopbreak(sshd->base);
}

static void on_interrupt(evutil_socket_t number, short what, void *userdata)
{
	struct sshd *sshd = userdata;

	(void)number;
	(void)what;
	if (!sshd->tick) /* told again while it ends */
		return;
	log_event(LOG_SYS_INFO_GENERAL, "The SSH service stops; live sessions that end: %zu",
		  session_table_len(session_server_table(sshd->sessions)));
	listener_set_free(take(sshd->listeners));
	member_free(take(sshd->member));
	varlink_server_free(take(sshd->varlink));
	sshd_probes_free(take(sshd->probes)); /* whose callers were calls of the server */
	event_free(take(sshd->tick));
	session_server_shutdown(sshd->sessions, SHUTDOWN_MS, on_empty, sshd);
}

/* ---- parts ---- */

static int privilege_init(struct sshd *sshd, struct err *err)
{
	unsigned caps[ARRAY_SIZE(cap_rows)];
	size_t caps_len = 0;

	if (sshd->weak) {
		log_event(LOG_SYS_WARN_GENERAL,
			  "Not started as root: every session runs as uid %u, the transport's sandbox is a "
			  "user namespace, ports below 1024 and network namespaces cannot be served",
			  geteuid());
		return 0;
	}
	if (capng_get_caps_process() != 0)
		return err_set(err, -EPERM, "cannot read the capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(cap_rows); i++) {
		if (cap_rows[i].needed || capng_have_capability(CAPNG_PERMITTED, cap_rows[i].cap))
			caps[caps_len++] = cap_rows[i].cap;
		else if (cap_rows[i].without[0])
			log_event(LOG_SYS_WARN_GENERAL, "Without the capability %s %s",
				  capng_capability_to_name(cap_rows[i].cap), cap_rows[i].without);
	}
	return proc_limit_caps(caps, caps_len, err);
}

static int base_init(struct sshd *sshd, struct err *err)
{
	struct event_config *config = event_config_new();

	if (config)
		event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	sshd->base = config ? event_base_new_with_config(config) : NULL;
	if (config)
		event_config_free(config);
	return sshd->base ? 0 : err_set(err, -ENOMEM, "cannot make an event loop");
}

static void base_done(struct sshd *sshd)
{
	if (sshd->base)
		event_base_free(sshd->base);
}

static int paths_init(struct sshd *sshd, struct err *err)
{
	int rc;

	if (asprintf(&sshd->ssh_dir, "%s/ssh", sshd->state_dir) < 0 ||
	    asprintf(&sshd->uidmap_path, "%s/uids", sshd->ssh_dir) < 0 ||
	    asprintf(&sshd->slice_path, "%s/slice", sshd->ssh_dir) < 0 ||
	    asprintf(&sshd->user_keys_dir, "%s/user_keys", sshd->ssh_dir) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	rc = fs_mkdir(sshd->ssh_dir, 0755);
	if (rc < 0)
		return err_set(err, rc, "%s: %s", sshd->ssh_dir, strerror(-rc));
	rc = fs_mkdir(sshd->run_dir, 0755);
	return rc < 0 ? err_set(err, rc, "%s: %s", sshd->run_dir, strerror(-rc)) : 0;
}

static void paths_done(struct sshd *sshd)
{
	free(sshd->ssh_dir);
	free(sshd->uidmap_path);
	free(sshd->slice_path);
	free(sshd->user_keys_dir);
}

static int logging_init(struct sshd *sshd, struct err *err)
{
	return sshd_logging_new(sshd, &sshd->logging, err);
}

static void logging_done(struct sshd *sshd)
{
	sshd_logging_free(take(sshd->logging));
}

static void on_hostkey_fault(const struct err *fault)
{
	log_event(LOG_SSHD_ERR_GENERAL, "The SSH service goes on without one of its host keys: %s", fault->text);
}

/* One damaged file does not lock everybody out of a router. */
static int hostkeys_init(struct sshd *sshd, struct err *err)
{
	int rc = hostkey_set_load_usable(sshd->ssh_dir, on_hostkey_fault, &sshd->hostkeys, err);

	return rc < 0 ? rc : monitor_warm(sshd->hostkeys, err);
}

static void hostkeys_done(struct sshd *sshd)
{
	hostkey_set_free(sshd->hostkeys);
}

static int history_init(struct sshd *sshd, struct err *err)
{
	const struct history_options options = { .dir = sshd->ssh_dir, .on_notice = on_history_notice };

	if (history_new(&options, &sshd->history) < 0 ||
	    door_new((const struct sshd_conf *const *)&sshd->conf, sshd->default_port, &sshd->door) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	sshd_limits_load(sshd);
	return 0;
}

static void history_done(struct sshd *sshd)
{
	if (sshd->history && sshd->door)
		sshd_limits_save(sshd);
	history_free(sshd->history);
	door_free(sshd->door);
}

static int vrfs_init(struct sshd *sshd, struct err *err)
{
	if (vrf_table_new(on_vrf, sshd, &sshd->vrfs) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return vrf_watch_new(sshd->base, sshd->vrfs, sshd->netns_dir, &sshd->watch, err);
}

static void vrfs_done(struct sshd *sshd)
{
	vrf_watch_free(sshd->watch);
	vrf_table_free(sshd->vrfs);
}

static int listeners_init(struct sshd *sshd, struct err *err)
{
	const struct listener_options options = { .base = sshd->base, .vrfs = sshd->vrfs,
						  .default_port = sshd->default_port, .on_connection = on_connection,
						  .on_exhausted = on_exhausted, .userdata = sshd };

	return listener_set_new(&options, &sshd->listeners) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static void listeners_done(struct sshd *sshd)
{
	listener_set_free(take(sshd->listeners));
}

static int program_open(const struct sshd *sshd, const char *name, int *ret_fd, struct err *err)
{
	AUTO(free) char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", sshd->program_dir, name) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "%s: %s; is --program-dir right?", path, strerror(errno));
	*ret_fd = fd;
	return 0;
}

static int dir_open(const char *path, int *ret_fd, struct err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	*ret_fd = fd;
	return 0;
}

/* The transport's root: without --empty-dir, a directory in the run directory. */
static int empty_dir_open(struct sshd *sshd, struct err *err)
{
	AUTO(free) char *path = NULL;
	int rc;

	if (sshd->empty_dir)
		return dir_open(sshd->empty_dir, &sshd->empty_dir_fd, err);
	if (asprintf(&path, "%s/empty", sshd->run_dir) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	rc = fs_mkdir(path, 0555);
	return rc < 0 ? err_set(err, rc, "%s: %s", path, strerror(-rc)) : dir_open(path, &sshd->empty_dir_fd, err);
}

static int files_open(struct sshd *sshd, struct err *err)
{
	AUTO(free) char *path = NULL;
	int rc = program_open(sshd, "sallyport-helper", &sshd->helper_fd, err);

	if (rc < 0)
		return rc;
	if (asprintf(&path, "%s/files", sshd->state_dir) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	return file_root_prepare(path, &sshd->files_fd, err);
}

static int programs_init(struct sshd *sshd, struct err *err)
{
	int rc = program_open(sshd, "sallyport-monitor", &sshd->monitor_fd, err);

	if (rc == 0)
		rc = program_open(sshd, "sallyport-transport", &sshd->transport_fd, err);
	if (rc == 0)
		rc = program_open(sshd, "sallyport", &sshd->cli_fd, err);
	if (rc == 0)
		rc = dir_open(sshd->run_dir, &sshd->run_dir_fd, err);
	if (rc == 0)
		rc = files_open(sshd, err);
	return rc < 0 ? rc : empty_dir_open(sshd, err);
}

static int spawners_init(struct sshd *sshd, struct err *err)
{
	const struct spawner_options options = { .transport_fd = sshd->transport_fd, .empty_dir_fd = sshd->empty_dir_fd,
						 .uid = sshd->transport_uid ? sshd->transport_uid : UIDMAP_TRANSPORT,
						 .gid = sshd->transport_uid ? sshd->transport_uid : UIDMAP_TRANSPORT,
						 .weak = sshd->weak, .connections = sshd->spawner_connections };

	return spawner_pool_new(&options, &sshd->spawners) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static void spawners_done(struct sshd *sshd)
{
	spawner_pool_free(take(sshd->spawners));
}

static int monitors_init(struct sshd *sshd, struct err *err)
{
	const struct monitor_pool_options options = {
		.program_fd = sshd->monitor_fd, .run_dir_fd = sshd->run_dir_fd, .transport_fd = sshd->transport_fd,
		.cli_fd = sshd->cli_fd, .empty_dir_fd = sshd->empty_dir_fd, .files_fd = sshd->files_fd,
		.helper_fd = sshd->helper_fd, .uidmap_path = sshd->uidmap_path, .user_keys_dir = sshd->user_keys_dir,
		.netns_dir = sshd->netns_dir, .hostkeys = sshd->hostkeys, .transport_uid = sshd->transport_uid,
		.weak = sshd->weak, .debug = sshd->debug, .no_gcm = ssh_algorithm_no_gcm,
		.files = sshd->session_files,
	};

	return monitor_pool_new(&options, &sshd->monitors) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static void monitors_done(struct sshd *sshd)
{
	monitor_pool_free(take(sshd->monitors));
}

static bool on_other_child(pid_t pid, int status, void *userdata)
{
	const struct sshd *sshd = userdata;

	return sshd_probe_child(sshd->probes, pid, status);
}

static int sessions_init(struct sshd *sshd, struct err *err)
{
	struct session_server_options options = {
		.on_other_child = on_other_child, .userdata = sshd,
		.base = sshd->base, .run_dir = sshd->run_dir, .history = sshd->history, .door = sshd->door,
		.spawners = sshd->spawners, .monitors = sshd->monitors,
		.conf = (const struct sshd_conf *const *)&sshd->conf,
	};

	return session_server_new(&options, &sshd->sessions, err);
}

/* Without a history nobody knows which lines are taken until the sessions say so themselves; monitors ask for a new
 * daemon twice a second. Connections wait in the backlogs meanwhile. */
static int survivors_init(struct sshd *sshd, struct err *err)
{
	const struct timeval while_us = { .tv_usec = SURVIVORS_US };

	(void)err;
	if (history_is_whole(sshd->history))
		return 0;
	event_base_loopexit(sshd->base, &while_us);
	event_base_dispatch(sshd->base);
	return 0;
}

static void sessions_done(struct sshd *sshd)
{
	session_server_free(sshd->sessions);
}

static int varlink_init(struct sshd *sshd, struct err *err)
{
	if (sshd_probes_new(sshd, &sshd->probes) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return sshd_varlink_new(sshd, &sshd->varlink, err);
}

static void varlink_done(struct sshd *sshd)
{
	sshd_keys_done(sshd); /* its caller is a call of the server */
	varlink_server_free(take(sshd->varlink));
}

static int member_init(struct sshd *sshd, struct err *err)
{
	AUTO(free) char *path = NULL;

	if (asprintf(&path, "%s/confd.varlink", sshd->run_dir) < 0) {
		path = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	return member_new(sshd->base, path, "sshd", OWNER_SSHD, sshd_conf_root(), sshd->confd_uid,
			  &member_ops, on_first, sshd, &sshd->member, err);
}

static void member_done(struct sshd *sshd)
{
	member_free(take(sshd->member));
	sshd_logging_stop(sshd->logging);
	next_drop(sshd);
	sshd_conf_free(take(sshd->conf));
}

static int events_init(struct sshd *sshd, struct err *err)
{
	const struct timeval second = { .tv_sec = 1 };

	sshd->tick = event_new(sshd->base, -1, EV_PERSIST, on_tick, sshd);
	sshd->on_term = evsignal_new(sshd->base, SIGTERM, on_terminate, sshd);
	sshd->on_int = evsignal_new(sshd->base, SIGINT, on_interrupt, sshd);
	if (!sshd->tick || !sshd->on_term || !sshd->on_int || event_add(sshd->tick, &second) < 0 ||
	    event_add(sshd->on_term, NULL) < 0 || event_add(sshd->on_int, NULL) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

static void events_done(struct sshd *sshd)
{
	if (sshd->tick)
		event_free(sshd->tick);
	if (sshd->on_term)
		event_free(sshd->on_term);
	if (sshd->on_int)
		event_free(sshd->on_int);
}

static const struct {
	const char *name;
	int (*init)(struct sshd *sshd, struct err *err);
	void (*done)(struct sshd *sshd);
} parts[] = {
	{ "privileges", privilege_init, NULL },
	{ "event loop", base_init, base_done },
	{ "directories", paths_init, paths_done },
	{ "log", logging_init, logging_done },
	{ "programs", programs_init, NULL },
	{ "self-test", sshd_selftest_begin, sshd_selftest_done },
	{ "host keys", hostkeys_init, hostkeys_done },
	{ "history", history_init, history_done },
	{ "VRFs", vrfs_init, vrfs_done },
	{ "listeners", listeners_init, listeners_done },
	{ "self-test", sshd_selftest_end, NULL },
	{ "spawners", spawners_init, spawners_done },
	{ "monitors", monitors_init, monitors_done },
	{ "sessions", sessions_init, sessions_done },
	{ "survivors", survivors_init, NULL },
	{ "signals", events_init, events_done },
	{ "varlink", varlink_init, varlink_done },
	{ "configuration", member_init, member_done },
};

static int run(struct sshd *sshd)
{
	struct err err = { .text = "" };
	size_t made = 0;
	int rc = 0;

	while (rc == 0 && made < ARRAY_SIZE(parts)) {
		rc = parts[made].init(sshd, &err);
		made++;
	}
	if (rc < 0)
		log_event(LOG_SYS_ERR_GENERAL, "The SSH service cannot start (%s): %s", parts[made - 1].name,
			  err.text[0] ? err.text : strerror(-rc));
	else
		event_base_dispatch(sshd->base);
	while (made > 0)
		if (parts[--made].done)
			parts[made].done(sshd);
	return rc < 0 ? 1 : 0;
}

/* ---- process ---- */

static int number_read(const char *text, unsigned long max, unsigned long *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoul(text, &end, 10);
	return text[0] < '0' || text[0] > '9' || *end || errno || *ret_number > max ? -EINVAL : 0;
}

/* A descriptor below three must never be a connection. */
static void standard_fds_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void files_raise(struct sshd *sshd)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	sshd->session_files = files;
	if (files.rlim_cur >= FILES_MAX)
		return;
	files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
	setrlimit(RLIMIT_NOFILE, &files); /* with fewer, connections are refused when they are used up */
}

/* No user may take more than half of the process numbers there are, or nobody else gets in to end what he runs. It is
 * inherited by what sessions start, and does not hold for root. */
static void processes_bound(void)
{
	struct rlimit processes;
	unsigned long long half;
	FILE *file = fopen("/proc/sys/kernel/pid_max", "re");
	bool known = file && fscanf(file, "%llu", &half) == 1;

	if (file)
		fclose(file);
	if (!known || getrlimit(RLIMIT_NPROC, &processes) < 0)
		return;
	half /= 2;
	if (processes.rlim_max > half)
		processes.rlim_max = half;
	if (processes.rlim_cur > half)
		processes.rlim_cur = half;
	setrlimit(RLIMIT_NPROC, &processes);
}

int main(int argc, char **argv)
{
	struct sshd sshd = { .run_dir = SSHD_RUN_DIR, .state_dir = SSHD_STATE_DIR,
			     .program_dir = SSHD_PROGRAM_DIR, .netns_dir = SSHD_NETNS_DIR, .console = SSHD_CONSOLE,
			     .spawner_connections = SPAWNER_CONNECTIONS,
			     .default_port = SSHD_PORT, .run_dir_fd = -1, .transport_fd = -1, .cli_fd = -1,
			     .empty_dir_fd = -1, .selftest = { .said_fd = -1 } };

	/* for tests of the product as a whole */
	const char *connections = getenv("SALLYPORT_SPAWNER_CONNECTIONS"), *console = getenv("SALLYPORT_CONSOLE");
	struct err err = { 0 };
	unsigned long number;
	int rest = 0;

	standard_fds_open();
	proc_title_init(argc, argv);
	log_init("SSHD");
	if (option_parse(sshd_option_rows, argc, argv, &sshd, &rest, &err) < 0 || rest != argc) {
		fprintf(stderr, "sallyport-sshd: %s\n", err.text[0] ? err.text : "there are words behind the options");
		option_usage(sshd_option_rows, "sallyport-sshd", "", stderr);
		return 2;
	}
	if (sshd.help)
		option_usage(sshd_option_rows, "sallyport-sshd", "", stdout);
	if (sshd.help || sshd.describe)
		return (!sshd.help && sshd_varlink_describe(stdout) < 0) || fflush(stdout) ? 1 : 0;
	log_set_debug(sshd.debug);
	if (console)
		sshd.console = console;
	if (connections && number_read(connections, SPAWNER_CONNECTIONS_MAX, &number) == 0)
		sshd.spawner_connections = (unsigned)number;
	sshd.weak = geteuid() != 0;
	if (sshd.confd_uid == 0)
		sshd.confd_uid = geteuid();
	umask(0022);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	files_raise(&sshd);
	processes_bound();
	return run(&sshd);
}
