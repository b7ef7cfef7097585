/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - the data folder: where it is, making it, and, for --dev, taking it away again. */
#pragma once
#include "base/arena.h"
#include "base/err.h"

/* $STATE_DIRECTORY, else ~/.local/share/pawl. */
char *place_default(struct arena *a);
/* Makes the folder (0700) and its parents. */
MUST_CHECK bool place_make(const char *path, struct err *e);
/* A fresh one under $TMPDIR. */
MUST_CHECK char *place_temporary(struct arena *a, struct err *e);
void place_remove(const char *path);
