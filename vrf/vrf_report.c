/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DOC: a row of "show vrf" from a VRF of the table. */
#include "vrf/vrf_report.h"

#include <string.h>

const struct field vrf_report_fields[] = {
	FIELD_OF(FIELD_STR, struct vrf_report, name, "Name as operators write it"),
	FIELD_ENUM_OF(struct vrf_report, kind, vrf_kind_words, "What the VRF is in the kernel"),
	FIELD_ENUM_OF(struct vrf_report, state, vrf_state_words, "Whether it is there"),
	FIELD_OF(FIELD_STR, struct vrf_report, device, "VRF device, empty for the other kinds"),
	FIELD_OF(FIELD_U32, struct vrf_report, table_id,
		 "Kernel route table of the VRF device, 0 for the other kinds"),
	FIELD_OF(FIELD_U32, struct vrf_report, ifindex, "Link index of the VRF device, 0 when there is none"),
	FIELD_END,
};

void vrf_report_fill(const struct vrf *vrf, struct vrf_report *ret_report)
{
	memset(ret_report, 0, sizeof(*ret_report));
	memcpy(ret_report->name, vrf->name, sizeof(ret_report->name));
	memcpy(ret_report->device, vrf->device, sizeof(ret_report->device));
	ret_report->kind = (int)vrf->kind;
	ret_report->state = (int)vrf->state;
	ret_report->table_id = vrf->table_id;
	ret_report->ifindex = vrf->ifindex > 0 ? (uint32_t)vrf->ifindex : 0;
}
