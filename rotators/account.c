/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/account.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <strings.h>

#include "base/json.h"
#include "rotators/fault.h"
#include "rotators/tls.h"

/* A member that must be a non-empty string; NULL with `e` set otherwise. */
static const char *
need_text(struct arena *a, const json_t *doc, const char *key, struct err *e)
{
	struct str s = json_member_str(doc, key);

	if (s.n == 0) {
		fault_set(e, FAULT_CONFIG, "%s key is missing from secret JSON", key);
		return NULL;
	}
	if (memchr(s.p, '\0', s.n) != NULL) {
		fault_set(e, FAULT_CONFIG, "%s in secret JSON holds a NUL character", key);
		return NULL;
	}
	return arena_strz(a, s);
}

static const char *
text_or(struct arena *a, const json_t *doc, const char *key, const char *otherwise)
{
	struct str s = json_member_str(doc, key);

	if (s.n == 0 || memchr(s.p, '\0', s.n) != NULL)
		return otherwise;
	return arena_strz(a, s);
}

static bool
read_port(const json_t *doc, int otherwise, int *out, struct err *e)
{
	const json_t *v = json_object_get(doc, "port");
	unsigned long long n = 0;

	if (v == NULL || json_is_null(v)) {
		*out = otherwise;
		return true;
	}
	if (json_is_integer(v) && json_integer_value(v) > 0)
		n = (unsigned long long)json_integer_value(v);
	else if (json_is_string(v) && !str_to_u64(json_str(v), 65535, &n))
		n = 0;
	if (n == 0 || n > 65535)
		return fault_set(
		    e, FAULT_CONFIG, "port in secret JSON is not a number from 1 to 65535");
	*out = (int)n;
	return true;
}

static bool
engine_is_served(const json_t *doc, const char *const *engines)
{
	struct str engine = json_member_str(doc, "engine");

	for (; *engines != NULL; engines++) {
		if (str_is(engine, *engines))
			return true;
	}
	return false;
}

static bool
read_who(struct arena *a, const struct account_rule *rule, struct account *s, struct err *e)
{
	const json_t *doc = s->json.doc;

	if (rule->username != NULL && json_object_get(doc, "username") == NULL)
		s->username = rule->username;
	else
		s->username = need_text(a, doc, "username", e);
	if (s->username == NULL)
		return false;
	s->password = need_text(a, doc, "password", e);
	s->dbname = text_or(a, doc, "dbname", NULL);
	s->masterarn = text_or(a, doc, "masterarn", NULL);
	s->options = json_object_get(doc, "pawl");
	return s->password != NULL;
}

bool
account_read(struct arena *a, struct str value, const struct account_rule *rule,
    struct account *out, struct err *e)
{
	struct account s = { 0 };

	if (!secretjson_parse(a, value, &s.json, e))
		return false;
	if (rule->foreign_key != NULL && json_object_get(s.json.doc, rule->foreign_key) != NULL)
		return fault_set(e, FAULT_CONFIG,
		    "a secret with %s belongs to a service that changes its "
		    "users itself; this rotator cannot",
		    rule->foreign_key);
	if (!engine_is_served(s.json.doc, rule->engines))
		return fault_set(e, FAULT_CONFIG,
		    "Database engine must be set to '%s' in order to use "
		    "this rotation lambda",
		    rule->engines[0]);
	s.host = need_text(a, s.json.doc, "host", e);
	if (s.host == NULL || !read_who(a, rule, &s, e) ||
	    !read_port(s.json.doc, rule->port, &s.port, e))
		return false;
	if (rule->needs_master && s.masterarn == NULL)
		return fault_set(e, FAULT_CONFIG, "masterarn key is missing from secret JSON");
	if (!tls_choose(a, s.json.doc, s.host, s.options, &s.tls, e))
		return false;
	*out = s;
	return true;
}

bool
account_read_admin(struct arena *a, struct str value, const struct account_rule *rule,
    const struct account *user, struct account *out, struct err *e)
{
	struct account s = { 0 };
	const json_t *doc;

	if (!secretjson_parse(a, value, &s.json, e))
		return fault_prefix(e, "admin secret %s", user->masterarn);
	doc = s.json.doc;
	if (json_object_get(doc, "engine") != NULL && !engine_is_served(doc, rule->engines))
		return fault_set(e, FAULT_CONFIG, "admin secret %s is for another engine than '%s'",
		    user->masterarn, rule->engines[0]);
	if (!read_who(a, rule, &s, e) || !read_port(doc, user->port, &s.port, e))
		return fault_prefix(e, "admin secret %s", user->masterarn);
	s.host = text_or(a, doc, "host", NULL);
	if (s.host == NULL && !account_flag(user, "trustMasterHost"))
		return fault_set(e, FAULT_CONFIG,
		    "Admin secret %s has no host; \"trustMasterHost\": true in "
		    "the member \"pawl\" of the user's secret takes the user's",
		    user->masterarn);
	if (s.host == NULL)
		s.host = user->host;
	if (!tls_choose(a, json_object_get(doc, "ssl") != NULL ? doc : user->json.doc, s.host,
	    s.options != NULL ? s.options : user->options, &s.tls, e))
		return false;
	if (user->tls.on && !s.tls.on)
		return fault_set(e, FAULT_CONFIG,
		    "admin secret %s would connect without TLS although the "
		    "user's secret asks for it",
		    user->masterarn);
	s.options = user->options;	/* the same target: its nodes and hosts are the user's */
	*out = s;
	return true;
}

bool
account_flag(const struct account *s, const char *name)
{
	const json_t *v = json_object_get(s->options, name);

	return json_is_true(v) || str_eq_nocase(json_str(v), STR_LIT("true"));
}

const char *
account_option(const struct account *s, const char *name)
{
	struct str v = json_member_str(s->options, name);

	/* Jansson terminates its strings. */
	return v.n == 0 || memchr(v.p, '\0', v.n) != NULL ? NULL : v.p;
}

int
account_number(const struct account *s, const char *name, int otherwise)
{
	const json_t *v = json_object_get(s->options, name);
	json_int_t n = json_integer_value(v);

	return json_is_integer(v) && n >= 0 && n <= 1000000 ? (int)n : otherwise;
}

bool
host_is_local(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (host[0] == '/' || strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool
host_equal(const char *a, const char *b)
{
	struct str x = str_of(a), y = str_of(b);

	if (x.n > 1 && x.p[x.n - 1] == '.')
		x.n--;
	if (y.n > 1 && y.p[y.n - 1] == '.')
		y.n--;
	return str_eq_nocase(x, y);
}
