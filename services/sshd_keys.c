/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: host keys at run time. The set in memory is what the spawner of monitors is given, so a key that is made or
 * taken away holds from the next connection on; monitors that live have a copy of their own and go on signing with it.
 */
#include "services/sshd_keys.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "aaa/key_import.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "services/ssh/hostkey_old.h"
#include "services/ssh/monitor.h"
#include "services/sshd_varlink.h"

#define RSA_BITS_SAFE 2048 /* NIST SP 800-131A; smaller keys are never offered */
#define BITS_MIN      512  /* features.md 1C-18, 1C-19 */
#define RSA_BITS_MAX  4096
#define DSA_BITS_MAX  1024
#define JOB_NICE      10	  /* sessions go first */

_Static_assert((int)HOST_KEY_ED25519 == (int)HOSTKEY_ED25519 &&
		       (int)HOST_KEY_ECDSA_521 == (int)HOSTKEY_ECDSA_521 &&
		       (int)HOST_KEY_RSA_DEPRECATED == (int)HOSTKEY_TYPE_MAX + (int)HOSTKEY_OLD_RSA &&
		       (int)HOST_KEY_DSA == (int)HOSTKEY_TYPE_MAX + (int)HOSTKEY_OLD_DSA &&
		       (int)HOST_KEY_TYPE_MAX == (int)HOSTKEY_TYPE_MAX + (int)HOSTKEY_OLD_MAX,
	       "one order of types");

struct key_job {
	struct sshd *sshd;
	struct varlink_call *call; /* NULL: the caller has gone */
	enum host_key_type type;
	unsigned bits;
	char caller[64], replaced[64];
	pid_t pid; /* reaped with the sessions' processes */
	int fd;	   /* the child's verdict: nothing when it is done, or why not */
	struct event *readable;
	char verdict[sizeof(((struct err *)0)->text) + 1];
	size_t verdict_len;
};

void sshd_keys_refuse(struct varlink_call *call, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	varlink_error(call, SSH_ERROR_KEY_REFUSED, json_pack("{s:s}", "reason", reason));
}

/* ---- rows ---- */

static bool is_offered(const struct sshd *sshd, enum hostkey_type type)
{
	static const struct ssh_conf nothing;
	/* by type: what the list of algorithms then holds */
	static const char *const algorithms[HOSTKEY_TYPE_MAX] = {
		[HOSTKEY_ED25519] = "ssh-ed25519",
		[HOSTKEY_ECDSA_256] = "ecdsa-sha2-nistp256",
		[HOSTKEY_ECDSA_384] = "ecdsa-sha2-nistp384",
		[HOSTKEY_ECDSA_521] = "ecdsa-sha2-nistp521",
		[HOSTKEY_RSA] = "rsa-sha2-",
	};
	struct ssh_profile profile;
	char list[256];

	ssh_profile_resolve(sshd->conf ? &sshd->conf->ssh.server : &nothing.server, NULL, sshd->default_port,
			    &profile);
	monitor_algorithm_list(SSH_ALGORITHM_HOST_KEY, sshd->hostkeys, &profile, list, sizeof(list));
	return strstr(list, algorithms[type]);
}

/* Deprecated: stored, and not one of the set that monitors are given. */
static bool is_old(enum host_key_type type)
{
	return (int)type >= (int)HOSTKEY_TYPE_MAX;
}

static enum hostkey_old old_of(enum host_key_type type)
{
	return (enum hostkey_old)((int)type - (int)HOSTKEY_TYPE_MAX);
}

static bool old_row_fill(const struct sshd *sshd, enum host_key_type type, struct host_key_report *ret_row)
{
	struct host_key_report row = { .label = HOST_KEY_LABEL, .type = (int)type };
	uint8_t blob[USER_KEY_BLOB_MAX_BYTES];
	struct key_import_key key;
	size_t len;

	if (hostkey_old_public(sshd->ssh_dir, old_of(type), row.public_key, sizeof(row.public_key),
			       &row.created_us) < 0 ||
	    key_import_line(row.public_key, &key, blob, &len, NULL) < 0)
		return false;
	row.bits = key.bits;
	hostkey_fingerprint(blob, len, row.fingerprint, sizeof(row.fingerprint));
	*ret_row = row;
	return true;
}

