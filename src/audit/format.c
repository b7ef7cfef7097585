/* SPDX-License-Identifier: Apache-2.0 */
/* The CloudTrail record: fields in the order of spec/security.md 6.1, identities as in 6.2. */
#include "audit/audit.h"
#include "base/clock.h"
#include "crypto/random.h"

#define TEXT_MAX 1024
#define PARAMETERS_MAX (100 * 1024)
#define ADDITIONAL_MAX (28 * 1024)

/* ---- texts from outside */

/* How much of s[0..n) makes one valid UTF-8 sequence; 0: its first byte does not begin one. */
static size_t
sequence_len(struct str s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++) {
		if (str_is_utf8((struct str){ s.p, n }))
			return n;
	}
	return 0;
}

/* Cut at a code point, ending in "..."; a byte that is no UTF-8 becomes U+FFFD. */
static void
repair(struct str s, struct buf *out)
{
	while (s.n > 0) {
		size_t n = sequence_len(s);
		struct str piece = n == 0 ? STR_LIT("\xef\xbf\xbd") : (struct str){ s.p, n };

		if (out->n + piece.n > TEXT_MAX - 3) {
			buf_z(out, "...");
			return;
		}
		buf_str(out, piece);
		s = str_skip(s, n == 0 ? 1 : n);
	}
}

/* At most 1 KiB, valid, as a member; nothing when absent. Control characters are the writer's. */
static void
text(struct jsonw *w, const char *key, struct str s)
{
	AUTO_BUF fixed = BUF_INIT;

	if (s.p == NULL)
		return;
	if (s.n > TEXT_MAX || !str_is_utf8(s)) {
		repair(s, &fixed);
		s = buf_view(&fixed);
	}
	jsonw_kstr(w, key, s);
}

static void
optional(struct jsonw *w, const char *key, struct str s)
{
	if (s.p != NULL)
		jsonw_kstr(w, key, s);
}

static void
time_member(struct jsonw *w, const char *key, int64_t ms)
{
	char iso[21];

	time_format_iso(ms / 1000, iso);
	jsonw_kz(w, key, iso);
}

/* ---- userIdentity */

static void
write_issuer(struct jsonw *w, const struct audit_event *v)
{
	jsonw_key(w, "sessionIssuer");
	jsonw_open(w);
	jsonw_kz(w, "type", v->identity == AUDIT_FEDERATED_USER ? "IAMUser" : "Role");
	jsonw_kstr(w, "principalId", v->issuer_id);
	jsonw_kstr(w, "arn", v->issuer_arn);
	jsonw_kstr(w, "accountId", v->account);
	jsonw_kstr(w, "userName", v->issuer_name);
	jsonw_close(w);
}

static void
write_session(struct jsonw *w, const struct audit_event *v)
{
	jsonw_key(w, "sessionContext");
	jsonw_open(w);
	if (v->issuer_arn.p != NULL)
		write_issuer(w, v);
	if (v->identity_provider.p != NULL) {
		jsonw_key(w, "webIdFederationData");
		jsonw_open(w);
		jsonw_kstr(w, "federatedProvider", v->identity_provider);
		jsonw_key(w, "attributes");
		jsonw_open(w);
		jsonw_close(w);
		jsonw_close(w);
	}
	jsonw_key(w, "attributes");
	jsonw_open(w);
	time_member(w, "creationDate", v->session_created_ms);
	jsonw_kz(w, "mfaAuthenticated", "false");
	jsonw_close(w);
	jsonw_close(w);
}

static void
write_principal(struct jsonw *w, const struct audit_event *v, const char *type)
{
	jsonw_kz(w, "type", type);
	jsonw_kstr(w, "principalId", v->principal_id);
	optional(w, "arn", v->arn);
	jsonw_kstr(w, "accountId", v->account);
	optional(w, "accessKeyId", v->access_key_id);
	optional(w, "userName", v->user_name);
	if (v->session_created_ms != 0)
		write_session(w, v);
}

static void
write_identity(struct jsonw *w, const struct audit_event *v)
{
	static const char *const types[] = { [AUDIT_ROOT] = "Root", [AUDIT_IAM_USER] = "IAMUser",
		[AUDIT_ASSUMED_ROLE] = "AssumedRole", [AUDIT_FEDERATED_USER] = "FederatedUser" };

	jsonw_key(w, "userIdentity");
	jsonw_open(w);
	switch (v->identity) {
	case AUDIT_SERVICE:
		jsonw_kstr(w, "accountId", v->account);
		break;
	case AUDIT_ACCOUNT:
		jsonw_kz(w, "type", "AWSAccount");
		jsonw_kstr(w, "principalId", v->principal_id);
		jsonw_kstr(w, "accountId", v->account);
		break;
	case AUDIT_WEB_IDENTITY:
		jsonw_kz(w, "type", "WebIdentityUser");
		jsonw_kstr(w, "principalId", v->principal_id);
		jsonw_kstr(w, "userName", v->user_name);
		jsonw_kstr(w, "identityProvider", v->identity_provider);
		break;
	case AUDIT_ROOT:
	case AUDIT_IAM_USER:
	case AUDIT_ASSUMED_ROLE:
	case AUDIT_FEDERATED_USER:
		write_principal(w, v, types[v->identity]);
		break;
	}
	optional(w, "invokedBy", v->invoked_by);
	jsonw_close(w);
}

