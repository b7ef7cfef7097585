/* SPDX-License-Identifier: Apache-2.0 */
/* exit_text.h - how a process ended, in the words of Runtime.ExitError (spec/rotation.md 5.5). */
#pragma once
#include <stddef.h>

/* `status` is waitpid's. */
void exit_text(int status, char *out, size_t cap);
