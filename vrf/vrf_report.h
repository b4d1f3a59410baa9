/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vrf/vrf_report.h - one row of "show vrf"
 *
 * Shapes:  struct vrf_report and its field table
 * Units:   table_id a kernel route table
 * Errors:  none
 * Owns:    nothing
 * Runs in: sallyport-sshd (org.sallyport.SSH.ListVrfs), CLI
 * Source:  architecture.md "A VRF"
 * Tests:   tests/golden/show
 */
#ifndef VRF_VRF_REPORT_H
#define VRF_VRF_REPORT_H

#include "base/field.h"
#include "vrf/vrf.h"

struct vrf_report {
	char name[VRF_NAME_MAX_BYTES + 1];
	int kind;  /* enum vrf_kind */
	int state; /* enum vrf_state */
	char device[16];
	uint32_t table_id;
	uint32_t ifindex;
};

extern const struct field vrf_report_fields[];

void vrf_report_fill(const struct vrf *vrf, struct vrf_report *ret_report);

#endif
