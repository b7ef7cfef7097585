/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/redis/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "rotators/fault.h"

#define CONNECT_LIMIT_S 5
#define ANSWER_LIMIT_S 15
#define WORDS_MAX 1024		/* of one command: an ACL rule may be long */

struct link {
	char *name;
	int fd;
	SSL_CTX *tls_ctx;
	SSL *tls;		/* NULL: plain */
	redisReader *reader;
};

void
link_close(struct link *l)
{
	if (l == NULL)
		return;
	SSL_free(l->tls);
	SSL_CTX_free(l->tls_ctx);
	if (l->reader != NULL)
		redisReaderFree(l->reader);
	if (l->fd >= 0)
		close(l->fd);
	free(l->name);
	free(l);
}

const char *
link_name(const struct link *l)
{
	return l->name;
}

/* ---- the socket */

static bool
connect_in_time(int fd, const struct sockaddr *to, socklen_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int flags = fcntl(fd, F_GETFL), failure = 0;
	socklen_t failure_len = sizeof(failure);

	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return false;
	if (connect(fd, to, len) != 0) {
		if (errno != EINPROGRESS)
			return false;
		if (poll(&p, 1, CONNECT_LIMIT_S * 1000) != 1) {
			errno = ETIMEDOUT;
			return false;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_len) != 0)
			return false;
		if (failure != 0) {
			errno = failure;
			return false;
		}
	}
	return fcntl(fd, F_SETFL, flags) == 0;
}

static void
set_limits(int fd, int seconds)
{
	struct timeval limit = { .tv_sec = seconds };
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
open_unix(struct link *l, const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path))
		return fault_set(
		    e, FAULT_CONFIG, "host in secret JSON is too long for a socket path");
	memcpy(to.sun_path, path, strlen(path));
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || !connect_in_time(l->fd, (struct sockaddr *)&to, sizeof(to)))
		return fault_set(e, FAULT_TRANSIENT, "%s: %s", l->name, strerror(errno));
	return true;
}

static bool
open_tcp(struct link *l, const char *host, int port, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	char service[8];
	int rc, failure = 0;

	snprintf(service, sizeof(service), "%d", port);
	rc = getaddrinfo(host, service, &hints, &list);
	if (rc != 0)
		return fault_set(e, FAULT_TRANSIENT, "%s: %s", l->name, gai_strerror(rc));
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		l->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (l->fd >= 0 && connect_in_time(l->fd, ai->ai_addr, ai->ai_addrlen))
			break;
		failure = errno;
		if (l->fd >= 0)
			close(l->fd);
		l->fd = -1;
	}
	freeaddrinfo(list);
	return l->fd >= 0 || fault_set(e, FAULT_TRANSIENT, "%s: %s", l->name, strerror(failure));
}

/* ---- TLS */

static bool
tls_failed(const struct link *l, const char *what, struct err *e)
{
	long verify = l->tls == NULL ? X509_V_OK : SSL_get_verify_result(l->tls);
	char text[160] = "connection closed";
	unsigned long code = ERR_get_error();

	if (code != 0)
		ERR_error_string_n(code, text, sizeof(text));
	return fault_set(e, FAULT_TRANSIENT, "%s: %s: %s", l->name, what,
	    verify != X509_V_OK ? X509_verify_cert_error_string(verify) : text);
}

static bool
load_files(SSL_CTX *ctx, const struct tls_choice *t)
{
	if (SSL_CTX_load_verify_locations(ctx, t->ca_file, NULL) != 1)
		return false;
	if (t->cert_file != NULL && SSL_CTX_use_certificate_chain_file(ctx, t->cert_file) != 1)
		return false;
	return t->key_file == NULL ||
	       SSL_CTX_use_PrivateKey_file(ctx, t->key_file, SSL_FILETYPE_PEM) == 1;
}

static bool
expect_name(SSL *tls, const char *name)
{
	struct in6_addr address;

	if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name) == 1;
	return SSL_set1_host(tls, name) == 1 && SSL_set_tlsext_host_name(tls, name) == 1;
}

