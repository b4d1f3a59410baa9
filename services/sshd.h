/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/sshd.h - what sallyport-sshd is made of
 *
 * Shapes:  struct sshd, one per process
 * Units:   none
 * Errors:  none
 * Owns:    sshd owns its parts; sshd_main.c makes and frees them in order
 * Runs in: sallyport-sshd: sshd_main.c and sshd_varlink.c only
 * Source:  architecture.md "Programs"
 * Tests:   tests/system/test_session_server.py
 */
#ifndef SERVICES_SSHD_H
#define SERVICES_SSHD_H

#include <sys/resource.h>

#include "services/penalty_store.h"
#include "services/session_server.h"
#include "services/sshd_conf.h"
#include "vrf/vrf_watch.h"

#define SSHD_SOCKET	    "sshd.varlink"

struct sshd {
	/* options */
	const char *run_dir, *state_dir, *program_dir, *empty_dir, *netns_dir, *console;
	uint16_t default_port;
	uid_t transport_uid; /* 0: not said */
	uid_t confd_uid;
	bool weak; /* not root */
	bool debug, describe, help;
	unsigned spawner_connections; /* that one spawner of transports serves; 0: each connection executes its own */
	struct rlimit session_files;

	/* parts, in the order in which they are made */
	struct event_base *base;
	char *ssh_dir, *uidmap_path, *slice_path, *user_keys_dir;
	struct sshd_logging *logging;
	struct hostkey_set *hostkeys;
	struct key_job *key_job; /* a host key in the making: sshd_keys.c */
	uint64_t keyless;	 /* connections refused because there is no host key */
	int64_t keyless_us;	 /* when that was last said */
	struct history *history;
	struct door *door;
	char boot_id[PENALTY_STORE_BOOT_MAX];
	uint64_t penalties_saved; /* penalties_changes() then */
	struct vrf_table *vrfs;
	struct vrf_watch *watch;
	struct listener_set *listeners;
	int run_dir_fd, monitor_fd, transport_fd, cli_fd, empty_dir_fd, files_fd, helper_fd;
	struct {
		pid_t pid;   /* 0: it has ended */
		int said_fd; /* what it says */
	} selftest;
	struct spawner_pool *spawners;
	struct monitor_pool *monitors;
	struct session_server *sessions;
	struct sshd_probes *probes; /* ping and traceroute under way: sshd_probe.c */
	struct varlink_server *varlink;
	struct member *member;
	struct event *tick, *on_term, *on_int;
	unsigned ticks;

	/* configuration in force, and the one that is prepared */
	struct sshd_conf *conf, *next;
	char *next_text; /* slice text of next, for the copy on disk */
	size_t next_text_len;
};

/* Tells the spawners of transports what is offered: the configuration or a host key has changed. */
void sshd_offer_tell(struct sshd *sshd);

/* The port that new listeners get. */
uint16_t sshd_port(const struct sshd *sshd);

#endif
