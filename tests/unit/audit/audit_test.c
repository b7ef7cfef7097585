/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/chain.h"
#include "base/cleanup.h"
#include "crypto/digest.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A server's worth of parts: keys, a store, an audit folder. */
struct fixture {
	char root[64], logs[96], data[96];
	const char *engine;
	size_t rotate_bytes;
	bool sync_reads, resume_broken, never_ships;
	struct arena *arena;
	struct key_records keys;
	struct keyring *keyring;
	struct store *store;
	struct audit *audit;
};

static struct fixture
fixture_new(const char *engine)
{
	struct fixture f = { .root = "/tmp/pawl-audit-XXXXXX", .engine = engine,
		.rotate_bytes = 1024 * 1024 };
	AUTO(secbuf) *unlock = secbuf_new(32);
	struct err e;

	CHECK_OK(crypto_setup(&e), &e);
	assert_non_null(mkdtemp(f.root));
	snprintf(f.logs, sizeof(f.logs), "%s/audit", f.root);
	snprintf(f.data, sizeof(f.data), "%s/store", f.root);
	assert_int_equal(mkdir(f.data, 0700), 0);
	f.arena = arena_new();
	f.keyring = keyring_create(f.arena, unlock, &f.keys, &e);
	CHECK_OK(f.keyring != NULL, &e);
	return f;
}

static void
ship(void *audit)
{
	audit_ship(audit);
}

static void
open_store(struct fixture *f)
{
	struct err e;

	f->store = store_open(&(struct store_config){ .engine = f->engine, .path = f->data }, &e);
	CHECK_OK(f->store != NULL, &e);
}

static bool
try_open_audit(struct fixture *f, struct err *e)
{
	f->audit = audit_open(&(struct audit_config){ .folder = f->logs, .keyring = f->keyring,
		.store = f->store, .sync_reads = f->sync_reads, .rotate_bytes = f->rotate_bytes,
		.resume_broken = f->resume_broken }, e);
	if (f->audit == NULL)
		return false;
	if (!f->never_ships)
		store_on_commit(f->store, ship, f->audit);
	return true;
}

static void
open_audit(struct fixture *f)
{
	struct err e;

	CHECK_OK(try_open_audit(f, &e), &e);
}

static void
close_audit(struct fixture *f)
{
	audit_close(TAKE(f->audit));
	store_on_commit(f->store, NULL, NULL);
}

static struct fixture
fixture_open(const char *engine)
{
	struct fixture f = fixture_new(engine);

	open_store(&f);
	open_audit(&f);
	return f;
}

static void
remove_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

static void
fixture_free(struct fixture *f)
{
	if (f->audit != NULL)
		close_audit(f);
	store_close(f->store);
	keyring_free(f->keyring);
	arena_free(f->arena);
	remove_folder(f->logs);
	remove_folder(f->data);
	rmdir(f->root);
}

/* ---- events, told apart by their names */

static struct audit_event
event(const char *name)
{
	return (struct audit_event){ .identity = AUDIT_IAM_USER, .account = STR_LIT("111122223333"),
		.principal_id = STR_LIT("AIDA1"), .user_name = STR_LIT("alice"),
		.source = STR_LIT("secretsmanager.amazonaws.com"), .name = str_of(name),
		.region = STR_LIT("us-east-1"), .source_ip = STR_LIT("10.0.0.1"),
		.user_agent = STR_LIT("test"), .request_id = STR_LIT("r") };
}

static void
write_event(struct fixture *f, const char *name)
{
	struct audit_event v = event(name);
	struct err e;

	CHECK_OK(audit_write(f->audit, &v, &e), &e);
}

struct put {
	struct audit *audit;
	const char *names[3];
	bool refuse;
};

static bool
put_body(struct txn *t, void *arg, struct err *e)
{
	const struct put *p = arg;

	for (size_t i = 0; i < COUNT(p->names) && p->names[i] != NULL; i++) {
		struct audit_event v = event(p->names[i]);

		if (!audit_put(p->audit, t, &v, e))
			return false;
	}
	return !p->refuse || err_set(e, ERR_INVALID_REQUEST, "refused");
}

static void
put_event(struct fixture *f, const char *name)
{
	struct put p = { .audit = f->audit, .names = { name } };
	struct err e;

	CHECK_OK(store_update(f->store, put_body, &p, &e), &e);
}

/* ---- looking at the files */

