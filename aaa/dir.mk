# SPDX-License-Identifier: GPL-3.0-or-later
aaa_SRCS := $(addprefix aaa/,user_conf.c user_secret.c uidmap.c)
$(eval $(call lib,aaa))
