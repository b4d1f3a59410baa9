// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DOC: One connection for a client. It is made in a process of its own, as the session's user and without the monitor's
 * memory, because it reads what name servers answer and may take long.
 */
#include "services/ssh/forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/mon.h"

enum { ATTEMPT_MS = 10000, ADDRESSES_MAX = 8 };

bool forward_host_allowed(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";

	return *host && *host != '-' && strspn(host, allowed) == strlen(host);
}

static int socket_open(const struct forward_target *target, int family, struct err *err)
{
	AUTO(close) int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return err_set(err, -errno, "cannot open a socket: %s", strerror(errno));
	/* by index: a device that has the name since a moment ago is another VRF */
	if (target->ifindex &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &target->ifindex, sizeof(target->ifindex)) < 0)
		return err_set(err, -errno, "cannot bind to the VRF's device: %s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return take_fd(fd);
}

static int attempt_wait(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0, r;

	do
		r = poll(&poller, 1, ATTEMPT_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? -errno : -error;
}

static int attempt(const struct forward_target *target, const struct addrinfo *address, struct err *err)
{
	AUTO(close) int fd = socket_open(target, address->ai_family, err);
	int r = 0;

	if (fd < 0)
		return fd;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? attempt_wait(fd) : -errno;
	return r < 0 ? err_set(err, r, "%s", strerror(-r)) : take_fd(fd);
}

static const char *resolver_words(int error)
{
	return error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
}

static int resolve(const struct forward_target *target, struct addrinfo **ret_list, struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST };
	/* without a host and AI_PASSIVE: the loopback addresses */
	const char *host = strcasecmp(target->host, "localhost") ? target->host : NULL;
	char port[8];
	int error;

	snprintf(port, sizeof(port), "%u", target->port);
	error = getaddrinfo(host, port, &hints, ret_list);
	if (error == EAI_NONAME && target->has_resolver) {
		hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
		error = getaddrinfo(host, port, &hints, ret_list);
	} else if (error == EAI_NONAME) {
		return err_set(err, -ENOTUNIQ, "names are resolved in the default VRF only; give an address");
	}
	return error ? err_set(err, -EADDRNOTAVAIL, "cannot resolve the name: %s", resolver_words(error)) : 0;
}

int forward_connect(const struct forward_target *target, int *ret_fd, char *text, size_t size_bytes, struct err *err)
{
	struct addrinfo *list = NULL;
	int r = resolve(target, &list, err), tries = 0;

	if (r < 0)
		return r;
	r = -EADDRNOTAVAIL;
	for (const struct addrinfo *one = list; one && r < 0 && tries < ADDRESSES_MAX; one = one->ai_next, tries++) {
		r = attempt(target, one, err);
		if (r >= 0 && getnameinfo(one->ai_addr, one->ai_addrlen, text, (socklen_t)size_bytes, NULL, 0,
					  NI_NUMERICHOST))
			snprintf(text, size_bytes, "?");
	}
	freeaddrinfo(list);
	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}

int forward_run(const struct forward_target *target)
{
	static uint8_t bytes[MON_RECORD_MAX_BYTES];
	const struct rlimit memory = { 256u << 20, 256u << 20 };
	struct mon_buf record = { .bytes = bytes };
	struct err err = { .text = "" };
	char text[64];
	int fd = -1, r;

	setrlimit(RLIMIT_DATA, &memory);
	prctl(PR_SET_DUMPABLE, 0);
	alarm(FORWARD_TIME_MAX_S);
	r = forward_connect(target, &fd, text, sizeof(text), &err);
	mon_put_start(&record, MON_FORWARD, 0);
	mon_put_u8(&record, r == 0);
	mon_put_text(&record, r == 0 ? text : err.text);
	return mon_send(FORWARD_RESULT_FD, &record, &fd, r == 0) < 0;
}
