/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: the door. A client that is refused is told why, in SSH: our identification and a disconnect message in the
 * clear, which clients show. Nothing is read for it. A socket that is closed with unread bytes in it is reset, and the
 * reset may overtake the words; so the connection stays a second or two, up to a number of connections.
 */
#include "services/door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define LINGER_MAX	 128u
#define LINGER_US	 2000000
#define DISCONNECT	 1  /* RFC 4253 section 12 */
#define NOT_ALLOWED	 1  /* RFC 4253 section 11.1: host not allowed to connect */
#define TOO_MANY	 12 /* too many connections */
#define SWEEP_SECONDS	 10u

struct exempt {
	char vrf_name[33]; /* "": all */
	enum access_family family;
	struct access_side side;
};

struct rules {
	struct access_lists *lists;
	struct exempt *exempts;
	size_t exempts_len;
};

struct door {
	const struct sshd_conf *const *conf;
	uint16_t default_port;
	struct admission *admission;
	struct penalties *penalties;
	struct rules now, next;
	struct {
		int fd;
		int64_t close_us;
	} linger[LINGER_MAX]; /* a ring */
	size_t linger_first, linger_len;
	unsigned ticks;
	void (*on_shut_out)(void *userdata);
	void *userdata;
};

/* ---- life ---- */

static void rules_done(struct rules *rules)
{
	access_lists_free(rules->lists);
	free(rules->exempts);
	*rules = (struct rules){ .lists = NULL };
}

int door_new(const struct sshd_conf *const *conf, uint16_t default_port, struct door **ret_door)
{
	struct door *door = calloc(1, sizeof(*door));

	if (!door)
		return -ENOMEM;
	door->conf = conf;
	door->default_port = default_port;
	if (admission_new(&door->admission) < 0 || penalties_new(&door->penalties) < 0) {
		door_free(door);
		return -ENOMEM;
	}
	*ret_door = door;
	return 0;
}

static void linger_close(struct door *door)
{
	close(door->linger[door->linger_first].fd);
	door->linger_first = (door->linger_first + 1) % LINGER_MAX;
	door->linger_len--;
}

void door_free(struct door *door)
{
	if (!door)
		return;
	while (door->linger_len > 0)
		linger_close(door);
	rules_done(&door->now);
	rules_done(&door->next);
	admission_free(door->admission);
	penalties_free(door->penalties);
	free(door);
}

/* ---- commit ---- */

static size_t exempts_count(const struct ssh_conf *conf)
{
	const struct ssh_vrf_conf *vrfs = conf->vrfs.items;
	size_t len = conf->server.penalty_exempts.len;

	for (size_t i = 0; i < conf->vrfs.len; i++)
		len += vrfs[i].profile.penalty_exempts.len;
	return len;
}

static void exempts_add(struct rules *rules, const char *vrf_name, const struct bind_list *list)
{
	const struct ssh_exempt_conf *items = list->items;

	for (size_t i = 0; i < list->len; i++) {
		struct exempt *exempt = &rules->exempts[rules->exempts_len];

		if (access_prefix_parse(items[i].prefix, &exempt->family, &exempt->side, NULL, NULL) < 0)
			continue;
		/* a source of IPv6 is a /64 */
		memset(exempt->side.mask + 8, 0, sizeof(exempt->side.mask) - 8);
		memset(exempt->side.address + 8, 0, sizeof(exempt->side.address) - 8);
		snprintf(exempt->vrf_name, sizeof(exempt->vrf_name), "%s", vrf_name);
		rules->exempts_len++;
	}
}

int door_prepare(struct door *door, const struct ssh_conf *next)
{
	const struct ssh_vrf_conf *vrfs = next->vrfs.items;
	int rc;

	door_abort(door);
	rc = access_lists_new(&next->access_lists, door->now.lists, &door->next.lists);
	if (rc < 0)
		return rc;
	door->next.exempts = calloc(exempts_count(next) + 1, sizeof(struct exempt));
	if (!door->next.exempts) {
		door_abort(door);
		return -ENOMEM;
	}
	exempts_add(&door->next, "", &next->server.penalty_exempts);
	for (size_t i = 0; i < next->vrfs.len; i++)
		exempts_add(&door->next, vrfs[i].name, &vrfs[i].profile.penalty_exempts);
	return 0;
}

