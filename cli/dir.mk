# SPDX-License-Identifier: GPL-3.0-or-later
cli_SRCS := $(addprefix cli/,shell.c edit.c pager.c pipe.c exec.c exec_ssh.c exec_history.c exec_config.c config_mode.c config_commit.c \
	column.c complete.c running_text.c show_ssh.c remote.c)
cli_SRCS += cli/cli_options.c cli/json_rows.c cli/show_limits.c cli/exec_crypto.c cli/exec_crypto_rows.c cli/show_crypto.c cli/file_path.c
cli_SRCS += cli/show_ssh_rekey.c cli/shell_line.c cli/show_line.c cli/exec_line.c
cli_SRCS += $(addprefix cli/,config_commands.c config_file.c config_past.c config_session.c)
cli_SRCS += $(addprefix cli/,exec_file.c exec_file_change.c md5.c exec_net.c ping_text.c pattern.c pipe_filter.c exec_run.c show_platform.c)
cli_SRCS += $(addprefix cli/,exec_aaa.c show_aaa.c)
cli_SRCS += cli/show_logging.c cli/exec_logging.c cli/exec_monitor.c
cli_SRCS += cli/show_tech.c cli/tar_gz.c cli/tech_scrub.c
cli_PKGS := jansson libedit zlib
$(eval $(call lib,cli))

sallyport_SRCS := cli/cli_main.c
sallyport_LIBS := cli confroot services_report services_conf aaa vrf_report vrf_conf conf base
sallyport_PKGS := jansson libedit zlib libevent libcap-ng
sallyport_LDLIBS := -lcrypt
$(eval $(call prog,sallyport))