static struct str
read_file(struct fixture *f, const char *name)
{
	char path[160], *p;
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->logs, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return STR_NULL;
	assert_int_equal(fstat(fd, &st), 0);
	p = arena_alloc(f->arena, (size_t)st.st_size + 1);
	assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
	close(fd);
	return (struct str){ p, (size_t)st.st_size };
}

static void
write_file(struct fixture *f, const char *name, struct str data)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->logs, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data.p, data.n), data.n);
	close(fd);
}

static bool
has_file(struct fixture *f, const char *name)
{
	return read_file(f, name).p != NULL;
}

/* The event names in a file, each followed by a blank. */
static const char *
names_in(struct fixture *f, const char *file)
{
	struct str rest = read_file(f, file), line;
	AUTO_BUF names = BUF_INIT;
	struct err e;

	while (str_split(&rest, '\n', &line)) {
		json_t *doc;

		if (line.n == 0 && rest.p == NULL)
			break;
		doc = json_parse(f->arena, line, JSON_STRICT_KEYS, &e);
		CHECK_OK(doc != NULL, &e);
		buf_str(&names, json_member_str(doc, "eventName"));
		buf_c(&names, ' ');
	}
	return arena_strz(f->arena, buf_view(&names));
}

static uint64_t
verified(struct fixture *f)
{
	uint64_t n = 0;
	struct err e;

	CHECK_OK(audit_verify(f->logs, f->keyring, &n, &e), &e);
	return n;
}

static void
check_found(struct fixture *f, const char *where)
{
	uint64_t n = 77;
	struct err e;

	CHECK_ERR(audit_verify(f->logs, f->keyring, &n, &e), &e, ERR_CORRUPT);
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_int_equal(n, 77);
	if (strncmp(e.msg, where, strlen(where)) != 0)
		fail_msg("'%s', wanted '%s'", e.msg, where);
}

static void
check_not_opened(struct fixture *f, const char *why)
{
	struct err e;

	CHECK_ERR(try_open_audit(f, &e), &e, ERR_CONFIG);
	assert_int_equal(e.code, ERR_CONFIG);
	if (strstr(e.msg, why) == NULL)
		fail_msg("'%s', wanted '%s'", e.msg, why);
}

static const char *const engines[] = { "mem", "lmdb" };
#define EACH_ENGINE(f) \
	for (size_t at_ = 0; at_ < COUNT(engines); at_++) \
		for (struct fixture f = fixture_open(engines[at_]), *once_ = &f; once_ != NULL; \
		    fixture_free(&f), once_ = NULL)

/* ---- what is recorded */

TEST("reads and changes are one JSON record a line, in the order they were acknowledged")
{
	EACH_ENGINE(f) {
		write_event(&f, "A");
		put_event(&f, "B");
		write_event(&f, "C");
		put_event(&f, "D");
		assert_string_equal(names_in(&f, "audit.log"), "A B C D ");
		assert_int_equal(verified(&f), 4);
	}
}

TEST("the folder and its files are for their owner alone")
{
	EACH_ENGINE(f) {
		static const char *const names[] = { "", "audit.log", "audit.chain" };

		for (size_t i = 0; i < COUNT(names); i++) {
			char path[160];
			struct stat st;

			snprintf(path, sizeof(path), "%s/%s", f.logs, names[i]);
			assert_int_equal(stat(path, &st), 0);
			assert_int_equal(st.st_mode & 07777, i == 0 ? 0700 : 0600);
		}
	}
}

TEST("one update may put several records; a refused update puts none")
{
	EACH_ENGINE(f) {
		struct put several = { .audit = f.audit, .names = { "A", "B", "C" } };
		struct put refused = { .audit = f.audit, .names = { "X", "Y" }, .refuse = true };
		struct err e;

		CHECK_OK(store_update(f.store, put_body, &several, &e), &e);
		CHECK_ERR(store_update(f.store, put_body, &refused, &e), &e, ERR_INVALID_REQUEST);
		put_event(&f, "D");
		assert_string_equal(names_in(&f, "audit.log"), "A B C D ");
		assert_int_equal(verified(&f), 4);
	}
}

TEST("records go on where they ended after a stop")
{
	EACH_ENGINE(f) {
		put_event(&f, "A");
		write_event(&f, "B");
		close_audit(&f);
		open_audit(&f);
		put_event(&f, "C");
		close_audit(&f);
		open_audit(&f);
		write_event(&f, "D");
		assert_string_equal(names_in(&f, "audit.log"), "A B C D ");
		assert_int_equal(verified(&f), 4);
	}
}

