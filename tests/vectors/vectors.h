/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors.h - runs folders of test vectors (spec/security.md 1.10, 2.16) and counts.
 *
 * A folder is recognised by what it holds: context.json is one signing case, cases.json a list of
 * signed requests, a known *.json a list of policy cases, anything else a folder of folders.
 * One line on stdout per comparison that failed. build/vectors and the unit tests share it.
 */
#pragma once
#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

struct tally {
	size_t passed, failed;
};

/* False when the folder holds nothing this program knows. */
bool vectors_run(struct tally *t, const char *dir);

/* One kind of folder each; false when `dir` is not of that kind. */
bool vectors_sigv4_case(struct tally *t, const char *dir);
bool vectors_sigv4_requests(struct tally *t, const char *dir);
bool vectors_iam(struct tally *t, const char *dir);

/* STR_NULL when there is no such file. */
struct str vectors_read(struct arena *a, const char *dir, const char *name);
/* NULL when there is no such file; a file that is not JSON counts as a failure. */
json_t *vectors_read_json(struct tally *t, struct arena *a, const char *dir, const char *name);
/* Counts one comparison and prints where it failed. */
void vectors_equal(struct tally *t, const char *where, const char *what, struct str got,
    struct str want);
void vectors_check(struct tally *t, const char *where, const char *what, bool is_good);
/* The text of a member as a NUL-terminated string, "" when absent. */
const char *vectors_text(struct arena *a, const json_t *object, const char *key);
