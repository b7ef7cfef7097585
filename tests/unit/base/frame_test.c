/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/cleanup.h"
#include "base/frame.h"

static struct str
bytes_of(const char *p, size_t n)
{
	return (struct str){ p, n };
}
#define BYTES(s) bytes_of("" s, sizeof(s) - 1)

TEST("a frame is a length, a type and fields, and reads back as written")
{
	AUTO_BUF b = BUF_INIT;
	size_t at = frame_open(&b, 7);
	struct frame_field field;
	struct frame f;
	struct str in;
	int64_t v;

	frame_add(&b, 0x0102, STR_LIT("ab"));
	frame_add_int(&b, 3, -2);
	frame_add(&b, 4, STR_NULL);		/* absent: not there */
	frame_add(&b, 5, STR_LIT(""));		/* empty: there */
	assert_true(frame_close(&b, at));
	assert_true(str_eq(buf_view(&b), BYTES("\0\0\0\x1d\x07" "\x01\x02\0\0\0\2ab"
	    "\0\3\0\0\0\x08\xff\xff\xff\xff\xff\xff\xff\xfe" "\0\5\0\0\0\0")));
	in = buf_view(&b);
	assert_int_equal(frame_take(&in, &f), FRAME_READY);
	assert_int_equal(in.n, 0);
	assert_int_equal(f.type, 7);
	assert_true(frame_next(&f, &field));
	assert_int_equal(field.tag, 0x0102);
	CHECK_STR(field.value, "ab");
	assert_false(frame_int(&field, &v));
	assert_true(frame_next(&f, &field));
	assert_true(frame_int(&field, &v));
	assert_int_equal(v, -2);
	assert_true(frame_int_in(&field, -2, 0, &v));
	assert_false(frame_int_in(&field, -1, 0, &v));
	assert_true(frame_next(&f, &field));
	assert_int_equal(field.tag, 5);
	assert_int_equal(field.value.n, 0);
	assert_false(frame_next(&f, &field));
}

TEST("a frame is taken when its last byte is there, and not a byte earlier")
{
	AUTO_BUF b = BUF_INIT;
	struct frame f;

	for (int i = 0; i < 2; i++) {
		size_t at = frame_open(&b, 1);

		frame_add(&b, 1, STR_LIT("value"));
		assert_true(frame_close(&b, at));
	}
	for (size_t n = 0; n < b.n / 2; n++) {
		struct str in = { b.p, n };

		assert_int_equal(frame_take(&in, &f), FRAME_MORE);
		assert_int_equal(in.n, n);
	}
	for (size_t n = b.n / 2; n < b.n; n++) {
		struct str in = { b.p, n };

		assert_int_equal(frame_take(&in, &f), FRAME_READY);
		assert_int_equal(frame_take(&in, &f), FRAME_MORE);
		assert_int_equal(in.n, n - b.n / 2);
	}
}

TEST("what is no frame is refused whole, before any of it is handed out")
{
	const struct str rows[] = {
		BYTES("\0\0\0\0"),				/* no type */
		BYTES("\x02\0\0\x01\1"),			/* longer than FRAME_MAX */
		BYTES("\xff\xff\xff\xff"),
		BYTES("\0\0\0\2\1\0"),				/* a field cut in its head */
		BYTES("\0\0\0\7\1\0\1\0\0\0\1"),		/* a value that is not there */
		BYTES("\0\0\0\x08\1\0\1\0\0\0\2x"),		/* a value that is too short */
		BYTES("\0\0\0\x08\1\0\1\xff\xff\xff\xffx"),
		BYTES("\0\0\0\x09\1\0\1\0\0\0\1xy"),		/* a byte behind the last field */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str in = rows[i];
		struct frame f;

		assert_int_equal(frame_take(&in, &f), FRAME_BAD);
		assert_int_equal(in.n, rows[i].n);
	}
}

TEST("a frame longer than FRAME_MAX is not written")
{
	AUTO_BUF b = BUF_INIT, big = BUF_INIT;
	size_t at;

	buf_reserve(&big, FRAME_MAX);
	memset(big.p, 'x', FRAME_MAX);
	buf_z(&b, "before");
	at = frame_open(&b, 1);
	frame_add(&b, 1, (struct str){ big.p, FRAME_MAX });
	assert_false(frame_close(&b, at));
	CHECK_STR(buf_view(&b), "before");
	at = frame_open(&b, 1);
	frame_add(&b, 1, (struct str){ big.p, FRAME_MAX - 7 });
	assert_true(frame_close(&b, at));
}

TEST("what was read is forgotten from the front")
{
	AUTO_BUF b = BUF_INIT;

	buf_z(&b, "secret rest");
	frame_drop(&b, 0);
	frame_drop(&b, 7);
	CHECK_STR(buf_view(&b), "rest");
	assert_memory_equal(b.p + 4, "\0\0\0\0\0\0\0", 7);
	frame_drop(&b, 4);
	assert_int_equal(b.n, 0);
}
