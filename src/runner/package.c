/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/package.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zip.h>

#include "base/cleanup.h"
#include "base/codec.h"

#define MSG_UNZIP "Could not unzip uploaded file. Please check your file, then try to upload again."
#define CHUNK 65536
#define MAX_DEPTH 200
#define SHA256_BYTES 32

struct unpack {
	zip_t *zip;
	int root;			/* the folder that is filled */
	long long bytes;		/* unpacked so far */
	char buf[CHUNK];
};

static bool
refuse(struct err *e, const char *name, const char *why)
{
	err_set(e, ERR_LAMBDA_PARAMETER, "%s", MSG_UNZIP);
	snprintf(e->detail, sizeof(e->detail), "'%.200s': %s", name, why);
	return false;
}

static bool
refuse_errno(struct err *e, const char *name)
{
	return refuse(e, name, strerror(errno));
}

/* ---- names */

bool
package_name_is_safe(struct str name)
{
	struct str rest = name, part;

	if (name.n == 0 || name.n > PACKAGE_MAX_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x20 || c == 0x7f || c == '\\')
			return false;
	}
	if (rest.p[rest.n - 1] == '/')
		rest.n--;		/* a folder */
	while (str_split(&rest, '/', &part)) {
		/* An empty part: an absolute name, or "a//b". */
		if (part.n == 0 || part.n > 255 || str_is(part, "..") || str_is(part, "."))
			return false;
	}
	return true;
}

static bool
is_folder(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '/';
}

/* Opens below the root without ever following a link: the zip makes its links last, but a folder
 * of ours must not be one either. */
static int
open_beneath(int root, const char *path, int flags, mode_t mode, unsigned resolve)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC), .mode = mode,
	    .resolve = RESOLVE_BENEATH | resolve };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static bool
make_parents(struct unpack *u, const char *name, struct err *e)
{
	char path[PACKAGE_MAX_NAME + 1];

	for (size_t i = 1; name[i] != '\0'; i++) {
		if (name[i] != '/')
			continue;
		memcpy(path, name, i);
		path[i] = '\0';
		if (mkdirat(u->root, path, 0755) != 0 && errno != EEXIST)
			return refuse_errno(e, name);
	}
	return true;
}

/* ---- entries */

/* What the archive says a Unix would have; 0 for archives made elsewhere. */
static mode_t
entry_mode(struct unpack *u, zip_uint64_t i)
{
	zip_uint32_t attributes = 0;
	zip_uint8_t system = 0;

	if (zip_file_get_external_attributes(u->zip, i, 0, &system, &attributes) != 0 ||
	    system != ZIP_OPSYS_UNIX)
		return 0;
	return (mode_t)(attributes >> 16);
}

static bool
copy_out(struct unpack *u, zip_file_t *in, int out, const char *name, struct err *e)
{
	zip_int64_t n;

	while ((n = zip_fread(in, u->buf, sizeof(u->buf))) > 0) {
		u->bytes += n;
		if (u->bytes > PACKAGE_MAX_BYTES)
			return refuse(e, name, "more than 250 MiB unpacked");
		if (write(out, u->buf, (size_t)n) != n)
			return refuse_errno(e, name);
	}
	return n == 0 ? true : refuse(e, name, "damaged");
}

static bool
unpack_file(struct unpack *u, zip_uint64_t i, const char *name, mode_t mode, struct err *e)
{
	AUTO_FD out = open_beneath(u->root, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600,
	    RESOLVE_NO_SYMLINKS);
	zip_file_t *in;
	bool ok;

	if (out < 0)
		return refuse_errno(e, name);
	in = zip_fopen_index(u->zip, i, 0);
	if (in == NULL)
		return refuse(e, name, zip_strerror(u->zip));
	ok = copy_out(u, in, out, name, e);
	zip_fclose(in);
	/* Everyone reads, nobody writes; a sandbox may have a user of its own. */
	if (ok && fchmod(out, (mode & 0111) != 0 ? 0555 : 0444) != 0)
		ok = refuse_errno(e, name);
	return ok;
}

static bool
unpack_link(struct unpack *u, zip_uint64_t i, const char *name, struct err *e)
{
	char target[PACKAGE_MAX_NAME + 1] = { 0 };
	zip_file_t *in = zip_fopen_index(u->zip, i, 0);
	zip_int64_t n;

	if (in == NULL)
		return refuse(e, name, zip_strerror(u->zip));
	n = zip_fread(in, target, sizeof(target));
	zip_fclose(in);
	if (n <= 0 || n > PACKAGE_MAX_NAME || memchr(target, '\0', (size_t)n) != NULL)
		return refuse(e, name, "the link's target is not a path");
	if (target[0] == '/')
		return refuse(e, name, "the link leaves the package");
	return symlinkat(target, u->root, name) == 0 ? true : refuse_errno(e, name);
}

enum pass { PASS_FILES, PASS_LINKS, PASS_CHECK_LINKS };

/* Every step of following it stays below the root; where it leads may be missing. */
static bool
check_link(struct unpack *u, const char *name, struct err *e)
{
	AUTO_FD fd = open_beneath(u->root, name, O_PATH, 0, 0);

	if (fd >= 0 || errno == ENOENT)
		return true;
	return refuse(e, name, errno == EXDEV ? "the link leaves the package" : strerror(errno));
}

