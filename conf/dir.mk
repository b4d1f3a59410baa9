# SPDX-License-Identifier: GPL-3.0-or-later
conf_SRCS := $(addprefix conf/,stmt.c stmt_hints.c tree.c tree_text.c tree_diff.c bind.c task.c)
conf_SRCS += conf/logging_conf.c conf/system_conf.c
conf_PKGS := jansson
$(eval $(call lib,conf))

# the asynchronous side of a commit, for daemons
confmember_SRCS := conf/member.c
confmember_PKGS := jansson libevent
$(eval $(call lib,confmember))

# the assembly of all tables
confroot_SRCS := conf/root.c conf/confd_options.c
$(eval $(call lib,confroot))

# commits on disk: files only, so that it can be tested without a daemon
confdstore_SRCS := conf/confd_store.c
$(eval $(call lib,confdstore))

# what a configuration would do to a session; pure
confdlockout_SRCS := conf/confd_lockout.c
$(eval $(call lib,confdlockout))

sallyport-confd_SRCS := $(addprefix conf/,confd_main.c confd_commit.c confd_commit_build.c confd_commit_run.c confd_round.c \
	confd_caller.c confd_rights.c confd_past.c confd_session.c confd_trial.c confd_guard.c confd_varlink.c confd_varlink_commit.c \
	confd_varlink_past.c)
sallyport-confd_SRCS += conf/confd_log.c
sallyport-confd_LIBS := confdstore confdlockout confroot services_conf aaa vrf_conf conf base
sallyport-confd_PKGS := jansson libevent libcap-ng
sallyport-confd_LDLIBS := -lcrypt
$(eval $(call prog,sallyport-confd))