void door_apply(struct door *door)
{
	if (!door->next.lists)
		return;
	rules_done(&door->now);
	door->now = door->next;
	door->next = (struct rules){ .lists = NULL };
}

void door_abort(struct door *door)
{
	rules_done(&door->next);
}

/* ---- telling ---- */

static size_t put_u32(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
	return 4;
}

/* Identification and disconnect message, as they are sent before there are keys. */
static size_t farewell_make(uint8_t *bytes, size_t size_bytes, uint32_t code, const char *text)
{
	size_t at = (size_t)snprintf((char *)bytes, size_bytes, "SSH-2.0-Sallyport\r\n");
	size_t text_len = strlen(text), payload = 1 + 4 + 4 + text_len + 4, padding = 8 - (5 + payload) % 8;

	if (padding < 4)
		padding += 8;
	memset(bytes + at, 0, 5 + payload + padding);
	at += put_u32(bytes + at, 1 + payload + padding);
	bytes[at++] = (uint8_t)padding;
	bytes[at++] = DISCONNECT;
	at += put_u32(bytes + at, code);
	at += put_u32(bytes + at, text_len);
	memcpy(bytes + at, text, text_len);
	return at + text_len + 4 + padding;
}

static void turn_away(struct door *door, int fd, uint32_t code, const char *text)
{
	size_t place = (door->linger_first + door->linger_len) % LINGER_MAX, len;
	uint8_t bytes[512];

	len = farewell_make(bytes, sizeof(bytes), code, text);
	(void)!send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	if (door->linger_len == LINGER_MAX)
		linger_close(door);
	door->linger[place].fd = fd;
	door->linger[place].close_us = clock_monotonic_us() + LINGER_US;
	door->linger_len++;
}

static void tell_limit(struct door *door, int fd, enum admission_verdict verdict, unsigned retry_s)
{
	static const char *const texts[ADMISSION_VERDICT_MAX] = {
		[ADMISSION_SESSIONS] = "Too many sessions",
		[ADMISSION_UNAUTHENTICATED] = "Too many connections are logging in",
		[ADMISSION_SOURCE] = "Too many connections from your address are logging in",
		[ADMISSION_RATE] = "Too many new connections",
		[ADMISSION_SOURCE_RATE] = "Too many new connections from your address",
		[ADMISSION_RESOURCES] = "The router is short of memory",
	};
	char text[128];

	snprintf(text, sizeof(text), "%s: try again in %u s", texts[verdict] ? texts[verdict] : "Not now", retry_s);
	turn_away(door, fd, TOO_MANY, text);
}

static void tell_penalty(struct door *door, int fd, int64_t left_us)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "Your address is shut out for another %lld s ('show ssh penalties' on the router tells why)",
		 (long long)(left_us / 1000000 + 1));
	turn_away(door, fd, NOT_ALLOWED, text);
}

/* ---- asking ---- */

static void source_of_address(struct admission_source *source, const char *vrf_name,
			      const union listener_address *address)
{
	if (address->sa.sa_family == AF_INET)
		admission_source_set(source, vrf_name, (const uint8_t *)&address->in.sin_addr, 4);
	else
		admission_source_set(source, vrf_name, (const uint8_t *)&address->in6.sin6_addr, 16);
}

static void profile_of(const struct door *door, const char *vrf_name, struct ssh_profile *profile)
{
	ssh_conf_profile(&(*door->conf)->ssh, vrf_name, door->default_port, profile);
}

static void limits_of(const struct door *door, const char *vrf_name, const struct ssh_profile *profile,
		      struct admission_limits *limits)
{
	const struct ssh_vrf_conf *vrf = ssh_conf_vrf(&(*door->conf)->ssh, vrf_name);

	admission_limits_set(limits, (unsigned)profile->session_limit, (unsigned)profile->rate_limit_per_min,
			     (unsigned)profile->rate_burst, (unsigned)profile->rate_per_source);
	limits->sessions_own = vrf && vrf->profile.session_limit != SSH_UNSET;
}

void door_limits(const struct door *door, const char *vrf_name, struct admission_limits *ret_limits)
{
	struct ssh_profile profile;

	profile_of(door, vrf_name, &profile);
	limits_of(door, vrf_name, &profile, ret_limits);
}