TEST("with sync_reads every record is flushed, and reads as before")
{
	struct fixture f = fixture_new("mem");

	f.sync_reads = true;
	open_store(&f);
	open_audit(&f);
	write_event(&f, "A");
	write_event(&f, "B");
	assert_string_equal(names_in(&f, "audit.log"), "A B ");
	assert_int_equal(verified(&f), 2);
	fixture_free(&f);
}

TEST("a full pair of files is numbered and kept, and the chain runs through all of them")
{
	for (size_t i = 0; i < COUNT(engines); i++) {
		struct fixture f = fixture_new(engines[i]);

		f.rotate_bytes = 1500;	/* three records of about 500 bytes */
		open_store(&f);
		open_audit(&f);
		for (char name[] = "A"; name[0] <= 'J'; name[0]++) {
			if (name[0] & 1)
				write_event(&f, name);
			else
				put_event(&f, name);
			if (name[0] == 'F') {
				close_audit(&f);
				open_audit(&f);
			}
		}
		assert_string_equal(names_in(&f, "audit.log.1"), "A B C ");
		assert_string_equal(names_in(&f, "audit.log.2"), "D E F ");
		assert_string_equal(names_in(&f, "audit.log.3"), "G H I ");
		assert_string_equal(names_in(&f, "audit.log"), "J ");
		assert_int_equal(verified(&f), 10);
		fixture_free(&f);
	}
}

static uint64_t
count_rows(struct fixture *f)
{
	struct err e = { 0 };
	AUTO(txn) *t = store_view(f->store, &e);
	AUTO(scan) *s = NULL;
	struct str key, value;
	uint64_t n = 0;

	CHECK_OK(t != NULL, &e);
	s = scan_open(t, STR_LIT("ar"), STR_NULL, &e);
	CHECK_OK(s != NULL, &e);
	while (scan_next(s, &key, &value, &e)) {
		n++;
		assert_null(memmem(value.p, value.n, "alice", 5));
	}
	return n;
}

TEST("rows are sealed in the store, and deleted by later updates once the file is flushed")
{
	EACH_ENGINE(f) {
		for (int i = 0; i < 20; i++)
			put_event(&f, "A");
		assert_int_equal(count_rows(&f), 20);
		for (int i = 0; i < 300; i++)
			put_event(&f, "A");
		assert_in_range(count_rows(&f), 1, 256);
		close_audit(&f);
		assert_int_equal(count_rows(&f), 0);
		open_audit(&f);
		put_event(&f, "B");
		assert_int_equal(count_rows(&f), 1);
		assert_int_equal(verified(&f), 321);
	}
}

/* ---- crashes */

/* Keys are not given to a child (MADV_WIPEONFORK): it opens them itself. */
static void
open_keys_again(struct fixture *f)
{
	AUTO(secbuf) *unlock = secbuf_new(32);
	struct err e;

	f->keyring = keyring_open(unlock, &f->keys, &e);
	CHECK_OK(f->keyring != NULL, &e);
}

