/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "test.h"

TEST("bytes are appended in order, whatever the pieces")
{
	AUTO_BUF b = BUF_INIT;

	CHECK_STR(buf_view(&b), "");
	buf_z(&b, "a");
	buf_str(&b, STR_LIT("bc"));
	buf_str(&b, STR_NULL);
	buf_add(&b, NULL, 0);
	buf_c(&b, 'd');
	buf_printf(&b, "%d-%s", 42, "x");
	CHECK_STR(buf_view(&b), "abcd42-x");
}

TEST("integers are written big-endian")
{
	AUTO_BUF b = BUF_INIT;

	buf_u32be(&b, 0x01020304);
	buf_u64be(&b, UINT64_C(0xfffefdfcfbfaf9f8));
	assert_int_equal(b.n, 12);
	assert_memory_equal(b.p, "\1\2\3\4\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", 12);
}

TEST("growing keeps what is there")
{
	AUTO_BUF b = BUF_INIT;

	for (unsigned i = 0; i < 100000; i++)
		buf_c(&b, (char)(i * 7));
	assert_int_equal(b.n, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal((unsigned char)b.p[i], i * 7 & 0xff);
	buf_printf(&b, "%01000d", 1);
	assert_int_equal(b.n, 101000);
}

TEST("a reset buffer is empty, wiped, and keeps its memory")
{
	AUTO_BUF b = BUF_INIT;
	char *p;

	buf_z(&b, "secret");
	p = b.p;
	buf_reset(&b);
	assert_int_equal(b.n, 0);
	assert_ptr_equal(b.p, p);
	assert_memory_equal(p, "\0\0\0\0\0\0", 6);
	buf_z(&b, "x");
	CHECK_STR(buf_view(&b), "x");
}

TEST("a freed buffer can be used again, and freed twice")
{
	struct buf b = BUF_INIT;

	buf_z(&b, "one");
	buf_free(&b);
	buf_free(&b);
	buf_z(&b, "two");
	CHECK_STR(buf_view(&b), "two");
	buf_free(&b);
	buf_reset(&b);
}