static void flow_side(const union listener_address *address, uint8_t bytes[static 16], uint16_t *ret_port)
{
	if (address->sa.sa_family == AF_INET) {
		memcpy(bytes, &address->in.sin_addr, 4);
		*ret_port = ntohs(address->in.sin_port);
	} else {
		memcpy(bytes, &address->in6.sin6_addr, 16);
		*ret_port = ntohs(address->in6.sin6_port);
	}
}

/* A port of NETCONF has access lists of its own. */
static const char *list_name(const struct door *door, const struct ssh_profile *profile,
			     const struct listener_connection *connection, bool ipv4)
{
	struct ssh_netconf netconf = { .ipv4_access_list = NULL };

	if (!connection->is_netconf)
		return ipv4 ? profile->ipv4_access_list : profile->ipv6_access_list;
	ssh_conf_netconf(&(*door->conf)->ssh, connection->vrf->name, &netconf);
	return ipv4 ? netconf.ipv4_access_list : netconf.ipv6_access_list;
}

static bool list_permits(struct door *door, const struct ssh_profile *profile,
			 const struct listener_connection *connection)
{
	const bool ipv4 = connection->peer.sa.sa_family == AF_INET;
	const char *name = list_name(door, profile, connection, ipv4);
	struct access_flow flow = { .family = ipv4 ? ACCESS_IPV4 : ACCESS_IPV6 };

	if (!name)
		return true;
	flow_side(&connection->peer, flow.from, &flow.from_port);
	flow_side(&connection->local, flow.to, &flow.to_port);
	return access_lists_ask(door->now.lists, name, &flow);
}

static bool is_exempt(const struct door *door, const struct admission_source *source)
{
	const enum access_family family = source->family == 4 ? ACCESS_IPV4 : ACCESS_IPV6;

	for (size_t i = 0; i < door->now.exempts_len; i++) {
		const struct exempt *exempt = &door->now.exempts[i];

		if (exempt->family == family && access_side_fits(&exempt->side, family, source->address) &&
		    (!exempt->vrf_name[0] || !strcmp(exempt->vrf_name, source->vrf_name)))
			return true;
	}
	return false;
}

static bool penalty_applies(const struct door *door, const struct ssh_profile *profile,
			    const struct admission_source *source)
{
	return !profile->penalties_disable && !is_exempt(door, source);
}

bool door_ask(struct door *door, const struct listener_connection *connection, struct admission_source *ret_source)
{
	const char *vrf_name = connection->vrf->name;
	const int64_t now_us = clock_monotonic_us();
	enum admission_verdict verdict;
	struct admission_limits limits;
	struct ssh_profile profile;
	unsigned retry_s;
	int64_t left_us;

	source_of_address(ret_source, vrf_name, &connection->peer);
	if (!*door->conf) {
		close(connection->fd);
		return false;
	}
	profile_of(door, vrf_name, &profile);
	if (!list_permits(door, &profile, connection)) {
		admission_refuse(door->admission, ADMISSION_ACCESS_LIST, ret_source);
		close(connection->fd);
		return false;
	}
	left_us = penalties_ask(door->penalties, ret_source, now_us);
	if (left_us > 0 && penalty_applies(door, &profile, ret_source)) {
		admission_refuse(door->admission, ADMISSION_PENALTY, ret_source);
		tell_penalty(door, connection->fd, left_us);
		return false;
	}
	limits_of(door, vrf_name, &profile, &limits);
	verdict = admission_ask(door->admission, &limits, ret_source, now_us, &retry_s);
	if (verdict == ADMISSION_GRANTED)
		return true;
	tell_limit(door, connection->fd, verdict, retry_s);
	return false;
}

void door_short(struct door *door, const struct listener_connection *connection, const struct admission_source *source)
{
	admission_leave(door->admission, source, false);
	close(connection->fd); /* words would cost what there is too little of */
	door_exhausted(door, source);
}

void door_no_line(struct door *door, const struct listener_connection *connection,
		  const struct admission_source *source, bool denied, const char *text)
{
	admission_leave(door->admission, source, false);
	admission_refuse(door->admission, denied ? ADMISSION_ACCESS_LIST : ADMISSION_LINE, source);
	if (denied)
		close(connection->fd); /* as an access list of the server does */
	else
		turn_away(door, connection->fd, TOO_MANY, text);
}

bool door_list_permits(struct door *door, const char *name, const struct access_flow *flow)
{
	return access_lists_ask(door->now.lists, name, flow);
}

