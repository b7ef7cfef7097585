/* SPDX-License-Identifier: Apache-2.0 */
#include "rotators/secretsmanager.h"

#include <stdlib.h>

#include "auth/sigv4.h"
#include "base/clock.h"
#include "base/json.h"
#include "rotators/fault.h"
#include "rotators/httpcall.h"

#define CALL_LIMIT_MS 15000L
#define SERVICE "secretsmanager"

struct secretsmanager {
	struct httpcall *http;
	struct clock clock;
	const char *url, *region;
	struct str host, path;		/* of the URL */
	struct sigv4_credentials credentials;
};

static const char *
need_env(const char *name, struct err *e)
{
	const char *value = getenv(name);

	if (value != NULL && *value != '\0')
		return value;
	fault_set(e, FAULT_FUNCTION, "%s is not set", name);
	return NULL;
}

/* What is signed must be what libcurl sends: host with its port, and the path. */
static bool
split_url(struct secretsmanager *sm, struct err *e)
{
	struct str rest = str_of(sm->url);
	const char *slash;

	if (!str_starts(rest, "http://") && !str_starts(rest, "https://"))
		return fault_set(
		    e, FAULT_FUNCTION, "SECRETS_MANAGER_ENDPOINT '%s' is not an http URL", sm->url);
	rest = str_skip(rest, str_starts(rest, "https://") ? 8 : 7);
	slash = memchr(rest.p, '/', rest.n);
	sm->host = slash == NULL ? rest : (struct str){ rest.p, (size_t)(slash - rest.p) };
	sm->path = slash == NULL ? STR_LIT("/") : str_skip(rest, sm->host.n);
	return true;
}

static bool
read_environment(struct secretsmanager *sm, struct err *e)
{
	const char *id, *key;

	sm->url = need_env("SECRETS_MANAGER_ENDPOINT", e);
	if (sm->url == NULL || !split_url(sm, e))
		return false;
	sm->region = getenv("AWS_REGION");
	if (sm->region == NULL)
		sm->region = need_env("AWS_DEFAULT_REGION", e);
	if (sm->region == NULL)
		return false;
	id = need_env("AWS_ACCESS_KEY_ID", e);
	key = id == NULL ? NULL : need_env("AWS_SECRET_ACCESS_KEY", e);
	if (key == NULL)
		return false;
	sm->credentials = (struct sigv4_credentials){ .access_key_id = str_of(id),
		.secret_access_key = str_of(key),
		.session_token = str_of(getenv("AWS_SESSION_TOKEN")) };
	return true;
}

struct secretsmanager *
secretsmanager_new(struct err *e)
{
	AUTO(secretsmanager) *sm = xcalloc(1, sizeof(*sm));
	const char *ca_file = getenv("AWS_CA_BUNDLE");

	if (!read_environment(sm, e))
		return NULL;
	sm->http = httpcall_new(ca_file != NULL && *ca_file != '\0' ? ca_file : NULL);
	if (sm->http == NULL) {
		fault_set(e, FAULT_FUNCTION, "no HTTP client");
		return NULL;
	}
	return TAKE(sm);
}

void
secretsmanager_free(struct secretsmanager *sm)
{
	if (sm == NULL)
		return;
	httpcall_free(sm->http);
	free(sm);
}

/* "ns#ResourceNotFoundException" -> ERR_NOT_FOUND */
static enum err_code
code_of(struct str type, long status)
{
	const char *hash = type.n == 0 ? NULL : memchr(type.p, '#', type.n);

	if (hash != NULL)
		type = str_skip(type, (size_t)(hash - type.p) + 1);
	for (enum err_code c = ERR_NONE + 1; c < ERR_LAMBDA_NOT_FOUND; c++) {
		if (str_is(type, err_type(c)))
			return c;
	}
	return status >= 500 ? ERR_INTERNAL : ERR_INVALID_REQUEST;
}

static bool
refused(const json_t *answer, const char *operation, long status, struct err *e)
{
	struct str type = json_member_str(answer, "__type");
	struct str text = json_member_str(answer, "Message");

	if (text.p == NULL)
		text = json_member_str(answer, "message");
	if (status == 429 || status >= 500 || code_of(type, status) == ERR_THROTTLING)
		return fault_set(e, FAULT_TRANSIENT, "%s: " STR_FMT " (HTTP %ld)", operation,
		    STR_ARG(text), status);
	return err_set(e, code_of(type, status), "%s: " STR_FMT ": " STR_FMT, operation,
	    STR_ARG(type), STR_ARG(text));
}

/* Signs and sends `body`; the parsed answer, or NULL. */
static const json_t *
call(struct secretsmanager *sm, struct arena *a, const char *operation, struct str body,
    struct err *e)
{
	struct header headers[3 + 3] = {
		{ STR_LIT("Host"), sm->host },
		{ STR_LIT("Content-Type"), STR_LIT("application/x-amz-json-1.1") },
		{ STR_LIT("X-Amz-Target"),
		    str_of(arena_printf(a, "secretsmanager.%s", operation)) },
	};
	struct sigv4_request signing = { .method = STR_LIT("POST"), .target = sm->path,
		.headers = headers, .header_count = 3, .body = body };
	struct httpcall_request r = { .method = "POST", .url = sm->url, .headers = headers,
		.body = body, .timeout_ms = CALL_LIMIT_MS };
	struct str text;
	const json_t *answer;
	long status;

