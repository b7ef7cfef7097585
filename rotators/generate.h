/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generate.h - the new value of a secret: a password by the target's rules or the secret's own
 * (`pawl.password`, `pawl.generate`), written into the text of the current value together with the
 * members that depend on it (`pawl.update`).
 */
#pragma once
#include "rotators/rotation.h"

struct generate_fields {
	struct str password;
	const char *username;		/* NULL: stays */
};

/*
 * pawl.password{length, exclude, excludeNumbers, excludePunctuation, excludeUppercase,
 * excludeLowercase, requireEachIncludedType} override 32 characters, the target's exclude set, one
 * of each class. Without a target, pawl.generate may ask for "uuid", "hexN" or "base64-N", N being
 * random bytes from 16 to 512.
 */
MUST_CHECK bool generate_password(
    struct rotation *r, struct str current, struct str *out, struct err *e);

/*
 * A text that is no JSON object becomes the password itself. In an object the member password is
 * replaced, then each member named in pawl.update by its template, in which {member} stands for a
 * member's new value and {member:urlencode} for the same percent-encoded.
 */
MUST_CHECK bool generate_apply(struct arena *a, struct str current,
    const struct generate_fields *fields, struct str *out, struct err *e);
