/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h - how a step that failed is reported: errorType is a class of spec/rotation.md 3.6, so
 * that the engine knows whether trying again can help.
 *
 * A fault travels in the ordinary `struct err`, with a code above those of base/err.h; an err with
 * a code of base/err.h (an answer of Secrets Manager, say) is reported as FUNCTION_ERROR, as
 * PERMISSION when access was denied, or as TRANSIENT when the server could not answer.
 */
#pragma once
#include "base/err.h"

#define FAULTS(X) \
	/* the target or the network; nothing was decided */ \
	X(FAULT_TRANSIENT, "TRANSIENT") \
	/* the secret's value must be changed first */ \
	X(FAULT_CONFIG, "CONFIG") \
	/* every known credential was rejected */ \
	X(FAULT_CREDENTIAL_DEAD, "CREDENTIAL_DEAD") \
	/* the target refuses this very password */ \
	X(FAULT_POLICY_REJECTED, "POLICY_REJECTED") \
	/* a right is missing, at the target or in pawl; somebody has to grant it */ \
	X(FAULT_PERMISSION, "PERMISSION") \
	/* nothing carries AWSCURRENT */ \
	X(FAULT_NO_CURRENT_VALUE, "NO_CURRENT_VALUE") \
	/* anything else; worth another attempt */ \
	X(FAULT_FUNCTION, "FUNCTION_ERROR")

enum fault {
	FAULT_FIRST = ERR_CODE_END,
#define X(code, type) code,
	FAULTS(X)
#undef X
	FAULT_END
};

/* Sets e and returns false, as err_set does. */
#define fault_set(e, code, ...) err_set((e), (enum err_code)(code), __VA_ARGS__)
static inline bool
fault_is(const struct err *e, enum fault code)
{
	return (int)e->code == (int)code;
}
/* Adds context to the front of `msg`; returns false. */
bool fault_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The errorType of an err of either kind. */
const char *fault_type(const struct err *e);