/* Runs fn in a child that ends without closing anything; only lmdb outlives it. */
static void
die_after(struct fixture *f, void (*fn)(struct fixture *f))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		open_keys_again(f);
		open_store(f);
		open_audit(f);
		fn(f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
put_two(struct fixture *f)
{
	put_event(f, "A");
	put_event(f, "B");
}

TEST("rows that a crash left unshipped are shipped at start, once")
{
	struct fixture f = fixture_new("lmdb");

	f.never_ships = true;
	die_after(&f, put_two);
	assert_string_equal(names_in(&f, "audit.log"), "");
	f.never_ships = false;
	open_store(&f);
	open_audit(&f);
	assert_string_equal(names_in(&f, "audit.log"), "A B ");
	put_event(&f, "C");
	close_audit(&f);
	open_audit(&f);
	assert_string_equal(names_in(&f, "audit.log"), "A B C ");
	assert_int_equal(verified(&f), 3);
	fixture_free(&f);
}

TEST("rows that were shipped before a crash are not shipped again")
{
	struct fixture f = fixture_new("lmdb");

	die_after(&f, put_two);
	die_after(&f, put_two);
	open_store(&f);
	assert_int_equal(count_rows(&f), 2);	/* the second life deleted the first one's */
	open_audit(&f);
	put_event(&f, "C");
	assert_string_equal(names_in(&f, "audit.log"), "A B A B C ");
	assert_int_equal(verified(&f), 5);
	fixture_free(&f);
}

TEST("rows whose lines a crash of the machine took from the file are shipped again")
{
	struct fixture f = fixture_new("lmdb");
	struct str log, chain;

	die_after(&f, put_two);
	log = read_file(&f, "audit.log");
	chain = read_file(&f, "audit.chain");
	write_file(&f, "audit.log", (struct str){ log.p, log.n / 2 + 7 });
	write_file(&f, "audit.chain", (struct str){ chain.p, chain.n - CHAIN_LINE_LEN });
	open_store(&f);
	open_audit(&f);
	assert_string_equal(names_in(&f, "audit.log"), "A B ");
	assert_int_equal(verified(&f), 2);
	fixture_free(&f);
}

static void
write_three(struct fixture *f)
{
	write_event(f, "A");
	write_event(f, "B");
	write_event(f, "C");
}

/* What a crash may leave of three records, and what the next start makes of it. */
static const struct {
	const char *what;
	int log_lines, log_bytes;	/* kept: lines, then bytes of the next one */
	int chain_lines, chain_bytes;
	const char *names, *gap;
} torn[] = {
	{ "nothing torn", 3, 0, 3, 0, "A B C ", NULL },
	{ "half a record was written", 2, 50, 2, 0, "A B ", NULL },
	{ "half a record and nothing of the chain", 0, 50, 0, 0, "", NULL },
	{ "a record without its chain line", 3, 0, 2, 0, "A B PawlAuditGap ",
	  "{\"afterRecord\":2,\"chainWithoutRecords\":0,\"isAcknowledged\":false,"
	  "\"recordsWithoutChain\":1}" },
	{ "a record with half a chain line", 3, 0, 2, 30, "A B PawlAuditGap ",
	  "{\"afterRecord\":2,\"chainWithoutRecords\":0,\"isAcknowledged\":false,"
	  "\"recordsWithoutChain\":1}" },
	{ "two records without, and half of one", 2, 9, 0, 0, "PawlAuditGap ",
	  "{\"afterRecord\":0,\"chainWithoutRecords\":0,\"isAcknowledged\":false,"
	  "\"recordsWithoutChain\":2}" },
	{ "the chain reached the disk, the records did not", 1, 0, 3, 0, "A PawlAuditGap ",
	  "{\"afterRecord\":1,\"chainWithoutRecords\":2,\"isAcknowledged\":false,"
	  "\"recordsWithoutChain\":0}" },
	{ "the same with half a record", 1, 44, 3, 0, "A PawlAuditGap ",
	  "{\"afterRecord\":1,\"chainWithoutRecords\":2,\"isAcknowledged\":false,"
	  "\"recordsWithoutChain\":0}" },
};

/* The first `lines` lines and then `bytes` bytes. */
static struct str
head_of(struct str text, int lines, int bytes)
{
	size_t n = 0;

	for (int i = 0; i < lines; i++)
		n = (size_t)((const char *)memchr(text.p + n, '\n', text.n - n) - text.p) + 1;
	return (struct str){ text.p, n + (size_t)bytes };
}

static const char *
last_additional_data(struct fixture *f)
{
	struct str log = read_file(f, "audit.log");
	const char *at = NULL;
	char *text, *own;
	struct err e;

	for (size_t i = 0; i + 1 < log.n; i++) {
		if (i == 0 || log.p[i - 1] == '\n')
			at = log.p + i;
	}
	assert_non_null(at);
	text = json_dumps(json_object_get(json_parse(f->arena,
	    (struct str){ at, log.n - (size_t)(at - log.p) }, 0, &e), "additionalEventData"),
	    JSON_COMPACT);
	own = arena_strdup(f->arena, text);
	free(text);
	return own;
}

TEST("what a crash left half is cut off, and a gap is recorded when whole records went")
{
	for (size_t i = 0; i < COUNT(torn); i++) {
		struct fixture f = fixture_new("lmdb");

		die_after(&f, write_three);
		write_file(&f, "audit.log", head_of(read_file(&f, "audit.log"), torn[i].log_lines,
		    torn[i].log_bytes));
		write_file(&f, "audit.chain", head_of(read_file(&f, "audit.chain"),
		    1 + torn[i].chain_lines, torn[i].chain_bytes));
		open_store(&f);
		open_audit(&f);
		assert_string_equal(names_in(&f, "audit.log"), torn[i].names);
		if (torn[i].gap != NULL)
			assert_string_equal(last_additional_data(&f), torn[i].gap);
		write_event(&f, "D");
		(void)verified(&f);
		fixture_free(&f);
	}
}

static void
rename_in(struct fixture *f, const char *from, const char *to)
{
	char a[160], b[160];

	snprintf(a, sizeof(a), "%s/%s", f->logs, from);
	snprintf(b, sizeof(b), "%s/%s", f->logs, to);
	assert_int_equal(rename(a, b), 0);
}

static void
remove_in(struct fixture *f, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", f->logs, name);
	assert_int_equal(unlink(path), 0);
}

TEST("a crash at any point of a rotation is finished at start")
{
	for (int step = 0; step < 5; step++) {
		struct fixture f = fixture_new("lmdb");

		die_after(&f, write_three);
		rename_in(&f, "audit.log", "audit.log.1");
		if (step >= 1)
			rename_in(&f, "audit.chain", "audit.chain.1");
		if (step >= 2)
			write_file(&f, "audit.chain", STR_LIT(""));
		if (step >= 3)
			write_file(&f, "audit.log", STR_LIT(""));
		if (step >= 4)
			write_file(&f, "audit.chain", STR_LIT("0000000000000000000"));
		open_store(&f);
		open_audit(&f);
		write_event(&f, "D");
		assert_string_equal(names_in(&f, "audit.log.1"), "A B C ");
		assert_string_equal(names_in(&f, "audit.log"), "D ");
		assert_int_equal(verified(&f), 4);
		fixture_free(&f);
	}
}

TEST("a store older than the files goes on without losing or repeating a record")
{
	struct fixture f = fixture_open("mem");

	put_two(&f);
	close_audit(&f);
	store_close(f.store);
	open_store(&f);		/* empty: mem forgets */
	open_audit(&f);
	put_event(&f, "C");
	put_event(&f, "D");
	close_audit(&f);
	open_audit(&f);
	put_event(&f, "E");
	assert_string_equal(names_in(&f, "audit.log"), "A B C D E ");
	assert_int_equal(verified(&f), 5);
	fixture_free(&f);
}

/* ---- a sink that fails */

/* Files of this process can't grow beyond `bytes`; a write that crosses is cut short there. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit r;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* An event whose record is longer than any other here, so that its remains would show. */
static struct audit_event
long_event(struct fixture *f)
{
	struct audit_event v = event("X");
	char *text = arena_alloc(f->arena, 1000);

	memset(text, 'x', 1000);
	v.user_agent = (struct str){ text, 1000 };
	return v;
}

TEST("a record that cannot be written fails the request, and leaves nothing half")
{
	struct fixture f = fixture_open("mem");
	struct audit_event v = long_event(&f);
	size_t size;
	struct err e;

	write_event(&f, "A");
	size = read_file(&f, "audit.log").n;
	for (size_t more = 0; more < 1200; more += 133) {
		limit_files(size + more);
		CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
		CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
		limit_files(RLIM_INFINITY);
		assert_string_equal(e.msg, "An internal service error occurred.");
	}
	write_event(&f, "B");
	assert_string_equal(names_in(&f, "audit.log"), "A B ");
	assert_int_equal(verified(&f), 2);
	fixture_free(&f);
}

TEST("a new pair of files that cannot be begun fails the request, and is begun by the next one")
{
	struct fixture f = fixture_open("mem");
	struct audit_event v = event("X");
	struct err e;

	for (int i = 0; i < 3; i++)
		write_event(&f, "A");
	close_audit(&f);
	f.rotate_bytes = read_file(&f, "audit.log").n;	/* the next record begins a new pair */
	open_audit(&f);
	limit_files(10);	/* not even room for its first line */
	CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
	limit_files(RLIM_INFINITY);
	write_event(&f, "B");
	assert_string_equal(names_in(&f, "audit.log.1"), "A A A ");
	assert_string_equal(names_in(&f, "audit.log"), "B ");
	assert_int_equal(verified(&f), 4);
	fixture_free(&f);
}

/* The descriptor under which this process has that file of the folder open. */
static int
descriptor_of(struct fixture *f, const char *name)
{
	char path[160], link[64], target[160];

	snprintf(path, sizeof(path), "%s/%s", f->logs, name);
	for (int fd = 3; fd < 256; fd++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target));
		if (n > 0 && (size_t)n == strlen(path) && memcmp(target, path, (size_t)n) == 0)
			return fd;
	}
	fail_msg("%s is not open", path);
	return -1;
}

