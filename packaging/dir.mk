sallyport-run_SRCS := packaging/run_main.c
sallyport-run_LIBS := base
sallyport-run_PKGS := jansson libevent libcap-ng
$(eval $(call prog,sallyport-run))
