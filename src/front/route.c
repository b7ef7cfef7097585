/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which API and which operation: by X-Amz-Target (JSON 1.1), by path (Lambda), by Action= (STS).
 * The service is taken from here for the signature, never from the credential.
 */
#include "front/call.h"

#include "api/lambda/table.h"
#include "api/secretsmanager/table.h"
#include "api/sts/table.h"
#include "base/codec.h"

static const struct service *const json_services[] = { &secretsmanager_service };

static const struct op *
find_op(const struct service *s, struct str name)
{
	for (size_t i = 0; i < s->op_count; i++) {
		if (str_is(name, s->ops[i].name))
			return &s->ops[i];
	}
	return NULL;
}

static bool
route_json(struct call *c, struct str target)
{
	c->protocol = PROTOCOL_JSON;
	for (size_t i = 0; i < sizeof(json_services) / sizeof(json_services[0]); i++) {
		const struct service *s = json_services[i];

		if (!str_starts(target, s->target_prefix))
			continue;
		c->service = s;
		c->op = find_op(s, str_skip(target, strlen(s->target_prefix)));
	}
	return c->op != NULL;
}

/* The value of name= in a form or query, undecoded: action names need no decoding. */
static struct str
form_value(struct str form, const char *name)
{
	struct str pair, key;

	while (str_split(&form, '&', &pair)) {
		if (str_split(&pair, '=', &key) && str_is(key, name))
			return pair.p == NULL ? STR_LIT("") : pair;
	}
	return STR_NULL;
}

static bool
route_query(struct call *c, struct str form)
{
	c->protocol = PROTOCOL_QUERY;
	c->service = &sts_service;
	if (!str_is(form_value(form, "Version"), "2011-06-15"))
		return false;
	c->op = find_op(&sts_service, form_value(form, "Action"));
	return c->op != NULL;
}

/* A word of the query for a refusal, if it is one: anything else would break the XML around it. */
static struct str
shown(struct str form, const char *name)
{
	struct str word = form_value(form, name);

	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] <= 0x20 || word.p[i] >= 0x7f)
			return STR_LIT("");
	}
	return word;
}

static bool
is_lambda_path(struct str path)
{
	return path.n > 12 && str_starts(path, "/20") && path.p[5] == '-' && path.p[8] == '-' &&
	    path.p[11] == '/';
}

bool
route(struct call *c, struct err *e)
{
	struct str rest = c->http->target, path = STR_NULL, query;
	struct str target = header_get(c->http->headers, c->http->header_count, "x-amz-target");
	bool is_post = str_is(c->http->method, "POST"), found = false;

	(void)str_split(&rest, '?', &path);
	query = rest.p == NULL ? STR_LIT("") : rest;
	if (is_lambda_path(path)) {
		c->protocol = PROTOCOL_REST;
		c->service = &lambda_service;
		c->ctx.query = query;
		c->op = lambda_route(c->http->arena, c->http->method, path, &c->ctx.path_name,
		    &c->ctx.path_rest);
		found = c->op != NULL;
	} else if (str_is(path, "/") && target.p != NULL && is_post) {
		found = route_json(c, target);
	} else if (str_is(path, "/") && form_value(query, "Action").p != NULL) {
		found = route_query(c, query);
	} else if (str_is(path, "/") && is_post &&
	    form_value(c->http->body, "Action").p != NULL) {
		found = route_query(c, c->http->body);
	}
	if (found)
		return true;
	if (c->protocol == PROTOCOL_QUERY)
		return err_set(e, ERR_QUERY_ACTION, "Could not find operation " STR_FMT
		    " for version " STR_FMT,
		    STR_ARG(shown(query.n > 0 ? query : c->http->body, "Action")),
		    STR_ARG(shown(query.n > 0 ? query : c->http->body, "Version")));
	return err_set(e, ERR_UNKNOWN_OPERATION, "%s", "");
}