/* Puts `instead` in the place of an open file; returns what was there, to be put back. */
static int
replace_descriptor(int fd, const char *instead, int flags)
{
	int kept = dup(fd), other = open(instead, flags);

	assert_true(kept >= 0 && other >= 0 && dup2(other, fd) == fd);
	close(other);
	return kept;
}

static void
restore_descriptor(int fd, int kept)
{
	assert_int_equal(dup2(kept, fd), fd);
	close(kept);
}

TEST("a record whose chain line cannot be written is not kept either")
{
	struct fixture f = fixture_open("mem");
	struct audit_event v = long_event(&f);
	int fd = descriptor_of(&f, "audit.chain"), kept;
	struct err e;

	write_event(&f, "A");
	kept = replace_descriptor(fd, "/dev/null", O_RDONLY);
	CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
	CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
	restore_descriptor(fd, kept);
	write_event(&f, "B");
	assert_string_equal(names_in(&f, "audit.log"), "A B ");
	assert_int_equal(verified(&f), 2);
	fixture_free(&f);
}

TEST("after a failed flush nothing is trusted, or acknowledged, until the files are read again")
{
	struct fixture f = fixture_new("mem");
	struct audit_event v = event("X");
	int fd, kept;
	struct err e;

	f.sync_reads = true;
	open_store(&f);
	open_audit(&f);
	write_event(&f, "A");
	fd = descriptor_of(&f, "audit.chain");
	kept = replace_descriptor(fd, "/dev/null", O_RDWR);	/* takes writes, cannot flush */
	CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
	restore_descriptor(fd, kept);
	CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
	assert_non_null(strstr(e.detail, "a restart"));
	close_audit(&f);
	open_audit(&f);
	write_event(&f, "B");
	assert_string_equal(names_in(&f, "audit.log"), "A PawlAuditGap B ");
	assert_int_equal(verified(&f), 3);
	fixture_free(&f);
}

