/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate/rotation.h"

#include <string.h>

/* pawl's own additions to AWS's list of events carry pawl's source, never AWS's (7.1). */
static bool
is_aws_event(const char *name)
{
	static const char *const known[] = { "RotationStarted", "RotationSucceeded",
		"RotationFailed", "RotationAbandoned", "TestRotationStarted",
		"TestRotationSucceeded", "TestRotationFailed" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i]) == 0)
			return true;
	}
	return false;
}

static void
write_cause(struct jsonw *w, const struct run *r)
{
	jsonw_key(w, "PawlError");
	jsonw_open(w);
	jsonw_kint(w, "attempt", r->attempt);
	jsonw_kstr(w, "class", r->error_class);
	jsonw_kstr(w, "message", r->error_message);
	if (!run_is_terminal(r))
		jsonw_kint(w, "nextAttempt", r->not_before_ms / 1000);
	jsonw_kstr(w, "type", r->error_type);
	jsonw_close(w);
}

bool
rotation_event(const struct rotation_ctx *x, const struct secret *s, const struct run *r,
    const char *name, struct str error_message, struct err *e)
{
	AUTO_BUF data = BUF_INIT;
	struct jsonw w = jsonw_on(&data);
	struct audit_event v = { .identity = AUDIT_SERVICE, .account = s->account,
		.invoked_by = STR_LIT("secretsmanager.amazonaws.com"),
		.time_ms = x->cat->now_ms, .name = str_of(name), .region = s->region,
		.source_ip = STR_LIT("secretsmanager.amazonaws.com"),
		.user_agent = STR_LIT("secretsmanager.amazonaws.com"),
		.error_message = error_message, .is_service_event = true,
		.recipient_account = s->account };

	if (x->audit == NULL)
		return true;
	v.source = is_aws_event(name) ? STR_LIT("secretsmanager.amazonaws.com") :
	    STR_LIT("pawl.internal");
	jsonw_open(&w);
	if (error_message.p != NULL)
		write_cause(&w, r);
	jsonw_kstr(&w, "SecretId", s->arn);
	jsonw_close(&w);
	v.additional_data = buf_view(&data);
	v.request_id = str_of(arena_printf(x->cat->arena, "Rotation-" STR_FMT "-" STR_FMT,
	    STR_ARG(s->arn), STR_ARG(r->token)));
	return audit_put(x->audit, x->cat->txn, &v, e);
}
