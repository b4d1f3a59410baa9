# SPDX-License-Identifier: GPL-3.0-or-later
base_SRCS := $(addprefix base/,err.c heap.c option.c utf8.c field.c log.c log_line.c log_store.c fs.c unix_address.c clock.c \
	varlink_codec.c varlink_service.c varlink_describe.c varlink_server.c varlink_client.c varlink_link.c \
	varlink_log.c proc.c)
base_PKGS := jansson libevent libcap-ng
$(eval $(call lib,base))
