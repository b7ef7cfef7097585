/* SPDX-License-Identifier: Apache-2.0 */
/* secret_record.h - struct secret to and from its stored form (records.proto, message Secret).
 * Account, region and id are in the key, not in the record. */
#pragma once
#include "catalog/secret.h"
#include "store/records.pb-c.h"

struct str secret_pack(struct arena *a, const struct secret *s);
/* NULL when the bytes are not such a record. */
struct secret *secret_unpack(struct arena *a, struct str plain);

/* Pairs of texts, as several records hold them. */
Pawl__Tag **tags_pack(struct arena *a, const struct tags *t);
struct tags tags_unpack(struct arena *a, Pawl__Tag **v, size_t n);
