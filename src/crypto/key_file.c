/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `file` slot's unlock secret (spec/security.md 4.6): 32 raw bytes in a file that nobody else
 * can read, in a folder where nobody else can put another file in its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "crypto/keyring.h"
#include "crypto/random.h"

#define KEY_FILE_LEN BLOB_KEY_LEN

/* Opens the folder the file is in and checks it; everything after goes through that descriptor,
 * so the folder can't be exchanged between the check and the use. */
static int
open_folder(const char *path, const char **out_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	struct stat st;
	int n;
	int fd;

	*out_name = slash == NULL ? path : slash + 1;
	n = slash == NULL ? snprintf(folder, sizeof(folder), ".") :
	    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	if (n < 0 || (size_t)n >= sizeof(folder)) {
		err_set(e, ERR_CONFIG, "%s: the path is too long", path);
		return -1;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		err_sys(e, ERR_CONFIG, "%s: cannot open its folder", path);
		goto refuse;
	}
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		err_set(e, ERR_CONFIG, "%s: others may write to its folder (mode %04o, owner %u); "
		    "keep a key file in a folder that only you or root can change", path,
		    (unsigned)st.st_mode & 07777, (unsigned)st.st_uid);
		goto refuse;
	}
	return fd;
refuse:
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, p, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		p += wrote;
		n -= (size_t)wrote;
	}
	return true;
}

bool
key_file_create(const char *path, struct err *e)
{
	AUTO(secbuf) *key = secbuf_new(KEY_FILE_LEN);
	const char *name;
	AUTO_FD folder = open_folder(path, &name, e);
	AUTO_FD fd = -1;

	if (folder < 0)
		return false;
	random_bytes(secbuf_expose(key), KEY_FILE_LEN);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return err_sys(e, ERR_CONFIG, "%s: cannot create the key file", path);
	/* Until it is on disk, nothing may be sealed under it; hence both fsyncs. */
	if (fchmod(fd, 0400) != 0 || !write_all(fd, secbuf_expose_const(key), KEY_FILE_LEN) ||
	    fsync(fd) != 0 || fsync(folder) != 0) {
		err_sys(e, ERR_CONFIG, "%s: cannot write the key file", path);
		unlinkat(folder, name, 0);
		return false;
	}
	return true;
}

static bool
check_file(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_sys(e, ERR_CONFIG, "%s: cannot read the key file", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s: a key file must be a regular file", path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_CONFIG,
		    "%s: the key file belongs to user %u, not to user %u, as whom this runs",
		    path, (unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & 07777) != 0400 && (st.st_mode & 07777) != 0600)
		return err_set(e, ERR_CONFIG,
		    "%s: the key file has mode %04o; 'chmod 0400' it, and renew the key if others "
		    "may have read it",
		    path, (unsigned)st.st_mode & 07777);
	if (st.st_size != KEY_FILE_LEN)
		return err_set(e, ERR_CONFIG, "%s: a key file has %d bytes, this one has %lld",
		    path, KEY_FILE_LEN, (long long)st.st_size);
	return true;
}

struct secbuf *
key_file_read(const char *path, struct err *e)
{
	AUTO(secbuf) *key = secbuf_new(KEY_FILE_LEN);
	const char *name;
	AUTO_FD folder = open_folder(path, &name, e);
	AUTO_FD fd = -1;

	if (folder < 0)
		return NULL;
	/* O_NONBLOCK: a FIFO in its place must not hang the start. */
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ELOOP) {
		err_set(e, ERR_CONFIG, "%s: a key file must not be a symbolic link; name the file "
		    "itself", path);
		return NULL;
	}
	if (fd < 0) {
		err_sys(e, ERR_CONFIG, "%s: cannot open the key file", path);
		return NULL;
	}
	if (!check_file(fd, path, e))
		return NULL;
	if (read(fd, secbuf_expose(key), KEY_FILE_LEN) != KEY_FILE_LEN) {
		err_sys(e, ERR_CONFIG, "%s: cannot read the key file", path);
		return NULL;
	}
	return TAKE(key);
}
