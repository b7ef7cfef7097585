/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - every AWS quota pawl keeps, each with its source in spec/api.md. */
#pragma once

#define LIMIT_LABELS_PER_SECRET 20	/* 4.1: over all versions */
#define LIMIT_SECRETS 500000		/* section 10: in an account and region, unless set */
#define LIMIT_VERSIONS_KEPT 100		/* 4.4: unlabelled ones beyond it are pruned */
#define LIMIT_VERSIONS_HARD 1000	/* 4.4: pawl's own ceiling */
#define LIMIT_PRUNE_AGE_MS (24 * HOUR_MS)	/* 4.4: never younger than a day */
#define LIMIT_TAGS_PER_SECRET 50	/* 9.1 */
#define LIMIT_REPLICAS 100		/* pawl's own: AWS has fewer regions than that */
#define LIMIT_NAME 512			/* section 2 */
#define LIMIT_VALUE_BYTES 65536		/* section 10 */
#define RECOVERY_DAYS_DEFAULT 30	/* 8.1 */
#define RECOVERY_DAYS_MIN 7
#define RECOVERY_DAYS_MAX 30
