/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

static bool
parse_unix(struct str path, struct listen_address *out, struct err *e)
{
	struct sockaddr_un *un = &out->addr.unix_path;

	if (path.n == 0 || path.n >= sizeof(un->sun_path))
		return err_set(e, ERR_CONFIG, "a socket path has 1 to %zu bytes",
		    sizeof(un->sun_path) - 1);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.p, path.n);
	out->len = sizeof(*un);
	out->is_unix = true;
	return true;
}

static bool
parse_host(const char *host, uint16_t port, struct listen_address *out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)&out->addr.inet;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr.inet;

	if (inet_pton(AF_INET, host, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		out->len = sizeof(*in4);
		return true;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		out->len = sizeof(*in6);
		return true;
	}
	return false;
}

/* Splits at the last ":" and takes the brackets off an IPv6 address. */
static bool
split_host_port(const char *text, char host[INET6_ADDRSTRLEN], unsigned long long *port)
{
	const char *colon = strrchr(text, ':');
	struct str h;

	if (colon == NULL || !str_to_u64(str_of(colon + 1), UINT16_MAX, port))
		return false;
	h = (struct str){ text, (size_t)(colon - text) };
	if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = (struct str){ h.p + 1, h.n - 2 };
	else if (memchr(h.p, ':', h.n) != NULL)
		return false;
	if (h.n >= INET6_ADDRSTRLEN)
		return false;
	memcpy(host, h.p, h.n);
	host[h.n] = '\0';
	return true;
}

bool
listen_parse(const char *text, struct listen_address *out, struct err *e)
{
	char host[INET6_ADDRSTRLEN];
	unsigned long long port;

	memset(out, 0, sizeof(*out));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(str_of(text + 5), out, e);
	if (split_host_port(text, host, &port) && parse_host(host, (uint16_t)port, out))
		return true;
	return err_set(e, ERR_CONFIG, "cannot listen on '%s': want ADDRESS:PORT, [IPV6]:PORT or "
	    "unix:/PATH, with a numeric address", text);
}

static int
open_socket(const struct listen_address *a, struct err *e)
{
	int one = 1, fd = socket(a->addr.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		err_sys(e, ERR_CONFIG, "cannot open a socket");
		return -1;
	}
	if (!a->is_unix)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->addr.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return fd;
}

static bool
unix_check_free(int fd, const struct listen_address *a, struct err *e)
{
	const char *path = a->addr.unix_path.sun_path;
	struct stat st;

	if (lstat(path, &st) != 0)
		return true;		/* bind will say what else is wrong */
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s exists and is not a socket", path);
	if (connect(fd, &a->addr.any, a->len) == 0 || errno != ECONNREFUSED)
		return err_set(e, ERR_CONFIG, "%s is in use", path);
	if (unlink(path) != 0)
		return err_sys(e, ERR_CONFIG, "cannot remove the stale socket %s", path);
	return true;
}

bool
listen_check_free(const struct listen_address *a, struct err *e)
{
	AUTO_FD fd = open_socket(a, e);

	if (fd < 0)
		return false;
	if (a->is_unix)
		return unix_check_free(fd, a, e);
	if (listen_port(a) != 0 && bind(fd, &a->addr.any, a->len) != 0)
		return err_sys(e, ERR_CONFIG, "cannot listen on port %u", listen_port(a));
	return true;
}

/* The mode is set before bind: between bind and a chmod anyone could connect. */
static bool
prepare(int fd, const struct listen_address *a)
{
	int one = 1;

	if (a->is_unix)
		return fchmod(fd, 0600) == 0;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0;
}

int
listen_bind(struct listen_address *a, struct err *e)
{
	AUTO_FD fd = open_socket(a, e);
	socklen_t len = sizeof(a->addr);
	int out;

	if (fd < 0)
		return -1;
	if (!prepare(fd, a) || bind(fd, &a->addr.any, a->len) != 0) {
		err_sys(e, ERR_CONFIG, "cannot bind %s",
		    a->is_unix ? a->addr.unix_path.sun_path : "the address");
		return -1;
	}
	if (!a->is_unix)
		getsockname(fd, &a->addr.any, &len);
	out = fd;
	fd = -1;
	return out;
}

uint16_t
listen_port(const struct listen_address *a)
{
	if (a->addr.any.sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&a->addr.inet)->sin_port);
	if (a->addr.any.sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&a->addr.inet)->sin6_port);
	return 0;
}
