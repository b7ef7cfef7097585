/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "runner/landlock.h"
#include "runner/syscalls.h"

#define MAX_MOUNTS 64
#define MAX_PREFIXES 4
#define TMP_MAX_MB 512		/* Lambda's EphemeralStorage */
#define SHM_MB 16
#define MAX_FILE_BYTES (512u * 1024 * 1024)

enum step {
	STEP_SESSION = 1, STEP_NAMESPACE, STEP_ROOT, STEP_FILES, STEP_LIMITS, STEP_USER,
	STEP_PRIVILEGES, STEP_LANDLOCK, STEP_SYSCALLS, STEP_FOLDER,
	STEP_EXEC = JAIL_STEP_EXEC,
};

const char *
jail_step_name(int step)
{
	switch (step) {
	case STEP_SESSION: return "session";
	case STEP_NAMESPACE: return "namespaces";
	case STEP_ROOT: return "private root";
	case STEP_FILES: return "descriptors";
	case STEP_LIMITS: return "limits";
	case STEP_USER: return "user";
	case STEP_PRIVILEGES: return "privileges";
	case STEP_LANDLOCK: return "Landlock";
	case STEP_SYSCALLS: return "system call list";
	case STEP_FOLDER: return "working folder";
	case STEP_EXEC: return "exec";
	default: return "start";
	}
}

/* What a function may read of the machine: programs and libraries, and of /etc only what libraries
 * look at: names, certificates, the linker's cache. Never all of it: pawld's own configuration may
 * lie there. Both a private root and Landlock are made of this list. */
static const char *const system_paths[] = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
	"/libx32", "/etc/ssl", "/etc/ca-certificates", "/etc/ca-certificates.conf",
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
	"/etc/services", "/etc/protocols", "/etc/passwd", "/etc/group", "/etc/ld.so.cache",
	"/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
	"/etc/timezone", "/etc/mime.types", "/etc/krb5.conf", "/etc/ldap", "/etc/freetds",
	"/etc/odbc.ini", "/etc/odbcinst.ini", "/etc/crypto-policies", NULL };
static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random",
	"/dev/urandom", NULL };

/* A row of the private root, relative to it. */
struct mount_row {
	char *target;
	char *source;		/* bound there, or NULL */
	char *link;		/* a symbolic link instead, or NULL */
	bool is_dir;
};

struct jail {
	bool own_users, private_root, user_namespace, pid_namespace;
	int landlock_abi;
	char *folder, *runtimes, *rotators;
	struct mount_row mounts[MAX_MOUNTS];
	size_t mount_count;
	char *prefixes[MAX_PREFIXES];	/* of interpreters outside /usr */
	size_t prefix_count;
	/* Landlock does not keep a process from connecting to a socket file, and pawld's own would
	 * take the runner's user for its operator. So without a private root or an own user there
	 * are no such sockets. */
	struct sock_fprog filter, filter_without_unix;
	uid_t uid;			/* the runner's own */
	gid_t gid;
};

bool
jail_has_own_users(const struct jail *j)
{
	return j->own_users;
}

bool
jail_has_processes_above(const struct jail *j)
{
	return j->pid_namespace;
}

bool
jail_has_private_root(const struct jail *j)
{
	return j->private_root;
}

bool
jail_hides_files(const struct jail *j)
{
	return j->own_users || j->private_root || j->landlock_abi > 0;
}

uid_t
jail_uid(const struct jail *j, unsigned slot)
{
	return j->own_users ? JAIL_FIRST_UID + slot : j->uid;
}

const char *
jail_path_task(const struct jail *j, const char *code)
{
	if (code == NULL)
		return "/";
	return j->private_root ? "/var/task" : code;
}

const char *
jail_path_tmp(const struct jail *j, const char *host)
{
	return j->private_root ? "/tmp" : host;
}

const char *
jail_path_runtimes(const struct jail *j)
{
	return j->private_root ? "/var/runtime" : j->runtimes;
}

const char *
jail_path_rotators(const struct jail *j)
{
	return j->private_root ? "/var/rotators" : j->rotators;
}

