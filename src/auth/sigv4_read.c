/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps 1-9 of spec/security.md 1.3: what the Authorization header or the query claims, refused
 * with AWS's words in AWS's order. Nothing here looks at a key.
 */
#include <stdio.h>

#include "auth/sigv4_wire.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define MAX_AUTHORIZATION (8 * 1024)
#define MAX_QUERY (16 * 1024)
#define MAX_TOKEN (16 * 1024)
#define MAX_SIGNED_HEADERS 64
#define ECHO_MAX 512
#define NO_REGION "Credential should be scoped to a valid region."

struct reading {
	struct arena *a;
	const struct sigv4_request *r;
	const struct sigv4_expect *x;
	struct str authorization;	/* STR_NULL in the query variant */
	struct str algorithm, credential, terminator, date_text, expires;
	bool has_amz_date;		/* date_text is X-Amz-Date and not Date */
	struct sigv4_claim c;
};

/* What a client sent, fit for an error text: printable ASCII, bounded. */
static const char *
echo(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, ECHO_MAX + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = c >= 0x20 && c < 0x7f;

		if (n + (plain ? 1 : 4) > ECHO_MAX)
			break;
		if (plain)
			out[n++] = s.p[i];
		else
			n += (size_t)snprintf(out + n, 5, "\\x%02X", c);
	}
	return out;
}

static bool
is_listed(struct str signed_headers, const char *name)
{
	struct str rest = signed_headers, one;

	while (str_split(&rest, ';', &one)) {
		if (str_is(one, name))
			return true;
	}
	return false;
}

static size_t
count_names(struct str signed_headers)
{
	size_t n = 1;

	for (size_t i = 0; i < signed_headers.n; i++)
		n += signed_headers.p[i] == ';';
	return n;
}

/* Bounds before any parsing (1.8). */
static bool
check_bounds(struct reading *g, struct err *e)
{
	if (g->authorization.n > MAX_AUTHORIZATION)
		return err_set(e, ERR_INCOMPLETE_SIGNATURE,
		    "Authorization header is longer than %d bytes.", MAX_AUTHORIZATION);
	if (wire_query(g->r).n > MAX_QUERY)
		return err_set(e, ERR_INCOMPLETE_SIGNATURE,
		    "Query string is longer than %d bytes.", MAX_QUERY);
	return true;
}

/* Steps 1 and 2: which variant it is, if any. */
static bool
choose_variant(struct reading *g, struct err *e)
{
	bool in_query = wire_find_param(g->a, g->r, "X-Amz-Algorithm").p != NULL;

	if (g->authorization.p != NULL && in_query)
		return err_set(e, ERR_INVALID_SIGNATURE, "Found both 'X-Amz-Algorithm' as a "
		    "query-string param and 'Authorization' as HTTP header.");
	g->c.is_query = in_query;
	if (in_query ? g->x->presigned_lifetime_s >= 0 : str_starts(g->authorization, "AWS4-"))
		return true;
	return err_set(e, ERR_MISSING_AUTH_TOKEN, "Request is missing Authentication Token");
}

static bool
is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

/* Takes the next part of the Authorization header, separated by commas, blanks or both. */
static bool
next_part(struct str *rest, struct str *out)
{
	size_t n = 0;

	while (rest->n > 0 && is_separator(rest->p[0]))
		*rest = str_skip(*rest, 1);
	while (n < rest->n && !is_separator(rest->p[n]))
		n++;
	*out = (struct str){ rest->p, n };
	*rest = str_skip(*rest, n);
	return n > 0;
}

/* A parameter given twice reads as empty, which is missing. */
static void
set_once(struct str *field, struct str value)
{
	*field = field->p == NULL ? value : STR_LIT("");
}

static void
set_parameter(struct reading *g, struct str name, struct str value)
{
	if (str_is(name, "Credential"))
		set_once(&g->credential, value);
	else if (str_is(name, "SignedHeaders"))
		set_once(&g->c.signed_headers, value);
	else if (str_is(name, "Signature"))
		set_once(&g->c.signature, value);
}

static bool
missing_in_header(struct reading *g, struct err *e)
{
	AUTO_BUF msg = BUF_INIT;

	if (g->credential.n == 0)
		buf_z(&msg, "Authorization header requires 'Credential' parameter. ");
	if (g->c.signature.n == 0)
		buf_z(&msg, "Authorization header requires 'Signature' parameter. ");
	if (g->c.signed_headers.n == 0)
		buf_z(&msg, "Authorization header requires 'SignedHeaders' parameter. ");
	if (g->date_text.n == 0)
		buf_z(&msg, "Authorization header requires existence of either a 'X-Amz-Date' or a "
		    "'Date' header. ");
	if (msg.n == 0)
		return true;
	return err_set(e, ERR_INCOMPLETE_SIGNATURE, STR_FMT "Authorization=%s",
	    STR_ARG(buf_view(&msg)), echo(g->a, g->authorization));
}

