/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - which version of a secret carries which staging label (spec/api.md 4.1, 4.2).
 *
 * Always: a label is on at most one version; AWSCURRENT, once given, only moves; moving it leaves
 * AWSPREVIOUS on the version it came from. A version without labels is not in `staged`.
 * Works on the secret in memory; secret_put stores it. Memory: the arena given.
 */
#pragma once
#include "catalog/secret.h"

#define AWSCURRENT STR_LIT("AWSCURRENT")
#define AWSPENDING STR_LIT("AWSPENDING")
#define AWSPREVIOUS STR_LIT("AWSPREVIOUS")

/* The labels of a version, NULL when it has none. */
const struct staged *stage_find(const struct secret *s, struct str version_id);
/* The version that carries the label, STR_NULL when none does. */
struct str stage_holder(const struct secret *s, struct str label);
bool stage_is_on(const struct secret *s, struct str label, struct str version_id);

/* ATTACH: the label leaves whatever version has it. */
void stage_attach(struct arena *a, struct secret *s, struct str label, struct str version_id);
void stage_remove(struct secret *s, struct str label);
/* PROMOTE: AWSCURRENT to the version, AWSPREVIOUS to the one it came from. */
void stage_promote(struct arena *a, struct secret *s, struct str version_id);
size_t stage_label_count(const struct secret *s);
/* MSG_LABELS as ERR_LIMIT when there are more than 20. */
MUST_CHECK bool stage_check_limit(const struct secret *s, struct err *e);