const char *
jail_path_ca(const struct jail *j, const char *host)
{
	return j->private_root ? "/var/ca.pem" : host;
}

/* ---- the child: system calls only, 0 or -1 with errno */

static int
touch_dir(int root, const char *path)
{
	char part[256];
	size_t n = strlen(path);

	if (n >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(root, part, 0755) != 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

static int
touch_file(int root, const char *path)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -1;
	return close(fd);
}

/* The folder a file's target lies in exists: rows are in that order. */
static int
bind_at(int root, const char *source, const char *target, bool is_dir)
{
	if ((is_dir ? touch_dir(root, target) : touch_file(root, target)) != 0)
		return -1;
	return mount(source, target, NULL, MS_BIND | MS_REC, NULL);	/* root is the cwd */
}

static int
make_row(int root, const struct mount_row *m)
{
	if (m->link != NULL)
		return symlinkat(m->link, root, m->target);
	if (m->source == NULL)
		return touch_dir(root, m->target);
	return bind_at(root, m->source, m->target, m->is_dir);
}

static int
make_read_only(const char *path)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID };

	return mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attr, sizeof(attr));
}

static int
mount_tmp(const char *path, uid_t uid, int64_t size_mb)
{
	char options[96];

	snprintf(options, sizeof(options), "mode=0700,uid=%u,gid=%u,size=%lldm,nr_inodes=65536",
	    (unsigned)uid, (unsigned)uid, (long long)size_mb);
	return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

/* The namespace's own processes. Where the kernel refuses that (a container that hides parts of
 * /proc), the machine's: its process numbers mean nothing inside. */
static int
mount_proc(const struct jail *j, int root)
{
	if (touch_dir(root, "proc") != 0)
		return -1;
	if (j->pid_namespace &&
	    mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return 0;
	return bind_at(root, "/proc", "proc", true);
}

/* One mount namespace: a small tmpfs holds the mount points, everything is bound onto it and made
 * read-only, /tmp and /dev/shm are the function's own, and the old root goes away. */
static int
build_root(const struct jail *j, const struct jail_spec *s)
{
	int64_t tmp_mb = s->memory_mb < TMP_MAX_MB ? s->memory_mb : TMP_MAX_MB;
	uid_t uid = jail_uid(j, s->slot);
	char at[4096];
	int root;

	snprintf(at, sizeof(at), "%s/root", s->dir);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m") != 0 ||
	    chdir(at) != 0)
		return -1;
	root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	for (size_t i = 0; i < j->mount_count; i++) {
		if (make_row(root, &j->mounts[i]) != 0)
			return -1;
	}
	if ((s->code != NULL && bind_at(root, s->code, "var/task", true) != 0) ||
	    (s->ca != NULL && bind_at(root, s->ca, "var/ca.pem", false) != 0) ||
	    (s->cert != NULL && bind_at(root, s->cert, "etc/pki/tls/cert.pem", false) != 0))
		return -1;
	if (mount_proc(j, root) != 0)
		return -1;
	if (make_read_only(".") != 0 || mount_tmp("tmp", uid, tmp_mb) != 0 ||
	    mount_tmp("dev/shm", uid, SHM_MB) != 0)
		return -1;
	if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0)
		return -1;
	close(root);
	return chdir("/");
}

static int
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* The runner's user becomes itself inside: a name for its files, no power over anything else. */
static int
map_self(const struct jail *j)
{
	char line[64];

	/* A process that is not dumpable may not write its own maps. */
	if (prctl(PR_SET_DUMPABLE, 1) != 0 || write_file("/proc/self/setgroups", "deny") != 0)
		return -1;
	snprintf(line, sizeof(line), "%u %u 1", (unsigned)j->uid, (unsigned)j->uid);
	if (write_file("/proc/self/uid_map", line) != 0)
		return -1;
	snprintf(line, sizeof(line), "%u %u 1", (unsigned)j->gid, (unsigned)j->gid);
	if (write_file("/proc/self/gid_map", line) != 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0);
}

