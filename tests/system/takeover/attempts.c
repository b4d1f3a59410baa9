// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What whoever took a transport over would try next. Each attempt is one system call by its number, with arguments that
 * harm nobody where nothing forbids it: the same list runs without the seal, to see that the seal it is that refuses.
 */
#include "tests/system/takeover/attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "services/ssh/mon.h"
#include "services/ssh/sandbox.h"

enum { ROOT_FD = 6, DESCRIPTORS = 1024 };

static int victim;
static char bytes[64];
static char path_passwd[] = "/etc/passwd";

void attempt_seal(int argc, char **argv, bool with_filter)
{
	static const struct option options[] = {
		{ "uid", required_argument, NULL, 'u' }, { "gid", required_argument, NULL, 'g' },
		{ "weak", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 },
	};
	struct sandbox sandbox = { .root_fd = ROOT_FD, .socket_fd = MON_SOCKET_FD, .rpc_fd = MON_RPC_FD,
				   .event_fd = MON_EVENT_FD };
	struct sandbox_filter filter;
	struct err missing = { "" }, err = { "" };
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (option == 'u')
			sandbox.uid = (uid_t)strtoul(optarg, NULL, 10);
		else if (option == 'g')
			sandbox.gid = (gid_t)strtoul(optarg, NULL, 10);
		else
			sandbox.weak = option == 'w';
	r = sandbox_filter_make(&sandbox, &filter, &err);
	if (r == 0)
		r = sandbox_drop(&sandbox, &missing, &err);
	if (r == 0 && with_filter)
		r = sandbox_confine(&filter, &err);
	if (r == 0)
		return;
	dprintf(MON_SOCKET_FD, "not sealed: %s\n", err.text);
	_exit(4);
}

/* ---- files ---- */

static long open_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, path_passwd, O_RDONLY | O_CLOEXEC, 0);
}

static long open_process_memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", victim);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

static long open_process_descriptor(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/3", victim);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
}

static long open_how(void)
{
	uint64_t how[3] = { O_RDONLY | O_CLOEXEC, 0, 0 };

	return syscall(SYS_openat2, AT_FDCWD, path_passwd, how, sizeof(how));
}

static long make_memory_file(void)
{
	return syscall(SYS_memfd_create, "x", 1u);
}

static long read_link(void)
{
	return syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", bytes, sizeof(bytes));
}

static long leave_root(void)
{
	return syscall(SYS_chdir, "/");
}

static long change_root(void)
{
	return syscall(SYS_chroot, "/");
}

static long mount_proc(void)
{
	return syscall(SYS_mount, "none", "/", "proc", 0ul, NULL);
}

static long watch_files(void)
{
	return syscall(SYS_inotify_init1, 0);
}

/* ---- sockets ---- */

