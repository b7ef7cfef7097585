/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - the one error shape: what went wrong, for the client and for the operator.
 *
 * Functions that can fail return bool or a pointer (true or non-NULL is success) and take a
 * `struct err *e` last. `msg` is for the client in AWS's wording; `detail` is for the operator's
 * log and never leaves the machine. Neither ever holds a secret value.
 * Memory: no pointers to free; `text` borrows from the request's arena.
 * Threads: none; an err belongs to its caller's stack.
 */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/*
 * X(code, AWS type, HTTP status, name of the text member in a JSON answer).
 * Modelled errors spell it "Message", front-door errors "message" (spec/api.md 1.5).
 */
#define ERR_CODES(X) \
	X(ERR_INTERNAL, "InternalServiceError", 500, "Message") \
	X(ERR_INVALID_PARAMETER, "InvalidParameterException", 400, "Message") \
	X(ERR_INVALID_REQUEST, "InvalidRequestException", 400, "Message") \
	X(ERR_NOT_FOUND, "ResourceNotFoundException", 400, "Message") \
	X(ERR_EXISTS, "ResourceExistsException", 400, "Message") \
	X(ERR_LIMIT, "LimitExceededException", 400, "Message") \
	X(ERR_MALFORMED_POLICY, "MalformedPolicyDocumentException", 400, "Message") \
	X(ERR_PUBLIC_POLICY, "PublicPolicyException", 400, "Message") \
	X(ERR_PRECONDITION, "PreconditionNotMetException", 400, "Message") \
	X(ERR_NEXT_TOKEN, "InvalidNextTokenException", 400, "Message") \
	X(ERR_ENCRYPTION, "EncryptionFailure", 400, "Message") \
	X(ERR_DECRYPTION, "DecryptionFailure", 400, "Message") \
	X(ERR_ACCESS_DENIED, "AccessDeniedException", 400, "Message") \
	X(ERR_VALIDATION, "ValidationException", 400, "message") \
	X(ERR_SERIALIZATION, "SerializationException", 400, "Message") \
	X(ERR_UNKNOWN_OPERATION, "UnknownOperationException", 404, "message") \
	X(ERR_UNRECOGNIZED_CLIENT, "UnrecognizedClientException", 400, "message") \
	X(ERR_INVALID_SIGNATURE, "InvalidSignatureException", 400, "message") \
	X(ERR_INCOMPLETE_SIGNATURE, "IncompleteSignatureException", 400, "message") \
	X(ERR_MISSING_AUTH_TOKEN, "MissingAuthenticationTokenException", 400, "message") \
	X(ERR_EXPIRED_TOKEN, "ExpiredTokenException", 400, "message") \
	X(ERR_THROTTLING, "ThrottlingException", 400, "message") \
	X(ERR_TOO_LARGE, "RequestEntityTooLargeException", 413, "message") \
	X(ERR_UNAVAILABLE, "ServiceUnavailable", 503, "message") \
	X(ERR_QUERY_ACTION, "InvalidAction", 400, "message")      /* sts, iam */ \
	/* Lambda (spec/rotation.md 5.8) */ \
	X(ERR_LAMBDA_NOT_FOUND, "ResourceNotFoundException", 404, "Message") \
	X(ERR_LAMBDA_CONFLICT, "ResourceConflictException", 409, "message") \
	X(ERR_LAMBDA_PARAMETER, "InvalidParameterValueException", 400, "message") \
	X(ERR_LAMBDA_PRECONDITION, "PreconditionFailedException", 412, "message") \
	X(ERR_LAMBDA_CONTENT, "InvalidRequestContentException", 400, "message") \
	X(ERR_LAMBDA_TOO_MANY, "TooManyRequestsException", 429, "message") \
	X(ERR_LAMBDA_VALIDATION, "ValidationException", 400, "message") \
	X(ERR_LAMBDA_DENIED, "AccessDeniedException", 403, "message") \
	/* never sent to a client as such */ \
	X(ERR_CONFLICT, "InternalServiceError", 500, "Message")   /* store: run it again */ \
	X(ERR_CORRUPT, "InternalServiceError", 500, "Message")    /* stored bytes do not open */ \
	X(ERR_IO, "InternalServiceError", 500, "Message") \
	X(ERR_CONFIG, "InternalServiceError", 500, "Message")     /* command line, files */

enum err_code {
	ERR_NONE = 0,
#define X(code, type, status, key) code,
	ERR_CODES(X)
#undef X
	ERR_CODE_END
};

struct err {
	enum err_code code;
	int sys;		/* errno, or 0 */
	const char *at;		/* "file:line" that set it */
	char msg[2048];		/* for the client */
	const char *text;	/* instead of msg, when it may be longer; not ours to free */
	size_t text_len;
	char detail[512];	/* for the log */
};

#define ERR_STR_(x) #x
#define ERR_STR(x) ERR_STR_(x)
/* Sets e and returns false, so that failing is one line. */
#define err_set(e, code, ...) err_set_at((e), __FILE__ ":" ERR_STR(__LINE__), (code), 0, __VA_ARGS__)
/* The same with errno, whose text is appended to `detail`. */
#define err_sys(e, code, ...) err_set_at((e), __FILE__ ":" ERR_STR(__LINE__), (code), errno, __VA_ARGS__)
/* An internal fault: the client learns nothing, the log gets the text. */
#define err_internal(e, ...) err_internal_at((e), __FILE__ ":" ERR_STR(__LINE__), ERR_INTERNAL, __VA_ARGS__)
#define err_corrupt(e, ...) err_internal_at((e), __FILE__ ":" ERR_STR(__LINE__), ERR_CORRUPT, __VA_ARGS__)

bool err_set_at(struct err *e, const char *at, enum err_code code, int sys, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
bool err_internal_at(struct err *e, const char *at, enum err_code code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Adds context to the front of `detail`, or of `msg` for ERR_CONFIG; returns false. */
bool err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_clear(struct err *e);

/* What the client is told: msg, or the longer text. Borrows from e. */
struct str err_text(const struct err *e);

const char *err_type(enum err_code code);	/* AWS's name */
int err_status(enum err_code code);		/* HTTP status */
const char *err_text_key(enum err_code code);	/* "Message" or "message" */
