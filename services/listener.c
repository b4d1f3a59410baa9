/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: listeners. A commit computes the wanted list anew: what is wanted with the same VRF, family and port keeps its
 * listener object, everything else is opened in prepare, when a refusal still costs nothing. From then on a listener
 * follows its VRF: a socket is bound to one generation of a VRF and is closed with it.
 *
 * The VRF of an accepted socket is read back from the socket. With net.ipv4.tcp_l3mdev_accept=1 the kernel hands
 * the connections of every VRF to a listener of the default VRF; those are closed, because a VRF without "ssh
 * server vrf" has no service.
 */
#include "services/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/log.h"
#include "services/port_owner.h"
#include "vrf/vrf_watch.h"

#define PAUSE_US 200000 /* a listener rests this long when the system is out of descriptors or memory */

struct listener {
	struct listener_set *set;
	const struct vrf *vrf;
	int family;
	uint16_t port;
	bool is_netconf; /* only that is served to its connections */
	enum listener_state state;
	char reason[160];
	int fd;
	uint64_t generation; /* of the VRF the socket belongs to */
	struct event *event;
	uint64_t accepted, refused;
	int dscp;
	int64_t window_bytes; /* receive buffer of connections, 0: the kernel's own growth is enough */
	bool kept;	      /* scratch of prepare: also in the list to come, then with */
	bool next_is_netconf;
	int next_dscp;
	int64_t next_window_bytes;
};

struct listener_list {
	struct listener **items;
	size_t len, size;
};

struct listener_set {
	struct listener_options options;
	struct listener_list current, next;
	bool prepared;
	int spare_fd; /* given up for a moment to take and close a connection when there are no descriptors */
	struct event *pause;
};

static const int families[] = { AF_INET, AF_INET6 };

static const char *family_word(int family)
{
	return family == AF_INET ? "ipv4" : "ipv6";
}

/* ---- one listener ---- */

static void socket_close(struct listener *listener)
{
	if (listener->event) {
		event_free(listener->event);
		listener->event = NULL;
	}
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
}

static void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	socket_close(listener);
	vrf_table_unwant(listener->set->options.vrfs, listener->vrf);
	free(listener);
}

AUTO_DECLARE(struct listener, listener_free)

static int listener_new(struct listener_set *set, const char *vrf_name, int family, uint16_t port,
			struct listener **ret_listener, struct err *err)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int rc;

	if (!listener)
		return -ENOMEM;
	rc = vrf_table_want(set->options.vrfs, vrf_name, &listener->vrf, err);
	if (rc < 0) {
		free(listener);
		return rc;
	}
	listener->set = set;
	listener->family = family;
	listener->port = port;
	listener->fd = -1;
	listener->state = LISTENER_PENDING;
	*ret_listener = listener;
	return 0;
}

/* Not worth a connection when it fails: then packets have the usual mark. On the listening socket it marks from the
 * SYN on. */
static void socket_mark(int fd, int family, int dscp)
{
	int bits = dscp << 2; /* RFC 2474: the six upper bits of the byte */

	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_TOS, &bits, sizeof(bits));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &bits, sizeof(bits));
}

/* A buffer of a given size ends the kernel's own growth, so it is given only where that is not enough. The clamp goes
 * with it: the kernel set it by the buffer that the connection began with. */
static void socket_widen(int fd, int64_t window_bytes)
{
	int bytes = (int)window_bytes;

	if (bytes == 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &bytes, sizeof(bytes));
}

static bool vrf_is_there(const struct vrf *vrf)
{
	return vrf->state == VRF_PRESENT || vrf->state == VRF_UP;
}

static int socket_bind(const struct listener *listener, int fd)
{
	union listener_address address = { .sa.sa_family = (sa_family_t)listener->family };
	socklen_t len = sizeof(address.in);

	if (listener->family == AF_INET6) {
		address.in6.sin6_port = htons(listener->port);
		len = sizeof(address.in6);
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int)) < 0)
			return -errno;
	} else {
		address.in.sin_port = htons(listener->port);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0)
		return -errno;
	socket_mark(fd, listener->family, listener->dscp);
	if (bind(fd, &address.sa, len) < 0 || listen(fd, LISTENER_BACKLOG) < 0)
		return -errno;
	return 0;
}

static bool l3mdev_accept(void)
{
	AUTO(close) int fd = open("/proc/sys/net/ipv4/tcp_l3mdev_accept", O_RDONLY | O_CLOEXEC);
	char value = '0';

	return fd >= 0 && read(fd, &value, 1) == 1 && value != '0';
}