/* Steps 3a and 3c. */
static bool
read_header(struct reading *g, struct err *e)
{
	struct str rest = g->authorization, part, name, bad = STR_NULL;

	next_part(&rest, &g->algorithm);
	while (next_part(&rest, &part)) {
		struct str value = part;

		str_split(&value, '=', &name);
		if (value.p == NULL)
			bad = bad.p == NULL ? part : bad;
		else
			set_parameter(g, name, value);
	}
	g->date_text = wire_header(g->a, g->r, STR_LIT("x-amz-date"));
	g->has_amz_date = g->date_text.p != NULL;
	if (!g->has_amz_date)
		g->date_text = wire_header(g->a, g->r, STR_LIT("date"));
	g->c.token = wire_header(g->a, g->r, STR_LIT("x-amz-security-token"));
	if (!missing_in_header(g, e))
		return false;
	if (bad.p != NULL)
		return err_set(e, ERR_INCOMPLETE_SIGNATURE, "'%s' not a valid key=value pair "
		    "(missing equal-sign) in Authorization header: '%s'.", echo(g->a, bad),
		    echo(g->a, g->authorization));
	return true;
}

/* Step 3b. */
static bool
read_query(struct reading *g, struct err *e)
{
	const struct { const char *name; struct str *field; } wanted[] = {
		{ "X-Amz-Algorithm", &g->algorithm },
		{ "X-Amz-Credential", &g->credential },
		{ "X-Amz-Signature", &g->c.signature },
		{ "X-Amz-SignedHeaders", &g->c.signed_headers },
		{ "X-Amz-Date", &g->date_text },
	};
	AUTO_BUF msg = BUF_INIT;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		*wanted[i].field = wire_find_param(g->a, g->r, wanted[i].name);
		if (wanted[i].field->n == 0)
			buf_printf(&msg, "AWS query-string parameters must include '%s'. ",
			    wanted[i].name);
	}
	g->expires = wire_find_param(g->a, g->r, "X-Amz-Expires");
	g->c.token = wire_find_param(g->a, g->r, "X-Amz-Security-Token");
	if (msg.n == 0)
		return true;
	return err_set(e, ERR_INCOMPLETE_SIGNATURE, STR_FMT
	    "Re-examine the query-string parameters.", STR_ARG(buf_view(&msg)));
}

/* Step 4. Date may also be in its RFC 1123 form (1.2). */
static bool
read_time(struct reading *g, struct err *e)
{
	char *text;

	if (time_parse_basic(g->date_text, &g->c.time_s)) {
		g->c.timestamp = g->date_text;
		return true;
	}
	if (g->c.is_query || g->has_amz_date || !time_parse_http(g->date_text, &g->c.time_s))
		return err_set(e, ERR_INCOMPLETE_SIGNATURE, "Date must be in ISO-8601 'basic "
		    "format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601",
		    echo(g->a, g->date_text));
	text = arena_alloc(g->a, 17);
	time_format_basic(g->c.time_s, text);
	g->c.timestamp = str_of(text);
	return true;
}

/* How old the signature may be: the window, or what 1.7 grants a presigned request. */
static bool
lifetime(const struct reading *g, int *out, struct err *e)
{
	unsigned long long expires;

	*out = g->x->skew_s;
	if (!g->c.is_query)
		return true;
	if (g->x->presigned_lifetime_s > 0) {
		*out = g->x->presigned_lifetime_s;
		return true;
	}
	if (g->expires.p == NULL)
		return true;
	if (!str_to_u64(g->expires, 604800, &expires))
		return err_set(e, ERR_INCOMPLETE_SIGNATURE,
		    "X-Amz-Expires should be a number of seconds, at most 604800.");
	if (expires < (unsigned long long)*out)
		*out = (int)expires;
	return true;
}

static const char *
span(struct arena *a, int seconds)
{
	if (seconds % 60 == 0)
		return arena_printf(a, "%d min.", seconds / 60);
	return arena_printf(a, "%d sec.", seconds);
}

/* Step 5. Both limits are inside. */
static bool
check_time(struct reading *g, struct err *e)
{
	int64_t now = g->x->now_s;
	char t[17], now_text[17], limit[17];
	int life;

	if (!lifetime(g, &life, e))
		return false;
	time_format_basic(g->c.time_s, t);
	time_format_basic(now, now_text);
	if (g->c.time_s < now - life) {
		time_format_basic(now - life, limit);
		return err_set(e, ERR_INVALID_SIGNATURE,
		    "Signature expired: %s is now earlier than %s (%s - %s)", t, limit, now_text,
		    span(g->a, life));
	}
	if (g->c.time_s > now + g->x->skew_s) {
		time_format_basic(now + g->x->skew_s, limit);
		return err_set(e, ERR_INVALID_SIGNATURE,
		    "Signature not yet current: %s is still later than %s (%s + %s)", t, limit,
		    now_text, span(g->a, g->x->skew_s));
	}
	return true;
}