static bool
start_tls(struct link *l, const struct tls_choice *t, const char *host, struct err *e)
{
	bool only_13 = t->min_version != NULL && strcmp(t->min_version, "TLSv1.3") == 0;

	ERR_clear_error();
	l->tls_ctx = SSL_CTX_new(TLS_client_method());
	if (l->tls_ctx == NULL || !load_files(l->tls_ctx, t))
		return tls_failed(l, "certificate files", e);
	SSL_CTX_set_min_proto_version(l->tls_ctx, only_13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_verify(l->tls_ctx, SSL_VERIFY_PEER, NULL);
	l->tls = SSL_new(l->tls_ctx);
	if (l->tls == NULL ||
	    !expect_name(l->tls, t->server_name != NULL ? t->server_name : host) ||
	    SSL_set_fd(l->tls, l->fd) != 1 || SSL_connect(l->tls) != 1)
		return tls_failed(l, "TLS", e);
	return true;
}

/* ---- commands */

static ssize_t
read_some(struct link *l, char *p, size_t n)
{
	if (l->tls != NULL)
		return SSL_read(l->tls, p, (int)n);
	return recv(l->fd, p, n, 0);
}

static bool
write_all(struct link *l, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w =
		    l->tls != NULL ? SSL_write(l->tls, p, (int)n) : send(l->fd, p, n, MSG_NOSIGNAL);

		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

static bool
send_words(struct link *l, const char *const *words, struct err *e)
{
	const char *argv[WORDS_MAX];
	size_t lengths[WORDS_MAX];
	int argc = 0, n;
	char *command = NULL;
	bool ok;

	for (; words[argc] != NULL; argc++) {
		if (argc == WORDS_MAX)
			return fault_set(
			    e, FAULT_FUNCTION, "command of more than %d words", WORDS_MAX);
		argv[argc] = words[argc];
		lengths[argc] = strlen(words[argc]);
	}
	n = redisFormatCommandArgv(&command, argc, argv, lengths);
	if (n < 0)
		return fault_set(e, FAULT_FUNCTION, "hiredis is out of memory");
	ok = write_all(l, command, (size_t)n);
	explicit_bzero(command, (size_t)n);
	redisFreeCommand(command);
	return ok || fault_set(e, FAULT_TRANSIENT, "%s: connection lost", l->name);
}

redisReply *
link_ask(struct link *l, const char *const *words, struct err *e)
{
	void *reply = NULL;
	char chunk[4096];
	ssize_t n;

	if (!send_words(l, words, e))
		return NULL;
	while (redisReaderGetReply(l->reader, &reply) == REDIS_OK && reply == NULL) {
		n = read_some(l, chunk, sizeof(chunk));
		if (n <= 0 || redisReaderFeed(l->reader, chunk, (size_t)n) != REDIS_OK)
			break;
	}
	if (reply == NULL)
		fault_set(e, FAULT_TRANSIENT, "%s: connection lost, or no answer within %d s",
		    l->name, ANSWER_LIMIT_S);
	return reply;
}

bool
reply_is_error(const redisReply *r, const char *word)
{
	return r->type == REDIS_REPLY_ERROR && strncmp(r->str, word, strlen(word)) == 0;
}

static bool
is_transient(const redisReply *r)
{
	static const char *const words[] = { "LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY",
		"TRYAGAIN", "READONLY", "ERR max number of clients" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (reply_is_error(r, words[i]))
			return true;
	}
	return false;
}

static void
refused(const struct link *l, const redisReply *r, struct err *e)
{
	if (is_transient(r))
		fault_set(e, FAULT_TRANSIENT, "%s: %s", l->name, r->str);
	else if (reply_is_error(r, "NOPERM"))
		fault_set(e, FAULT_PERMISSION, "%s: permission is missing: %s", l->name, r->str);
	else if (reply_is_error(r, "DENIED"))
		fault_set(e, FAULT_CONFIG, "%s: %s", l->name, r->str);
	else
		fault_set(e, FAULT_FUNCTION, "%s: target refused: %s", l->name, r->str);
}

redisReply *
link_need(struct link *l, const char *const *words, struct err *e)
{
	redisReply *r = link_ask(l, words, e);

	if (r == NULL || r->type != REDIS_REPLY_ERROR)
		return r;
	refused(l, r, e);
	freeReplyObject(r);
	return NULL;
}

bool
link_run(struct link *l, const char *const *words, struct err *e)
{
	AUTO_REPLY *r = link_need(l, words, e);

	return r != NULL;
}

const char *
link_config(struct link *l, struct arena *a, const char *key)
{
	struct err ignored;
	AUTO_REPLY *r = link_need(l, LINK_WORDS("CONFIG", "GET", key), &ignored);

	if (r == NULL || r->type != REDIS_REPLY_ARRAY || r->elements < 2 ||
	    r->element[1]->str == NULL)
		return "";
	return arena_strdup(a, r->element[1]->str);
}

/* ---- logging in */

static enum login
login_result(const struct link *l, const redisReply *r, struct err *e)
{
	if (r == NULL)
		return LOGIN_FAILED;
	if (r->type != REDIS_REPLY_ERROR)
		return LOGIN_OK;
	refused(l, r, e);
	return reply_is_error(r, "WRONGPASS") || reply_is_error(r, "ERR invalid password") ?
	    LOGIN_REJECTED : LOGIN_FAILED;
}

/* Before Redis 6 there are no users, and AUTH takes the password alone. */
static enum login
authenticate(struct link *l, const struct account *who, struct err *e)
{
	AUTO_REPLY *r = link_ask(l, LINK_WORDS("AUTH", who->username, who->password), e);
	AUTO_REPLY *old = NULL;

	if (r == NULL || !reply_is_error(r, "ERR wrong number of arguments"))
		return login_result(l, r, e);
	if (strcmp(who->username, "default") != 0) {
		fault_set(
		    e, FAULT_CONFIG, "%s: this server knows no users but \"default\"", l->name);
		return LOGIN_FAILED;
	}
	old = link_ask(l, LINK_WORDS("AUTH", who->password), e);
	return login_result(l, old, e);
}

enum login
link_open(struct arena *a, const struct account *who, const char *host, int port, struct link **out,
    struct err *e)
{
	struct link *l = xcalloc(1, sizeof(*l));
	bool is_socket = host[0] == '/';
	enum login got = LOGIN_FAILED;

	l->fd = -1;
	l->name = xstrdup(is_socket ? host : arena_printf(a, "%s:%d", host, port));
	if (is_socket ? open_unix(l, host, e) : open_tcp(l, host, port, e)) {
		set_limits(l->fd, CONNECT_LIMIT_S);
		l->reader = redisReaderCreate();
		if (l->reader != NULL && (!who->tls.on || start_tls(l, &who->tls, host, e)))
			got = authenticate(l, who, e);
	}
	if (got != LOGIN_OK) {
		link_close(l);
		return got;
	}
	set_limits(l->fd, ANSWER_LIMIT_S);
	*out = l;
	return LOGIN_OK;
}