/* Who has the port, and what to do. With tcp_l3mdev_accept all VRF devices and the default VRF share one space of
 * ports, so that the one in the way may be ourselves. */
static void conflict_explain(const struct listener *listener, char reason[static 160])
{
	char owner[64];

	if (listener->vrf->kind != VRF_KIND_NETNS && l3mdev_accept()) {
		snprintf(reason, 160,
			 "port %u is taken in another VRF and net.ipv4.tcp_l3mdev_accept is 1; set that to 0",
			 listener->port);
		return;
	}
	snprintf(reason, 160, "port %u is in use by %s; stop that program or configure another 'ssh server %sport'",
		 listener->port, port_owner_text(listener->vrf, listener->port, owner, sizeof(owner)),
		 listener->is_netconf ? "netconf " : "");
}

/* A bound and listening socket, or -errno with the state and reason that it means. */
static int socket_open(const struct listener *listener, enum listener_state *ret_state, char reason[static 160])
{
	AUTO(close) int fd = -1;
	struct err err = { .text = "" };
	int rc;

	*ret_state = LISTENER_PENDING;
	snprintf(reason, 160, "VRF %s is not present", listener->vrf->name);
	if (!vrf_is_there(listener->vrf))
		return -ENODEV;
	fd = vrf_socket(listener->vrf, listener->family, SOCK_STREAM, 0, &err);
	if (fd == -ENODEV)
		return fd;
	*ret_state = LISTENER_FAILED;
	if (fd < 0) {
		snprintf(reason, 160, "%s", err.text[0] ? err.text : strerror(-fd));
		return fd;
	}
	rc = socket_bind(listener, fd);
	if (rc == -ENODEV) /* went while we were binding; its event is on the way */
		*ret_state = LISTENER_PENDING;
	else if (rc == -EADDRINUSE)
		*ret_state = LISTENER_CONFLICT;
	if (rc == -EADDRINUSE && listener->state == LISTENER_CONFLICT) /* tried again: who it is was found out */
		memcpy(reason, listener->reason, sizeof(listener->reason));
	else if (rc == -EADDRINUSE)
		conflict_explain(listener, reason);
	else if (rc < 0 && rc != -ENODEV)
		snprintf(reason, 160, "port %u: %s", listener->port, strerror(-rc));
	return rc < 0 ? rc : take_fd(fd);
}

static void state_log(const struct listener *listener)
{
	const char *vrf = listener->vrf->name, *family = family_word(listener->family);
	const char *what = listener->is_netconf ? " for NETCONF" : "";

	switch (listener->state) {
	case LISTENER_UP:
		log_event(LOG_SSHD_INFO_GENERAL, "Listening%s on port %u in VRF %s (%s)", what, listener->port, vrf,
			  family);
		return;
	case LISTENER_PENDING:
		log_event(LOG_SSHD_INFO_GENERAL, "Not listening%s in VRF %s (%s): %s; service begins when it comes",
			  what, vrf, family, listener->reason);
		return;
	case LISTENER_CONFLICT:
	case LISTENER_FAILED:
		log_event(LOG_SSHD_ERR_GENERAL, "Not listening%s in VRF %s (%s): %s", what, vrf, family,
			  listener->reason);
		return;
	case LISTENER_STATE_MAX:
		return;
	}
}

/* The one place where the state changes after prepare. */
static void state_set(struct listener *listener, enum listener_state state, const char *reason)
{
	bool changed = state != listener->state;

	listener->state = state;
	snprintf(listener->reason, sizeof(listener->reason), "%s", reason);
	if (changed)
		state_log(listener);
}

/* ---- accepting ---- */

/* The VRF device that an interface belongs to, "" when it belongs to none. */
static void interface_master(int ifindex, char master[static IF_NAMESIZE])
{
	char name[IF_NAMESIZE], path[64], target[256];
	const char *last;
	ssize_t len;

	master[0] = '\0';
	if (!if_indextoname((unsigned)ifindex, name))
		return;
	snprintf(path, sizeof(path), "/sys/class/net/%s/master", name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return;
	target[len] = '\0';
	last = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	if (strlen(last) < IF_NAMESIZE)
		memcpy(master, last, strlen(last) + 1);
}

static bool peer_is_link_local(const union listener_address *peer)
{
	return peer->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&peer->in6.sin6_addr);
}

