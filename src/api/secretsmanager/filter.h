/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - the filters of ListSecrets and BatchGetSecretValue (spec/api.md 6.1-6.3).
 * Filters AND, values OR; a leading '!' negates one value.
 */
#pragma once
#include "api/secretsmanager/fields.h"

struct filter_input {
	struct str key;
	struct str_list values;
};
extern const struct field filter_fields[];
#define FIELD_FILTERS(T) \
	{ "Filters", FIELD_STRUCT_LIST, AT(T, filters), .max = 10, .sub = filter_fields, \
	  .sub_size = sizeof(struct filter_input) }

/* Key and values present in each. */
MUST_CHECK bool filters_check(const struct struct_list *filters, struct err *e);
bool filters_match(const struct struct_list *filters, const struct secret *s);
/* Their part of a page's scope. */
void filters_scope(const struct struct_list *filters, struct buf *out);
/* 6.3: every token of `value` begins some token of `text`, case folded. */
bool words_match(struct str text, struct str value);
