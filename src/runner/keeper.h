/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h - how long to wait before the next runner (keeper.c); runner.h has runner_keep. */
#pragma once
#include <stdint.h>

/* The pause after a runner that lived `lived_ms` and had been waited for `before_ms`: none when it
 * lived a while or was the first to die young, then growing from 100 ms to `most_ms`. */
int keeper_pause_ms(int before_ms, int64_t lived_ms, unsigned young, int most_ms);
