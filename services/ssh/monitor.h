/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * services/ssh/monitor.h - the privileged half of one connection: signs, verifies, decides, opens ptys, switches user
 *
 * Shapes:  struct monitor_start, everything a monitor needs
 * Units:   see ssh_conf.h
 * Errors:  monitor_run() never returns
 * Owns:    the monitor owns the connection from the fork on
 * Runs in: a child forked from sallyport-monitor; root with reduced capabilities, or an ordinary user
 * Source:  architecture.md "Programs"; libssh.md part 2
 * Tests:   tests/system/test_ssh_*.py, tests/system/test_transport_attack.py
 */
#ifndef SERVICES_SSH_MONITOR_H
#define SERVICES_SSH_MONITOR_H

#include <sys/types.h>

#include "aaa/user_conf.h"
#include "services/session_link.h"
#include "services/ssh/hostkey.h"
#include "services/ssh/kbdint.h"
#include "services/ssh/mon.h"
#include "services/ssh/spawner.h"
#include "services/ssh_algorithm.h"
#include "services/ssh_conf.h"
#include "vrf/vrf.h"

struct monitor_start {
	int connection_fd;  /* accepted socket */
	const struct spawner_transport *spawned; /* asked of a spawner already; NULL: the monitor executes one */
	int link_fd;	    /* our end of the session link */
	int run_dir_fd;	    /* where SESSION_LINK_SOCKET and the Varlink sockets live; O_PATH */
	int transport_fd;   /* the transport program, opened for execveat */
	int cli_fd;	    /* the CLI program, opened for execveat */
	int empty_dir_fd;   /* the empty root for the transport */
	int files_fd;	    /* O_PATH of the file root (file_root.h); 0: there is none, files are not served */
	int helper_fd;	    /* sallyport-helper, opened for execveat; 0: there is none */
	const char *uidmap_path;
	const char *user_keys_dir; /* imported keys: aaa/user_keys.h; NULL: there are none */
	bool weak;	    /* not root: no user switch, user namespace for the sandbox */
	bool separate_users; /* run sessions under their own uid (false only when weak) */
	const struct ssh_conf *ssh;
	const struct ssh_profile *profile; /* in force in the session's VRF */
	bool is_netconf; /* came in by a port of NETCONF: nothing else is served */
	const struct users_conf *users;
	const struct hostkey_set *hostkeys;
	const struct kbdint_source *kbdint; /* who asks the questions of keyboard-interactive; NULL: the local secret */
	const struct vrf *vrf; /* the session's VRF */
	uid_t transport_uid;	 /* what the transport becomes; 0: UIDMAP_TRANSPORT */
	gid_t transport_gid;	 /* 0: the same number as the uid */
	struct session_report session; /* id, vty, vrf, addresses, start_us are filled */
};

struct ssh_algorithm_server monitor_algorithm_server(const struct hostkey_set *hostkeys,
						     const struct ssh_profile *profile);
/* What a profile makes of the host keys that exist and of the table, as it is offered. Returns buffer. */
const char *monitor_algorithm_list(enum ssh_algorithm_kind kind, const struct hostkey_set *hostkeys,
				   const struct ssh_profile *profile, char *buffer, size_t size_bytes);

/* The answer to MON_START behind its head; false: there is no host key to offer. */
bool monitor_offer_put(const struct hostkey_set *hostkeys, const struct ssh_profile *profile, struct mon_buf *answer);

/* Once before the first fork, so that no monitor does anything for the first time. An error names a host key that does
 * not work. */
int monitor_warm(struct hostkey_set *hostkeys, struct err *err);

/* Called in the child right after fork, signals at default, every descriptor but those in start already closed or
 * close-on-exec. Runs the connection to its end and _exits. */
void monitor_run(struct monitor_start *start) __attribute__((noreturn));

#endif