static bool row_fill(const struct sshd *sshd, enum host_key_type which, struct host_key_report *ret_row)
{
	enum hostkey_type type = (enum hostkey_type)which;
	struct key_import_key key;
	const uint8_t *blob;
	size_t len;

	if (is_old(which))
		return old_row_fill(sshd, which, ret_row);
	blob = hostkey_public_blob(sshd->hostkeys, type, &len);
	if (!blob || key_import_blob(blob, len, &key, NULL) < 0)
		return false;
	*ret_row = (struct host_key_report){ .label = HOST_KEY_LABEL,
					     .type = (int)type,
					     .bits = key.bits,
					     .created_us = hostkey_created_us(sshd->hostkeys, type),
					     .offered = is_offered(sshd, type) };
	hostkey_fingerprint(blob, len, ret_row->fingerprint, sizeof(ret_row->fingerprint));
	snprintf(ret_row->public_key, sizeof(ret_row->public_key), "%s", key.line);
	return true;
}

/* Whether a type belongs to the family a caller named; false with *ret_known for a word that names none. */
static bool in_family(enum host_key_type type, const char *family, bool *ret_known)
{
	bool is_ecdsa = type == HOST_KEY_ECDSA_256 || type == HOST_KEY_ECDSA_384 || type == HOST_KEY_ECDSA_521;
	bool in = !family[0] || !strcmp(family, host_key_type_words[type]) ||
		  (is_ecdsa && !strcmp(family, "ecdsa")) ||
		  (type == HOST_KEY_RSA_DEPRECATED && !strcmp(family, "rsa"));

	*ret_known |= in;
	return in;
}

/* The word of a caller, or NULL after the call was answered. */
static const char *family_read(struct varlink_call *call, const json_t *parameters)
{
	const char *family = json_string_value(json_object_get(parameters, "type"));
	bool known = false;

	for (enum host_key_type type = 0; family && type < HOST_KEY_TYPE_MAX; type++)
		in_family(type, family, &known);
	if (known)
		return family;
	varlink_error_parameter(call, "type");
	return NULL;
}

void sshd_keys_list(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct sshd *sshd = userdata;
	const char *family;
	json_t *keys;
	bool known = false;

	if (!sshd_varlink_permits(sshd, call, "crypto", TASK_READ))
		return;
	family = family_read(call, parameters);
	if (!family)
		return;
	keys = json_array();
	for (enum host_key_type type = 0; type < HOST_KEY_TYPE_MAX; type++) {
		struct host_key_report row;

		if (in_family(type, family, &known) && row_fill(sshd, type, &row))
			json_array_append_new(keys, field_encode(host_key_report_fields, &row));
	}
	varlink_reply(call, json_pack("{s:o}", "keys", keys));
}

/* ---- generate ---- */

static void job_free(struct key_job *job)
{
	if (!job)
		return;
	if (job->readable)
		event_free(job->readable);
	if (job->fd >= 0)
		close(job->fd);
	free(job);
}

static void __attribute__((noreturn)) child_run(const struct key_job *job, int fd, pid_t parent)
{
	struct err err = { .text = "" };
	int r;

	proc_signals_default();
	/* a key that comes after its daemon would be one that the next daemon does not know */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(fd, STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0u, 0) < 0)
		_exit(1);
	proc_title("sallyport-key", "sallyport-key: %s", host_key_type_words[job->type]);
	setpriority(PRIO_PROCESS, 0, JOB_NICE);
	if (is_old(job->type))
		r = hostkey_old_make(job->sshd->ssh_dir, old_of(job->type), job->bits, &err);
	else
		r = hostkey_make(job->sshd->ssh_dir, (enum hostkey_type)job->type, job->bits, &err);
	if (r == 0)
		r = write(STDIN_FILENO, "", 1) == 1 ? 0 : -EPIPE;
	else if (write(STDIN_FILENO, err.text[0] ? err.text : strerror(-r),
		       strlen(err.text[0] ? err.text : strerror(-r))) < 0)
		r = -EPIPE;
	_exit(r < 0);
}

static void job_failed(struct key_job *job, const char *why)
{
	log_event(LOG_SSHD_ERR_GENERAL, "The %s host key that '%s' asked for was not made: %s",
		  host_key_type_words[job->type], job->caller, why);
	if (job->call)
		sshd_keys_refuse(job->call, "The key was not made: %s", why);
}

static void job_succeeded(struct key_job *job)
{
	struct host_key_report row;

	if (!row_fill(job->sshd, job->type, &row)) {
		job_failed(job, "its file is gone again");
		return;
	}
	if (is_old(job->type))
		log_event(LOG_SSHD_WARN_GENERAL, "The %s host key of %u bits that '%s' asked for is stored and never "
			  "offered, because such keys are deprecated",
			  host_key_type_words[job->type], row.bits, job->caller);
	log_event(LOG_SSHD_INFO_GENERAL, "The %s host key of %u bits %s was made by '%s'%s%s",
		  host_key_type_words[job->type], row.bits, row.fingerprint, job->caller,
		  job->replaced[0] ? ", in place of " : "", job->replaced);
	if (job->call)
		varlink_reply(job->call,
			      json_pack("{s:o, s:s}", "key", field_encode(host_key_report_fields, &row),
					"replaced", job->replaced));
}

