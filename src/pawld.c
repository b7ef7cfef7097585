/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pawld - the daemon: settings, wiring, signals. The only file that knows every part.
 *
 * Order matters: the runner's keeper is forked before any key is read and any thread exists;
 * requests are served before the scheduler starts, because functions come back through the front
 * door.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/server.h"
#include "audit/audit.h"
#include "auth/verify.h"
#include "base/json.h"
#include "base/log.h"
#include "catalog/access_key.h"
#include "catalog/keys.h"
#include "catalog/limits.h"
#include "crypto/digest.h"
#include "front/admin.h"
#include "front/dispatch.h"
#include "front/options.h"
#include "front/place.h"
#include "front/throttle.h"
#include "func/func.h"
#include "http/server.h"
#include "rotate/scheduler.h"
#include "runner/runner.h"
#include "store/store.h"

#define DEFAULT_ACCOUNT "123456789012"
#define STOP_GRACE_MS 30000
#define DEV_STOP_GRACE_MS 1000

struct daemon {
	struct options o;
	struct arena *arena;
	bool is_temporary;
	struct clock clock;
	struct store *store;
	struct keyring *keys;
	struct audit *audit;
	struct func *func;
	struct rotator *rotator;
	struct http_server *http;
	struct admin *admin;
	struct server server;
	struct rotator_config rotation;
	struct throttle *throttle;	/* NULL: off */
	struct verifier **verifiers;	/* derived signing keys, one for each HTTP thread */
	unsigned threads;
	pid_t keeper_pid;	/* of the function runner */
	int keeper_fd;
	char access_key_id[129], secret_access_key[129];	/* --dev and --init: to be shown */
};

/* ---- the store and its keys */

static bool
new_keyring(struct daemon *d, const struct secbuf *unlock, struct key_records *records,
    struct err *e)
{
	d->keys = keyring_create(d->arena, unlock, records, e);
	return d->keys != NULL;
}

static bool
read_dev_key(struct daemon *d, struct err *e)
{
	struct str rest = str_of(d->o.dev_key), id;

	if (!str_split(&rest, ':', &id) || rest.p == NULL || id.n < 4 || id.n > 128 ||
	    rest.n == 0 || rest.n > 128)
		return err_set(e, ERR_CONFIG, "--dev-key: need ID:SECRET");
	memcpy(d->access_key_id, id.p, id.n);
	memcpy(d->secret_access_key, rest.p, rest.n);
	return true;
}

struct birth { struct daemon *d; const struct key_records *records; };

static bool
write_first_records(struct txn *t, void *arg, struct err *e)
{
	const struct birth *b = arg;
	struct daemon *d = b->d;
	struct catalog c = { .txn = t, .keys = d->keys, .arena = d->arena,
		.now_ms = clock_now_ms(&d->clock) };
	struct access_key key = access_key_admin(d->arena, str_of(d->o.account),
	    str_of(d->access_key_id), str_of(d->secret_access_key), c.now_ms);

	return (b->records->n == 0 || keys_save(t, d->arena, b->records, e)) &&
	    access_account_put(&c, str_of(d->o.account), e) && access_key_put(&c, &key, e);
}

/* Without --account, the one that init was given. */
static bool
recall_account(struct daemon *d, struct err *e)
{
	struct txn *t = store_view(d->store, e);
	struct catalog c = { .txn = t, .keys = d->keys, .arena = d->arena };
	struct str account = STR_NULL;
	bool ok = t != NULL && access_account_get(&c, &account, e);

	if (d->o.account == NULL)
		d->o.account = account.n > 0 ? arena_strz(d->arena, account) : DEFAULT_ACCOUNT;
	txn_end(t);
	return ok;
}

static const char *
key_path(struct daemon *d)
{
	return d->o.key_file != NULL ? d->o.key_file :
	    arena_printf(d->arena, "%s/root.key", d->o.data);
}

