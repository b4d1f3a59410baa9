// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: Connections for the client: who may have them, and what became of them
 *
 *   asked --refused--> free
 *     |__helper runs --ended, no connection--> free
 *              |________connected: the socket goes to the transport --closed by it--> free
 *
 * The helper is the slot's program while it runs, so that it is killed and waited for like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "services/ssh/forward.h"
#include "services/ssh/monitor_state.h"

#define ORIGINATOR_MAX_BYTES 64

struct wish {
	char host[FORWARD_HOST_MAX_BYTES + 1], originator[ORIGINATOR_MAX_BYTES];
	uint32_t port, originator_port;
};

static int wish_read(struct mon_buf *ask, struct wish *wish)
{
	struct mon_string host = mon_get_string(ask);

	monitor_text(host, wish->host, sizeof(wish->host));
	wish->port = mon_get_u32(ask);
	monitor_text(mon_get_string(ask), wish->originator, sizeof(wish->originator));
	wish->originator_port = mon_get_u32(ask);
	if (host.len > FORWARD_HOST_MAX_BYTES || strlen(wish->host) != host.len)
		wish->host[0] = '\0'; /* no host has such a name */
	return mon_get_end(ask);
}

static void refused(struct monitor *m, const char *why)
{
	if (m->forward_refusals++ < MONITOR_REFUSALS_LOGGED_MAX)
		log_event(LOG_SSHD_PORT_FWD_ERR_GENERAL, "Port Forwarding, %s", why);
}

static void describe(const struct monitor *m, const struct wish *wish, char *text, size_t size_bytes)
{
	snprintf(text, size_bytes, "Target:=%s, Port:=%u, Originator:=%s,Port:=%u, Vrf:=%s", wish->host, wish->port,
		 wish->originator, wish->originator_port, m->session.vrf);
}

/* ---- the helper ---- */

static int helper_start(struct monitor *m, struct monitor_channel *slot, const struct wish *wish, struct err *err)
{
	const struct vrf *vrf = m->start->vrf;
	char name[] = "sallyport-helper", work[] = "connect", ifindex[16], resolver[4], port[8];
	char host[sizeof(wish->host)];
	char *const argv[] = { name, work, ifindex, resolver, host, port, NULL };
	const struct monitor_program program = { .fd = m->start->helper_fd, .argv = argv, .dir_fd = -1 };
	int pair[2], r;

	/* A namespace's processes are in it already; a VRF device's socket is bound to it. */
	snprintf(ifindex, sizeof(ifindex), "%d", vrf->kind == VRF_KIND_L3MDEV ? vrf->ifindex : 0);
	snprintf(resolver, sizeof(resolver), "%d", vrf->kind == VRF_KIND_DEFAULT);
	snprintf(host, sizeof(host), "%s", wish->host);
	snprintf(port, sizeof(port), "%u", (unsigned)wish->port);
	if (vrf->kind == VRF_KIND_L3MDEV && vrf->ifindex <= 0)
		return err_set(err, -ENODEV, "the VRF has no device");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, -errno, "socketpair: %s", strerror(errno));
	r = monitor_program_help(m, slot, &program, pair[1], err);
	close(pair[1]);
	if (r < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		close(pair[0]);
		return r < 0 ? r : err_set(err, -errno, "socket: %s", strerror(errno));
	}
	slot->master_fd = pair[0];
	return 0;
}

/* ---- the request ---- */

static bool may_forward(struct monitor *m, const struct wish *wish)
{
	if (m->start->is_netconf)
		refused(m, "Only NETCONF is served on the port that the client came in by");
	else if (!m->start->profile->port_forwarding_local)
		refused(m, "Port forwarding is not enabled");
	else if (m->start->helper_fd <= 0)
		refused(m, "the helper program is not there");
	else if (!forward_host_allowed(wish->host) || !wish->port || wish->port > UINT16_MAX)
		refused(m, "the target is neither an address nor a name with a port");
	else
		return true;
	return false;
}

static void note_start(struct monitor *m, struct monitor_channel *slot, const char *target)
{
	slot->started = true;
	snprintf(slot->command, sizeof(slot->command), "%.255s", target);
	if (!*m->session.first_type)
		snprintf(m->session.first_type, sizeof(m->session.first_type), "%s",
			 channel_type_words[CHANNEL_FORWARD]);
	m->session.state = SESSION_OPEN;
	monitor_link_changed(m, true);
}

int monitor_forward(struct monitor *m, struct mon_buf *ask, uint16_t channel, struct mon_buf *answer,
		    struct monitor_reply *reply, struct err *err)
{
	struct monitor_channel *slot;
	char text[512];
	struct err why = { .text = "" };
	struct wish wish;
	int r;

	(void)reply;
	if (wish_read(ask, &wish) < 0)
		return err_set(err, -EPROTO, "malformed");
	r = monitor_session_slot(m, channel, CHANNEL_FORWARD, &slot, err);
	if (r == -EPROTO)
		return r;
	if (r < 0 && m->start->profile->port_forwarding_local)
		refused(m, "too many connections are forwarded for one client");
	if (r < 0 || !may_forward(m, &wish)) {
		if (r == 0)
			monitor_session_release(slot);
		mon_put_u8(answer, 0);
		return 0;
	}
	describe(m, &wish, text, sizeof(text));
	r = helper_start(m, slot, &wish, &why);
	if (r < 0) {
		refused(m, why.text);
		monitor_session_release(slot);
	} else {
		note_start(m, slot, text);
	}
	mon_put_u8(answer, r == 0);
	return 0;
}

/* ---- the result ---- */

/* The helper is the user's process: what it says is read like what any client says. */
static int result_read(int result_fd, char *text, size_t size_bytes)
{
	static uint8_t bytes[MON_RECORD_MAX_BYTES];
	struct mon_buf record = { .bytes = bytes };
	AUTO(close) int fd = -1;
	size_t fds_len = 1;
	uint16_t type, channel;
	bool ok;

	snprintf(text, size_bytes, "no answer within %u seconds", FORWARD_TIME_MAX_S);
	if (mon_receive(result_fd, &record, &fd, &fds_len) < 0 || mon_get_start(&record, &type, &channel) < 0)
		return -1;
	ok = mon_get_u8(&record) == 1;
	monitor_text(mon_get_string(&record), text, size_bytes);
	return mon_get_end(&record) == 0 && ok ? take_fd(fd) : -1;
}

void monitor_forward_ended(struct monitor *m, struct monitor_channel *slot)
{
	static uint8_t bytes[MON_RECORD_MAX_BYTES];
	struct mon_buf event = { .bytes = bytes };
	char text[256];
	AUTO(close) int fd = result_read(slot->master_fd, text, sizeof(text));

	close(slot->master_fd);
	slot->master_fd = -1;
	if (fd >= 0)
		log_event(LOG_SSHD_PORT_FWD_INFO_GENERAL, "Port Forwarding, %s, Connection forwarded", slot->command);
	else if (m->forward_refusals++ < MONITOR_REFUSALS_LOGGED_MAX)
		log_event(LOG_SSHD_PORT_FWD_ERR_GENERAL, "Port Forwarding, %s, Connection failed: %s", slot->command,
			  text);
	mon_put_start(&event, MON_EVENT_FORWARD, slot->channel);
	mon_put_u8(&event, fd >= 0);
	if (fd < 0)
		monitor_session_release(slot);
	monitor_link_changed(m, true);
	monitor_event_fd(m, &event, fd);
}
