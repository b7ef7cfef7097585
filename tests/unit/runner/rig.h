/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - a runner process, func's thread in front of it, and packages made on the spot. The asking
 * side is compiled in, because the layers of src/ know of no folder that holds both.
 */
#pragma once
#include "test.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/codec.h"
#include "base/log.h"
#include "func/local.c"
#include "runner/package.h"
#include "runner/runner.h"

#define RIG_PYTHON "/usr/bin/python3"
#define REQUEST_ID "6f0c7a1e-54b5-4b0e-9d0a-3c1f2f6f9a11"

struct rig {
	struct arena *arena;
	char dir[64];
	pid_t pid;
	struct func *func;
	int keepalive_ms, init_timeout_ms, sandboxes;
};

__attribute__((unused)) static void
write_text(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

__attribute__((unused)) static const char *
node_path(void)
{
	static const char *const paths[] = { "/usr/bin/node", "/usr/local/bin/node",
		"/usr/bin/nodejs", NULL };

	for (size_t i = 0; paths[i] != NULL; i++) {
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	}
	return NULL;
}

/* The folders, and a configuration that names them. */
__attribute__((unused)) static void
rig_place(struct rig *r, struct runner_config *out)
{
	struct runner_config c = { .python = RIG_PYTHON, .node = node_path() };
	char cwd[1024], path[1200];

	log_setup("test", getenv("RIG_LOG") != NULL ? LOG_DEBUG : LOG_ERR);
	r->arena = arena_new();
	snprintf(r->dir, sizeof(r->dir), "/tmp/pawl-runner-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	assert_int_equal(chmod(r->dir, 0711), 0);
	snprintf(path, sizeof(path), "%s/libexec", r->dir);
	assert_int_equal(mkdir(path, 0755), 0);
	c.libexec = arena_strdup(r->arena, path);
	snprintf(path, sizeof(path), "%s/libexec/rotators", r->dir);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(path, sizeof(path), "%s/runtimes", cwd);
	assert_int_equal(symlink(path, arena_printf(r->arena, "%s/runtimes", c.libexec)), 0);
	c.folder = arena_printf(r->arena, "%s/functions", r->dir);
	c.keepalive_ms = r->keepalive_ms > 0 ? r->keepalive_ms : 60000;
	c.init_timeout_ms = r->init_timeout_ms > 0 ? r->init_timeout_ms : 10000;
	c.sandboxes = r->sandboxes > 0 ? r->sandboxes : 16;
	*out = c;
}

__attribute__((unused)) static void
rig_open(struct rig *r)
{
	struct func_config fc = { .keeper_fd = 0 };
	struct runner_config c;
	struct err e;

	rig_place(r, &c);
	CHECK_OK(runner_fork(&c, &fc.runner_pid, &fc.runner_fd, &e), &e);
	r->pid = fc.runner_pid;
	r->func = func_start(&fc, &e);
	CHECK_OK(r->func != NULL, &e);
}

__attribute__((unused)) static void
rig_close(struct rig *r)
{
	struct err e;

	func_stop(r->func);
	CHECK_OK(package_remove(r->dir, &e), &e);
	arena_free(r->arena);
}

/* ---- packages */

struct file {
	const char *name, *text;
	mode_t mode;		/* with its type; 0 = no Unix mode */
};

__attribute__((unused)) static const char *
make_zip(struct rig *r, const char *name, const struct file *files, size_t n)
{
	char *path = arena_printf(r->arena, "%s/%s.zip", r->dir, name);
	zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

	assert_non_null(z);
	for (size_t i = 0; i < n; i++) {
		zip_source_t *src = zip_source_buffer(z, files[i].text, strlen(files[i].text), 0);
		zip_int64_t at;

		assert_non_null(src);
		at = zip_file_add(z, files[i].name, src, ZIP_FL_OVERWRITE);
		assert_true(at >= 0);
		if (files[i].mode != 0)
			zip_file_set_external_attributes(z, (zip_uint64_t)at, 0, ZIP_OPSYS_UNIX,
			    (zip_uint32_t)files[i].mode << 16);
	}
	assert_int_equal(zip_close(z), 0);
	return path;
}

__attribute__((unused)) static const char *
sha256_of(struct rig *r, const char *path)
{
	unsigned char raw[32];
	char *hex = arena_alloc(r->arena, 65);
	FILE *f = fopen(path, "re");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char buf[4096];
	size_t n;

	assert_non_null(f);
	assert_int_equal(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL), 1);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		EVP_DigestUpdate(ctx, buf, n);
	EVP_DigestFinal_ex(ctx, raw, NULL);
	EVP_MD_CTX_free(ctx);
	fclose(f);
	hex_encode(raw, sizeof(raw), hex);
	return hex;
}

/* ---- calls */

struct waiting {
	pthread_mutex_t lock;	/* guards left */
	pthread_cond_t changed;
	int left;
};
#define WAITING(n) { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, (n) }

__attribute__((unused)) static void
on_done(struct func_call *call)
{
	struct waiting *w = call->arg;

	pthread_mutex_lock(&w->lock);
	w->left--;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

__attribute__((unused)) static void
wait_all(struct waiting *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->left > 0)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

__attribute__((unused)) static struct func_spec
spec_of(struct rig *r, const char *runtime, const char *handler, const struct file *files,
    size_t n)
{
	static unsigned number;
	const char *zip = make_zip(r, arena_printf(r->arena, "f%u", ++number), files, n);

	return (struct func_spec){
		.arn = STR_LIT("arn:aws:lambda:eu-west-1:000000000000:function:f"),
		.name = STR_LIT("f"), .account = STR_LIT("000000000000"),
		.region = STR_LIT("eu-west-1"), .role = STR_LIT("arn:aws:iam::000000000000:role/r"),
		.version = STR_LIT("$LATEST"), .runtime = str_of(runtime), .handler = str_of(handler),
		.code_sha256 = str_of(sha256_of(r, zip)), .code_path = str_of(zip),
		.revision = STR_LIT("1"), .timeout_s = 30, .memory_mb = 256,
	};
}

__attribute__((unused)) static struct func_spec
python_spec(struct rig *r, const char *text)
{
	struct file files[] = { { "lambda_function.py", text, S_IFREG | 0644 } };

	return spec_of(r, "python3.11", "lambda_function.lambda_handler", files, 1);
}

__attribute__((unused)) static struct func_call
call_of(struct rig *r, const struct func_spec *spec, const char *payload)
{
	return (struct func_call){
		.arena = r->arena, .spec = *spec, .request_id = STR_LIT(REQUEST_ID),
		.payload = str_of(payload), .access_key_id = STR_LIT("ASIAEXAMPLE"),
		.secret_access_key = STR_LIT("secret-key"), .session_token = STR_LIT("token"),
		.endpoint_url = STR_LIT("http://127.0.0.1:7295"),
	};
}

__attribute__((unused)) static struct func_result
invoke_call(struct rig *r, struct func_call *call)
{
	struct waiting w = WAITING(1);

	call->done = on_done;
	call->arg = &w;
	func_invoke(r->func, call);
	wait_all(&w);
	return call->result;
}

__attribute__((unused)) static struct func_result
invoke(struct rig *r, const struct func_spec *spec, const char *payload)
{
	struct func_call call = call_of(r, spec, payload);

	return invoke_call(r, &call);
}

#define CHECK_OUTCOME(res, want) \
	do { \
		if ((res).outcome != (want)) \
			fail_msg("outcome %d, wanted %d: '" STR_FMT "' '" STR_FMT "' log '" STR_FMT "'", \
			    (int)(res).outcome, (int)(want), STR_ARG((res).error_type), \
			    STR_ARG((res).error_message), STR_ARG((res).log_tail)); \
	} while (0)
#define CHECK_HAS(text, part) \
	do { \
		struct str text_ = (text); \
		if (memmem(text_.p, text_.n, (part), strlen(part)) == NULL) \
			fail_msg("'%s' is not in '" STR_FMT "'", (part), STR_ARG(text_)); \
	} while (0)
#define CHECK_HAS_NOT(text, part) \
	do { \
		struct str text_ = (text); \
		if (memmem(text_.p, text_.n, (part), strlen(part)) != NULL) \
			fail_msg("'%s' is in '" STR_FMT "'", (part), STR_ARG(text_)); \
	} while (0)
