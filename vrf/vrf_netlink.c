/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DOC: VRF devices from rtnetlink. One socket is subscribed to link news first and then asked for a dump, so
 * what the dump says and what has changed since arrive in the order in which they were true. When the kernel
 * lost messages (ENOBUFS) or a dump was overtaken by changes, another dump is asked for on the same socket;
 * the table tells the difference at its end.
 *
 * Messages are taken apart here and not by libnl-route: its 3.7 has no accessor for altnames, and what it
 * would put into a cache is more than a VRF needs.
 */
#include "vrf/vrf_netlink.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "vrf/vrf.h"

#define KIND_VRF       "vrf"
#define RECEIVE_BYTES  (4 << 20) /* some thousand link messages */
#define ALTNAMES_MAX   64u
#define READS_PER_TURN 64u /* then others of the loop have their turn */
#define FIRST_DUMP_US  5000000
#define DUMP_RETRY_US  100000

struct vrf_netlink {
	struct vrf_table *table;
	struct nl_sock *sock;
	struct event *readable, *retry;
	uint32_t dump_seq;
	bool dumping;
	bool again; /* the dump that is going on will not be the whole truth */
};

AUTO_DECLARE(struct vrf_netlink, vrf_netlink_free)
AUTO_DECLARE(struct nl_msg, nlmsg_free)

/* ---- one message ---- */

static struct nla_policy link_policy[IFLA_MAX + 1] = {
	[IFLA_IFNAME] = { .type = NLA_STRING, .minlen = 2, .maxlen = IFNAMSIZ },
	[IFLA_LINKINFO] = { .type = NLA_NESTED },
	[IFLA_PROP_LIST] = { .type = NLA_NESTED },
};
static struct nla_policy info_policy[IFLA_INFO_MAX + 1] = {
	[IFLA_INFO_KIND] = { .type = NLA_STRING },
	[IFLA_INFO_DATA] = { .type = NLA_NESTED },
};
static struct nla_policy vrf_policy[IFLA_VRF_MAX + 1] = {
	[IFLA_VRF_TABLE] = { .type = NLA_U32 },
};

/* The names borrow from the message. */
static void parse_altnames(struct nlattr *list, const char *ret_altnames[ALTNAMES_MAX + 1])
{
	struct nlattr *name;
	size_t len = 0;
	int left;

	if (list) {
		nla_for_each_nested(name, list, left)
		{
			const char *text = nla_data(name);

			if (nla_type(name) == IFLA_ALT_IFNAME && len < ALTNAMES_MAX && nla_len(name) > 0 &&
			    text[nla_len(name) - 1] == '\0')
				ret_altnames[len++] = text;
		}
	}
	ret_altnames[len] = NULL;
}

/* 1: a VRF device, *ret_link is filled but for the altnames; 0: another kind of link; <0: cannot be told. */
static int parse_link(struct nlattr *const attrs[], const struct ifinfomsg *info, struct vrf_link *ret_link)
{
	struct nlattr *kind[IFLA_INFO_MAX + 1], *vrf[IFLA_VRF_MAX + 1];
	struct vrf_link link = { .ifindex = info->ifi_index, .up = info->ifi_flags & IFF_UP };

	if (!attrs[IFLA_LINKINFO] || !attrs[IFLA_IFNAME] ||
	    nla_parse_nested(kind, IFLA_INFO_MAX, attrs[IFLA_LINKINFO], info_policy) < 0)
		return -ENODATA;
	if (!kind[IFLA_INFO_KIND])
		return -ENODATA; /* only what a bridge or bond says of its port */
	if (strcmp(nla_get_string(kind[IFLA_INFO_KIND]), KIND_VRF) != 0)
		return 0;
	if (!kind[IFLA_INFO_DATA] ||
	    nla_parse_nested(vrf, IFLA_VRF_MAX, kind[IFLA_INFO_DATA], vrf_policy) < 0 || !vrf[IFLA_VRF_TABLE])
		return -ENODATA;
	link.table_id = nla_get_u32(vrf[IFLA_VRF_TABLE]);
	nla_strlcpy(link.device, attrs[IFLA_IFNAME], sizeof(link.device));
	*ret_link = link;
	return 1;
}

