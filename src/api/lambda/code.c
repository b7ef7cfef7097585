/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/server.h"
#include "catalog/function.h"
#include "crypto/digest.h"

/* AWS's cap on the request, not on the zip. */
#define MAX_REQUEST 70167211

const struct field code_fields[] = {
	CODE_ROWS(0),
	FIELD_END(struct code_input)
};

static bool
write_all(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = str_skip(s, (size_t)n);
	}
	return true;
}

/* Modes are set by hand: the daemon's umask is 077, and sandboxes have a user of their own. */
static int
open_folder(struct arena *a, const char *data, struct err *e)
{
	const char *path = arena_printf(a, "%s/functions", data);
	int fd;

	if (mkdir(path, 0755) != 0 && errno != EEXIST) {
		err_sys(e, ERR_IO, "create %s", path);
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) != 0) {
		err_sys(e, ERR_IO, "open %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static bool
is_there(const char *path, struct str zip)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size == zip.n;
}

static bool
write_new(struct arena *a, const char *path, struct str zip, struct err *e)
{
	char *temporary = arena_printf(a, "%s.XXXXXX", path);
	AUTO_FD fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, ERR_IO, "create %s", temporary);
	if (write_all(fd, zip) && fchmod(fd, 0444) == 0 && fsync(fd) == 0 &&
	    rename(temporary, path) == 0)
		return true;
	err_sys(e, ERR_IO, "write %s", temporary);
	unlink(temporary);
	return false;
}

static bool
store(struct op_ctx *ctx, struct code_input *in, struct err *e)
{
	struct arena *a = ctx->cat.arena;
	const char *path;
	AUTO_FD folder = open_folder(a, ctx->server->data, e);

	if (folder < 0)
		return false;
	sha256(in->zip_file, in->sha256);
	path = function_code_path(a, ctx->server->data, in->sha256);
	if (!is_there(path, in->zip_file) && !write_new(a, path, in->zip_file, e))
		return false;
	if (fsync(folder) != 0)		/* even if it was there: its rename may be a moment old */
		return err_sys(e, ERR_IO, "sync the folder of %s", path);
	in->is_stored = true;
	return true;
}

static bool
check_source(const struct code_input *in, struct err *e)
{
	if (in->image_uri.p != NULL)
		return err_set(e, ERR_LAMBDA_PARAMETER,
		    "Container images are not supported on this server.");
	if (in->s3_bucket.p != NULL || in->s3_key.p != NULL)
		return err_set(e, ERR_LAMBDA_PARAMETER, "Error occurred while GetObject. S3 Error "
		    "Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist");
	return in->zip_file.p != NULL ||
	    err_set(e, ERR_LAMBDA_PARAMETER, "Please provide a source for function code.");
}

bool
code_take(struct op_ctx *ctx, struct code_input *in, const char *operation, bool is_dry_run,
    struct err *e)
{
	/* A check runs before permission is asked. Only an administrator can have this one, and
	 * nobody else gets to fill the disk. */
	if (!ctx->caller->is_administrator)
		return true;
	if (ctx->body.n > MAX_REQUEST)
		return err_set(e, ERR_TOO_LARGE, "Request must be smaller than %d bytes for the %s "
		    "operation", MAX_REQUEST, operation);
	if (!check_source(in, e) || !zip_check(in->zip_file, e))
		return false;
	if (!is_dry_run)
		return store(ctx, in, e);
	sha256(in->zip_file, in->sha256);
	return true;
}