static int
enter_namespaces(const struct jail *j)
{
	int what = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

	if (!j->private_root)
		return 0;
	if (j->pid_namespace)
		what |= CLONE_NEWPID;	/* for the children of this process */
	if (!j->user_namespace)
		return unshare(what);
	return unshare(CLONE_NEWUSER | what) == 0 ? map_self(j) : -1;
}

static int
set_files(const struct jail_spec *s)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return -1;
	if (dup2(s->log_fd, STDOUT_FILENO) < 0 || dup2(s->log_fd, STDERR_FILENO) < 0)
		return -1;
	return (int)syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
}

static int
set_limits(const struct jail *j)
{
	const struct { int what; rlim_t value; } rows[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, 1024 },
		{ RLIMIT_FSIZE, MAX_FILE_BYTES },
		/* Counted per user: with a shared one the runner itself would be counted. */
		{ RLIMIT_NPROC, j->own_users ? 256 : RLIM_INFINITY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rlimit l = { rows[i].value, rows[i].value };

		if (rows[i].value != RLIM_INFINITY && setrlimit((unsigned)rows[i].what, &l) != 0)
			return -1;
	}
	return 0;
}

static int
set_user(const struct jail *j, unsigned slot)
{
	uid_t uid = jail_uid(j, slot);

	if (!j->own_users)
		return 0;
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0)
		return -1;
	return setresuid(uid, uid, uid);
}

/* Where the user stays the same (root in a container without CAP_SETUID, a user namespace), its
 * capabilities must still go, and not come back with exec. */
