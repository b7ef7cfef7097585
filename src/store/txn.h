/* SPDX-License-Identifier: Apache-2.0 */
/* txn.h - what store.h hands out as a transaction; for store.c and committer.c only. */
#pragma once
#include "store/overlay.h"

struct txn {
	struct overlay over;	/* without changes in a view */
	bool is_update;
	uint64_t rev;
};