static void take_link(struct vrf_netlink *netlink, struct nlmsghdr *header)
{
	const struct ifinfomsg *info = nlmsg_data(header);
	const char *altnames[ALTNAMES_MAX + 1];
	struct nlattr *attrs[IFLA_MAX + 1];
	struct vrf_link link;
	int r;

	/* other families speak of a link's role in a bridge or in IPv6, not of the link */
	if (!nlmsg_valid_hdr(header, sizeof(*info)) || info->ifi_family != AF_UNSPEC)
		return;
	if (header->nlmsg_type == RTM_DELLINK) {
		vrf_table_link_gone(netlink->table, info->ifi_index);
		return;
	}
	if (nlmsg_parse(header, sizeof(*info), attrs, IFLA_MAX, link_policy) < 0)
		return;
	r = parse_link(attrs, info, &link);
	if (r > 0) {
		parse_altnames(attrs[IFLA_PROP_LIST], altnames);
		link.altnames = altnames;
		vrf_table_link_new(netlink->table, &link);
	} else if (r == 0) {
		vrf_table_link_gone(netlink->table, info->ifi_index); /* the index has another owner now */
	}
}

static int on_message(struct nl_msg *msg, void *userdata)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);

	if (nlmsg_get_src(msg)->nl_pid == 0 &&
	    (header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_DELLINK))
		take_link(userdata, header);
	return NL_OK;
}

/* ---- dumps ---- */

static void retry_later(struct vrf_netlink *netlink)
{
	struct timeval delay = { .tv_usec = DUMP_RETRY_US };

	evtimer_add(netlink->retry, &delay);
}

/* Asks for VRF devices only; a kernel that does not know the kind sends every link, which does no harm. */
static int send_dump(struct vrf_netlink *netlink)
{
	AUTO(nlmsg_free) struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP);
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nlattr *nest;
	int r;

	if (!msg || nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return -ENOMEM;
	nest = nla_nest_start(msg, IFLA_LINKINFO);
	if (!nest || nla_put_string(msg, IFLA_INFO_KIND, KIND_VRF) < 0)
		return -ENOMEM;
	nla_nest_end(msg, nest);
	r = nl_send_auto(netlink->sock, msg);
	if (r < 0)
		return -EIO;
	netlink->dump_seq = nlmsg_hdr(msg)->nlmsg_seq;
	return 0;
}

static void start_dump(struct vrf_netlink *netlink)
{
	vrf_table_dump_begin(netlink->table, VRF_KIND_L3MDEV);
	netlink->again = false;
	netlink->dumping = true;
	if (send_dump(netlink) < 0) {
		netlink->dumping = false;
		retry_later(netlink);
	}
}

/* What is known may be wrong. A dump cannot be asked for while one is on its way. */
static void lose_sync(struct vrf_netlink *netlink)
{
	if (netlink->dumping)
		netlink->again = true;
	else
		start_dump(netlink);
}

static void on_retry(evutil_socket_t fd, short what, void *userdata)
{
	struct vrf_netlink *netlink = userdata;

	(void)fd;
	(void)what;
	lose_sync(netlink);
}

static int on_finish(struct nl_msg *msg, void *userdata)
{
	struct vrf_netlink *netlink = userdata;
	struct nlmsghdr *header = nlmsg_hdr(msg);
	int result = 0;

	if (!netlink->dumping || header->nlmsg_seq != netlink->dump_seq)
		return NL_OK;
	if (nlmsg_datalen(header) >= (int)sizeof(result))
		memcpy(&result, nlmsg_data(header), sizeof(result));
	netlink->dumping = false;
	if (result < 0)
		retry_later(netlink);
	else if (netlink->again)
		start_dump(netlink);
	else
		vrf_table_dump_end(netlink->table, VRF_KIND_L3MDEV);
	return NL_OK;
}

static int on_interrupted(struct nl_msg *msg, void *userdata)
{
	struct vrf_netlink *netlink = userdata;

	(void)msg;
	netlink->again = true;
	return NL_OK;
}

static int on_refused(struct sockaddr_nl *from, struct nlmsgerr *refusal, void *userdata)
{
	struct vrf_netlink *netlink = userdata;

	(void)from;
	if (netlink->dumping && refusal->msg.nlmsg_seq == netlink->dump_seq) {
		netlink->dumping = false;
		retry_later(netlink);
	}
	return NL_SKIP;
}

