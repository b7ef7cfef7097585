/* SPDX-License-Identifier: Apache-2.0 */
/* The audit record of a call: only what the operation's field table does not hide (section 6.3). */
#include "front/call.h"

#include "audit/audit.h"

static void
fill(struct call *c, struct audit_event *v, struct buf *parameters)
{
	const struct principal *p = &c->caller;

	*v = (struct audit_event){
		.identity = p->type == CALLER_SESSION ? AUDIT_ASSUMED_ROLE : AUDIT_IAM_USER,
		.account = p->account, .principal_id = p->user_id, .arn = p->arn,
		.access_key_id = p->access_key_id, .user_name = p->user_name,
		.session_created_ms = p->issued_ms, .time_ms = clock_now_ms(c->server->clock),
		.source = str_of(c->service->event_source), .name = str_of(c->op->name),
		.region = c->claim.region, .source_ip = str_of(c->http->peer),
		.user_agent = header_get(c->http->headers, c->http->header_count, "user-agent"),
		.request_id = str_of(c->request_id),
		.read_only = c->op->mode == OP_READ,
		.recipient_account = p->account, .tls_version = c->http->tls_version,
		.tls_cipher = c->http->tls_cipher,
		.host_header = header_get(c->http->headers, c->http->header_count, "host") };
	if (p->type == CALLER_SESSION) {
		struct str id = p->user_id;

		v->issuer_arn = str_of(arena_printf(c->http->arena, "arn:aws:iam::" STR_FMT
		    ":role/" STR_FMT, STR_ARG(p->account), STR_ARG(p->role_name)));
		v->issuer_name = p->role_name;
		(void)str_split(&id, ':', &v->issuer_id);
	}
	if (c->op->input != NULL && c->input != NULL) {
		struct jsonw w = jsonw_on(parameters);

		fields_audit(c->op->input, c->input, &w);
		v->request_parameters = buf_view(parameters);
	}
}

static struct str
response_elements(struct call *c, struct buf *b)
{
	const struct secret *s = c->ctx.touched;
	unsigned flags = c->op->flags;
	struct jsonw w = jsonw_on(b);

	if (s == NULL || !(flags & OP_AUDIT_ARN))
		return STR_NULL;
	jsonw_open(&w);
	jsonw_kstr(&w, "arn", s->arn);
	if (flags & OP_AUDIT_NAME)
		jsonw_kstr(&w, "name", s->name);
	if ((flags & OP_AUDIT_VERSION) && c->ctx.version_id.p != NULL)
		jsonw_kstr(&w, "versionId", c->ctx.version_id);
	jsonw_close(&w);
	return buf_view(b);
}

bool
record_change(struct call *c, struct txn *t, struct err *e)
{
	AUTO_BUF parameters = BUF_INIT, response = BUF_INIT;
	struct audit_event v;

	fill(c, &v, &parameters);
	v.response_elements = response_elements(c, &response);
	return audit_put(c->server->audit, t, &v, e);
}

bool
record_read(struct call *c, const struct err *refused, struct err *e)
{
	AUTO_BUF parameters = BUF_INIT;
	struct audit_event v;

	fill(c, &v, &parameters);
	if (refused != NULL) {
		v.error_code = refused->code == ERR_ACCESS_DENIED || refused->code == ERR_LAMBDA_DENIED ?
		    STR_LIT("AccessDenied") : str_of(err_type(refused->code));
		v.error_message = str_of(refused->msg);
	}
	return audit_write(c->server->audit, &v, e);
}
