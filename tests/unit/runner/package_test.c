/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for packages, on zips made here to break them. */
#include "rig.h"

#include <fcntl.h>

struct place {
	struct rig r;		/* its arena and folder only */
	char *dest;
};

static void
place_open(struct place *p)
{
	p->r.arena = arena_new();
	snprintf(p->r.dir, sizeof(p->r.dir), "/tmp/pawl-package-XXXXXX");
	assert_non_null(mkdtemp(p->r.dir));
	p->dest = arena_printf(p->r.arena, "%s/code", p->r.dir);
}

static void
place_close(struct place *p)
{
	struct err e;

	CHECK_OK(package_remove(p->r.dir, &e), &e);
	arena_free(p->r.arena);
}

static struct stat
stat_of(struct place *p, const char *name)
{
	struct stat st;

	assert_int_equal(lstat(arena_printf(p->r.arena, "%s/%s", p->dest, name), &st), 0);
	return st;
}

static bool
unpack(struct place *p, const struct file *files, size_t n, struct err *e)
{
	return package_unpack(make_zip(&p->r, "z", files, n), NULL, p->dest, e);
}

TEST("files, folders and links arrive; execute bits are kept, write and set-id bits are not")
{
	const struct file files[] = {
		{ "bootstrap", "#!/bin/sh\n", S_IFREG | 0755 },
		{ "lib/deep/a.py", "a", S_IFREG | 0664 },
		{ "suid", "x", S_IFREG | 06777 },
		{ "private", "x", S_IFREG | 0600 },
		{ "plain", "x", 0 },
		{ "empty/", "", S_IFDIR | 0700 },
		{ "lib/link", "deep/a.py", S_IFLNK | 0777 },
		{ "lib/up", "../bootstrap", S_IFLNK | 0777 },
		{ "dangling", "not/there", S_IFLNK | 0777 },
	};
	const struct { const char *name; mode_t mode; } rows[] = {
		{ "bootstrap", S_IFREG | 0555 }, { "lib/deep/a.py", S_IFREG | 0444 },
		{ "suid", S_IFREG | 0555 }, { "private", S_IFREG | 0444 }, { "plain", S_IFREG | 0444 },
		{ "empty", S_IFDIR | 0555 }, { "lib", S_IFDIR | 0555 }, { "lib/deep", S_IFDIR | 0555 },
		{ "", S_IFDIR | 0555 }, { "lib/link", S_IFLNK | 0777 }, { "dangling", S_IFLNK | 0777 },
	};
	struct place p;
	struct err e;

	place_open(&p);
	CHECK_OK(unpack(&p, files, sizeof(files) / sizeof(files[0]), &e), &e);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (stat_of(&p, rows[i].name).st_mode != rows[i].mode)
			fail_msg("%s: mode %o", rows[i].name, stat_of(&p, rows[i].name).st_mode);
	}
	place_close(&p);
}

TEST("names that could leave the folder, or hide, are refused")
{
	const struct { const char *name; bool ok; } rows[] = {
		{ "a", true }, { "a/b.py", true }, { "a/", true }, { "a..b", true }, { "...", true },
		{ ".hidden", true }, { "with space", true }, { "\xc3\xa4", true },
		{ "", false }, { "/etc/passwd", false }, { "..", false }, { "../x", false },
		{ "a/../b", false }, { "a/..", false }, { "./a", false }, { "a/./b", false },
		{ "a//b", false }, { "/", false }, { "a\\b", false }, { "a\nb", false },
		{ "a\x7f", false }, { "a//", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (package_name_is_safe(str_of(rows[i].name)) != rows[i].ok)
			fail_msg("'%s'", rows[i].name);
	}
	assert_false(package_name_is_safe((struct str){ "a\0b", 3 }));
}

TEST("hostile packages are refused with AWS's text")
{
	static const struct file rows[][3] = {
		{ { "../escape", "x", S_IFREG | 0644 } },
		{ { "/abs", "x", S_IFREG | 0644 } },
		{ { "link", "/etc/passwd", S_IFLNK | 0777 } },
		{ { "link", "../outside", S_IFLNK | 0777 } },
		{ { "d/link", "../../outside", S_IFLNK | 0777 } },
		/* each harmless by its text, together a way out */
		{ { "a/b/up", "../..", S_IFLNK | 0777 }, { "out", "a/b/up/..", S_IFLNK | 0777 } },
		{ { "loop", "loop", S_IFLNK | 0777 } },
		/* a file through a link: links are made last, so the name is taken by a folder */
		{ { "d", "/tmp", S_IFLNK | 0777 }, { "d/file", "x", S_IFREG | 0644 } },
		{ { "fifo", "", S_IFIFO | 0644 } },
		{ { "device", "", S_IFCHR | 0644 } },
		{ { "file", "x", S_IFREG | 0644 }, { "file/below", "x", S_IFREG | 0644 } },
	};
	struct place p;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = rows[i][1].name == NULL ? 1 : 2;

		place_open(&p);
		if (unpack(&p, rows[i], n, &e))
			fail_msg("row %zu was unpacked", i);
		assert_int_equal(e.code, ERR_LAMBDA_PARAMETER);
		assert_string_equal(e.msg, "Could not unzip uploaded file. Please check your file, "
		    "then try to upload again.");
		assert_int_not_equal(access(arena_printf(p.r.arena, "%s/escape", p.r.dir), F_OK), 0);
		place_close(&p);
	}
}