static long socket_inet(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long socket_unix(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long socket_netlink(void)
{
	return syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static long socket_pair(void)
{
	int fds[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
}

static long connect_abstract(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0sallyport" };

	return syscall(SYS_connect, MON_EVENT_FD, &to, sizeof(to));
}

static long bind_socket(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "\0sallyport-x" };

	return syscall(SYS_bind, MON_SOCKET_FD, &to, sizeof(to));
}

static long accept_connection(void)
{
	return syscall(SYS_accept4, MON_SOCKET_FD, NULL, NULL, SOCK_NONBLOCK);
}

/* A descriptor of ours for somebody at the other end of the connection. */
static long pass_descriptor(void)
{
	char byte = '\n'; /* keeps the lines apart */
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = "" };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	*head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	*(int *)(void *)CMSG_DATA(head) = MON_SOCKET_FD;
	return syscall(SYS_sendmsg, MON_SOCKET_FD, &msg, 0);
}

static long socket_option(void)
{
	int on = 1;

	return syscall(SYS_setsockopt, MON_SOCKET_FD, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

/* ---- processes ---- */

static long make_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long make_process_by_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

static long make_process_by_vfork(void)
{
	/* with a number in place of the call: it must not return twice here */
	return syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUSER, 0, 0, 0, 0);
}

static long execute(void)
{
	return syscall(SYS_execve, "/nowhere", NULL, NULL);
}

static long execute_at(void)
{
	return syscall(SYS_execveat, -1, "nowhere", NULL, NULL, 0);
}

static long wait_process(void)
{
	return syscall(SYS_wait4, -1, NULL, 1, NULL);
}

/* ---- other processes ---- */

static long signal_process(void)
{
	return syscall(SYS_kill, victim, 0);
}

static long signal_parent(void)
{
	return syscall(SYS_kill, -1, 0);
}

static long signal_thread(void)
{
	return syscall(SYS_tgkill, victim, victim, 0);
}

static long signal_queue(void)
{
	return syscall(SYS_rt_sigqueueinfo, victim, 0, NULL);
}

static long process_descriptor(void)
{
	return syscall(SYS_pidfd_open, victim, 0);
}

static long process_descriptor_take(void)
{
	return syscall(SYS_pidfd_getfd, MON_SOCKET_FD, 3, 0);
}

static long trace(void)
{
	return syscall(SYS_ptrace, PTRACE_SEIZE, victim, 0, 0);
}

static long memory_of(long call)
{
	struct iovec here = { bytes, sizeof(bytes) }, there = { (void *)(uintptr_t)&bytes, sizeof(bytes) };

	return syscall(call, victim, &here, 1ul, &there, 1ul, 0ul);
}

static long memory_read(void)
{
	return memory_of(SYS_process_vm_readv);
}

static long memory_write(void)
{
	return memory_of(SYS_process_vm_writev);
}

static long compare(void)
{
	return syscall(SYS_kcmp, victim, victim, 0, 3ul, 3ul);
}

static long limit_other(void)
{
	return syscall(SYS_prlimit64, victim, 7, NULL, bytes);
}

static long schedule_other(void)
{
	return syscall(SYS_sched_getaffinity, victim, sizeof(bytes), bytes);
}

static long priority_up(void)
{
	return syscall(SYS_setpriority, PRIO_PROCESS, 0, -5);
}

static long priority_other(void)
{
	return syscall(SYS_setpriority, PRIO_PROCESS, victim, SANDBOX_BULK_NICE);
}

static long priority_of_all(void)
{
	return syscall(SYS_setpriority, PRIO_USER, 0, SANDBOX_BULK_NICE);
}

/* ---- privilege and the kernel ---- */

static long become_root(void)
{
	return syscall(SYS_setresuid, 0, 0, 0);
}

static long new_namespace(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}

static long enter_namespace(void)
{
	return syscall(SYS_setns, MON_SOCKET_FD, 0);
}

static long be_dumpable(void)
{
	return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long another_filter(void)
{
	return syscall(SYS_seccomp, 2, 0, NULL);
}

static long keyring(void)
{
	return syscall(SYS_keyctl, 0, -3, 0);
}

static long bpf(void)
{
	return syscall(SYS_bpf, 5, NULL, 0);
}

static long performance_event(void)
{
	return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

static long ring(void)
{
	return syscall(SYS_io_uring_setup, 0, NULL);
}

static long fault_handler(void)
{
	return syscall(SYS_userfaultfd, 0);
}

static long shared_memory(void)
{
	return syscall(SYS_shmget, 0x5a11, 4096ul, 0);
}

static long message_queue(void)
{
	return syscall(SYS_mq_open, "/nowhere", O_RDONLY, 0, NULL);
}

static long type_ahead(void)
{
	return syscall(SYS_ioctl, 0, TIOCSTI, "x");
}

static long module(void)
{
	return syscall(SYS_finit_module, -1, "", 0);
}

static long executable_memory(void)
{
	return syscall(SYS_mmap, NULL, 4096ul, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0ul);
}

static long memory_made_executable(void)
{
	uintptr_t page = (uintptr_t)&bytes & ~(uintptr_t)4095;

	return syscall(SYS_mprotect, page, 4096ul, PROT_READ | PROT_WRITE | PROT_EXEC);
}

#if defined(__x86_64__)
/* getuid of the 32-bit table, where a filter for 64 bits could look at the wrong numbers */
static long other_table(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(24l) : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static long other_numbers(void)
{
	return syscall(0x40000000l | SYS_getpid);
}
#endif

/* ---- its own descriptors ---- */

/* Their numbers as a sum of powers of two; anything behind the 62nd counts as the 62nd. */
static long descriptors(void)
{
	long seen = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (syscall(SYS_fcntl, fd, F_GETFD) >= 0)
			seen |= 1l << (fd < 62 ? fd : 62);
	return seen;
}

static const struct {
	const char *name;
	long (*make)(void);
} attempts[] = {
#define ATTEMPT(name) { #name, name }
	ATTEMPT(open_file), ATTEMPT(open_process_memory), ATTEMPT(open_process_descriptor), ATTEMPT(open_how),
	ATTEMPT(make_memory_file), ATTEMPT(read_link), ATTEMPT(leave_root), ATTEMPT(change_root), ATTEMPT(mount_proc),
	ATTEMPT(watch_files), ATTEMPT(socket_inet), ATTEMPT(socket_unix), ATTEMPT(socket_netlink), ATTEMPT(socket_pair),
	ATTEMPT(connect_abstract), ATTEMPT(bind_socket), ATTEMPT(accept_connection), ATTEMPT(pass_descriptor),
	ATTEMPT(socket_option), ATTEMPT(make_process), ATTEMPT(make_process_by_clone3), ATTEMPT(make_process_by_vfork),
	ATTEMPT(execute), ATTEMPT(execute_at), ATTEMPT(wait_process), ATTEMPT(signal_process), ATTEMPT(signal_parent),
	ATTEMPT(signal_thread), ATTEMPT(signal_queue), ATTEMPT(process_descriptor), ATTEMPT(process_descriptor_take),
	ATTEMPT(trace), ATTEMPT(memory_read), ATTEMPT(memory_write), ATTEMPT(compare), ATTEMPT(limit_other),
	ATTEMPT(schedule_other), ATTEMPT(priority_up), ATTEMPT(priority_other), ATTEMPT(priority_of_all),
	ATTEMPT(become_root), ATTEMPT(new_namespace), ATTEMPT(enter_namespace),
	ATTEMPT(be_dumpable), ATTEMPT(another_filter), ATTEMPT(keyring), ATTEMPT(bpf), ATTEMPT(performance_event),
	ATTEMPT(ring), ATTEMPT(fault_handler), ATTEMPT(shared_memory), ATTEMPT(message_queue), ATTEMPT(type_ahead),
	ATTEMPT(module), ATTEMPT(executable_memory), ATTEMPT(memory_made_executable), ATTEMPT(descriptors),
#if defined(__x86_64__)
	ATTEMPT(other_table), ATTEMPT(other_numbers),
#endif
};

bool attempt_make(const char *name, int pid)
{
	char text[128];
	long result;
	int len;

	victim = pid;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		if (strcmp(name, attempts[i].name) != 0)
			continue;
		errno = 0;
		result = attempts[i].make();
		len = snprintf(text, sizeof(text), "%s %ld %d\n", name, result, result < 0 ? errno : 0);
		return write(MON_SOCKET_FD, text, (size_t)len) == len;
	}
	return false;
}
