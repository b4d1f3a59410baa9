# SPDX-License-Identifier: GPL-3.0-or-later
services_conf_SRCS := $(addprefix services/,ssh_conf.c ssh_profile.c access_list.c access_login.c ssh_algorithm.c ssh_mismatch.c)
services_conf_SRCS += services/sshd_options.c services/line_conf.c services/line_login.c
$(eval $(call lib,services_conf))
# what the libssh that the transport is built against can do, for those that do not link it
$(B)/obj/services/ssh_algorithm.o: EXTRA_CFLAGS += -DSSH_ALGORITHM_LIBSSH=$(shell pkg-config --modversion libssh | \
	awk -F. '{ print $$1 * 10000 + $$2 * 100 + $$3 }')

services_report_SRCS := services/ssh_report.c services/session_link.c services/crypto_report.c services/limits_report.c services/probe_report.c
services_report_SRCS += services/logging_report.c
services_report_PKGS := jansson
$(eval $(call lib,services_report))

# pure parts of the daemon
services_SRCS := $(addprefix services/,admission.c penalty.c source_map.c session_table.c history.c probe.c line_pool.c)
services_SRCS += services/syslog_message.c
services_SRCS += services/penalty_store.c
services_PKGS := jansson sqlite3
$(eval $(call lib,services))

sallyport-sshd_SRCS := $(addprefix services/,sshd_main.c sshd_conf.c listener.c door.c port_owner.c session_server.c sshd_varlink.c)
sallyport-sshd_SRCS += services/sshd_limits.c services/sshd_probe.c services/sshd_keys.c services/sshd_user_keys.c services/sshd_selftest.c
sallyport-sshd_SRCS += services/sshd_logging.c services/syslog_host.c
sallyport-sshd_SRCS += services/sshd_lines.c services/session_lines.c
sallyport-sshd_LIBS := monitor services services_report confmember services_conf aaa vrf_report vrf vrf_conf conf base
sallyport-sshd_PKGS := jansson libevent sqlite3 libnl-3.0 libnl-route-3.0 libcap-ng libcrypto
sallyport-sshd_LDLIBS := -lcrypt
$(eval $(call prog,sallyport-sshd))