static void job_end(struct key_job *job)
{
	struct err err = { .text = "its process ended early" };

	job->sshd->key_job = NULL;
	job->verdict[job->verdict_len] = '\0';
	if (job->verdict_len != 1 || job->verdict[0])
		job_failed(job, job->verdict_len && job->verdict[0] ? job->verdict : err.text);
	else if (!is_old(job->type) && hostkey_set_reload(job->sshd->hostkeys, job->sshd->ssh_dir,
							  (enum hostkey_type)job->type, &err) < 0)
		job_failed(job, err.text);
	else
		job_succeeded(job);
	monitor_pool_renew(job->sshd->monitors);
	sshd_offer_tell(job->sshd);
	job_free(job);
}

static void on_verdict(evutil_socket_t fd, short what, void *userdata)
{
	struct key_job *job = userdata;
	size_t room = sizeof(job->verdict) - 1 - job->verdict_len;
	ssize_t n = room ? read(fd, job->verdict + job->verdict_len, room) : 0;

	(void)what;
	if (n > 0)
		job->verdict_len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		job_end(job);
}

static void on_caller_gone(void *userdata)
{
	struct key_job *job = userdata;

	job->call = NULL; /* the key is made all the same */
}

static int job_start(struct key_job *job)
{
	pid_t parent = getpid();
	sigset_t all, before;
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	job->fd = pipe_fds[0];
	fcntl(job->fd, F_SETFL, O_NONBLOCK);
	job->readable = event_new(job->sshd->base, job->fd, EV_READ | EV_PERSIST, on_verdict, job);
	if (!job->readable || event_add(job->readable, NULL) < 0) {
		close(pipe_fds[1]);
		return -ENOMEM;
	}
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	job->pid = fork();
	if (job->pid == 0)
		child_run(job, pipe_fds[1], parent);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pipe_fds[1]);
	return job->pid < 0 ? -EAGAIN : 0;
}

static bool type_find(const char *word, enum host_key_type *ret_type)
{
	for (enum host_key_type type = 0; word && type < HOST_KEY_TYPE_MAX; type++) {
		if (strcmp(word, host_key_type_words[type]))
			continue;
		*ret_type = type;
		return true;
	}
	return false;
}

/* The size when none was said, and the type that it makes of an RSA key. */
static bool bits_settle(enum host_key_type *inout_type, json_int_t *inout_bits)
{
	json_int_t bits = *inout_bits;

	if (!bits && *inout_type == HOST_KEY_DSA)
		bits = HOSTKEY_OLD_DSA_BITS;
	else if (!bits)
		bits = *inout_type == HOST_KEY_RSA_DEPRECATED ? RSA_BITS_SAFE / 2 : HOSTKEY_RSA_BITS_DEFAULT;
	if (*inout_type == HOST_KEY_RSA && bits < RSA_BITS_SAFE)
		*inout_type = HOST_KEY_RSA_DEPRECATED;
	*inout_bits = bits;
	if (*inout_type == HOST_KEY_DSA)
		return bits >= BITS_MIN && bits <= DSA_BITS_MAX;
	if (*inout_type == HOST_KEY_RSA_DEPRECATED && bits >= RSA_BITS_SAFE)
		return false;
	return bits >= BITS_MIN && bits <= RSA_BITS_MAX;
}

void sshd_keys_generate(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct sshd *sshd = userdata;
	const json_t *bits = json_object_get(parameters, "bits");
	json_int_t size = bits ? json_integer_value(bits) : 0;
	struct key_job *job;
	struct host_key_report old;
	enum host_key_type type;
	char name[64];
	int r;

	if (!sshd_varlink_may(sshd, varlink_call_peer(call), "crypto", TASK_EXECUTE, name, sizeof(name))) {
		varlink_error_permission(call);
		return;
	}
	if (!type_find(json_string_value(json_object_get(parameters, "type")), &type)) {
		varlink_error_parameter(call, "type");
		return;
	}
	if ((bits && !json_is_integer(bits)) || !bits_settle(&type, &size)) {
		varlink_error_parameter(call, "bits");
		return;
	}
	if (sshd->key_job) {
		sshd_keys_refuse(call, "A key is being made for '%s': wait until it is there",
				 sshd->key_job->caller);
		return;
	}
	job = calloc(1, sizeof(*job));
	if (!job) {
		sshd_keys_refuse(call, "Out of memory");
		return;
	}
	*job = (struct key_job){ .sshd = sshd, .type = type, .bits = (unsigned)size, .fd = -1 };
	snprintf(job->caller, sizeof(job->caller), "%s", name);
	if (row_fill(sshd, type, &old))
		snprintf(job->replaced, sizeof(job->replaced), "%s", old.fingerprint);
	r = job_start(job);
	if (r < 0) {
		job_free(job);
		sshd_keys_refuse(call, "The key was not made: %s", strerror(-r));
		return;
	}
	job->call = call;
	sshd->key_job = job;
	varlink_call_on_gone(call, on_caller_gone, job);
}

