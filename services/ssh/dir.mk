# record codec shared by both halves
mon_SRCS := services/ssh/mon.c
$(eval $(call lib,mon))

monitor_SRCS := $(addprefix services/ssh/,mon.c hostkey.c hostkey_blob.c proof.c monitor.c monitor_auth.c monitor_session.c \
	monitor_program.c monitor_link.c user_switch.c)
monitor_PKGS := jansson libcrypto libcap-ng
$(eval $(call lib,monitor))

sallyport-transport_SRCS := $(addprefix services/ssh/,transport_main.c transport_auth.c transport_channel.c relay.c provider.c \
	placeholder.c sandbox.c mon.c)
sallyport-transport_LIBS :=
sallyport-transport_PKGS := libssh libcrypto libseccomp libcap-ng
$(eval $(call prog,sallyport-transport))
