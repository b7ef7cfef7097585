/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject.h - the function a call is about: what stands in its path or body, with ?Qualifier
 * (spec/rotation.md 5.8), and the refusals all operations share.
 */
#pragma once
#include "api/op.h"
#include "catalog/function.h"

#define LATEST "$LATEST"
#define MSG_NO_FUNCTION "Function not found: " STR_FMT
#define MSG_REVISION "The Revision Id provided does not match the latest Revision Id. " \
	"Call the %s API to retrieve the latest Revision Id"

struct subject {
	struct function_ref ref;	/* qualifier: STR_NULL when none was given */
	struct str arn;			/* without qualifier */
	struct function *f;		/* set by the look-ups below */
};

/* Any form of name; this account and this region. */
MUST_CHECK bool subject_parse(struct op_ctx *ctx, struct str text, struct str qualifier,
    struct subject *out, struct err *e);
/* The function of the path, with ?Qualifier. out->f is NULL when there is none. */
MUST_CHECK bool subject_look_up(struct op_ctx *ctx, struct subject *out, struct err *e);
/* The same for a parsed one, in any catalog. */
MUST_CHECK bool subject_find(struct catalog *c, struct subject *s, struct err *e);
/* Refused when there is none. */
MUST_CHECK bool subject_get(struct op_ctx *ctx, struct subject *out, struct err *e);
/* Refused also when it is built in. */
MUST_CHECK bool subject_get_registered(struct op_ctx *ctx, struct subject *out, struct err *e);
/* Refused also for a published version: its code and settings never change. */
MUST_CHECK bool subject_get_latest(struct op_ctx *ctx, struct subject *out, struct err *e);
bool subject_missing(struct op_ctx *ctx, const struct subject *s, struct err *e);
/* The ARN as the caller named it, with its qualifier. */
struct str subject_arn(struct arena *a, const struct subject *s);

/* "$LATEST" or a number. */
struct str function_version(struct arena *a, const struct function *f);
struct str new_revision(struct arena *a);
/* A new RevisionId and time of change. */
void function_touch(struct op_ctx *ctx, struct function *f);
/* Is `given` absent or the present revision? `call` is what to call to learn it. */
MUST_CHECK bool revision_check(struct str given, struct str present, const char *call,
    struct err *e);

/* Patterns of the model. */
bool is_function_name(struct str s);	/* [a-zA-Z0-9-_]+ */
bool is_qualifier(struct str s);
/* AWS's form for a value outside the body. */
bool violation_set(struct err *e, struct str value, const char *at, const char *constraint);
