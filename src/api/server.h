/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - what lives as long as the daemon and what handlers and the rotation machine share.
 * Set once before threads start, then read only; what it points to has its own rules.
 */
#pragma once
#include <stdbool.h>

#include "base/clock.h"

struct store;
struct keyring;
struct audit;
struct func;
struct rotator;		/* rotate/scheduler.h */
struct rotator_config;
struct verifier;
struct throttle;	/* front/throttle.h */

struct server {
	struct clock *clock;
	struct store *store;
	struct keyring *keys;
	struct audit *audit;
	struct func *func;
	struct rotator *rotator;
	const struct rotator_config *rotation;	/* for rotator_prepare_call */
	const char *data;		/* the data folder */
	const char *engine;		/* the store's, for `pawl status`; NULL: not said */
	bool is_dev;
	bool any_key;			/* --dev-any-key */
	const char *account;		/* of the administrator made by init */
	const char *endpoint_url;	/* how function sandboxes reach us */
	const char *ca_bundle;		/* for them, when we speak TLS; NULL otherwise */
	int skew_s;
	struct throttle *throttle;	/* NULL: off */
	uint64_t secrets_quota;		/* in an account and region; 0 = no end */
	uint32_t versions_limit;	/* of a secret, once nothing can be pruned; 0 = pawl's own */
	struct verifier **verifiers;	/* one per HTTP thread, used by that thread only */
};