	r.header_count = 3 + sigv4_sign(a, &signing, &sm->credentials, sm->region, SERVICE,
	    clock_now_ms(&sm->clock) / 1000, headers + 3);
	if (!httpcall_send(sm->http, &r, &status, &text, e))
		return NULL;
	answer = json_parse(a, text, 0, e);
	if (status != 200) {
		refused(answer, operation, status, e);
		return NULL;
	}
	return answer;
}

const json_t *
secretsmanager_describe(
    struct secretsmanager *sm, struct arena *a, struct str secret_id, struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	struct jsonw w = jsonw_on(&body);

	jsonw_open(&w);
	jsonw_kstr(&w, "SecretId", secret_id);
	jsonw_close(&w);
	return call(sm, a, "DescribeSecret", buf_view(&body), e);
}

bool
secretsmanager_get_value(struct secretsmanager *sm, struct arena *a, struct str secret_id,
    struct str version_id, const char *stage, struct str *out_value, struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	struct jsonw w = jsonw_on(&body);
	const json_t *answer;
	struct str value;

	jsonw_open(&w);
	jsonw_kstr(&w, "SecretId", secret_id);
	if (version_id.p != NULL)
		jsonw_kstr(&w, "VersionId", version_id);
	jsonw_kz(&w, "VersionStage", stage);
	jsonw_close(&w);
	answer = call(sm, a, "GetSecretValue", buf_view(&body), e);
	if (answer == NULL)
		return false;
	value = json_member_str(answer, "SecretString");
	if (value.p == NULL)
		return fault_set(e, FAULT_CONFIG, "secret " STR_FMT " has no SecretString in %s",
		    STR_ARG(secret_id), stage);
	*out_value = value;
	return true;
}

bool
secretsmanager_put_pending(struct secretsmanager *sm, struct arena *a,
    const struct secretsmanager_put *put, struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	struct jsonw w = jsonw_on(&body);

	jsonw_open(&w);
	jsonw_kstr(&w, "ClientRequestToken", put->client_request_token);
	if (put->rotation_token.p != NULL)
		jsonw_kstr(&w, "RotationToken", put->rotation_token);
	jsonw_kstr(&w, "SecretId", put->secret_id);
	jsonw_kstr(&w, "SecretString", put->value);
	jsonw_key(&w, "VersionStages");
	jsonw_open_list(&w);
	jsonw_z(&w, "AWSPENDING");
	jsonw_close_list(&w);
	jsonw_close(&w);
	return call(sm, a, "PutSecretValue", buf_view(&body), e) != NULL;
}

bool
secretsmanager_move_current(struct secretsmanager *sm, struct arena *a, struct str secret_id,
    struct str to, struct str from, struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	struct jsonw w = jsonw_on(&body);

	jsonw_open(&w);
	jsonw_kstr(&w, "MoveToVersionId", to);
	if (from.p != NULL)
		jsonw_kstr(&w, "RemoveFromVersionId", from);
	jsonw_kstr(&w, "SecretId", secret_id);
	jsonw_kz(&w, "VersionStage", "AWSCURRENT");
	jsonw_close(&w);
	return call(sm, a, "UpdateSecretVersionStage", buf_view(&body), e) != NULL;
}

bool
secretsmanager_random_password(struct secretsmanager *sm, struct arena *a,
    const struct password_rule *rule, struct str *out_password, struct err *e)
{
	AUTO_BUF body = BUF_INIT;
	struct jsonw w = jsonw_on(&body);
	const json_t *answer;
	struct str password;

	jsonw_open(&w);
	jsonw_kstr(&w, "ExcludeCharacters", rule->exclude.p == NULL ? STR_LIT("") : rule->exclude);
	jsonw_kbool(&w, "ExcludeLowercase", rule->no_lowercase);
	jsonw_kbool(&w, "ExcludeNumbers", rule->no_numbers);
	jsonw_kbool(&w, "ExcludePunctuation", rule->no_punctuation);
	jsonw_kbool(&w, "ExcludeUppercase", rule->no_uppercase);
	jsonw_kint(&w, "PasswordLength", rule->length);
	jsonw_kbool(&w, "RequireEachIncludedType", rule->require_each_type);
	jsonw_close(&w);
	answer = call(sm, a, "GetRandomPassword", buf_view(&body), e);
	if (answer == NULL)
		return false;
	password = json_member_str(answer, "RandomPassword");
	if (password.n == 0)
		return fault_set(e, FAULT_FUNCTION, "GetRandomPassword answered no RandomPassword");
	*out_password = password;
	return true;
}
