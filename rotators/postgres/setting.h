/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setting.h - copying ALTER ROLE ... SET from one role to another, for all databases.
 *
 * The values never become active in our own session: a user sets them on their own role, and a
 * search_path taken over by an admin's session would run that user's functions as the admin.
 */
#pragma once
#include "rotators/postgres/session.h"

/* A setting the admin may not copy is left out with a line in the log; the rotation goes on. */
MUST_CHECK bool setting_copy_all(
    struct session *s, struct arena *a, const char *from, const char *to, struct err *e);