/* Step 6: what steers the request must be under the signature. */
static bool
check_signed_headers(struct reading *g, struct err *e)
{
	static const char must[] = "'%s' must be a 'SignedHeader' in the AWS Authorization.";
	struct str names = g->c.signed_headers;

	if (count_names(names) > MAX_SIGNED_HEADERS)
		return err_set(e, ERR_INCOMPLETE_SIGNATURE, "More than %d signed headers.",
		    MAX_SIGNED_HEADERS);
	if (!is_listed(names, "host"))
		return err_set(e, ERR_INVALID_SIGNATURE, must, "Host");
	if (wire_header(g->a, g->r, STR_LIT("x-amz-target")).p != NULL &&
	    !is_listed(names, "x-amz-target"))
		return err_set(e, ERR_INVALID_SIGNATURE, must, "X-Amz-Target");
	if (g->has_amz_date && !is_listed(names, "x-amz-date"))
		return err_set(e, ERR_INVALID_SIGNATURE, must, "X-Amz-Date");
	return true;
}

/* Steps 7 and 8. */
static bool
read_credential(struct reading *g, struct err *e)
{
	struct str *parts[] = { &g->c.access_key_id, &g->c.date, &g->c.region, &g->c.service };
	struct str rest = g->credential;
	size_t slashes = 0;

	if (!str_is(g->algorithm, "AWS4-HMAC-SHA256"))
		return err_set(e, ERR_INCOMPLETE_SIGNATURE, "Unsupported AWS 'algorithm': '%s' "
		    "(only AWS4-HMAC-SHA256 for now). ", echo(g->a, g->algorithm));
	for (size_t i = 0; i < rest.n; i++)
		slashes += rest.p[i] == '/';
	if (slashes != 4)
		return err_set(e, ERR_INCOMPLETE_SIGNATURE, "Credential must have exactly 5 "
		    "slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'",
		    echo(g->a, g->credential));
	for (size_t i = 0; i < 4; i++)
		(void)str_split(&rest, '/', parts[i]);
	g->terminator = rest;
	return true;
}

static bool
is_region_served(const struct reading *g)
{
	bool is_global = strcmp(g->x->service, "sts") == 0 || strcmp(g->x->service, "iam") == 0;

	return (is_global && str_is(g->c.region, "us-east-1")) ||
	    g->x->region_ok(g->x->region_arg, g->c.region);
}

/* Step 9: every fault of the scope, concatenated. */
static bool
check_scope(struct reading *g, struct err *e)
{
	struct str today = { g->c.timestamp.p, 8 };
	AUTO_BUF msg = BUF_INIT;

	if (g->c.region.n == 0)
		buf_z(&msg, NO_REGION " ");
	else if (!is_region_served(g))
		buf_printf(&msg, "Credential should be scoped to a valid region, not '%s'. ",
		    echo(g->a, g->c.region));
	if (!str_is(g->c.service, g->x->service))
		buf_printf(&msg, "Credential should be scoped to correct service: '%s'. ",
		    g->x->service);
	if (!str_is(g->terminator, "aws4_request"))
		buf_printf(&msg, "Credential should be scoped with a valid terminator: "
		    "'aws4_request', not '%s'. ", echo(g->a, g->terminator));
	if (!str_eq(g->c.date, today))
		buf_printf(&msg, "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
		    "version of date from HTTP: '%s' != '" STR_FMT "', from '" STR_FMT "'.",
		    echo(g->a, g->c.date), STR_ARG(today), STR_ARG(g->c.timestamp));
	if (msg.n == 0)
		return true;
	if (str_is(buf_view(&msg), NO_REGION " "))
		msg.n--;	/* alone, AWS sends it without the blank */
	return err_set(e, ERR_INVALID_SIGNATURE, STR_FMT, STR_ARG(buf_view(&msg)));
}

bool
sigv4_read(struct arena *a, const struct sigv4_request *r, const struct sigv4_expect *x,
    struct sigv4_claim *out, struct err *e)
{
	struct reading g = { .a = a, .r = r, .x = x };

	g.authorization = wire_header(a, r, STR_LIT("authorization"));
	if (!check_bounds(&g, e) || !choose_variant(&g, e))
		return false;
	if (!(g.c.is_query ? read_query(&g, e) : read_header(&g, e)))
		return false;
	if (!read_time(&g, e) || !check_time(&g, e) || !check_signed_headers(&g, e) ||
	    !read_credential(&g, e) || !check_scope(&g, e))
		return false;
	if (g.c.token.n > MAX_TOKEN)
		return err_set(e, ERR_UNRECOGNIZED_CLIENT,
		    "The security token included in the request is invalid.");
	*out = g.c;
	return true;
}
