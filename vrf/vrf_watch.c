/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DOC: the two watchers that feed a VRF table, as one. */
#include "vrf/vrf_watch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "vrf/vrf_netlink.h"
#include "vrf/vrf_netns.h"

struct vrf_watch {
	struct vrf_netlink *netlink;
	struct vrf_netns *netns;
};

AUTO_DECLARE(struct vrf_watch, vrf_watch_free)

int vrf_watch_new(struct event_base *base, struct vrf_table *table, const char *netns_dir,
		  struct vrf_watch **ret_watch, struct err *err)
{
	AUTO(vrf_watch_free) struct vrf_watch *watch = calloc(1, sizeof(*watch));
	int r = watch ? vrf_table_set_netns_dir(table, netns_dir) : -ENOMEM;

	if (r < 0)
		return err_set(err, r, "cannot watch VRFs: no memory");
	r = vrf_netlink_new(base, table, &watch->netlink, err);
	if (r < 0)
		return r;
	r = vrf_netns_new(base, table, netns_dir, &watch->netns, err);
	if (r < 0)
		return r;
	*ret_watch = take(watch);
	return 0;
}

void vrf_watch_free(struct vrf_watch *watch)
{
	if (!watch)
		return;
	vrf_netns_free(watch->netns);
	vrf_netlink_free(watch->netlink);
	free(watch);
}
