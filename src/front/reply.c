/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in the three dialects: JSON 1.1, REST-JSON (Lambda), query (XML). */
#include "front/call.h"

#include "api/sts/xml.h"

#define JSON_TYPE STR_LIT("application/x-amz-json-1.1")

static void
send(struct call *c, int status, struct header *headers, size_t n, struct str body)
{
	struct http_reply r = { .status = status, .headers = headers, .header_count = n,
		.body = body };

	http_reply(c->http, &r);
}

static struct header
id_header(struct call *c)
{
	return (struct header){ STR_LIT("x-amzn-RequestId"), str_of(c->request_id) };
}

static struct str
type_of(struct call *c)
{
	return c->protocol == PROTOCOL_JSON ? JSON_TYPE : c->protocol == PROTOCOL_REST ?
	    STR_LIT("application/json") : STR_LIT("text/xml");
}

void
reply_ok(struct call *c)
{
	struct header h[8] = { id_header(c), { STR_LIT("Content-Type"), type_of(c) } };
	struct str body = c->op->flags & OP_EMPTY_BODY ? STR_LIT("") : buf_view(&c->out);
	size_t n = 2;

	for (size_t i = 0; i < c->ctx.reply_header_count; i++)
		h[n++] = c->ctx.reply_headers[i];
	send(c, c->ctx.status == 0 ? 200 : c->ctx.status, h, n, body);
}

static void
error_json(struct call *c, const struct err *e, int status)
{
	struct header h[] = { id_header(c), { STR_LIT("Content-Type"), JSON_TYPE } };
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	jsonw_open(&w);
	jsonw_kz(&w, "__type", err_type(e->code));
	if (err_text(e).n > 0)
		jsonw_kstr(&w, err_text_key(e->code), err_text(e));
	jsonw_close(&w);
	send(c, status, h, 2, buf_view(&b));
}

/* Lambda's front door refuses with 403 what the JSON services refuse with 400. */
static int
rest_status(const struct err *e)
{
	switch (e->code) {
	case ERR_UNRECOGNIZED_CLIENT:
	case ERR_INVALID_SIGNATURE:
	case ERR_INCOMPLETE_SIGNATURE:
	case ERR_MISSING_AUTH_TOKEN:
	case ERR_EXPIRED_TOKEN:
	case ERR_ACCESS_DENIED:
		return 403;
	default:
		return err_status(e->code);
	}
}

static void
error_rest(struct call *c, const struct err *e)
{
	struct header h[] = { id_header(c), { STR_LIT("Content-Type"),
		STR_LIT("application/json") },
		{ STR_LIT("x-amzn-ErrorType"), str_of(err_type(e->code)) } };
	AUTO_BUF b = BUF_INIT;
	struct jsonw w = jsonw_on(&b);

	jsonw_open(&w);
	if (e->code == ERR_LAMBDA_NOT_FOUND) {
		jsonw_kstr(&w, "Message", err_text(e));
		jsonw_kz(&w, "Type", "User");
	} else {
		jsonw_kz(&w, "Type", err_status(e->code) >= 500 ? "Service" : "User");
		jsonw_kstr(&w, "message", err_text(e));
	}
	jsonw_close(&w);
	send(c, rest_status(e), h, 3, buf_view(&b));
}

static void
error_query(struct call *c, const struct err *e)
{
	struct header h[] = { id_header(c), { STR_LIT("Content-Type"), STR_LIT("text/xml") } };
	AUTO_BUF b = BUF_INIT;
	int status;

	xml_error(e, str_of(c->request_id), &b, &status);
	send(c, status, h, 2, buf_view(&b));
}

void
reply_error(struct call *c, const struct err *e)
{
	if (c->protocol == PROTOCOL_REST)
		error_rest(c, e);
	else if (c->protocol == PROTOCOL_QUERY)
		error_query(c, e);
	else
		error_json(c, e, err_status(e->code));
}
