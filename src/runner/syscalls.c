/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"

/* Names, so that a call this libseccomp or this machine does not know is left out. */
static const struct {
	int error;
	const char *names[32];
} refused[] = {
	/* other processes, keys, the kernel's inside */
	{ EPERM, { "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "keyctl",
	    "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "lookup_dcookie",
	    "process_madvise", "syslog", "quotactl", "quotactl_fd", "acct", "nfsservctl", "vhangup" } },
	/* mounts and namespaces */
	{ EPERM, { "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree",
	    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns",
	    "open_by_handle_at", "fanotify_init" } },
	/* the machine */
	{ EPERM, { "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
	    "reboot", "swapon", "swapoff", "iopl", "ioperm", "modify_ldt", "settimeofday",
	    "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex",
	    "stime", "sethostname", "setdomainname" } },
	/* libuv and others fall back to epoll */
	{ ENOSYS, { "io_uring_setup", "io_uring_enter", "io_uring_register" } },
	/* its flags cannot be looked at; glibc then uses clone, whose flags can */
	{ ENOSYS, { "clone3" } },
};

static int
refuse_names(scmp_filter_ctx ctx)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		for (const char *const *name = refused[i].names; *name != NULL; name++) {
			int nr = seccomp_syscall_resolve_name(*name), r;

			if (nr == __NR_SCMP_ERROR)
				continue;
			r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(refused[i].error), nr, 0);
			if (r != 0 && r != -EDOM && r != -EEXIST)
				return r;
		}
	}
	return 0;
}

/* No namespaces by clone, no sockets but local, IPv4, IPv6 and netlink (which names need). */
static int
refuse_arguments(scmp_filter_ctx ctx, bool unix_sockets)
{
	static const unsigned namespaces[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
		CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	for (unsigned family = 0; r == 0 && family < AF_NETLINK; family++) {
		if ((family == AF_UNIX && unix_sockets) || family == AF_INET || family == AF_INET6)
			continue;
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		    SCMP_A0(SCMP_CMP_EQ, family));
	}
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		    SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
	return r;
}

static bool
export_program(scmp_filter_ctx ctx, struct sock_fprog *out, struct err *e)
{
	AUTO_FD fd = memfd_create("filter", MFD_CLOEXEC);
	struct stat st;

	if (fd < 0 || seccomp_export_bpf(ctx, fd) != 0 || fstat(fd, &st) != 0)
		return err_internal(e, "the system call list cannot be exported");
	out->len = (unsigned short)((size_t)st.st_size / sizeof(struct sock_filter));
	out->filter = xmalloc((size_t)st.st_size);
	if (pread(fd, out->filter, (size_t)st.st_size, 0) != st.st_size) {
		free(out->filter);
		*out = (struct sock_fprog){ 0 };
		return err_internal(e, "the system call list cannot be read");
	}
	return true;
}

bool
syscalls_filter(struct sock_fprog *out, bool unix_sockets, struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	bool ok;
	int r;

	if (ctx == NULL)
		return err_internal(e, "seccomp_init failed");
	/* Calls of another architecture (32 bit on x86-64) would go round the list. */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (r == 0)
		r = refuse_names(ctx);
	if (r == 0)
		r = refuse_arguments(ctx, unix_sockets);
	ok = r == 0 ? export_program(ctx, out, e) :
	    err_internal(e, "system call list: error %d", -r);
	seccomp_release(ctx);
	return ok;
}
