/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12. */
#define FS_TRUNCATE (1ULL << 14)		/* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15)		/* ABI 5 */
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)	/* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)		/* ABI 6 */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

#define FS_FILE_READ (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE)
#define FS_READ (FS_FILE_READ | LANDLOCK_ACCESS_FS_READ_DIR)

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u /* VERSION */);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t
all_access(int abi)
{
	uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;	/* ABI 1: the first 13 */

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= FS_TRUNCATE;
	if (abi >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

int
landlock_new(int abi)
{
	struct ruleset_attr attr = { .fs = all_access(abi) };
	size_t size = sizeof(attr.fs);

	if (abi >= 4)
		size += sizeof(attr.net);
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof(attr);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0u);
}

static uint64_t
access_of(enum landlock_allow what, int abi)
{
	uint64_t device = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
	    FS_TRUNCATE | FS_IOCTL_DEV;

	if (what == LANDLOCK_ALLOW_WRITE)
		return all_access(abi);
	if (what == LANDLOCK_ALLOW_DEVICE)
		return device & all_access(abi);
	return FS_READ;
}

int
landlock_allow(int rules, int abi, const char *path, enum landlock_allow what)
{
	struct landlock_path_beneath_attr a = { .allowed_access = access_of(what, abi) };
	struct stat st;
	int r;

	a.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (a.parent_fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -1;
	if (fstat(a.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode) && what == LANDLOCK_ALLOW_READ)
		a.allowed_access = FS_FILE_READ;	/* rights of folders are refused for files */
	r = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &a, 0u);
	close(a.parent_fd);
	return r;
}

int
landlock_enter(int rules)
{
	int r = (int)syscall(SYS_landlock_restrict_self, rules, 0u);

	close(rules);
	return r;
}