TEST("while rows can't be shipped, changes wait in the store, reads fail, and order is kept")
{
	struct fixture f = fixture_open("mem");
	struct audit_event v = event("X");
	struct err e;

	put_event(&f, "A");
	assert_false(audit_is_behind(f.audit));
	limit_files(read_file(&f, "audit.log").n + 100);
	put_event(&f, "B");
	put_event(&f, "C");
	assert_true(audit_is_behind(f.audit));
	CHECK_ERR(audit_write(f.audit, &v, &e), &e, ERR_INTERNAL);
	limit_files(RLIM_INFINITY);
	write_event(&f, "D");
	assert_false(audit_is_behind(f.audit));
	assert_string_equal(names_in(&f, "audit.log"), "A B C D ");
	assert_int_equal(verified(&f), 4);
	fixture_free(&f);
}

/* ---- tampering */

/* Five records in each of two full pairs and two in the newest. */
static struct fixture
twelve_records(void)
{
	struct fixture f = fixture_open("mem");

	for (char name[] = "A"; name[0] <= 'E'; name[0]++)
		write_event(&f, name);
	close_audit(&f);
	f.rotate_bytes = read_file(&f, "audit.log").n;
	open_audit(&f);
	for (char name[] = "F"; name[0] <= 'L'; name[0]++)
		put_event(&f, name);
	close_audit(&f);
	assert_string_equal(names_in(&f, "audit.log.1"), "A B C D E ");
	assert_string_equal(names_in(&f, "audit.log.2"), "F G H I J ");
	assert_string_equal(names_in(&f, "audit.log"), "K L ");
	assert_int_equal(verified(&f), 12);
	return f;
}

/* The text with line `a` (from 0) left out, or exchanged with line `b`. */
static struct str
rearrange(struct fixture *f, const char *file, int a, int b)
{
	struct str text = read_file(f, file);
	struct str before = head_of(text, a, 0), upto_a = head_of(text, a + 1, 0);
	struct str line_a = str_skip(upto_a, before.n);
	AUTO_BUF out = BUF_INIT;

	buf_str(&out, before);
	if (b > a) {
		struct str upto_b = head_of(text, b + 1, 0), before_b = head_of(text, b, 0);

		buf_str(&out, str_skip(upto_b, before_b.n));
		buf_str(&out, str_skip(before_b, upto_a.n));
		buf_str(&out, line_a);
		buf_str(&out, str_skip(text, upto_b.n));
	} else {
		buf_str(&out, str_skip(text, upto_a.n));
	}
	return arena_str(f->arena, buf_view(&out));
}

static void
check_rearranged(const char *suffix, int a, int b, bool chain_too, const char *where)
{
	struct fixture f = twelve_records();
	char name[64];

	snprintf(name, sizeof(name), "audit.log%s", suffix);
	write_file(&f, name, rearrange(&f, name, a, b));
	if (chain_too) {
		snprintf(name, sizeof(name), "audit.chain%s", suffix);
		write_file(&f, name, rearrange(&f, name, a + 1, b + 1));
	}
	check_found(&f, where);
	fixture_free(&f);
}

