/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.h - passwords and accounts of MySQL and MariaDB servers (spec/rotation.md 8.3). A user is
 * one account per host pattern ('u'@'%', 'u'@'10.%' ...); the admin's changes reach all of them.
 *
 * Account statements commit by themselves. The password therefore comes last: once the pending
 * credential logs in, everything else has been done, and a step cut short is simply repeated.
 */
#pragma once
#include "rotators/mysql/session.h"

/* `current` is who is logged in, for servers that want to hear the old password. */
MUST_CHECK bool user_set_own_password(struct session *s, struct arena *a,
    const struct account *secret, const char *current_password, struct err *e);
MUST_CHECK bool user_set_password_of(
    struct session *s, struct arena *a, const struct account *secret, struct err *e);
/* Makes or updates the pair's other user. */
MUST_CHECK bool user_set_alternate(struct session *s, struct arena *a, const struct account *secret,
    struct err *e);