static bool
create(struct daemon *d, struct err *e)
{
	struct key_records *records = arena_new_of(d->arena, struct key_records);
	struct birth b = { d, records };
	AUTO(secbuf) *unlock = NULL;

	if (d->o.account == NULL)
		d->o.account = DEFAULT_ACCOUNT;
	if (access(key_path(d), F_OK) != 0 && !key_file_create(key_path(d), e))
		return false;
	unlock = key_file_read(key_path(d), e);
	if (unlock == NULL || !new_keyring(d, unlock, records, e))
		return false;
	if (d->o.dev_key != NULL) {
		if (!read_dev_key(d, e))
			return false;
	} else {
		access_key_generate(d->access_key_id, d->secret_access_key);
	}
	return store_update(d->store, write_first_records, &b, e);
}

static bool
open_keys(struct daemon *d, const struct key_records *records, struct err *e)
{
	AUTO(secbuf) *unlock = key_file_read(key_path(d), e);
	struct key_records none = { .n = 0 };
	struct birth b = { d, &none };

	if (unlock == NULL)
		return false;
	d->keys = keyring_open(unlock, records, e);
	if (d->keys == NULL || !recall_account(d, e))
		return false;
	if (!d->o.dev)
		return true;
	if (d->o.dev_key != NULL) {	/* a dev server's folder may be used with another key */
		if (!read_dev_key(d, e))
			return false;
	} else {
		access_key_generate(d->access_key_id, d->secret_access_key);
	}
	return store_update(d->store, write_first_records, &b, e);
}

static bool
open_store(struct daemon *d, struct err *e)
{
	char *folder = arena_printf(d->arena, "%s/store", d->o.data);
	struct store_config c = { .engine = d->o.store, .path = folder };
	struct key_records *records = arena_new_of(d->arena, struct key_records);
	struct txn *t;
	bool ok;

	if (!place_make(folder, e) || (d->store = store_open(&c, e)) == NULL)
		return false;
	t = store_view(d->store, e);
	ok = t != NULL && keys_load(t, d->arena, records, e);
	txn_end(t);
	if (!ok)
		return false;
	if (records->n > 0) {
		if (d->o.init)
			return err_set(e, ERR_CONFIG, "%s is initialised already", d->o.data);
		return open_keys(d, records, e);
	}
	if (!d->o.init && !d->o.dev)
		return err_set(e, ERR_CONFIG, "%s is not initialised: run 'pawl init' first, or "
		    "'pawld --dev' for a throw-away server", d->o.data);
	return create(d, e);
}

/* ---- the rest of the parts */

static bool
is_loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0 ||
	    strncmp(listen, "localhost:", 10) == 0 || strncmp(listen, "unix:", 5) == 0;
}

/* How sandboxes on this machine reach us: a wildcard address becomes loopback. */
static const char *
endpoint_url(struct daemon *d, uint16_t port)
{
	const char *at = strrchr(d->o.listen, ':');
	char host[256];

	snprintf(host, sizeof(host), "%.*s", (int)(at - d->o.listen), d->o.listen);
	if (strcmp(host, "0.0.0.0") == 0)
		snprintf(host, sizeof(host), "127.0.0.1");
	else if (strcmp(host, "[::]") == 0)
		snprintf(host, sizeof(host), "[::1]");
	return arena_printf(d->arena, "http%s://%s:%u", d->o.tls_cert != NULL ? "s" : "", host,
	    (unsigned)port);
}

