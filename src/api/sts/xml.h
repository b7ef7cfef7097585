/* SPDX-License-Identifier: Apache-2.0 */
/* xml.h - answers of the query protocol (spec/security.md 1.4), written with libxml2. */
#pragma once
#include "base/buf.h"
#include "base/err.h"

struct xml_member { const char *name; struct str value; };
/* <OpResponse><OpResult>members</OpResult><ResponseMetadata>...; the list ends with a NULL name. */
MUST_CHECK bool xml_answer(const char *operation, const struct xml_member *members,
    struct str request_id, struct buf *out, struct err *e);
/* The error document and the status that goes with it. */
void xml_error(const struct err *why, struct str request_id, struct buf *out, int *out_status);