/* A name that libzip would not add twice: made unequal, then patched in the file. */
TEST("a name that is there twice is refused")
{
	const struct file files[] = { { "same", "1", S_IFREG | 0644 },
		{ "samf", "2", S_IFREG | 0644 } };
	struct place p;
	struct err e;
	char *zip, bytes[1024];
	size_t n;
	FILE *f;

	place_open(&p);
	zip = arena_strdup(p.r.arena, make_zip(&p.r, "z", files, 2));
	f = fopen(zip, "r+e");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	for (size_t i = 0; i + 4 <= n; i++) {
		if (memcmp(bytes + i, "samf", 4) == 0)
			bytes[i + 3] = 'e';
	}
	rewind(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
	CHECK_ERR(package_unpack(zip, NULL, p.dest, &e), &e, ERR_LAMBDA_PARAMETER);
	place_close(&p);
}

TEST("250 MiB unpacked are the limit, counted as they come out")
{
	struct place p;
	struct err e;
	char *zip;
	zip_t *z;
	char *zeros;

	place_open(&p);
	zip = arena_printf(p.r.arena, "%s/bomb.zip", p.r.dir);
	z = zip_open(zip, ZIP_CREATE, NULL);
	zeros = calloc(1, 64u << 20);
	assert_non_null(zeros);
	for (int i = 0; i < 4; i++)	/* 4 × 64 MiB, about 260 KiB packed */
		assert_true(zip_file_add(z, arena_printf(p.r.arena, "f%d", i),
		    zip_source_buffer(z, zeros, 64u << 20, 0), 0) >= 0);
	assert_int_equal(zip_close(z), 0);
	free(zeros);
	CHECK_ERR(package_unpack(zip, NULL, p.dest, &e), &e, ERR_LAMBDA_PARAMETER);
	assert_non_null(strstr(e.detail, "more than 250 MiB unpacked"));
	place_close(&p);
}

TEST("a file that is no zip, is cut short, or has another digest is refused")
{
	const struct file files[] = { { "a", "some text that is long enough", S_IFREG | 0644 } };
	struct place p;
	struct err e;
	const char *zip;
	struct stat st;

	place_open(&p);
	zip = make_zip(&p.r, "z", files, 1);
	CHECK_OK(package_unpack(zip, sha256_of(&p.r, zip), p.dest, &e), &e);
	CHECK_OK(package_remove(p.dest, &e), &e);
	CHECK_ERR(package_unpack(zip, "00", p.dest, &e), &e, ERR_LAMBDA_PARAMETER);
	assert_int_equal(stat(zip, &st), 0);
	for (off_t n = st.st_size - 1; n >= 0; n -= 7) {
		assert_int_equal(truncate(zip, n), 0);
		CHECK_ERR(package_unpack(zip, NULL, p.dest, &e), &e, ERR_LAMBDA_PARAMETER);
	}
	place_close(&p);
}

TEST("a damaged file inside is refused")
{
	const struct file files[] = { { "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	    S_IFREG | 0644 } };
	struct place p;
	struct err e;
	const char *zip;
	FILE *f;

	place_open(&p);
	zip = make_zip(&p.r, "z", files, 1);
	f = fopen(zip, "r+e");
	assert_non_null(f);
	fseek(f, 34, SEEK_SET);		/* past the local header of 30 bytes and the name */
	fputc('?', f);
	fclose(f);
	CHECK_ERR(package_unpack(zip, NULL, p.dest, &e), &e, ERR_LAMBDA_PARAMETER);
	place_close(&p);
}

TEST("a folder is removed whatever its modes, and links in it are not followed")
{
	struct place p;
	struct err e;
	char *keep;

	place_open(&p);
	keep = arena_printf(p.r.arena, "%s/keep", p.r.dir);
	write_text(keep, "x", 0644);
	assert_int_equal(mkdir(p.dest, 0700), 0);
	assert_int_equal(mkdir(arena_printf(p.r.arena, "%s/d", p.dest), 0700), 0);
	assert_int_equal(symlink(p.r.dir, arena_printf(p.r.arena, "%s/d/l", p.dest)), 0);
	assert_int_equal(chmod(arena_printf(p.r.arena, "%s/d", p.dest), 0), 0);
	assert_int_equal(chmod(p.dest, 0), 0);
	CHECK_OK(package_remove(p.dest, &e), &e);
	assert_int_equal(access(keep, F_OK), 0);
	CHECK_OK(package_remove(p.dest, &e), &e);	/* nothing there is fine too */
	place_close(&p);
}