static const char *
libexec(struct daemon *d)
{
	char self[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (d->o.libexec != NULL)
		return d->o.libexec;
	if (n <= 0)
		return PAWL_LIBEXEC;
	/* Run from a build folder: rotators lie beside us, runtimes in the source tree. */
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	if (access(arena_printf(d->arena, "%s/rotators", self), X_OK) == 0)
		return arena_strdup(d->arena, self);
	return PAWL_LIBEXEC;
}

static bool
start_runner(struct daemon *d, struct err *e)
{
	struct runner_config c = { .folder = arena_printf(d->arena, "%s/runner", d->o.data),
		.libexec = libexec(d), .python = d->o.python, .node = d->o.node,
		.keepalive_ms = 60000, .init_timeout_ms = 10000, .sandboxes = 16 };

	return runner_keep(&c, &d->keeper_pid, &d->keeper_fd, e);
}

static void
ship_audit(void *arg)
{
	struct daemon *d = arg;

	if (d->audit != NULL)
		audit_ship(d->audit);
}

static bool
start_audit(struct daemon *d, struct err *e)
{
	struct audit_config c = { .folder = arena_printf(d->arena, "%s/audit", d->o.data),
		.keyring = d->keys, .store = d->store,
		.sync_reads = strcmp(d->o.audit_reads, "sync") == 0,
		.rotate_bytes = (size_t)64 * 1024 * 1024,
		.resume_broken = d->o.audit_acknowledge_gap };

	d->audit = audit_open(&c, e);
	if (d->audit == NULL)
		return false;
	store_on_commit(d->store, ship_audit, d);
	return true;
}

static bool
start_func(struct daemon *d, struct err *e)
{
	struct func_config c = { .keeper_fd = d->keeper_fd, .keeper_pid = d->keeper_pid };

	d->keeper_fd = -1;	/* func's now */
	d->func = func_start(&c, e);
	return d->func != NULL;
}

/* What sandboxes trust when they come back over TLS. */
static const char *
function_ca(struct daemon *d)
{
	return d->o.function_ca != NULL ? d->o.function_ca : d->o.tls_cert;
}

static void
make_verifiers(struct daemon *d)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	d->threads = d->o.threads > 0 ? (unsigned)d->o.threads : cores > 0 ? (unsigned)cores : 1;
	d->verifiers = arena_array(d->arena, struct verifier *, d->threads);
	for (unsigned i = 0; i < d->threads; i++)
		d->verifiers[i] = verifier_new();
}

static void
fill_server(struct daemon *d)
{
	make_verifiers(d);
	if (strcmp(d->o.throttle, "aws") == 0)
		d->throttle = throttle_new(throttle_aws);
	d->server = (struct server){ .clock = &d->clock, .store = d->store, .keys = d->keys,
		.audit = d->audit, .func = d->func, .rotation = &d->rotation, .data = d->o.data,
		.is_dev = d->o.dev, .any_key = d->o.dev_any_key, .account = d->o.account,
		.ca_bundle = function_ca(d), .engine = d->o.store, .skew_s = d->o.skew_seconds,
		.throttle = d->throttle, .secrets_quota = (uint64_t)d->o.secrets_quota,
		.versions_limit = d->o.versions_hard_limit ? LIMIT_VERSIONS_KEPT : 0,
		.verifiers = d->verifiers };
	d->rotation = (struct rotator_config){ .store = d->store, .keys = d->keys,
		.audit = d->audit, .func = d->func, .clock = &d->clock, .data = d->o.data,
		.ca_bundle = function_ca(d), .concurrency = d->o.concurrency,
		.crash_at = d->o.dev_crash_at };
}

/* Finds out the port before anything runs, so that what threads share is set before they start. */
static bool
reserve_port(struct daemon *d, int *out_fd, struct err *e)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	const char *colon = strrchr(d->o.listen, ':');
	socklen_t n = sizeof(at);
	char host[64];
	int one = 1;

	*out_fd = -1;
	if (colon == NULL)
		return err_set(e, ERR_CONFIG, "--listen: '%s' is not ADDR:PORT", d->o.listen);
	if (strcmp(colon, ":0") != 0 || d->o.listen[0] == '[')
		return true;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - d->o.listen), d->o.listen);
	if (inet_pton(AF_INET, host, &at.sin_addr) != 1)
		return err_set(e, ERR_CONFIG, "--listen: '%s' is not an address", host);
	*out_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(*out_fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(*out_fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(*out_fd, (struct sockaddr *)&at, &n) != 0)
		return err_sys(e, ERR_CONFIG, "--listen: %s", d->o.listen);
	d->o.listen = arena_printf(d->arena, "%s:%u", host, (unsigned)ntohs(at.sin_port));
	return true;
}