/* A socket of a link-local peer is bound to the interface it came in by, not to the VRF device. */
static bool link_local_fits(const struct listener *listener, int ifindex)
{
	char master[IF_NAMESIZE];

	interface_master(ifindex, master);
	if (listener->vrf->kind == VRF_KIND_L3MDEV)
		return !strcmp(master, listener->vrf->device);
	/* a bridge or bond is a master too, but no VRF */
	return !master[0] || !vrf_table_find_ifindex(listener->set->options.vrfs, (int)if_nametoindex(master));
}

static bool vrf_fits(const struct listener *listener, const struct listener_connection *connection)
{
	int ifindex = 0, wanted = listener->vrf->kind == VRF_KIND_L3MDEV ? listener->vrf->ifindex : 0;
	socklen_t len = sizeof(ifindex);

	if (getsockopt(connection->fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, &len) < 0)
		return false;
	if (ifindex == wanted)
		return true;
	if (!peer_is_link_local(&connection->peer))
		return false;
	/* names and masters of another namespace cannot be looked up from here */
	return listener->vrf->kind == VRF_KIND_NETNS || link_local_fits(listener, ifindex);
}

static void connection_take(struct listener *listener, int fd)
{
	struct listener_connection connection = { .fd = fd, .vrf = listener->vrf,
						  .is_netconf = listener->is_netconf };
	socklen_t peer_len = sizeof(connection.peer), local_len = sizeof(connection.local);

	/* gone before it was taken, or of another VRF */
	if (getpeername(fd, &connection.peer.sa, &peer_len) < 0 ||
	    getsockname(fd, &connection.local.sa, &local_len) < 0 || !vrf_fits(listener, &connection)) {
		close(fd);
		listener->refused++;
		return;
	}
	socket_mark(fd, listener->family, listener->dscp); /* it may have waited since the setting was another */
	socket_widen(fd, listener->window_bytes);
	if (listener->set->options.on_connection(&connection, listener->set->options.userdata))
		listener->accepted++;
	else
		listener->refused++;
}

/* Nobody may hang in the backlog because we are short: take one and close it. True when there was one. */
static bool connection_shed(struct listener *listener)
{
	struct listener_set *set = listener->set;
	int fd;

	if (set->spare_fd < 0)
		return false;
	close(set->spare_fd);
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	set->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	listener->refused++;
	set->options.on_exhausted(listener->vrf, set->options.userdata);
	return true;
}

/* Whether accept may be tried again at once. */
static bool accept_failed(struct listener *listener, int error)
{
	const struct timeval pause = { .tv_usec = PAUSE_US };

	switch (error) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
		if (connection_shed(listener))
			return true;
		break;
	case ENOBUFS:
	case ENOMEM:
		break;
	default:
		/* accept(2): errors of a connection that died in the backlog show here and concern only it */
		return true;
	}
	event_del(listener->event);
	event_add(listener->set->pause, &pause);
	return false;
}

static void on_readable(evutil_socket_t listen_fd, short what, void *userdata)
{
	struct listener *listener = userdata;

	(void)what;
	for (int i = 0; i < LISTENER_ACCEPT_MAX; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			connection_take(listener, fd);
		else if (!accept_failed(listener, errno))
			return;
	}
}

static void on_pause_over(evutil_socket_t fd, short what, void *userdata)
{
	struct listener_set *set = userdata;

	(void)fd;
	(void)what;
	if (set->spare_fd < 0)
		set->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < set->current.len; i++)
		if (set->current.items[i]->event)
			event_add(set->current.items[i]->event, NULL);
}

/* ---- opening ---- */

/* Takes the socket in use. The event was made where a failure could still be told. */
static void listener_up(struct listener *listener)
{
	event_add(listener->event, NULL);
	state_set(listener, LISTENER_UP, "");
}

/* Opens the socket and makes its event, but does not accept yet. 0 or -errno; *ret_state and reason say what
 * it means. */
static int listener_open(struct listener *listener, enum listener_state *ret_state, char reason[static 160])
{
	int fd = socket_open(listener, ret_state, reason);

	if (fd < 0)
		return fd;
	listener->event = event_new(listener->set->options.base, fd, EV_READ | EV_PERSIST, on_readable, listener);
	if (!listener->event) {
		close(fd);
		snprintf(reason, 160, "out of memory");
		*ret_state = LISTENER_FAILED;
		return -ENOMEM;
	}
	listener->fd = fd;
	listener->generation = listener->vrf->generation;
	return 0;
}