static int
drop_privileges(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	for (int cap = 0; cap < 64; cap++) {
		/* EINVAL: no such capability; EPERM: not ours to drop, so we do not hold it. */
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EINVAL && errno != EPERM)
			return -1;
	}
	if (syscall(SYS_capset, &head, none) != 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int
allow_paths(const struct jail *j, const struct jail_spec *s, int rules)
{
	char tmp[4096];

	for (size_t i = 0; devices[i] != NULL; i++)
		landlock_allow(rules, j->landlock_abi, devices[i], LANDLOCK_ALLOW_DEVICE);
	if (j->private_root) {
		landlock_allow(rules, j->landlock_abi, "/tmp", LANDLOCK_ALLOW_WRITE);
		landlock_allow(rules, j->landlock_abi, "/dev/shm", LANDLOCK_ALLOW_WRITE);
		return landlock_allow(rules, j->landlock_abi, "/", LANDLOCK_ALLOW_READ);
	}
	for (size_t i = 0; system_paths[i] != NULL; i++)
		landlock_allow(rules, j->landlock_abi, system_paths[i], LANDLOCK_ALLOW_READ);
	landlock_allow(rules, j->landlock_abi, "/proc", LANDLOCK_ALLOW_READ);
	landlock_allow(rules, j->landlock_abi, "/etc/pki", LANDLOCK_ALLOW_READ);
	landlock_allow(rules, j->landlock_abi, "/run/systemd/resolve", LANDLOCK_ALLOW_READ);
	for (size_t i = 0; i < j->prefix_count; i++)
		landlock_allow(rules, j->landlock_abi, j->prefixes[i], LANDLOCK_ALLOW_READ);
	landlock_allow(rules, j->landlock_abi, j->runtimes, LANDLOCK_ALLOW_READ);
	landlock_allow(rules, j->landlock_abi, j->rotators, LANDLOCK_ALLOW_READ);
	if (s->ca != NULL)
		landlock_allow(rules, j->landlock_abi, s->ca, LANDLOCK_ALLOW_READ);
	if (s->code != NULL)
		landlock_allow(rules, j->landlock_abi, s->code, LANDLOCK_ALLOW_READ);
	snprintf(tmp, sizeof(tmp), "%s/tmp", s->dir);
	return landlock_allow(rules, j->landlock_abi, tmp, LANDLOCK_ALLOW_WRITE);
}

static int
restrict_paths(const struct jail *j, const struct jail_spec *s)
{
	int rules;

	if (j->landlock_abi <= 0)
		return 0;
	rules = landlock_new(j->landlock_abi);
	if (rules < 0 || allow_paths(j, s, rules) != 0)
		return -1;
	return landlock_enter(rules);
}

static bool
may_use_unix_sockets(const struct jail *j)
{
	return j->private_root || j->own_users;
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Dies with the parent. After every change of credentials, which clears it. */
static int
follow_parent(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The step that failed, or 0: what comes before the processes of a pid namespace part. */
static int
enter_outside(const struct jail *j, const struct jail_spec *s, pid_t runner)
{
	umask(022);
	if (setsid() < 0)
		return STEP_SESSION;
	if (s->cgroup_fd >= 0 && write(s->cgroup_fd, "0", 1) != 1)
		return STEP_LIMITS;
	if (enter_namespaces(j) != 0)
		return STEP_NAMESPACE;
	return follow_parent() == 0 && getppid() == runner ? 0 : STEP_SESSION;
}

/* The function's own process. The order matters: what needs privileges first, and the list of
 * system calls last, as it refuses half of what the steps before it use. */
static int
enter_inside(const struct jail *j, const struct jail_spec *s)
{
	if (j->private_root && build_root(j, s) != 0)
		return STEP_ROOT;
	if (set_files(s) != 0)
		return STEP_FILES;
	if (set_limits(j) != 0)
		return STEP_LIMITS;
	if (set_user(j, s->slot) != 0)
		return STEP_USER;
	if (follow_parent() != 0)
		return STEP_SESSION;
	if (drop_privileges() != 0)
		return STEP_PRIVILEGES;
	if (restrict_paths(j, s) != 0)
		return STEP_LANDLOCK;
	if (s->cwd != NULL && chdir(s->cwd) != 0)
		return STEP_FOLDER;
	reset_signals();
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, may_use_unix_sockets(j) ? &j->filter :
	    &j->filter_without_unix) != 0)
		return STEP_SYSCALLS;
	return 0;
}

/* One of the two processes above the function: holds nothing of the runner's but the status pipe,
 * waits, says how the function ended if it is its parent, and goes. */
static void
wait_above(pid_t child, int status_fd, bool is_parent)
{
	struct jail_failure f = { .step = JAIL_STEP_ENDED };
	pid_t pid;

	if (child < 0 || dup2(status_fd, STDERR_FILENO) < 0)
		_exit(126);
	syscall(SYS_close_range, STDERR_FILENO + 1u, ~0u, 0u);
	for (int i = 1; i < NSIG; i++) {
		if (i != SIGCHLD)
			signal(i, SIG_IGN);	/* SIGTERM is for the function */
	}
	do
		pid = wait(&f.error);
	while (pid != child && (pid > 0 || errno == EINTR));
	if (is_parent && pid == child && write(STDERR_FILENO, &f, sizeof(f)) < 0)
		_exit(126);
	_exit(WIFEXITED(f.error) ? WEXITSTATUS(f.error) : 126);
}

/*
 * In a pid namespace a function sees and signals its own processes only, and none of them outlives
 * it. The first process of the namespace must not be the function, as it would be immune to its
 * own signals: so there are three, runner's child > first > function.
 */
static void
enter_pid_namespace(const struct jail *j, int status_fd)
{
	pid_t pid;

	if (!j->pid_namespace)
		return;
	pid = fork();
	if (pid != 0)
		wait_above(pid, status_fd, false);
	if (follow_parent() != 0)
		_exit(126);
	pid = fork();
	if (pid != 0)
		wait_above(pid, status_fd, true);
}

static void
child(const struct jail *j, const struct jail_spec *s, pid_t runner, int status_fd)
{
	struct jail_failure f = { .step = enter_outside(j, s, runner) };

	if (f.step == 0) {
		enter_pid_namespace(j, status_fd);
		f.step = enter_inside(j, s);
	}
	if (f.step == 0) {
		if (s->exe == NULL)
			_exit(0);		/* trying out */
		execve(s->exe, s->argv, s->envp);
		f.step = STEP_EXEC;
	}
	f.error = errno;
	if (write(status_fd, &f, sizeof(f)) < 0)
		_exit(126);
	_exit(127);
}

bool
jail_spawn(const struct jail *j, const struct jail_spec *s, pid_t *out_pid, int *out_status,
    struct err *e)
{
	pid_t runner = getpid(), pid;
	int status[2];

	if (pipe2(status, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(e, ERR_INTERNAL, "pipe");
	pid = fork();
	if (pid == 0)
		child(j, s, runner, status[1]);
	close(status[1]);
	if (pid < 0) {
		close(status[0]);
		return err_sys(e, ERR_INTERNAL, "fork");
	}
	*out_pid = pid;
	*out_status = status[0];
	return true;
}

void
jail_kill_user(const struct jail *j, unsigned slot)
{
	pid_t pid;

	if (!j->own_users || j->pid_namespace)
		return;
	pid = fork();
	if (pid == 0) {
		if (set_user(j, slot) == 0)
			kill(-1, SIGKILL);	/* all it may signal, that is: its own user's */
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* ---- the parent: preparing */

static void
add_row(struct jail *j, const char *target, const char *source, const char *link, bool is_dir)
{
	if (j->mount_count == MAX_MOUNTS)
		return;
	j->mounts[j->mount_count++] = (struct mount_row){ xstrdup(target),
		source == NULL ? NULL : xstrdup(source), link == NULL ? NULL : xstrdup(link), is_dir };
}

/* Shows a path of the host at the same place, if it is there: a top-level link stays a link. */
static void
add_host_path(struct jail *j, const char *path)
{
	char link[256];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) != 0)
		return;
	if (S_ISLNK(st.st_mode) && strchr(path + 1, '/') == NULL) {
		n = readlink(path, link, sizeof(link) - 1);
		if (n <= 0)
			return;
		link[n] = '\0';
		add_row(j, path + 1, NULL, link, false);
		return;
	}
	if (stat(path, &st) == 0)
		add_row(j, path + 1, path, NULL, S_ISDIR(st.st_mode));
}

static void
add_system(struct jail *j)
{
	add_row(j, "etc", NULL, NULL, true);
	add_row(j, "dev/shm", NULL, NULL, true);
	add_row(j, "tmp", NULL, NULL, true);
	add_row(j, "var", NULL, NULL, true);
	for (size_t i = 0; system_paths[i] != NULL; i++)
		add_host_path(j, system_paths[i]);
	for (size_t i = 0; devices[i] != NULL; i++)
		add_host_path(j, devices[i]);
	/* The templates of AWS read /etc/pki/tls/cert.pem (spec/rotation.md 4.7). */
	if (access("/etc/pki/tls", F_OK) == 0)
		add_host_path(j, "/etc/pki");
	else
		add_row(j, "etc/pki/tls", NULL, NULL, true);
	add_row(j, "var/tmp", NULL, "/tmp", false);
	add_row(j, "dev/fd", NULL, "/proc/self/fd", false);
	add_row(j, "dev/stdin", NULL, "/proc/self/fd/0", false);
	add_row(j, "dev/stdout", NULL, "/proc/self/fd/1", false);
	add_row(j, "dev/stderr", NULL, "/proc/self/fd/2", false);
	if (access(j->runtimes, F_OK) == 0)
		add_row(j, "var/runtime", j->runtimes, NULL, true);
	if (access(j->rotators, F_OK) == 0)
		add_row(j, "var/rotators", j->rotators, NULL, true);
}

static void
cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* An interpreter outside the system folders (a virtual environment, /opt) brings its own folder:
 * PREFIX of PREFIX/bin/python. */
static void
add_prefix(struct jail *j, const char *exe)
{
	char *prefix = xstrdup(exe);

	cut_last(prefix);
	cut_last(prefix);
	if (prefix[0] != '/' || prefix[1] == '\0' || strcmp(prefix, "/usr") == 0 ||
	    strncmp(prefix, "/usr/", 5) == 0 || j->prefix_count == MAX_PREFIXES) {
		free(prefix);
		return;
	}
	add_row(j, prefix + 1, prefix, NULL, true);
	j->prefixes[j->prefix_count++] = prefix;
}

static void
add_interpreter(struct jail *j, const char *exe)
{
	char *real;

	if (exe == NULL || access(exe, X_OK) != 0)
		return;
	add_prefix(j, exe);
	real = realpath(exe, NULL);
	if (real != NULL && strcmp(real, exe) != 0)
		add_prefix(j, real);
	free(real);
}

/* Does a process get through every step here, and reach the runner's folder? */
static bool
try_out(const struct jail *j)
{
	AUTO(arena) *a = arena_new();
	char *dir = arena_printf(a, "%s/try", j->folder);
	char *tmp = arena_printf(a, "%s/tmp", dir), *root = arena_printf(a, "%s/root", dir);
	struct jail_failure f = { 0 };
	struct jail_spec s = { .memory_mb = 128, .dir = dir, .cwd = j->private_root ? "/" : tmp, .log_fd = 2,
	    .cgroup_fd = -1 };
	int status = 0, status_fd;
	struct err e;
	pid_t pid;
	bool ok;

	mkdir(dir, 0711);
	mkdir(tmp, 0711);
	mkdir(root, 0711);
	ok = jail_spawn(j, &s, &pid, &status_fd, &e);
	if (ok) {
		ok = waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		    WEXITSTATUS(status) == 0;
		if (!ok && read(status_fd, &f, sizeof(f)) == sizeof(f))
			log_debug("functions cannot have all protections: %s: %s",
			    jail_step_name(f.step), strerror(f.error));
		close(status_fd);
	}
	rmdir(tmp);
	rmdir(root);
	rmdir(dir);
	return ok;
}

/* The best that this machine allows. */
static bool
choose(struct jail *j)
{
	bool root = j->uid == 0;
	const struct { bool own_users, private_root, pid_namespace, landlock; } rows[] = {
		{ root, true, true, true },
		{ root, true, true, false },
		{ root, true, false, true },
		{ root, true, false, false },
		{ root, false, false, true },
		{ root, false, false, false },
		{ false, false, false, true },
		{ false, false, false, false },
	};
	int abi = landlock_abi();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		j->own_users = rows[i].own_users;
		j->private_root = rows[i].private_root;
		j->user_namespace = rows[i].private_root && !root;
		j->pid_namespace = rows[i].pid_namespace;
		j->landlock_abi = rows[i].landlock ? abi : 0;
		if (try_out(j))
			return true;
	}
	return false;
}

struct jail *
jail_new(const struct jail_config *c, struct err *e)
{
	struct jail *j = xcalloc(1, sizeof(*j));
	AUTO_BUF b = BUF_INIT;

	j->uid = getuid();
	j->gid = getgid();
	j->folder = xstrdup(c->folder);
	buf_printf(&b, "%s/runtimes", c->libexec);
	j->runtimes = xstrdup(b.p);
	buf_reset(&b);
	buf_printf(&b, "%s/rotators", c->libexec);
	j->rotators = xstrdup(b.p);
	add_system(j);
	add_interpreter(j, c->python);
	add_interpreter(j, c->node);
	if (!syscalls_filter(&j->filter, true, e) ||
	    !syscalls_filter(&j->filter_without_unix, false, e)) {
		jail_free(j);
		return NULL;
	}
	if (!choose(j)) {
		err_internal(e, "no function can be started here");
		jail_free(j);
		return NULL;
	}
	return j;
}

void
jail_free(struct jail *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->mount_count; i++) {
		free(j->mounts[i].target);
		free(j->mounts[i].source);
		free(j->mounts[i].link);
	}
	for (size_t i = 0; i < j->prefix_count; i++)
		free(j->prefixes[i]);
	free(j->filter.filter);
	free(j->filter_without_unix.filter);
	free(j->folder);
	free(j->runtimes);
	free(j->rotators);
	free(j);
}

void
jail_describe(const struct jail *j, struct buf *out)
{
	if (j->own_users)
		buf_printf(out, "own users from %u, ", JAIL_FIRST_UID);
	if (j->private_root)
		buf_z(out, j->user_namespace ? "private root (user namespace), " : "private root, ");
	if (j->pid_namespace)
		buf_z(out, "private processes, ");
	if (j->landlock_abi > 0)
		buf_printf(out, "Landlock %d, ", j->landlock_abi);
	buf_z(out, "refused system calls, limits");
}