static bool
start_serving(struct daemon *d, struct err *e)
{
	struct http_config c = { .listen = NULL, .threads = d->threads,
		.tls_cert = d->o.tls_cert, .tls_key = d->o.tls_key, .limits = http_limits_default,
		.on_request = dispatch_request, .arg = &d->server,
		.too_large_body = STR_LIT("{\"__type\":\"RequestEntityTooLargeException\"}") };
	const char *url;
	AUTO_FD reserved = -1;

	if (!is_loopback(d->o.listen) && d->o.tls_cert == NULL && !d->o.plaintext)
		return err_set(e, ERR_CONFIG, "refusing to speak plain HTTP on %s: give --tls-cert and "
		    "--tls-key, or --i-know-plaintext", d->o.listen);
	if (!reserve_port(d, &reserved, e))
		return false;
	url = endpoint_url(d, (uint16_t)atoi(strrchr(d->o.listen, ':') + 1));
	d->server.endpoint_url = url;
	d->rotation.endpoint_url = d->o.function_endpoint != NULL ? d->o.function_endpoint : url;
	d->rotator = d->server.rotator = rotator_start(&d->rotation, e);
	if (d->rotator == NULL)
		return false;
	c.listen = d->o.listen;
	c.limits.body_cap = dispatch_body_cap;
	d->http = http_server_start(&c, e);
	if (d->http == NULL)
		return false;
	rotator_go(d->rotator);
	d->admin = admin_start(&d->server, d->o.socket != NULL ? d->o.socket :
	    arena_printf(d->arena, "%s/pawl.sock", d->o.data), e);
	return d->admin != NULL;
}

/* ---- words to the operator */

static void
print_dev(const struct daemon *d)
{
	printf("pawld %s --dev is ready.\n\n", PAWL_VERSION);
	printf("  export AWS_ENDPOINT_URL=%s\n", d->server.endpoint_url);
	printf("  export AWS_ACCESS_KEY_ID=%s\n", d->access_key_id);
	printf("  export AWS_SECRET_ACCESS_KEY=%s\n", d->secret_access_key);
	printf("  export AWS_DEFAULT_REGION=us-east-1\n\n");
	printf("  aws --endpoint-url %s secretsmanager list-secrets\n\n", d->server.endpoint_url);
	printf("Account %s; data in %s%s. Ctrl-C stops it.\n", d->o.account, d->o.data,
	    d->is_temporary ? " (goes with the server)" : "");
	if (d->o.dev_any_key) {
		printf("WARNING: --dev-any-key: every request is the administrator's.\n");
		log_warn("--dev-any-key: every request is the administrator's");
	}
	fflush(stdout);
}

static void
print_init(const struct daemon *d)
{
	printf("{\"AccessKeyId\": \"%s\", \"Account\": \"%s\", \"Data\": \"%s\", "
	    "\"SecretAccessKey\": \"%s\"}\n", d->access_key_id, d->o.account, d->o.data,
	    d->secret_access_key);
}

/* sd_notify(3) without the library: one datagram. */
static void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	AUTO_FD fd = -1;

	if (path == NULL || strlen(path) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, strlen(path));
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
}

/* ---- life */

