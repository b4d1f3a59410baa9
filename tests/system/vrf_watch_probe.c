/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: a small daemon for tests of vrf/. It wants the VRFs it is told to, says every event as a line, and,
 * given a port, listens in each of them: who connects is sent the VRF's name. A line on standard input is a
 * command: map NAME DEVICE      map NAME           (removes the map)          want NAME each one line per VRF
 * socket NAME FAMILY         says the error, or which namespace the socket and the process are in afterwards
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "vrf/vrf_watch.h"

#define ADDRESSES_MAX 4
#define LISTENERS_MAX 4096

struct listener {
	const struct vrf *vrf;
	struct event *readable;
	int fd;
};

static struct event_base *base;
static struct vrf_table *table;
static const char *addresses[ADDRESSES_MAX];
static size_t addresses_len;
static uint16_t port;
static struct listener listeners[LISTENERS_MAX];

static void say_vrf(const char *what, const struct vrf *vrf)
{
	printf("%s %s kind=%s state=%s device=%s ifindex=%d table=%" PRIu32 " generation=%" PRIu64 "\n", what,
	       vrf->name, vrf_kind_words[vrf->kind], vrf_state_words[vrf->state], vrf->device, vrf->ifindex,
	       vrf->table_id, vrf->generation);
}

static void on_accept(evutil_socket_t fd, short what, void *userdata)
{
	const struct listener *listener = userdata;
	AUTO(close) int peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)what;
	if (peer_fd >= 0)
		dprintf(peer_fd, "%s\n", listener->vrf->name);
}

static int bind_to(int fd, const char *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		return bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	inet_pton(AF_INET6, address, &v6.sin6_addr);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&v6, sizeof(v6));
}

static void stop_listening(const struct vrf *vrf)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		if (listeners[i].vrf != vrf)
			continue;
		event_free(listeners[i].readable);
		close(listeners[i].fd);
		listeners[i].vrf = NULL;
	}
}

static bool is_listening(const struct vrf *vrf)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		if (listeners[i].vrf == vrf)
			return true;
	return false;
}

static void start_listening(const struct vrf *vrf)
{
	struct err err = { "" };
	size_t slot = 0;

	for (size_t i = 0; i < addresses_len; i++) {
		int fd = vrf_socket(vrf, strchr(addresses[i], ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0,
				    &err);

		while (listeners[slot].vrf && slot < LISTENERS_MAX - 1)
			slot++;
		if (fd < 0 || bind_to(fd, addresses[i]) < 0 || listen(fd, 16) < 0) {
			printf("failed %s %s %s\n", vrf->name, addresses[i],
			       fd < 0 ? err.text : strerror(errno));
			if (fd >= 0)
				close(fd);
			continue;
		}
		listeners[slot].vrf = vrf;
		listeners[slot].fd = fd;
		listeners[slot].readable = event_new(base, fd, EV_READ | EV_PERSIST, on_accept,
						     &listeners[slot]);
		event_add(listeners[slot].readable, NULL);
		printf("listening %s %s\n", vrf->name, addresses[i]);
	}
}

static void on_vrf(enum vrf_event event, const struct vrf *vrf, void *userdata)
{
	static const char *const words[] = { "came", "changed", "went" };

	(void)userdata;
	say_vrf(words[event], vrf);
	if (!vrf->wanted || !port)
		return;
	if (event == VRF_EVENT_WENT)
		stop_listening(vrf);
	else if (event == VRF_EVENT_CAME)
		start_listening(vrf);
}

static uint64_t own_namespace(void)
{
	struct stat status;

	return stat("/proc/thread-self/ns/net", &status) < 0 ? 0 : status.st_ino;
}

static uint64_t namespace_of(int fd)
{
	AUTO(close) int namespace_fd = ioctl(fd, SIOCGSKNS);
	struct stat status;

	return namespace_fd < 0 || fstat(namespace_fd, &status) < 0 ? 0 : status.st_ino;
}

static void try_socket(const char *name, int family)
{
	const struct vrf *vrf = vrf_table_find(table, name);
	struct err err = { "" };
	AUTO(close) int fd = vrf ? vrf_socket(vrf, family, SOCK_STREAM, 0, &err) : -ENOENT;

	if (fd < 0)
		printf("socket %s error=%s own=%" PRIu64 " %s\n", name, strerrorname_np(-fd), own_namespace(),
		       err.text);
	else
		printf("socket %s in=%" PRIu64 " own=%" PRIu64 " cloexec=%d nonblock=%d\n", name,
		       namespace_of(fd), own_namespace(), (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0,
		       (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
}

static void say_each(const struct vrf *vrf, void *userdata)
{
	(void)userdata;
	say_vrf("is", vrf);
}

static void want(const char *name)
{
	const struct vrf *vrf;
	struct err err = { "" };

	if (vrf_table_want(table, name, &vrf, &err) < 0)
		printf("refused %s\n", err.text);
	else if (port && (vrf->state == VRF_PRESENT || vrf->state == VRF_UP) && !is_listening(vrf))
		start_listening(vrf); /* it was there, under this name, before it was wanted */
}

static void on_command(evutil_socket_t fd, short what, void *userdata)
{
	static char bytes[4096];
	static size_t len;
	ssize_t more = read(fd, bytes + len, sizeof(bytes) - 1 - len);
	char *end;

	(void)what;
	(void)userdata;
	if (more <= 0) {
		event_base_loopbreak(base);
		return;
	}
	len += (size_t)more;
	while ((end = memchr(bytes, '\n', len))) {
		char verb[16] = "", name[64] = "", word[64] = "";

		*end = '\0';
		sscanf(bytes, "%15s %63s %63s", verb, name, word);
		if (strcmp(verb, "map") == 0)
			printf("mapped %d\n", vrf_table_map(table, name, word));
		else if (strcmp(verb, "want") == 0)
			want(name);
		else if (strcmp(verb, "socket") == 0)
			try_socket(name, strcmp(word, "6") == 0 ? AF_INET6 : AF_INET);
		else if (strcmp(verb, "each") == 0)
			printf("each %zu\n", vrf_table_each(table, say_each, NULL));
		len -= (size_t)(end + 1 - bytes);
		memmove(bytes, end + 1, len);
	}
}

int main(int argc, char **argv)
{
	const char *netns_dir = "/run/netns";
	struct vrf_watch *watch;
	struct event *command;
	struct err err = { "" };
	int option;

	while ((option = getopt(argc, argv, "d:p:a:")) != -1) {
		if (option == 'd')
			netns_dir = optarg;
		else if (option == 'p')
			port = (uint16_t)strtoul(optarg, NULL, 10);
		else if (option == 'a' && addresses_len < ADDRESSES_MAX)
			addresses[addresses_len++] = optarg;
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	base = event_base_new();
	if (!base || vrf_table_new(on_vrf, NULL, &table) < 0)
		return 1;
	while (optind < argc)
		want(argv[optind++]);
	if (vrf_watch_new(base, table, netns_dir, &watch, &err) < 0) {
		fprintf(stderr, "vrf_watch_probe: %s\n", err.text);
		return 1;
	}
	command = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_command, NULL);
	event_add(command, NULL);
	puts("ready");
	event_base_dispatch(base);
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		if (listeners[i].vrf)
			stop_listening(listeners[i].vrf);
	event_free(command);
	vrf_watch_free(watch);
	vrf_table_free(table);
	event_base_free(base);
	return 0;
}
