/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_text.h - is this JSON? For payloads that pawl hands on unread: no document is built, so six
 * megabytes of brackets cost no memory, and numbers of any size pass.
 */
#pragma once
#include "base/str.h"

#define JSON_TEXT_DEPTH 1000

/* Exactly one value of RFC 8259, valid UTF-8, nested at most JSON_TEXT_DEPTH deep. On failure
 * *out_at is the offset of the first byte that cannot be. */
bool json_text_check(struct str s, size_t *out_at);
