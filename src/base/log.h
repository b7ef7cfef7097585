/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - lines for the operator on stderr, one write(2) each, safe from any thread.
 * Only front, rotate, runner, cli and the mains log; everyone else returns an err.
 * Never log a value, a key or a password. Text from outside goes through "%s" only; control
 * characters are shown as \xNN.
 */
#pragma once
#include "base/err.h"

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_setup(const char *program, enum log_level most);
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
/* One line with the type, the text, the detail and the place. */
void log_err(enum log_level level, const char *what, const struct err *e);
