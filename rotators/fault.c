/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/fault.h"

#include <stdio.h>
#include <string.h>

bool
fault_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	size_t n;

	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", old);
	return false;
}

const char *
fault_type(const struct err *e)
{
	static const char *const types[] = {
#define X(code, type) [code - FAULT_FIRST] = type,
		FAULTS(X)
#undef X
	};
	int code = (int)e->code;

	if (code > (int)FAULT_FIRST && code < (int)FAULT_END)
		return types[code - (int)FAULT_FIRST];
	if (code == ERR_ACCESS_DENIED)
		return "PERMISSION";
	if (code > ERR_NONE && code < ERR_CODE_END && err_status(e->code) == 503)
		return "TRANSIENT";
	return "FUNCTION_ERROR";
}