static int accept_any_seq(struct nl_msg *msg, void *userdata)
{
	(void)msg;
	(void)userdata;
	return NL_OK;
}

/* ---- the socket ---- */

/* 0 when nothing more is there. */
static int receive(struct vrf_netlink *netlink)
{
	int r = nl_recvmsgs_default(netlink->sock);

	if (r == -NLE_AGAIN)
		return 0;
	if (r == -NLE_NOMEM || r == -NLE_MSG_OVERFLOW)
		lose_sync(netlink); /* ENOBUFS: the kernel dropped messages */
	else if (r < 0 && r != -NLE_INTR)
		retry_later(netlink);
	return 1;
}

static void on_readable(evutil_socket_t fd, short what, void *userdata)
{
	struct vrf_netlink *netlink = userdata;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < READS_PER_TURN && receive(netlink) > 0; i++)
		;
}

static int open_sock(struct vrf_netlink *netlink)
{
	const int receive_bytes = RECEIVE_BYTES;

	netlink->sock = nl_socket_alloc();
	if (!netlink->sock)
		return -ENOMEM;
	nl_socket_modify_cb(netlink->sock, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, accept_any_seq, NULL);
	nl_socket_modify_cb(netlink->sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, netlink);
	nl_socket_modify_cb(netlink->sock, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, netlink);
	nl_socket_modify_cb(netlink->sock, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, netlink);
	nl_socket_modify_err_cb(netlink->sock, NL_CB_CUSTOM, on_refused, netlink);
	if (nl_connect(netlink->sock, NETLINK_ROUTE) < 0)
		return errno ? -errno : -EIO;
	/* without CAP_NET_ADMIN the size is what net.core.rmem_max allows */
	if (setsockopt(nl_socket_get_fd(netlink->sock), SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes,
		       sizeof(receive_bytes)) < 0)
		setsockopt(nl_socket_get_fd(netlink->sock), SOL_SOCKET, SO_RCVBUF, &receive_bytes,
			   sizeof(receive_bytes));
	if (nl_socket_set_nonblocking(netlink->sock) < 0 ||
	    nl_socket_add_memberships(netlink->sock, RTNLGRP_LINK, RTNLGRP_NONE) < 0)
		return -EIO;
	return 0;
}

static int first_dump(struct vrf_netlink *netlink)
{
	int64_t deadline_us = clock_monotonic_us() + FIRST_DUMP_US;
	struct pollfd readable = { .fd = nl_socket_get_fd(netlink->sock), .events = POLLIN };

	start_dump(netlink);
	while (netlink->dumping) {
		if (receive(netlink) > 0)
			continue;
		if (clock_monotonic_us() > deadline_us)
			return -ETIMEDOUT;
		if (poll(&readable, 1, 100) < 0 && errno != EINTR)
			return -errno;
	}
	return evtimer_pending(netlink->retry, NULL) ? -EIO : 0;
}

int vrf_netlink_new(struct event_base *base, struct vrf_table *table, struct vrf_netlink **ret_netlink,
		    struct err *err)
{
	AUTO(vrf_netlink_free) struct vrf_netlink *netlink = calloc(1, sizeof(*netlink));
	int r;

	if (!netlink)
		return err_set(err, -ENOMEM, "cannot watch VRF devices: no memory");
	netlink->table = table;
	r = open_sock(netlink);
	if (r < 0)
		return err_set(err, r, "cannot watch VRF devices: netlink: %s", strerror(-r));
	netlink->retry = evtimer_new(base, on_retry, netlink);
	netlink->readable = event_new(base, nl_socket_get_fd(netlink->sock), EV_READ | EV_PERSIST,
				      on_readable, netlink);
	if (!netlink->retry || !netlink->readable || event_add(netlink->readable, NULL) < 0)
		return err_set(err, -ENOMEM, "cannot watch VRF devices: no memory");
	r = first_dump(netlink);
	if (r < 0)
		return err_set(err, r, "cannot list VRF devices: %s", strerror(-r));
	*ret_netlink = take(netlink);
	return 0;
}

void vrf_netlink_free(struct vrf_netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->readable)
		event_free(netlink->readable);
	if (netlink->retry)
		event_free(netlink->retry);
	nl_socket_free(netlink->sock);
	free(netlink);
}
