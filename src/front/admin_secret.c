/* SPDX-License-Identifier: Apache-2.0 */
/* What admin commands have in common: their members, the secret they mean, their audit record. */
#include "front/admin_call.h"

#include "audit/audit.h"
#include "catalog/messages.h"
#include "crypto/random.h"

struct catalog
admin_catalog(struct admin_call *c, struct txn *t, struct arena *a)
{
	return (struct catalog){ .txn = t, .keys = c->server->keys, .arena = a,
		.now_ms = clock_now_ms(c->server->clock) };
}

struct str
admin_text(const struct admin_call *c, const char *member)
{
	return json_member_str(c->in, member);
}

struct str
admin_account(const struct admin_call *c)
{
	struct str account = admin_text(c, "Account");

	return account.p != NULL ? account : str_of(c->server->account);
}

bool
admin_number(const struct admin_call *c, const char *member, int64_t min, int64_t max,
    int64_t otherwise, int64_t *out, struct err *e)
{
	const json_t *v = json_object_get(c->in, member);

	*out = otherwise;
	if (v == NULL)
		return true;
	if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
		return err_set(e, ERR_INVALID_PARAMETER, "%s must be a whole number from %lld to "
		    "%lld", member, (long long)min, (long long)max);
	*out = json_integer_value(v);
	return true;
}

/* Regions follow the account in a key, closed by NUL; no byte of a region is as small as the \x01
 * that leaps over all secrets of one. */
bool
admin_next_region(struct catalog *cat, struct str account, struct str after, struct str *out,
    struct err *e)
{
	struct str base = record_prefix(cat->arena, KIND_SECRET, account, STR_LIT(""));
	struct str prefix = { base.p, base.n - 1 }, key, value, rest;
	AUTO_BUF from = BUF_INIT;
	AUTO(scan) *scan = NULL;

	*out = STR_NULL;
	buf_str(&from, prefix);
	buf_str(&from, after);
	buf_c(&from, '\x01');
	scan = scan_open(cat->txn, prefix, after.p == NULL ? STR_NULL : buf_view(&from), e);
	if (scan == NULL)
		return false;
	err_clear(e);
	if (!scan_next(scan, &key, &value, e))
		return e->code == ERR_NONE;
	rest = str_skip(key, prefix.n);
	if (!str_split(&rest, '\0', out) || rest.p == NULL)
		return err_corrupt(e, "a secret's key has %zu bytes", key.n);
	*out = arena_str(cat->arena, *out);
	return true;
}

static bool
find_anywhere(struct catalog *cat, struct str account, struct str name, struct secret **out,
    struct err *e)
{
	struct str region = STR_NULL;
	struct secret *s;

	*out = NULL;
	for (;;) {
		if (!admin_next_region(cat, account, region, &region, e))
			return false;
		if (region.p == NULL)
			return true;
		if (!secret_find_name(cat, account, region, name, &s, e))
			return false;
		if (s != NULL && *out != NULL)
			return err_set(e, ERR_INVALID_PARAMETER, "'" STR_FMT "' exists in " STR_FMT
			    " and in " STR_FMT ": say which with --region", STR_ARG(name),
			    STR_ARG((*out)->region), STR_ARG(region));
		if (s != NULL)
			*out = s;
	}
}

/* The fourth part of an ARN. */
static struct str
region_of_arn(struct str arn)
{
	struct str rest = arn, part = STR_NULL;

	for (int i = 0; i < 4; i++) {
		if (!str_split(&rest, ':', &part))
			return STR_LIT("");
	}
	return part;
}

bool
admin_find_secret(struct admin_call *c, struct catalog *cat, struct secret **out, struct err *e)
{
	struct str id = admin_text(c, "Secret"), region = admin_text(c, "Region");
	struct str account = admin_account(c);
	struct secret_ref ref;

	*out = NULL;
	if (id.p == NULL)
		return err_set(e, ERR_INVALID_PARAMETER, "Secret is missing");
	if (region.p == NULL && str_starts(id, "arn:"))
		region = region_of_arn(id);
	if (region.p != NULL) {
		if (!secret_ref_parse(id, account, region, &ref, e) ||
		    !secret_find(cat, &ref, out, e))
			return false;
	} else if (!secret_name_check(id, e) || !find_anywhere(cat, account, id, out, e)) {
		return false;
	}
	if (*out == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no secret '" STR_FMT "'%s" STR_FMT
		    " in account " STR_FMT, STR_ARG(id), region.p == NULL ? "" : " in ",
		    STR_ARG(region), STR_ARG(account));
	return true;
}

struct str
admin_arn(struct arena *a, struct str account)
{
	return str_of(arena_printf(a, "arn:aws:iam::" STR_FMT ":root", STR_ARG(account)));
}

static void
write_parameters(const struct admin_call *c, const struct secret *s, struct buf *b)
{
	const json_t *ms = json_object_get(c->in, "Ms");
	struct jsonw w = jsonw_on(b);

	jsonw_open(&w);
	if (json_is_integer(ms))
		jsonw_kint(&w, "milliseconds", json_integer_value(ms));
	if (s != NULL)
		jsonw_kstr(&w, "secretId", s->arn);
	jsonw_close(&w);
}

bool
admin_record(struct admin_call *c, struct txn *t, const char *event, const struct secret *s,
    struct err *e)
{
	AUTO_BUF parameters = BUF_INIT, data = BUF_INIT;
	struct str account = s != NULL ? s->account : str_of(c->server->account);
	struct jsonw w = jsonw_on(&data);
	char request_id[37];
	struct audit_event v = { .identity = AUDIT_ROOT, .account = account,
		.principal_id = account, .arn = admin_arn(c->http->arena, account),
		.time_ms = clock_now_ms(c->server->clock), .source = STR_LIT("pawl.internal"),
		.name = str_of(event), .region = s != NULL ? s->region : STR_LIT("aws-global"),
		.source_ip = str_of(c->http->peer),
		.user_agent = header_get(c->http->headers, c->http->header_count, "user-agent"),
		.recipient_account = account };

	random_uuid(request_id);
	write_parameters(c, s, &parameters);
	jsonw_open(&w);
	jsonw_kint(&w, "uid", c->http->peer_uid);
	jsonw_close(&w);
	v.request_id = str_of(request_id);
	v.request_parameters = buf_view(&parameters);
	v.additional_data = buf_view(&data);
	if (c->server->audit == NULL)
		return true;
	return t != NULL ? audit_put(c->server->audit, t, &v, e) :
	    audit_write(c->server->audit, &v, e);
}