static void
harden(void)
{
	const struct rlimit none = { 0, 0 };

	umask(0077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
}

static void
block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* Gives the exit status. */
static int
wait_for_end(struct daemon *d, const sigset_t *set)
{
	struct err e;
	int sig, status;

	for (;;) {
		if (sigwait(set, &sig) != 0)
			continue;
		if (sig == SIGHUP && d->o.tls_cert != NULL) {
			if (http_server_reload_tls(d->http, &e))
				log_info("certificate and key were read again");
			else
				log_err(LOG_ERR, "reload", &e);
		} else if (sig == SIGCHLD && waitpid(d->keeper_pid, &status, WNOHANG) > 0) {
			log_error("the keeper of function runners ended (status %d): stopping, so "
			    "that a supervisor starts all anew", status);
			d->keeper_pid = -1;
			return 1;
		} else if (sig == SIGINT || sig == SIGTERM) {
			log_info("stopping");
			return 0;
		}
	}
}

static bool
nothing(struct txn *t, void *arg, struct err *e)
{
	(void)t;
	(void)arg;
	(void)e;
	return true;
}

/* From the outside in; the audit trail ends when the last update before it has been shipped. */
static void
stop(struct daemon *d)
{
	struct err e;

	notify("STOPPING=1");
	admin_stop(d->admin);
	if (d->http != NULL)
		http_server_stop(d->http, d->o.dev ? DEV_STOP_GRACE_MS : STOP_GRACE_MS);
	rotator_quiesce(d->rotator);
	if (d->rotator != NULL && !store_update(d->store, nothing, NULL, &e))
		log_err(LOG_WARN, "stopping", &e);
	if (d->func != NULL)
		func_stop(d->func);
	else if (d->keeper_fd >= 0)
		close(d->keeper_fd);	/* ends keeper and runner */
	rotator_stop(d->rotator);
	if (d->store != NULL && d->audit != NULL && store_update(d->store, nothing, NULL, &e))
		audit_close(TAKE(d->audit));
	store_close(d->store);
	for (unsigned i = 0; d->verifiers != NULL && i < d->threads; i++)
		verifier_free(d->verifiers[i]);
	throttle_free(d->throttle);
	keyring_free(d->keys);
	if (d->keeper_pid > 0)
		waitpid(d->keeper_pid, NULL, 0);
	if (d->is_temporary)
		place_remove(d->o.data);
	explicit_bzero(d->secret_access_key, sizeof(d->secret_access_key));
}

static bool
choose_place(struct daemon *d, struct err *e)
{
	char real[PATH_MAX];

	if (d->o.data == NULL && d->o.dev) {
		d->o.data = place_temporary(d->arena, e);
		d->is_temporary = d->o.data != NULL;
		return d->is_temporary;
	}
	if (d->o.data == NULL)
		d->o.data = place_default(d->arena);
	if (!place_make(d->o.data, e))
		return false;
	if (realpath(d->o.data, real) != NULL)
		d->o.data = arena_strdup(d->arena, real);
	return true;
}

static bool
start(struct daemon *d, struct err *e)
{
	if (!choose_place(d, e))
		return false;
	if (!d->o.init && !start_runner(d, e))
		return false;
	json_setup();
	if (!crypto_setup(e) || !open_store(d, e))
		return false;
	if (d->o.init)
		return true;
	if (!secbuf_is_locked())
		log_warn("memory cannot be locked (RLIMIT_MEMLOCK): keys could reach swap");
	if (!start_audit(d, e) || !start_func(d, e))
		return false;
	fill_server(d);
	return start_serving(d, e);
}

int
main(int argc, char **argv)
{
	struct daemon d = { .keeper_pid = -1, .keeper_fd = -1 };
	struct err e = { .code = ERR_NONE };
	sigset_t signals;
	int status = 1;

	d.arena = arena_new();
	log_setup("pawld", LOG_INFO);
	if (!options_read(d.arena, argc, argv, &d.o, &e)) {
		fprintf(stderr, "pawld: %s\n", e.msg);
		return 2;
	}
	if (d.o.help || d.o.version) {
		if (d.o.help)
			options_help();
		else
			printf("pawld %s\n", PAWL_VERSION);
		return 0;
	}
	log_setup("pawld", d.o.log_level);
	harden();
	block_signals(&signals);
	if (!start(&d, &e)) {
		fprintf(stderr, "pawld: %s%s%s\n", e.msg, e.detail[0] != '\0' ? ": " : "", e.detail);
	} else if (d.o.init) {
		print_init(&d);
		status = 0;
	} else {
		log_info("listening on %s", d.server.endpoint_url);
		if (d.o.dev)
			print_dev(&d);
		notify("READY=1");
		status = wait_for_end(&d, &signals);
	}
	stop(&d);
	arena_free(d.arena);
	return status;
}
