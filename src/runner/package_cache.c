/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/package_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "runner/package.h"

#define UNPACK_CPU_SECONDS 60
#define SHA256_HEX 64

struct package {
	struct package *next;
	char sha256[SHA256_HEX + 1];
	char *path;
	unsigned uses;
	unsigned long last_used;
	pid_t unpacking;	/* 0 once it is ready */
	int why_fd;		/* what the process says about a failure */
};

struct package_cache {
	char *folder;		/* .../code */
	struct package *packages;
	unsigned count;
	unsigned long tick;
};

struct package_cache *
package_cache_new(const char *folder, struct err *e)
{
	struct package_cache *c = xcalloc(1, sizeof(*c));
	AUTO_BUF b = BUF_INIT;

	buf_printf(&b, "%s/code", folder);
	c->folder = xstrdup(b.p);
	if (!package_remove(c->folder, e) || (mkdir(c->folder, 0711) != 0 &&
	    !err_sys(e, ERR_IO, "create %s", c->folder))) {
		package_cache_free(c);
		return NULL;
	}
	return c;
}

static void
package_free(struct package *p)
{
	if (p->why_fd >= 0)
		close(p->why_fd);
	free(p->path);
	free(p);
}

void
package_cache_free(struct package_cache *c)
{
	if (c == NULL)
		return;
	while (c->packages != NULL) {
		struct package *p = c->packages;

		c->packages = p->next;
		if (p->unpacking > 0)
			kill(p->unpacking, SIGKILL);
		package_free(p);
	}
	free(c->folder);
	free(c);
}

static struct package *
find(const struct package_cache *c, struct str sha256)
{
	for (struct package *p = c->packages; p != NULL; p = p->next) {
		if (str_is(sha256, p->sha256))
			return p;
	}
	return NULL;
}

static void
forget(struct package_cache *c, struct package *p)
{
	for (struct package **at = &c->packages; *at != NULL; at = &(*at)->next) {
		if (*at != p)
			continue;
		*at = p->next;
		c->count--;
		package_free(p);
		return;
	}
}

/* The process of one unpacking. It has no descriptor but the runner's own, which it does not use,
 * and a budget of processor time. */
static void
unpack_child(const struct package *p, const char *zip, int why_fd, pid_t runner)
{
	const struct rlimit cpu = { UNPACK_CPU_SECONDS, UNPACK_CPU_SECONDS };
	AUTO_BUF tmp = BUF_INIT;
	struct err e;
	bool ok;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != runner)
		_exit(1);
	setrlimit(RLIMIT_CPU, &cpu);
	buf_printf(&tmp, "%s.new", p->path);
	ok = package_remove(tmp.p, &e) && package_unpack(zip, p->sha256, tmp.p, &e);
	if (ok && rename(tmp.p, p->path) != 0)
		ok = err_sys(&e, ERR_IO, "rename to %s", p->path);
	if (ok)
		_exit(0);
	if (write(why_fd, e.detail, strlen(e.detail)) < 0)
		_exit(2);
	if (!package_remove(tmp.p, &e))
		_exit(2);
	_exit(1);
}

static bool
start_unpacking(struct package *p, const char *zip, struct err *e)
{
	pid_t runner = getpid();
	int why[2];

	if (pipe2(why, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(e, ERR_INTERNAL, "pipe");
	p->unpacking = fork();
	if (p->unpacking == 0)
		unpack_child(p, zip, why[1], runner);
	close(why[1]);
	p->why_fd = why[0];
	return p->unpacking > 0 ? true : err_sys(e, ERR_INTERNAL, "fork");
}

/* Makes room: the one unused for longest goes. */
static void
evict(struct package_cache *c)
{
	struct package *oldest = NULL;
	struct err e;

	if (c->count < PACKAGES_KEPT)
		return;
	for (struct package *p = c->packages; p != NULL; p = p->next) {
		if (p->uses == 0 && p->unpacking == 0 &&
		    (oldest == NULL || p->last_used < oldest->last_used))
			oldest = p;
	}
	if (oldest == NULL)
		return;
	if (package_remove(oldest->path, &e))
		forget(c, oldest);
}

static struct package *
package_new(struct package_cache *c, struct str sha256)
{
	struct package *p = xcalloc(1, sizeof(*p));
	AUTO_BUF b = BUF_INIT;

	memcpy(p->sha256, sha256.p, SHA256_HEX);
	buf_printf(&b, "%s/%s", c->folder, p->sha256);
	p->path = xstrdup(b.p);
	p->why_fd = -1;
	p->next = c->packages;
	c->packages = p;
	c->count++;
	return p;
}

enum package_state
package_cache_get(struct package_cache *c, struct str sha256, struct str zip_path, struct err *e)
{
	struct package *p = find(c, sha256);
	AUTO_BUF zip = BUF_INIT;

	if (p == NULL) {
		evict(c);
		buf_printf(&zip, STR_FMT, STR_ARG(zip_path));
		p = package_new(c, sha256);
		if (!start_unpacking(p, zip.p, e)) {
			forget(c, p);
			return PACKAGE_FAILED;
		}
	}
	p->uses++;
	p->last_used = ++c->tick;
	return p->unpacking > 0 ? PACKAGE_WAIT : PACKAGE_READY;
}

void
package_cache_release(struct package_cache *c, struct str sha256)
{
	struct package *p = find(c, sha256);

	if (p != NULL && p->uses > 0)
		p->uses--;
}

const char *
package_cache_path(const struct package_cache *c, struct str sha256)
{
	const struct package *p = find(c, sha256);

	return p == NULL ? NULL : p->path;
}

bool
package_cache_reaped(struct package_cache *c, pid_t pid, int status, char out_sha256[65],
    bool *out_ok, struct err *e)
{
	struct package *p = c->packages;
	char why[256] = { 0 };

	while (p != NULL && p->unpacking != pid)
		p = p->next;
	if (p == NULL)
		return false;
	memcpy(out_sha256, p->sha256, sizeof(p->sha256));
	*out_ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	p->unpacking = 0;
	if (*out_ok)
		return true;
	if (read(p->why_fd, why, sizeof(why) - 1) <= 0)
		snprintf(why, sizeof(why), "the unzipping ended by itself");
	err_set(e, ERR_LAMBDA_PARAMETER, "Could not unzip uploaded file. "
	    "Please check your file, then try to upload again.");
	snprintf(e->detail, sizeof(e->detail), "%s", why);
	forget(c, p);		/* a later call tries again */
	return true;
}
