# SPDX-License-Identifier: GPL-3.0-or-later
aaa_SRCS := $(addprefix aaa/,user_conf.c user_secret.c user_hash.c group_conf.c user_verify.c \
	uidmap.c key_import.c user_key_report.c user_keys.c)
aaa_PKGS := jansson libcrypto
$(eval $(call lib,aaa))