static bool
unpack_entry(struct unpack *u, zip_uint64_t i, enum pass pass, struct err *e)
{
	const char *name = zip_get_name(u->zip, i, 0);
	mode_t mode = entry_mode(u, i), type = mode & S_IFMT;

	if (name == NULL || !package_name_is_safe(str_of(name)))
		return refuse(e, name == NULL ? "?" : name, "not a name for a file of a package");
	if (pass == PASS_CHECK_LINKS)
		return type == S_IFLNK ? check_link(u, name, e) : true;
	if ((type == S_IFLNK) != (pass == PASS_LINKS))
		return true;
	if (!make_parents(u, name, e))
		return false;
	if (type == S_IFLNK)
		return unpack_link(u, i, name, e);
	if (is_folder(name))
		return true;
	if (type != 0 && type != S_IFREG)
		return refuse(e, name, "a special file");
	return unpack_file(u, i, name, mode, e);
}

static bool
unpack_all(struct unpack *u, struct err *e)
{
	zip_int64_t n = zip_get_num_entries(u->zip, 0);

	if (n < 0 || n > PACKAGE_MAX_ENTRIES)
		return refuse(e, "package", "too many files");
	for (enum pass pass = PASS_FILES; pass <= PASS_CHECK_LINKS; pass++) {
		for (zip_uint64_t i = 0; i < (zip_uint64_t)n; i++) {
			if (!unpack_entry(u, i, pass, e))
				return false;
		}
	}
	return true;
}

/* ---- whole folders */

/* Calls fn on each folder, children first. Links are never followed. */
static bool
walk(int dir, int depth, bool (*fn)(int parent, const char *name, bool is_dir))
{
	struct dirent *d;
	bool ok = true;
	DIR *list = depth > MAX_DEPTH ? NULL : fdopendir(dir);

	if (list == NULL) {
		close(dir);
		return false;
	}
	while (ok && (d = readdir(list)) != NULL) {
		struct stat st;
		int child = -1;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			if ((st.st_mode & 0700) == 0700 || fchmodat(dir, d->d_name, 0700, 0) == 0)
				child = openat(dir, d->d_name,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			ok = child >= 0 && walk(child, depth + 1, fn);
		}
		ok = ok && fn(dir, d->d_name, S_ISDIR(st.st_mode));
	}
	closedir(list);
	return ok;
}

static bool
protect(int parent, const char *name, bool is_dir)
{
	return !is_dir || fchmodat(parent, name, 0555, 0) == 0;
}

static bool
unlink_one(int parent, const char *name, bool is_dir)
{
	return unlinkat(parent, name, is_dir ? AT_REMOVEDIR : 0) == 0;
}

static bool
walk_path(const char *path, bool (*fn)(int parent, const char *name, bool is_dir))
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return dir >= 0 && walk(dir, 0, fn);
}

bool
package_remove(const char *dir, struct err *e)
{
	if (chmod(dir, 0700) != 0)
		return errno == ENOENT ? true : err_sys(e, ERR_IO, "remove %s", dir);
	if (!walk_path(dir, unlink_one) || rmdir(dir) != 0)
		return err_sys(e, ERR_IO, "remove %s", dir);
	return true;
}

/* ---- the whole */

static bool
digest_file(int fd, uint8_t out[SHA256_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char buf[8192];
	ssize_t n = 0;
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

	while (ok && (n = read(fd, buf, sizeof(buf))) > 0)
		ok = EVP_DigestUpdate(ctx, buf, (size_t)n) == 1;
	ok = ok && n == 0 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* The folder is named by the digest and shared by all functions with that code. */
static bool
check_digest(const char *zip, const char *sha256, struct err *e)
{
	AUTO_FD fd = open(zip, O_RDONLY | O_CLOEXEC);
	uint8_t want[SHA256_BYTES], got[SHA256_BYTES];

	if (fd < 0)
		return refuse_errno(e, "package");
	if (!hex_decode_lower(str_of(sha256), want, sizeof(want)) || !digest_file(fd, got) ||
	    memcmp(want, got, sizeof(got)) != 0)
		return refuse(e, "package", "its digest is another one");
	return true;
}

bool
package_unpack(const char *zip, const char *sha256, const char *dest, struct err *e)
{
	struct unpack u = { .root = -1 };
	int why = 0;
	bool ok;

	if (sha256 != NULL && !check_digest(zip, sha256, e))
		return false;
	u.zip = zip_open(zip, ZIP_RDONLY, &why);
	if (u.zip == NULL)
		return refuse(e, "package", "not a zip file");
	if (mkdir(dest, 0755) == 0)
		u.root = open(dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = u.root >= 0 ? unpack_all(&u, e) : err_sys(e, ERR_IO, "create %s", dest);
	zip_discard(u.zip);
	if (u.root >= 0)
		close(u.root);
	if (ok && (!walk_path(dest, protect) || chmod(dest, 0555) != 0))
		ok = err_sys(e, ERR_IO, "protect %s", dest);
	return ok;
}
