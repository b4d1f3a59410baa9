# SPDX-License-Identifier: GPL-3.0-or-later
# data and pure table: linked everywhere
vrf_conf_SRCS := vrf/vrf_conf.c
$(eval $(call lib,vrf_conf))

vrf_SRCS := $(addprefix vrf/,vrf.c vrf_being.c vrf_netlink.c vrf_netns.c vrf_watch.c vrf_socket.c)
vrf_PKGS := libnl-3.0 libevent
$(eval $(call lib,vrf))

vrf_report_SRCS := vrf/vrf_report.c vrf/vrf_words.c
vrf_report_PKGS := jansson
$(eval $(call lib,vrf_report))