void door_exhausted(struct door *door, const struct admission_source *source)
{
	while (door->linger_len > 0)
		linger_close(door);
	admission_refuse(door->admission, ADMISSION_RESOURCES, source);
}

int door_restore(struct door *door, const struct admission_source *source, bool authenticated)
{
	return admission_restore(door->admission, source, authenticated);
}

bool door_promote(struct door *door, const struct admission_source *source)
{
	struct admission_limits limits;

	penalties_clear(door->penalties, source); /* whoever can log in has not been guessing */
	door_limits(door, source->vrf_name, &limits);
	return admission_promote(door->admission, &limits, source);
}

/* False when the end is none of the client's doing. */
static bool reason_of(const struct session_report *report, enum penalty_reason *ret_reason)
{
	switch ((enum session_end)report->end_reason) {
	case END_AUTH_FAILED:
		*ret_reason = PENALTY_AUTHENTICATION;
		return true;
	case END_AUTH_TIMEOUT:
		*ret_reason = PENALTY_TIMEOUT;
		return true;
	case END_CLIENT_CLOSED:
		*ret_reason = PENALTY_NO_ATTEMPT;
		return true;
	case END_NEGOTIATION:
		*ret_reason = PENALTY_JUNK;
		return true;
	case END_PROTOCOL_ERROR:
		*ret_reason = strstr(report->end_text, "died by a signal") ? PENALTY_CRASH : PENALTY_JUNK;
		return true;
	case END_LOST:
		*ret_reason = PENALTY_CRASH;
		return true;
	default:
		return false;
	}
}

void door_leave(struct door *door, const struct admission_source *source, const struct session_report *report,
		bool authenticated)
{
	enum penalty_reason reason;
	struct ssh_profile profile;
	char text[64];

	admission_leave(door->admission, source, authenticated);
	if (authenticated || !*door->conf || !reason_of(report, &reason))
		return;
	profile_of(door, source->vrf_name, &profile);
	if (!penalty_applies(door, &profile, source) ||
	    !penalties_add(door->penalties, source, reason, clock_monotonic_us()))
		return;
	log_event(LOG_SSHD_WARN_GENERAL,
		  "Source %s in VRF %s is shut out for a time: %s; 'clear ssh penalty %s' ends it",
		  admission_source_text(source, text, sizeof(text)), source->vrf_name, penalty_reason_words[reason],
		  report->peer_address);
	if (door->on_shut_out)
		door->on_shut_out(door->userdata);
}

void door_on_shut_out(struct door *door, void (*on_shut_out)(void *userdata), void *userdata)
{
	door->on_shut_out = on_shut_out;
	door->userdata = userdata;
}

/* ---- once a second ---- */

static void refusals_log(struct door *door)
{
	struct admission_report report;
	char words[512] = "", source[64];
	size_t len = 0;

	if (!admission_report_due(door->admission, clock_monotonic_us(), &report))
		return;
	for (size_t i = 0; i < ADMISSION_VERDICT_MAX && len < sizeof(words); i++)
		if (report.refused[i])
			len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%llu: %s", len ? "; " : "",
						(unsigned long long)report.refused[i], admission_verdict_words[i]);
	log_event(LOG_SSHD_WARN_GENERAL, "%llu connection%s refused, the last in VRF %s from %s (%s)",
		  (unsigned long long)report.total, report.total == 1 ? " was" : "s were", report.last_source.vrf_name,
		  report.last_source.family ? admission_source_text(&report.last_source, source, sizeof(source)) :
					      "--",
		  words);
}

void door_tick(struct door *door)
{
	const int64_t now_us = clock_monotonic_us();

	refusals_log(door);
	while (door->linger_len > 0 && door->linger[door->linger_first].close_us <= now_us)
		linger_close(door);
	if (++door->ticks % SWEEP_SECONDS)
		return;
	admission_sweep(door->admission, now_us);
	penalties_sweep(door->penalties, now_us);
}

struct admission *door_admission(const struct door *door)
{
	return door->admission;
}

struct penalties *door_penalties(const struct door *door)
{
	return door->penalties;
}

const struct access_lists *door_access_lists(const struct door *door)
{
	return door->now.lists;
}

size_t door_clear_access(struct door *door, enum access_family family, const char *name)
{
	return access_lists_clear(door->now.lists, family, name);
}
