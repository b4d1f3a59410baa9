/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DOC: the words for kinds and states of VRFs, apart from the table so that the CLI links no table. */
#include "vrf/vrf.h"

const char *const vrf_kind_words[] = {
	[VRF_KIND_UNKNOWN] = "unknown", [VRF_KIND_DEFAULT] = "default", [VRF_KIND_L3MDEV] = "vrf",
	[VRF_KIND_NETNS] = "netns",	[VRF_KIND_MAX] = NULL,
};

const char *const vrf_state_words[] = {
	[VRF_NAMED] = "named", [VRF_PRESENT] = "present", [VRF_UP] = "up",
	[VRF_GONE] = "gone",   [VRF_STATE_MAX] = NULL,
};