static bool socket_fits(const struct listener *listener)
{
	return listener->fd >= 0 && vrf_is_there(listener->vrf) && listener->generation == listener->vrf->generation;
}

/* Brings a listener in force to where its VRF is. */
static void listener_follow(struct listener *listener)
{
	enum listener_state state;
	char reason[160];

	if (socket_fits(listener))
		return;
	socket_close(listener);
	if (listener_open(listener, &state, reason) == 0)
		listener_up(listener);
	else
		state_set(listener, state, reason);
}

/* ---- lists ---- */

static int list_add(struct listener_list *list, struct listener *listener)
{
	if (list->len == list->size) {
		size_t size = list->size ? 2 * list->size : 16;
		struct listener **grown = reallocarray(list->items, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->items = grown;
		list->size = size;
	}
	list->items[list->len++] = listener;
	return 0;
}

static struct listener *list_find(const struct listener_list *list, const char *vrf_name, int family, int port)
{
	for (size_t i = 0; i < list->len; i++) {
		struct listener *listener = list->items[i];

		if (listener->family == family && (port < 0 || listener->port == port) &&
		    !strcmp(listener->vrf->name, vrf_name))
			return listener;
	}
	return NULL;
}

static void list_done(struct listener_list *list)
{
	free(list->items);
	*list = (struct listener_list){ .items = NULL };
}

/* ---- commit ---- */

/* The numbers of a file below /proc/sys; 0 for those that cannot be read. */
static void sysctl_read(const char *path, int64_t *numbers, size_t len)
{
	FILE *file = fopen(path, "re");

	memset(numbers, 0, len * sizeof(*numbers));
	for (size_t i = 0; file && i < len && fscanf(file, "%" SCNd64, &numbers[i]) == 1; i++)
		;
	if (file)
		fclose(file);
}

/* The receive window that a scale factor asks for is 65,535 bytes shifted by it. Up to tcp_rmem the kernel grows a
 * window by itself, and then nothing is to be done; beyond that the buffer is set, as far as rmem_max lets us. */
static int64_t window_bytes(const char *vrf_name, int64_t scale)
{
	int64_t wanted = (int64_t)65535 << scale, grows[3], set_max;

	if (scale <= 1)
		return 0;
	sysctl_read("/proc/sys/net/ipv4/tcp_rmem", grows, ARRAY_SIZE(grows));
	sysctl_read("/proc/sys/net/core/rmem_max", &set_max, 1);
	if (wanted <= grows[2])
		return 0;
	if (wanted <= set_max)
		return wanted;
	log_event(LOG_SSHD_WARN_GENERAL,
		  "VRF %s: for 'tcp-window-scale %" PRId64 "' net.core.rmem_max must be %" PRId64 ", it is %" PRId64
		  "; the window grows to what the system allows",
		  vrf_name, scale, wanted, set_max);
	return set_max > grows[2] ? set_max : 0;
}

/* What a listener is to be. */
struct wanted {
	const char *vrf_name;
	int family;
	uint16_t port;
	bool is_netconf;
	const struct ssh_profile *profile;
	int64_t window_bytes;
};

static void netconf_line(const struct wanted *wanted, const struct ssh_conf *ssh, char *line, size_t size_bytes)
{
	const struct ssh_netconf_vrf_conf *vrfs = ssh->netconf_vrfs.items;
	bool own_port = false;

	for (size_t i = 0; i < ssh->netconf_vrfs.len; i++)
		own_port = own_port || (!strcmp(vrfs[i].name, wanted->vrf_name) && vrfs[i].port > 0);
	if (own_port)
		snprintf(line, size_bytes, "ssh server netconf vrf %s port %u", wanted->vrf_name, wanted->port);
	else if (ssh->netconf_port > 0)
		snprintf(line, size_bytes, "ssh server netconf port %u", wanted->port);
	else
		snprintf(line, size_bytes, "ssh server netconf vrf %s", wanted->vrf_name);
}

/* The line that asks for what cannot be had: the port when it is the news, else the VRF. */
static void conflict_report(const struct listener_set *set, const struct wanted *wanted, const struct ssh_conf *ssh,
			    const char *what, sshd_conf_report *report, void *to)
{
	const struct ssh_vrf_conf *vrf = ssh_conf_vrf(ssh, wanted->vrf_name);
	char line[96], reason[512];
	bool moves = list_find(&set->current, wanted->vrf_name, wanted->family, -1);

	if (wanted->is_netconf)
		netconf_line(wanted, ssh, line, sizeof(line));
	else if (vrf && vrf->profile.port > 0)
		snprintf(line, sizeof(line), "ssh server vrf %s port %u", wanted->vrf_name, wanted->port);
	else if (ssh->server.port > 0 && moves)
		snprintf(line, sizeof(line), "ssh server port %u", wanted->port);
	else
		snprintf(line, sizeof(line), "ssh server vrf %s", wanted->vrf_name);
	snprintf(reason, sizeof(reason), "VRF %s (%s): %s", wanted->vrf_name, family_word(wanted->family), what);
	report(&(const struct member_fault){ .line = line, .reason = reason }, to);
}

static bool is_fault(int rc)
{
	/* the rest is the state of a machine, not a mistake of the commit: a kernel without IPv6, a namespace that an
	 * ordinary user may not enter */
	return rc == -EADDRINUSE || rc == -EACCES || rc == -ENOMEM;
}

/* A listener that is in force goes on; its other settings wait for apply. */
static int listener_keep(struct listener_set *set, struct listener *listener, const struct wanted *wanted)
{
	int rc = list_add(&set->next, listener);

	listener->kept = rc == 0;
	listener->next_is_netconf = wanted->is_netconf;
	listener->next_dscp = (int)wanted->profile->dscp;
	listener->next_window_bytes = wanted->window_bytes;
	return rc;
}

static int listener_prepare(struct listener_set *set, const struct wanted *wanted, const struct ssh_conf *ssh,
			    bool strict, sshd_conf_report *report, void *to)
{
	struct listener *kept = list_find(&set->current, wanted->vrf_name, wanted->family, wanted->port);
	AUTO(listener_free) struct listener *listener = NULL;
	struct err err = { .text = "" };
	enum listener_state state;
	int rc, opened;

	if (list_find(&set->next, wanted->vrf_name, wanted->family, wanted->port)) {
		conflict_report(set, wanted, ssh, "the port is that of SSH; give NETCONF another one", report, to);
		return strict ? -EADDRINUSE : 0;
	}
	if (kept)
		return listener_keep(set, kept, wanted);
	rc = listener_new(set, wanted->vrf_name, wanted->family, wanted->port, &listener, &err);
	if (rc < 0)
		return rc;
	listener->is_netconf = wanted->is_netconf;
	listener->dscp = (int)wanted->profile->dscp;
	listener->window_bytes = wanted->window_bytes;
	opened = listener_open(listener, &state, listener->reason);
	if (opened < 0)
		listener->state = state;
	if (is_fault(opened) && strict) {
		conflict_report(set, wanted, ssh, listener->reason, report, to);
		return opened;
	}
	rc = list_add(&set->next, listener);
	if (rc == 0)
		listener = NULL;
	return rc;
}

/* Both families of one place. netconf NULL: SSH. */
static int place_prepare(struct listener_set *set, const char *vrf_name, const struct ssh_netconf *netconf,
			 const struct ssh_conf *ssh, bool strict, sshd_conf_report *report, void *to)
{
	struct ssh_profile profile;
	struct wanted wanted = { .vrf_name = vrf_name, .profile = &profile, .is_netconf = netconf != NULL };
	int rc = 0;

	ssh_conf_profile(ssh, vrf_name, set->options.default_port, &profile);
	wanted.port = netconf ? netconf->port : (uint16_t)profile.port;
	wanted.window_bytes = window_bytes(vrf_name, profile.tcp_window_scale);
	/* one fault is enough: it is the same program in both families */
	for (size_t f = 0; rc == 0 && f < ARRAY_SIZE(families); f++) {
		wanted.family = families[f];
		rc = listener_prepare(set, &wanted, ssh, strict, report, to);
	}
	return rc;
}

int listener_set_prepare(struct listener_set *set, const struct ssh_conf *ssh, bool strict, sshd_conf_report *report,
			 void *to)
{
	const struct ssh_vrf_conf *vrfs = ssh->vrfs.items;
	int rc = 0, one;

	listener_set_abort(set);
	set->prepared = true;
	for (size_t i = 0; i < ssh->vrfs.len; i++) {
		one = place_prepare(set, vrfs[i].name, NULL, ssh, strict, report, to);
		rc = rc < 0 ? rc : one;
	}
	for (size_t i = 0; i < ssh_conf_netconf_len(ssh); i++) {
		struct ssh_netconf netconf;

		ssh_conf_netconf_at(ssh, i, &netconf);
		one = place_prepare(set, netconf.vrf_name, &netconf, ssh, strict, report, to);
		rc = rc < 0 ? rc : one;
	}
	if (rc < 0)
		listener_set_abort(set);
	return rc;
}

void listener_set_abort(struct listener_set *set)
{
	for (size_t i = 0; i < set->next.len; i++)
		if (!set->next.items[i]->kept)
			listener_free(set->next.items[i]);
	list_done(&set->next);
	for (size_t i = 0; i < set->current.len; i++)
		set->current.items[i]->kept = false;
	set->prepared = false;
}

/* The settings that a listener in force takes over without a new socket. */
static void listener_renew(struct listener *listener)
{
	listener->is_netconf = listener->next_is_netconf;
	listener->window_bytes = listener->next_window_bytes;
	if (listener->dscp == listener->next_dscp)
		return;
	listener->dscp = listener->next_dscp;
	if (listener->fd >= 0)
		socket_mark(listener->fd, listener->family, listener->dscp);
}

static void listener_begin(struct listener *listener)
{
	enum listener_state before = listener->state;

	if (socket_fits(listener)) {
		listener_up(listener);
		return;
	}
	/* its VRF may have come or gone since prepare */
	if (listener->fd >= 0 || vrf_is_there(listener->vrf))
		listener_follow(listener);
	if (listener->state == before) /* else it was said with the change */
		state_log(listener);
}

static void listener_retire(struct listener *listener)
{
	if (listener->state == LISTENER_UP)
		log_event(LOG_SSHD_INFO_GENERAL, "No longer listening%s on port %u in VRF %s (%s)",
			  listener->is_netconf ? " for NETCONF" : "", listener->port, listener->vrf->name,
			  family_word(listener->family));
	listener_free(listener);
}

void listener_set_apply(struct listener_set *set)
{
	struct listener_list old = set->current;

	if (!set->prepared)
		return;
	/* letting go of a VRF may change what other names mean, which comes back to us as an event: the list in force
	 * must be whole by then */
	set->current = set->next;
	set->next = (struct listener_list){ .items = NULL };
	set->prepared = false;
	for (size_t i = 0; i < old.len; i++)
		if (!old.items[i]->kept)
			listener_retire(old.items[i]);
	list_done(&old);
	for (size_t i = 0; i < set->current.len; i++) {
		struct listener *listener = set->current.items[i];

		if (listener->kept)
			listener_renew(listener);
		else
			listener_begin(listener);
		listener->kept = false;
	}
}

/* ---- life ---- */

void listener_set_vrf_event(struct listener_set *set, enum vrf_event event, const struct vrf *vrf)
{
	(void)event;
	for (size_t i = 0; i < set->current.len; i++)
		if (set->current.items[i]->vrf == vrf)
			listener_follow(set->current.items[i]);
}

void listener_set_tick(struct listener_set *set)
{
	for (size_t i = 0; i < set->current.len; i++)
		if (set->current.items[i]->state != LISTENER_UP)
			listener_follow(set->current.items[i]);
}

int listener_set_new(const struct listener_options *options, struct listener_set **ret_set)
{
	struct listener_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->options = *options;
	set->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	set->pause = evtimer_new(options->base, on_pause_over, set);
	if (!set->pause) {
		listener_set_free(set);
		return -ENOMEM;
	}
	*ret_set = set;
	return 0;
}

void listener_set_free(struct listener_set *set)
{
	if (!set)
		return;
	listener_set_abort(set);
	while (set->current.len > 0)
		listener_free(set->current.items[--set->current.len]);
	list_done(&set->current);
	if (set->pause)
		event_free(set->pause);
	if (set->spare_fd >= 0)
		close(set->spare_fd);
	free(set);
}

size_t listener_set_len(const struct listener_set *set)
{
	return set->current.len;
}

void listener_set_report(const struct listener_set *set, size_t place, struct listener_report *ret_report)
{
	const struct listener *listener = set->current.items[place];
	struct listener_report report = { .port = listener->port, .state = listener->state,
					  .accepted = listener->accepted, .refused = listener->refused };

	snprintf(report.vrf, sizeof(report.vrf), "%s", listener->vrf->name);
	snprintf(report.service, sizeof(report.service), "%s", listener->is_netconf ? "netconf" : "ssh");
	snprintf(report.family, sizeof(report.family), "%s", family_word(listener->family));
	snprintf(report.reason, sizeof(report.reason), "%s", listener->reason);
	*ret_report = report;
}