void sshd_keys_done(struct sshd *sshd)
{
	struct key_job *job = take(sshd->key_job);

	if (!job)
		return;
	kill(job->pid, SIGKILL);
	if (job->call)
		sshd_keys_refuse(job->call, "The SSH service stops: no key was made");
	job_free(job);
}

/* ---- zeroize ---- */

static int zeroize_one(struct sshd *sshd, enum host_key_type type, struct err *err)
{
	int r;

	if (is_old(type))
		return hostkey_old_zeroize(sshd->ssh_dir, old_of(type), err);
	r = hostkey_zeroize(sshd->ssh_dir, (enum hostkey_type)type, err);
	return r < 0 ? r : hostkey_set_reload(sshd->hostkeys, sshd->ssh_dir, (enum hostkey_type)type, err);
}

/* Removes the keys of a family and collects what they were. */
static int zeroize_family(struct sshd *sshd, const char *family, const char *caller, json_t *gone,
			  struct err *err)
{
	bool known = false;
	int r = 0;

	for (enum host_key_type type = 0; r == 0 && type < HOST_KEY_TYPE_MAX; type++) {
		struct host_key_report row;

		if (!in_family(type, family, &known) || !row_fill(sshd, type, &row))
			continue;
		r = zeroize_one(sshd, type, err);
		if (r < 0)
			break;
		json_array_append_new(gone, field_encode(host_key_report_fields, &row));
		log_event(LOG_SSHD_INFO_GENERAL, "The %s host key %s was zeroized by '%s'",
			  host_key_type_words[type], row.fingerprint, caller);
	}
	monitor_pool_renew(sshd->monitors);
	sshd_offer_tell(sshd);
	if (hostkey_set_is_empty(sshd->hostkeys))
		log_event(LOG_SSHD_WARN_GENERAL,
			  "There is no host key any more: no client can connect until one is made "
			  "('crypto key generate ed25519')");
	return r;
}

void sshd_keys_zeroize(struct varlink_call *call, const json_t *parameters, void *userdata)
{
	struct sshd *sshd = userdata;
	struct err err = { .text = "" };
	const char *family;
	char name[64];
	json_t *gone;
	int r;

	if (!sshd_varlink_may(sshd, varlink_call_peer(call), "crypto", TASK_EXECUTE, name, sizeof(name))) {
		varlink_error_permission(call);
		return;
	}
	family = family_read(call, parameters);
	if (!family)
		return;
	if (sshd->key_job) {
		sshd_keys_refuse(call, "A key is being made for '%s': wait until it is there",
				 sshd->key_job->caller);
		return;
	}
	gone = json_array();
	r = zeroize_family(sshd, family, name, gone, &err);
	if (r == 0) {
		varlink_reply(call, json_pack("{s:o}", "keys", gone));
		return;
	}
	json_decref(gone);
	log_event(LOG_SSHD_ERR_GENERAL, "A host key cannot be zeroized: %s", err.text);
	sshd_keys_refuse(call, "%s", err.text[0] ? err.text : strerror(-r));
}

/* ---- none left ---- */

bool sshd_keys_ready(struct sshd *sshd, const char *vrf_name)
{
	int64_t now_us = clock_monotonic_us();

	if (!hostkey_set_is_empty(sshd->hostkeys))
		return true;
	sshd->keyless++;
	if (sshd->keyless_us && now_us - sshd->keyless_us < 1000000)
		return false;
	sshd->keyless_us = now_us;
	log_event(LOG_SSHD_ERR_GENERAL,
		  "A connection in VRF %s was refused, %llu so far: there is no host key; 'crypto key "
		  "generate ed25519' makes one",
		  vrf_name, (unsigned long long)sshd->keyless);
	return false;
}