TEST("verify finds a removed record, wherever it was and however neatly")
{
	check_rearranged(".1", 0, -2, false, "audit.log.1:1: the record does not fit");
	check_rearranged(".1", 0, -2, true, "audit.log.1:1: the record does not fit");
	check_rearranged(".1", 2, -2, true, "audit.log.1:3: the record does not fit");
	check_rearranged(".1", 4, -2, false, "audit.log.1:5: the record is missing");
	check_rearranged(".1", 4, -2, true, "audit.chain.2:1: does not follow");
	check_rearranged("", 0, -2, true, "audit.log:1: the record does not fit");
	check_rearranged("", 1, -2, false, "audit.log:2: the record is missing");
}

TEST("verify finds exchanged records")
{
	check_rearranged(".1", 0, 1, false, "audit.log.1:1: the record does not fit");
	check_rearranged(".1", 1, 3, true, "audit.log.1:2: the record does not fit");
	check_rearranged("", 0, 1, true, "audit.log:1: the record does not fit");
}

TEST("verify finds any changed byte of any record, and of any chain line")
{
	struct fixture f = twelve_records();
	static const char *const files[] = { "audit.log.2", "audit.chain.2", "audit.log",
		"audit.chain" };

	for (size_t i = 0; i < COUNT(files); i++) {
		struct str whole = read_file(&f, files[i]);
		char *changed = arena_strz(f.arena, whole);

		for (size_t at = 0; at < whole.n; at += 17) {
			uint64_t n;
			struct err e;

			changed[at] ^= 1;
			write_file(&f, files[i], (struct str){ changed, whole.n });
			CHECK_ERR(audit_verify(f.logs, f.keyring, &n, &e), &e, ERR_CORRUPT);
			changed[at] ^= 1;
		}
		write_file(&f, files[i], whole);
	}
	assert_int_equal(verified(&f), 12);
	fixture_free(&f);
}

TEST("verify finds an added record, an unfinished one, and one copied from elsewhere")
{
	struct fixture f = twelve_records();
	struct str log = read_file(&f, "audit.log");
	AUTO_BUF more = BUF_INIT;

	buf_str(&more, log);
	buf_str(&more, head_of(log, 1, 0));
	write_file(&f, "audit.log", buf_view(&more));
	check_found(&f, "audit.log:3: a record that is not in the chain");
	write_file(&f, "audit.log", head_of(buf_view(&more), 2, 9));
	check_found(&f, "audit.log:3: a record that is not in the chain");
	write_file(&f, "audit.log", log);
	write_file(&f, "audit.chain", head_of(read_file(&f, "audit.chain"), 2, 50));
	check_found(&f, "audit.log:2: a record that is not in the chain");
	fixture_free(&f);
}

TEST("verify finds a missing pair in the middle and a missing file; the oldest may be deleted")
{
	struct fixture f = twelve_records();
	struct str chain = read_file(&f, "audit.chain.2");

	remove_in(&f, "audit.chain.2");
	check_found(&f, "cannot open audit.chain.2");
	write_file(&f, "audit.chain.2", chain);
	remove_in(&f, "audit.log.1");
	remove_in(&f, "audit.chain.1");
	assert_int_equal(verified(&f), 7);
	open_audit(&f);
	write_event(&f, "M");
	close_audit(&f);
	assert_int_equal(verified(&f), 8);
	fixture_free(&f);
	f = twelve_records();
	remove_in(&f, "audit.log.2");
	remove_in(&f, "audit.chain.2");
	check_found(&f, "audit.chain:1: does not follow");
	fixture_free(&f);
}

TEST("verify with another store's key, and of no folder at all, fails")
{
	struct fixture f = twelve_records();
	struct fixture other = fixture_new("mem");
	uint64_t n;
	struct err e;

	CHECK_ERR(audit_verify(f.logs, other.keyring, &n, &e), &e, ERR_CORRUPT);
	CHECK_ERR(audit_verify("/nowhere/at/all", f.keyring, &n, &e), &e, ERR_CONFIG);
	fixture_free(&f);
	fixture_free(&other);
}

