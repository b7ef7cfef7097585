/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secbuf.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The sanitizers' run time replaces mlock by a function that does nothing and succeeds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_IS_A_STUB true
#else
#define MLOCK_IS_A_STUB false
#endif

static const size_t sizes[] = { 0, 1, 16, 32, 48, 49, 1000, 16368, 16369, 65536, 300000 };

TEST("a new buffer is zeroed, of the length asked for, aligned, and writable to its end")
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct secbuf *s = secbuf_new(sizes[i]);
		uint8_t *p = secbuf_expose(s);

		assert_int_equal(secbuf_len(s), sizes[i]);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xa5, sizes[i]);
		secbuf_free(s);
	}
}

TEST("a freed buffer is wiped at once, and zeroed when its place is used again")
{
	struct secbuf *s = secbuf_copy("the secret that must not stay", 29);
	const volatile uint8_t *p = secbuf_expose_const(s);
	struct secbuf *again;

	secbuf_free(s);
	for (size_t i = 0; i < 29; i++)
		assert_int_equal(p[i], 0);
	again = secbuf_new(29);
	assert_ptr_equal(secbuf_expose(again), p);
	for (size_t i = 0; i < 29; i++)
		assert_int_equal(p[i], 0);
	secbuf_free(again);
	secbuf_free(NULL);
}

TEST("buffers of every size live side by side without touching each other")
{
	struct secbuf *all[COUNT(sizes) * 40];

	for (size_t i = 0; i < COUNT(all); i++) {
		all[i] = secbuf_new(sizes[i % COUNT(sizes)]);
		memset(secbuf_expose(all[i]), (int)(i & 0xff), secbuf_len(all[i]));
	}
	for (size_t i = 0; i < COUNT(all); i++) {
		for (size_t k = 0; k < secbuf_len(all[i]); k++)
			assert_int_equal(secbuf_expose(all[i])[k], i & 0xff);
		secbuf_free(all[i]);
	}
}

TEST("equal means same length and same bytes")
{
	AUTO(secbuf) *a = secbuf_copy("abc", 3);
	AUTO(secbuf) *same = secbuf_copy("abc", 3);
	AUTO(secbuf) *other = secbuf_copy("abd", 3);
	AUTO(secbuf) *shorter = secbuf_copy("ab", 2);
	AUTO(secbuf) *empty = secbuf_new(0);
	AUTO(secbuf) *empty_too = secbuf_copy(NULL, 0);

	assert_true(secbuf_equal(a, same));
	assert_true(secbuf_equal(empty, empty_too));
	assert_false(secbuf_equal(a, other));
	assert_false(secbuf_equal(a, shorter));
	assert_false(secbuf_equal(a, empty));
}

/* The VmFlags line of the mapping that holds p (proc(5)), with a blank before and after. */
static void
vm_flags(const void *p, char out[256])
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	char line[512];
	bool inside = false;

	assert_non_null(f);
	out[0] = '\0';
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, 256, "%.200s ", line + 8);
	}
	fclose(f);
}

TEST("pages are locked, kept out of core files, and not given to children")
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		AUTO(secbuf) *s = secbuf_new(sizes[i]);
		char flags[256];

		vm_flags(s, flags);
		assert_non_null(strstr(flags, " dd "));
		assert_non_null(strstr(flags, " wf "));
		if (secbuf_is_locked() && !MLOCK_IS_A_STUB)
			assert_non_null(strstr(flags, " lo "));
	}
}

/* Runs fn in a child, which leaves its verdict as exit status. */
static int
in_child(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);	/* cmocka would jump back into the test */
		_exit(fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
touch(void *p)
{
	*(volatile uint8_t *)p = 1;
	return 0;
}

TEST("the pages before and after a large buffer cannot be touched")
{
	AUTO(secbuf) *s = secbuf_new(100000);
	uint8_t *p = secbuf_expose(s);
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uint8_t *start = (uint8_t *)((uintptr_t)p / page * page);
	uint8_t *end = (uint8_t *)(((uintptr_t)p + 100000 + page - 1) / page * page);

	assert_int_equal(in_child(touch, p), 0);
	assert_int_not_equal(in_child(touch, start - 1), 0);
	assert_int_not_equal(in_child(touch, end), 0);
}

static int
find_marker(void *arg)
{
	return memcmp(secbuf_expose(arg), "marker", 6) == 0;
}

TEST("a child process reads zeros where the parent keeps its keys")
{
	AUTO(secbuf) *s = secbuf_copy("marker", 6);

	assert_int_equal(find_marker(s), 1);
	assert_int_equal(in_child(find_marker, s), 0);
}

static int
without_memlock(void *arg)
{
	const struct rlimit none = { 0, 0 };
	struct secbuf *s;

	(void)arg;
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		return 2;
	s = secbuf_new(100000);
	memset(secbuf_expose(s), 1, 100000);
	secbuf_free(s);
	return secbuf_is_locked() ? 1 : 0;
}

TEST("where the kernel refuses to lock, buffers still work and secbuf_is_locked says false")
{
	if (MLOCK_IS_A_STUB)
		skip();
	assert_int_equal(in_child(without_memlock, NULL), 0);
}

static void *
take_and_give(void *arg)
{
	unsigned seed = *(unsigned *)arg;
	struct secbuf *held[32] = { NULL };

	for (int i = 0; i < 5000; i++) {
		size_t at = (size_t)rand_r(&seed) % 32;

		if (held[at] != NULL && secbuf_expose(held[at])[0] != (uint8_t)at)
			return "another thread wrote here";
		secbuf_free(held[at]);
		held[at] = secbuf_new(1 + (size_t)rand_r(&seed) % 500);
		secbuf_expose(held[at])[0] = (uint8_t)at;
	}
	for (size_t i = 0; i < 32; i++)
		secbuf_free(held[i]);
	return NULL;
}

TEST("threads take and give back buffers at the same time")
{
	pthread_t threads[4];
	unsigned seeds[4] = { 1, 2, 3, 4 };
	void *complaint;

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &seeds[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &complaint);
		assert_null(complaint);
	}
}
