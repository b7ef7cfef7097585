/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sts/xml.h"

#include <libxml/xmlwriter.h>

#include "base/arena.h"

#define STS_NS "https://sts.amazonaws.com/doc/2011-06-15/"
#define X(s) ((const xmlChar *)(s))

static void
element(xmlTextWriterPtr w, const char *name, struct str value)
{
	char *z = xmalloc(value.n + 1);

	if (value.n > 0)
		memcpy(z, value.p, value.n);
	z[value.n] = '\0';
	xmlTextWriterWriteElement(w, X(name), X(z));
	free(z);
}

static xmlTextWriterPtr
begin(xmlBufferPtr b, const char *root)
{
	xmlTextWriterPtr w = xmlNewTextWriterMemory(b, 0);

	if (w != NULL)
		xmlTextWriterStartElementNS(w, NULL, X(root), X(STS_NS));
	return w;
}

static void
end(xmlTextWriterPtr w, xmlBufferPtr b, struct buf *out)
{
	xmlTextWriterEndDocument(w);
	xmlFreeTextWriter(w);
	buf_add(out, xmlBufferContent(b), (size_t)xmlBufferLength(b));
}

bool
xml_answer(const char *operation, const struct xml_member *members, struct str request_id,
    struct buf *out, struct err *e)
{
	xmlBufferPtr b = xmlBufferCreate();
	xmlTextWriterPtr w;
	char name[96];

	snprintf(name, sizeof(name), "%sResponse", operation);
	w = b == NULL ? NULL : begin(b, name);
	if (w == NULL) {
		xmlBufferFree(b);
		return err_internal(e, "libxml2 gave no writer");
	}
	snprintf(name, sizeof(name), "%sResult", operation);
	xmlTextWriterStartElement(w, X(name));
	for (; members->name != NULL; members++)
		element(w, members->name, members->value);
	xmlTextWriterEndElement(w);
	xmlTextWriterStartElement(w, X("ResponseMetadata"));
	element(w, "RequestId", request_id);
	xmlTextWriterEndElement(w);
	end(w, b, out);
	xmlBufferFree(b);
	return true;
}

static const char *
query_code(const struct err *why, int *out_status)
{
	*out_status = 403;
	switch (why->code) {
	case ERR_MISSING_AUTH_TOKEN: return "MissingAuthenticationToken";
	case ERR_INVALID_SIGNATURE: return "SignatureDoesNotMatch";
	case ERR_UNRECOGNIZED_CLIENT: return "InvalidClientTokenId";
	case ERR_EXPIRED_TOKEN: return "ExpiredToken";
	case ERR_ACCESS_DENIED: return "AccessDenied";
	default: break;
	}
	*out_status = err_status(why->code);
	switch (why->code) {
	case ERR_INCOMPLETE_SIGNATURE: return "IncompleteSignature";
	case ERR_THROTTLING: return "Throttling";
	case ERR_QUERY_ACTION: return "InvalidAction";
	default: return *out_status >= 500 ? "InternalFailure" : err_type(why->code);
	}
}

void
xml_error(const struct err *why, struct str request_id, struct buf *out, int *out_status)
{
	const char *code = query_code(why, out_status);
	xmlBufferPtr b = xmlBufferCreate();
	xmlTextWriterPtr w = b == NULL ? NULL : begin(b, "ErrorResponse");

	if (w != NULL) {
		xmlTextWriterStartElement(w, X("Error"));
		element(w, "Type", *out_status >= 500 ? STR_LIT("Receiver") : STR_LIT("Sender"));
		element(w, "Code", str_of(code));
		element(w, "Message", str_of(why->msg));
		xmlTextWriterEndElement(w);
		element(w, "RequestId", request_id);
		end(w, b, out);
	}
	xmlBufferFree(b);
}