/* ---- parameters and what came of them */

/* Raw JSON on one line: between tokens a newline is a blank, inside strings it is escaped. */
static void
raw(struct jsonw *w, const char *key, struct str json)
{
	size_t from;

	jsonw_key(w, key);
	from = w->b->n;
	jsonw_raw(w, json);
	for (size_t i = from; i < w->b->n; i++) {
		if (w->b->p[i] == '\n' || w->b->p[i] == '\r')
			w->b->p[i] = ' ';
	}
}

static void
object_or_null(struct jsonw *w, const char *key, struct str json)
{
	if (json.p == NULL || json.n > PARAMETERS_MAX)
		jsonw_knull(w, key);
	else
		raw(w, key, json);
}

static bool
is_empty_object(struct str json)
{
	for (size_t i = 1; i + 1 < json.n; i++) {
		if (strchr(" \t\r\n", json.p[i]) == NULL)
			return false;
	}
	return true;
}

/* The caller's object, and in front what was left out for its length. */
static void
write_additional(struct jsonw *w, const struct audit_event *v)
{
	bool request = v->request_parameters.n > PARAMETERS_MAX;
	bool response = v->response_elements.n > PARAMETERS_MAX;
	bool additional = v->additional_data.n > ADDITIONAL_MAX;
	struct str own = additional || v->additional_data.p == NULL ? STR_LIT("{}") :
	    v->additional_data;
	AUTO_BUF object = BUF_INIT;
	struct jsonw o = jsonw_on(&object);

	if (!request && !response && !additional) {
		if (v->additional_data.p != NULL)
			raw(w, "additionalEventData", v->additional_data);
		return;
	}
	jsonw_open(&o);
	if (request)
		jsonw_kbool(&o, "requestParametersOmitted", true);
	if (response)
		jsonw_kbool(&o, "responseElementsOmitted", true);
	if (additional)
		jsonw_kbool(&o, "additionalEventDataOmitted", true);
	if (!is_empty_object(own)) {
		buf_c(&object, ',');
		buf_str(&object, str_skip(own, 1));
	} else {
		jsonw_close(&o);
	}
	raw(w, "additionalEventData", buf_view(&object));
}

static void
write_tls(struct jsonw *w, const struct audit_event *v)
{
	if (v->tls_version == NULL)
		return;
	jsonw_key(w, "tlsDetails");
	jsonw_open(w);
	jsonw_kz(w, "tlsVersion", v->tls_version);
	if (v->tls_cipher != NULL)
		jsonw_kz(w, "cipherSuite", v->tls_cipher);
	text(w, "clientProvidedHostHeader", v->host_header);
	jsonw_close(w);
}

static void
write_event_id(struct jsonw *w, struct str id)
{
	char fresh[37];

	if (id.p == NULL) {
		random_uuid(fresh);
		id = str_of(fresh);
	}
	jsonw_kstr(w, "eventID", id);
}

void
audit_format(const struct audit_event *v, struct buf *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_open(&w);
	jsonw_kz(&w, "eventVersion", "1.11");
	write_identity(&w, v);
	time_member(&w, "eventTime", v->time_ms);
	jsonw_kstr(&w, "eventSource", v->source);
	jsonw_kstr(&w, "eventName", v->name);
	jsonw_kstr(&w, "awsRegion", v->region);
	text(&w, "sourceIPAddress", v->source_ip);
	text(&w, "userAgent", v->user_agent);
	text(&w, "errorCode", v->error_code);
	text(&w, "errorMessage", v->error_message);
	object_or_null(&w, "requestParameters", v->request_parameters);
	object_or_null(&w, "responseElements", v->response_elements);
	write_additional(&w, v);
	optional(&w, "requestID", v->request_id);
	write_event_id(&w, v->event_id);
	jsonw_kbool(&w, "readOnly", v->read_only);
	if (v->resources.p != NULL)
		raw(&w, "resources", v->resources);
	jsonw_kz(&w, "eventType", v->is_service_event ? "AwsServiceEvent" : "AwsApiCall");
	jsonw_kbool(&w, "managementEvent", true);
	jsonw_kstr(&w, "recipientAccountId",
	    v->recipient_account.p != NULL ? v->recipient_account : v->account);
	optional(&w, "sharedEventID", v->shared_event_id);
	optional(&w, "vpcEndpointId", v->vpc_endpoint_id);
	jsonw_kz(&w, "eventCategory", "Management");
	write_tls(&w, v);
	jsonw_close(&w);
}
