/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: one syslog server. Messages are read from the store on disk and sent one by one; the place behind the last that
 * the network took is kept, so a server whose VRF, device or route is away gets what it missed as far back as the store
 * goes. What is lost on the way nobody tells us: it is UDP. The socket is not connected, so that an ICMP error of a
 * server that restarts does not stop anything.
 */
#include "services/syslog_host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "services/syslog_message.h"
#include "vrf/vrf_watch.h"

#define SEND_BYTES (64u << 10) /* of the store, at once */

struct syslog_host {
	char *place;
	char address[INET6_ADDRSTRLEN], vrf_name[VRF_NAME_MAX_BYTES + 1];
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} to;
	socklen_t to_len;
	int severity;
	struct vrf_table *vrfs;
	const struct vrf *vrf; /* NULL: the name cannot be one */
	int fd;
	uint64_t generation; /* of the VRF that the socket is in */
	struct log_cursor cursor;
	bool failed;
	char reason[128];
	uint64_t messages;
};

struct sending {
	struct syslog_host *host;
	const struct syslog_style *style;
	int result; /* of the last message that could not be sent */
	bool sent;
};

void syslog_host_update(struct syslog_host *host, const struct logging_host_conf *conf)
{
	unsigned port = strcmp(conf->port, "default") ? (unsigned)strtoul(conf->port, NULL, 10) : LOGGING_PORT;

	host->severity = conf->severity;
	if (inet_pton(AF_INET, host->address, &host->to.in.sin_addr) == 1) {
		host->to.in.sin_family = AF_INET;
		host->to.in.sin_port = htons((uint16_t)port);
		host->to_len = sizeof(host->to.in);
	} else if (inet_pton(AF_INET6, host->address, &host->to.in6.sin6_addr) == 1) {
		host->to.in6.sin6_family = AF_INET6;
		host->to.in6.sin6_port = htons((uint16_t)port);
		host->to_len = sizeof(host->to.in6);
	}
}

int syslog_host_new(const struct logging_host_conf *conf, struct vrf_table *vrfs, const struct log_cursor *cursor,
		    struct syslog_host **ret_host)
{
	struct syslog_host *host = calloc(1, sizeof(*host));

	if (!host)
		return -ENOMEM;
	host->fd = -1;
	host->vrfs = vrfs;
	host->cursor = *cursor;
	host->place = strdup(conf->place);
	if (!host->place || logging_host_split(conf->place, host->address, sizeof(host->address), host->vrf_name,
					       sizeof(host->vrf_name)) < 0) {
		syslog_host_free(host);
		return -ENOMEM;
	}
	syslog_host_update(host, conf);
	if (vrf_table_want(vrfs, host->vrf_name, &host->vrf, NULL) < 0)
		host->vrf = NULL;
	*ret_host = host;
	return 0;
}

void syslog_host_free(struct syslog_host *host)
{
	if (!host)
		return;
	if (host->vrf)
		vrf_table_unwant(host->vrfs, host->vrf);
	close_auto(&host->fd);
	free(host->place);
	free(host);
}

/* A socket of a VRF that has gone since is dead, whatever became of the name. */
static int socket_have(struct syslog_host *host, struct err *err)
{
	int fd;

	if (!host->vrf)
		return err_set(err, -ENODEV, "no VRF can have this name");
	if (host->fd >= 0 && host->generation == host->vrf->generation &&
	    (host->vrf->state == VRF_PRESENT || host->vrf->state == VRF_UP))
		return 0;
	close_auto(&host->fd);
	host->fd = -1;
	fd = vrf_socket(host->vrf, host->to.sa.sa_family, SOCK_DGRAM, 0, err);
	if (fd < 0)
		return fd;
	host->fd = fd;
	host->generation = host->vrf->generation;
	return 0;
}

static bool on_record(const struct log_record *record, void *userdata)
{
	struct sending *sending = userdata;
	struct syslog_host *host = sending->host;
	char message[SYSLOG_MESSAGE_MAX_BYTES];
	size_t len;

	if (record->severity > host->severity || record->severity > sending->style->trap)
		return true;
	len = syslog_message_make(record, sending->style->facility, sending->style->format, sending->style->hostname,
				  message);
	if (sendto(host->fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL, &host->to.sa, host->to_len) >= 0) {
		host->messages++;
		sending->sent = true;
		return true;
	}
	sending->result = -errno;
	return errno == EMSGSIZE; /* no path takes it: it would stand in the way for ever */
}

static void state_say(struct syslog_host *host, const char *reason)
{
	bool failed = reason != NULL, before = host->failed;

	host->failed = failed;
	snprintf(host->reason, sizeof(host->reason), "%s", failed ? reason : "");
	if (failed && !before)
		log_event(LOG_SYSLOG_WARN_GENERAL,
			  "Messages to server %s in VRF %s wait on disk, because it cannot be reached: %s",
			  host->address, host->vrf_name, reason);
	if (!failed && before)
		log_event(LOG_SYSLOG_INFO_GENERAL, "Server %s in VRF %s gets messages again", host->address,
			  host->vrf_name);
}

int syslog_host_send(struct syslog_host *host, int dir_fd, const struct syslog_style *style)
{
	struct sending sending = { .host = host, .style = style };
	struct err err = { .text = "" };
	int more;

	if (socket_have(host, &err) < 0) {
		state_say(host, err.text);
		return 0;
	}
	more = log_store_read(dir_fd, &host->cursor, SEND_BYTES, on_record, &sending);
	switch (sending.result) {
	case 0:
	case -EMSGSIZE:
		if (sending.sent)
			state_say(host, NULL);
		return more == 1;
	case -EAGAIN:
	case -ENOBUFS:
		return 0;
	default:
		state_say(host, strerror(-sending.result));
		return 0;
	}
}

const char *syslog_host_place(const struct syslog_host *host)
{
	return host->place;
}

const struct log_cursor *syslog_host_cursor(const struct syslog_host *host)
{
	return &host->cursor;
}

void syslog_host_report(const struct syslog_host *host, struct log_host_report *ret_report)
{
	*ret_report = (struct log_host_report){ .reached = !host->failed, .messages = host->messages };
	ret_report->port = ntohs(host->to.sa.sa_family == AF_INET ? host->to.in.sin_port : host->to.in6.sin6_port);
	snprintf(ret_report->address, sizeof(ret_report->address), "%s", host->address);
	snprintf(ret_report->vrf, sizeof(ret_report->vrf), "%s", host->vrf_name);
	snprintf(ret_report->severity, sizeof(ret_report->severity), "%s", logging_severity_words[host->severity]);
	snprintf(ret_report->reason, sizeof(ret_report->reason), "%s", host->reason);
}