TEST("a start is refused when the newest files were changed, cut alike, removed or exchanged")
{
	struct fixture f = twelve_records();
	struct str log = read_file(&f, "audit.log"), chain = read_file(&f, "audit.chain");
	char *changed = arena_strz(f.arena, log);

	changed[30] ^= 1;
	write_file(&f, "audit.log", (struct str){ changed, log.n });
	check_not_opened(&f, "audit.log:1: the record does not fit the chain");
	write_file(&f, "audit.log", head_of(log, 1, 0));
	write_file(&f, "audit.chain", head_of(chain, 2, 0));
	check_not_opened(&f, "the file ends at record 11, though 12 were written");
	write_file(&f, "audit.chain", head_of(chain, 0, 0));
	check_not_opened(&f, "audit.chain:1: is not a chain's first line");
	remove_in(&f, "audit.chain");
	check_not_opened(&f, "cannot open audit.chain");
	remove_in(&f, "audit.log");
	check_not_opened(&f, "audit.log is missing, though 12 records were written");
	write_file(&f, "audit.log", read_file(&f, "audit.log.2"));
	write_file(&f, "audit.chain", read_file(&f, "audit.chain.2"));
	check_not_opened(&f, "audit.chain:1: does not follow the files before it");
	write_file(&f, "audit.log", log);
	write_file(&f, "audit.chain", chain);
	open_audit(&f);
	write_event(&f, "M");
	assert_int_equal(verified(&f), 13);
	fixture_free(&f);
}

TEST("an acknowledged gap begins a new chain with PawlAuditGap; the old files are set aside")
{
	struct fixture f = twelve_records();
	struct str log = read_file(&f, "audit.log");
	char *changed = arena_strz(f.arena, log);

	changed[30] ^= 1;
	write_file(&f, "audit.log", (struct str){ changed, log.n });
	f.resume_broken = true;
	open_audit(&f);
	put_event(&f, "M");
	assert_string_equal(names_in(&f, "audit.log"), "PawlAuditGap M ");
	assert_true(has_file(&f, "audit.log.3.broken"));
	assert_true(has_file(&f, "audit.chain.3.broken"));
	assert_int_equal(verified(&f), 12);
	close_audit(&f);
	f.resume_broken = false;
	open_audit(&f);
	write_event(&f, "N");
	close_audit(&f);
	assert_int_equal(verified(&f), 13);

	remove_in(&f, "audit.log");
	f.resume_broken = true;
	open_audit(&f);
	put_event(&f, "O");
	assert_string_equal(names_in(&f, "audit.log"), "PawlAuditGap O ");
	assert_true(has_file(&f, "audit.chain.4.broken"));
	assert_int_equal(verified(&f), 12);
	fixture_free(&f);
}

TEST("a chain that begins anew without a PawlAuditGap record is found")
{
	struct fixture f = twelve_records();
	struct chain_head h = { .seq = 10, .row = 5 };
	struct str log = read_file(&f, "audit.log");
	char lines[2 * CHAIN_LINE_LEN];

	chain_line(&h, lines);
	chain_step(&h, f.keyring, 0, (struct str){ log.p, head_of(log, 1, 0).n - 1 });
	chain_line(&h, lines + CHAIN_LINE_LEN);
	write_file(&f, "audit.chain", (struct str){ lines, sizeof(lines) });
	write_file(&f, "audit.log", head_of(log, 1, 0));
	check_found(&f, "audit.log:1: a chain begins anew without a PawlAuditGap record");
	fixture_free(&f);
}

/* ---- threads */

#define THREADS 4
#define EACH 100

static void *
write_many(void *arg)
{
	struct fixture *f = arg;
	struct audit_event v = event("R");
	struct err e;

	for (int i = 0; i < EACH; i++) {
		if (!audit_write(f->audit, &v, &e))
			return "audit_write failed";
	}
	return NULL;
}

static void *
put_many(void *arg)
{
	struct fixture *f = arg;
	struct put p = { .audit = f->audit, .names = { "W" } };
	struct err e;

	for (int i = 0; i < EACH; i++) {
		if (!store_update(f->store, put_body, &p, &e))
			return "store_update failed";
	}
	return NULL;
}

TEST("threads that read and change at the same time lose no record")
{
	struct fixture f = fixture_new("mem");
	pthread_t threads[2 * THREADS];
	void *complaint;

	f.rotate_bytes = 20000;
	open_store(&f);
	open_audit(&f);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, i & 1 ? put_many : write_many, &f), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], &complaint);
		if (complaint != NULL)
			fail_msg("%s", (char *)complaint);
	}
	assert_int_equal(verified(&f), 2 * THREADS * EACH);
	fixture_free(&f);
}
