/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "rotators/fault.h"

#define BUNDLE_LIMIT ((size_t)8 << 20)

/* Where distributions keep the authorities; the first that exists. */
static const char *const system_bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/cert.pem", "/etc/ssl/cert.pem",
};

static void
close_file(void *arg)
{
	close((int)(intptr_t)arg);
}

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

/* A file without a name: libraries want paths, and a sandbox may have no folder to write to.
 * Mode 0600 because libpq refuses keys that others could read. */
static const char *
file_of(struct arena *a, struct str content, struct err *e)
{
	int fd = memfd_create("pem", MFD_CLOEXEC);

	if (fd < 0 || fchmod(fd, 0600) != 0 || !write_all(fd, content.p, content.n)) {
		err_sys(e, ERR_IO, "cannot make a file in memory");
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	arena_defer(a, close_file, (void *)(intptr_t)fd);
	return arena_printf(a, "/proc/self/fd/%d", fd);
}

static bool
append_file(struct buf *out, const char *path)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && out->n < BUNDLE_LIMIT)
		buf_add(out, chunk, (size_t)n);
	buf_c(out, '\n');
	return n == 0;
}

static const char *
system_bundle(void)
{
	const char *chosen = getenv("SSL_CERT_FILE");

	if (chosen != NULL && *chosen != '\0')
		return chosen;
	for (size_t i = 0; i < sizeof(system_bundles) / sizeof(system_bundles[0]); i++) {
		if (access(system_bundles[i], R_OK) == 0)
			return system_bundles[i];
	}
	return NULL;
}

/* The system's authorities together with $AWS_CA_BUNDLE, pawl's own. */
static const char *
default_ca(struct arena *a, struct err *e)
{
	const char *system = system_bundle(), *own = getenv("AWS_CA_BUNDLE");
	AUTO_BUF both = BUF_INIT;

	if (own == NULL || *own == '\0')
		own = NULL;
	if (own == NULL && system == NULL) {
		fault_set(e, FAULT_CONFIG, "no certificate authorities on this machine: install "
		    "ca-certificates, or give pawl.tls.ca in the secret");
		return NULL;
	}
	if (own == NULL || system == NULL)
		return own == NULL ? system : own;
	if (!append_file(&both, own)) {
		fault_set(e, FAULT_FUNCTION, "cannot read AWS_CA_BUNDLE %s", own);
		return NULL;
	}
	append_file(&both, system);
	return file_of(a, buf_view(&both), e);
}

/* PEM text or a path; *out stays NULL when the member is absent. */
static bool
pem_option(struct arena *a, const json_t *tls, const char *key, const char **out, struct err *e)
{
	struct str v = json_member_str(tls, key);

	if (v.n == 0)
		return true;
	if (str_starts(v, "-----BEGIN "))
		*out = file_of(a, v, e);
	else if (v.p[0] == '/' && memchr(v.p, '\0', v.n) == NULL)
		*out = arena_strz(a, v);
	else
		return fault_set(
		    e, FAULT_CONFIG, "pawl.tls.%s is neither PEM text nor an absolute path", key);
	return *out != NULL;
}

static const char *
word_option(struct arena *a, const json_t *tls, const char *key)
{
	struct str v = json_member_str(tls, key);

	return v.n == 0 || memchr(v.p, '\0', v.n) != NULL ? NULL : arena_strz(a, v);
}

/* True and *out for a readable ssl member; false when absent or unreadable. */
static bool
ssl_member(const json_t *doc, bool *out)
{
	const json_t *v = json_object_get(doc, "ssl");
	struct str s = json_str(v);

	if (json_is_boolean(v))
		*out = json_is_true(v);
	else if (str_eq_nocase(s, STR_LIT("true")) || str_eq_nocase(s, STR_LIT("false")))
		*out = str_eq_nocase(s, STR_LIT("true"));
	else
		return false;
	return true;
}

bool
tls_choose(struct arena *a, const json_t *doc, const char *host, const json_t *options,
    struct tls_choice *out, struct err *e)
{
	const json_t *tls = json_object_get(options, "tls");
	struct tls_choice t = { 0 };

	if (!ssl_member(doc, &t.on))
		t.on = !host_is_local(host);
	if (!t.on) {
		*out = t;
		return true;
	}
	if (!pem_option(a, tls, "ca", &t.ca_file, e) ||
	    !pem_option(a, tls, "clientCert", &t.cert_file, e) ||
	    !pem_option(a, tls, "clientKey", &t.key_file, e))
		return false;
	if (t.ca_file == NULL)
		t.ca_file = default_ca(a, e);
	t.server_name = word_option(a, tls, "serverName");
	t.min_version = word_option(a, tls, "minVersion");
	if (t.ca_file == NULL)
		return false;
	*out = t;
	return true;
}

const char *
tls_describe(const struct tls_choice *t)
{
	return t->on ? "TLS, verified" : "plain";
}
