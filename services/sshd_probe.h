/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd_probe.h - org.sallyport.SSH.Probe: ping and traceroute in any VRF, for everybody who has a login here
 *
 * Shapes:  struct sshd_probes, the runs that are under way
 * Units:   none
 * Errors:  Varlink errors; what the operator should know is in the last reply
 * Owns:    the set owns its runs
 * Runs in: sallyport-sshd main loop; the programs run as the caller's uid
 * Source:  features.md section 1; ping(8), traceroute(8), capabilities(7)
 * Tests:   tests/system/test_probe.py, tests/lab/scenario/vrf_basics
 */
#ifndef SERVICES_SSHD_PROBE_H
#define SERVICES_SSHD_PROBE_H

#include "base/varlink.h"
#include "services/probe_report.h"
#include "services/sshd.h"

/* A method of org.sallyport.SSH. */
void sshd_probe_run(struct varlink_call *call, const json_t *parameters, void *userdata);
/* A child of the daemon has ended: true when it was a probe. */
bool sshd_probe_child(struct sshd_probes *probes, pid_t pid, int status);

int sshd_probes_new(struct sshd *sshd, struct sshd_probes **ret_probes);
void sshd_probes_free(struct sshd_probes *probes); /* ends the programs; NULL is fine */

#endif
