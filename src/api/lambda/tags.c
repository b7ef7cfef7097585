/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/tags.h"

#include "api/lambda/subject.h"

#define LENGTHS(max, min) "[Member must have length less than or equal to " max ", Member must " \
	"have length greater than or equal to " min ", Member must not be null]"

bool
function_tags_check(const struct struct_list *map, struct err *e)
{
	const struct map_entry *v = map->v;

	if (map->n > FUNCTION_TAGS_MAX)
		return err_set(e, ERR_LAMBDA_PARAMETER, MSG_TAGS);
	for (size_t i = 0; i < map->n; i++) {
		size_t key = str_code_points(v[i].key);

		if (key < 1 || key > 128)
			return violation_set(e, v[i].key, "tags",
			    "Map keys must satisfy constraint: " LENGTHS("128", "1"));
		if (str_code_points(v[i].value) > 256)
			return violation_set(e, v[i].value, "tags",
			    "Map value must satisfy constraint: " LENGTHS("256", "0"));
	}
	return true;
}

struct tags
function_tags_from(struct arena *a, const struct struct_list *map)
{
	const struct map_entry *v = map->v;
	struct tags t = { arena_array(a, struct tag, map->n), map->n };

	for (size_t i = 0; i < t.n; i++)
		t.v[i] = (struct tag){ v[i].key, v[i].value };
	return t;
}

void
function_tags_write(struct jsonw *out, const struct tags *t)
{
	jsonw_key(out, "Tags");
	jsonw_open(out);
	for (size_t i = 0; i < t->n; i++) {
		jsonw_key_str(out, t->v[i].key);
		jsonw_str(out, t->v[i].value);
	}
	jsonw_close(out);
}
