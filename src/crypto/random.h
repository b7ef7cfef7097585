/* SPDX-License-Identifier: Apache-2.0 */
/* random.h - getrandom(2); never fails (a kernel without entropy blocks, anything else aborts). */
#pragma once
#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t n);
/* Uniform in 0..n-1 by rejection, n >= 1. */
uint32_t random_below(uint32_t n);
/* n characters drawn uniformly from `alphabet`, then a NUL. */
void random_text(const char *alphabet, size_t n, char *out);
void random_uuid(char out[37]);
