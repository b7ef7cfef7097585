/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code.h - a function's code as it is uploaded: a zip, looked at and put beside the store.
 *
 * The look is at names and declared sizes only. Nothing is decompressed here; the runner does that
 * in a process of its own and counts what really comes out (runner/package.h).
 */
#pragma once
#include <stdint.h>

#include "api/op.h"

#define CODE_MAX_UNZIPPED 262144000

struct code_input {
	struct str zip_file, s3_bucket, s3_key, image_uri;
	/* found out by code_take */
	uint8_t sha256[32];
	bool is_stored;
};
extern const struct field code_fields[];
/* Its rows, for a struct that holds a code_input at `base`. */
#define CODE_ROW(name, base, m) \
	{ name, FIELD_STRING, .at = (base) + offsetof(struct code_input, m) }
#define CODE_ROWS(base) \
	{ "ZipFile", FIELD_BLOB, .at = (base) + offsetof(struct code_input, zip_file) }, \
	CODE_ROW("S3Bucket", base, s3_bucket), CODE_ROW("S3Key", base, s3_key), \
	CODE_ROW("ImageUri", base, image_uri)

/* May these bytes be a function's code? */
MUST_CHECK bool zip_check(struct str zip, struct err *e);

/* The check stage of an upload, before any transaction: refuses what cannot be run and writes
 * DATA/functions/SHA256.zip, durable when it returns. The name is the content, so a file that no
 * record comes to name is harmless. */
MUST_CHECK bool code_take(struct op_ctx *ctx, struct code_input *in, const char *operation,
    bool is_dry_run, struct err *e);
