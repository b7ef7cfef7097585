/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pool of locked pages, cut into blocks of a few sizes:
 *
 *	guard page | block block block ... | guard page
 *
 * A block is a header and its bytes. Freed blocks wait, wiped, on the list of their size class;
 * a full pool is followed by another one. What is larger than the largest class gets a mapping
 * of its own, with its own guards, and gives it back. Pools are never given back: the process
 * keeps its keys until it ends.
 *
 * Pages are kept out of core files (MADV_DONTDUMP) and read as zeros in a child (MADV_WIPEONFORK);
 * older kernels may refuse either, which is not an error.
 */
#include "base/secbuf.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CLASS_MIN 64		/* bytes, header included */
#define CLASSES 9		/* 64 << 0 .. 64 << 8 = 16 KiB */
#define CLASS_OWN CLASSES	/* a mapping of its own */
#define POOL_SIZE (256 * 1024)

struct secbuf {
	size_t n;
	uint32_t class;
	_Alignas(16) uint8_t bytes[];
};

/* A free block; lies over the block's first bytes. */
struct free_block {
	struct free_block *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* guards the three below; a leaf */
static struct free_block *free_blocks[CLASSES];
static uint8_t *pool_next;	/* the current pool's first unused byte */
static size_t pool_left;
static atomic_bool was_refused;	/* sticky: some pages are not locked */

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t
round_up_to_page(size_t n)
{
	size_t page = page_size();

	return (n + page - 1) / page * page;
}

/* Maps n bytes (whole pages) between two guard pages. */
static uint8_t *
map_locked(size_t n)
{
	size_t page = page_size();
	uint8_t *p = mmap(NULL, n + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + page, n, PROT_READ | PROT_WRITE) != 0) {
		fprintf(stderr, "pawl: out of memory (%zu locked bytes)\n", n);
		abort();
	}
	p += page;
	if (mlock(p, n) != 0)
		atomic_store(&was_refused, true);
	(void)madvise(p, n, MADV_DONTDUMP);
	(void)madvise(p, n, MADV_WIPEONFORK);
	return p;
}

static void
unmap_locked(uint8_t *p, size_t n)
{
	size_t page = page_size();

	munmap(p - page, n + 2 * page);
}

static uint32_t
class_of(size_t total)
{
	uint32_t class = 0;

	while (class < CLASSES && ((size_t)CLASS_MIN << class) < total)
		class++;
	return class;
}

/* The caller holds the lock. The rest of a full pool is smaller than `size` and stays unused. */
static void *
take_from_pool(size_t size)
{
	void *p;

	if (pool_left < size) {
		pool_next = map_locked(POOL_SIZE);
		pool_left = POOL_SIZE;
	}
	p = pool_next;
	pool_next += size;
	pool_left -= size;
	return p;
}

static void *
take_block(uint32_t class)
{
	struct free_block *f;
	void *p;

	pthread_mutex_lock(&lock);
	f = free_blocks[class];
	if (f != NULL) {
		free_blocks[class] = f->next;
		f->next = NULL;
		p = f;
	} else {
		p = take_from_pool((size_t)CLASS_MIN << class);
	}
	pthread_mutex_unlock(&lock);
	return p;
}

struct secbuf *
secbuf_new(size_t n)
{
	size_t total = sizeof(struct secbuf) + n;
	uint32_t class;
	struct secbuf *s;

	if (n > SIZE_MAX / 2)
		abort();	/* as arena_alloc: no caller takes such a length from outside */
	class = class_of(total);
	if (class == CLASS_OWN)
		s = (struct secbuf *)map_locked(round_up_to_page(total));
	else
		s = take_block(class);
	s->n = n;
	s->class = class;
	return s;
}

struct secbuf *
secbuf_copy(const void *p, size_t n)
{
	struct secbuf *s = secbuf_new(n);

	if (n > 0)
		memcpy(s->bytes, p, n);
	return s;
}

void
secbuf_free(struct secbuf *s)
{
	struct free_block *f = (struct free_block *)s;
	uint32_t class;

	if (s == NULL)
		return;
	class = s->class;
	assert(class <= CLASS_OWN);
	if (class == CLASS_OWN) {
		size_t mapped = round_up_to_page(sizeof(*s) + s->n);

		explicit_bzero(s, mapped);
		unmap_locked((uint8_t *)s, mapped);
		return;
	}
	explicit_bzero(s, sizeof(*s) + s->n);
	pthread_mutex_lock(&lock);
	f->next = free_blocks[class];
	free_blocks[class] = f;
	pthread_mutex_unlock(&lock);
}

size_t
secbuf_len(const struct secbuf *s)
{
	return s->n;
}

uint8_t *
secbuf_expose(struct secbuf *s)
{
	return s->bytes;
}

const uint8_t *
secbuf_expose_const(const struct secbuf *s)
{
	return s->bytes;
}

bool
secbuf_equal(const struct secbuf *a, const struct secbuf *b)
{
	return a->n == b->n && CRYPTO_memcmp(a->bytes, b->bytes, a->n) == 0;
}

bool
secbuf_is_locked(void)
{
	return !atomic_load(&was_refused);
}
