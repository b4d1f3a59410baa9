# SPDX-License-Identifier: GPL-3.0-or-later
run_options_SRCS := packaging/run_options.c
$(eval $(call lib,run_options))

sallyport-run_SRCS := packaging/run_main.c
sallyport-run_LIBS := run_options services_report aaa vrf vrf_report conf base
sallyport-run_PKGS := jansson libevent libcap-ng libnl-3.0 libnl-route-3.0
sallyport-run_LDLIBS := -lcrypt
$(eval $(call prog,sallyport-run))
