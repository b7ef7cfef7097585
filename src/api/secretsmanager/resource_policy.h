/* SPDX-License-Identifier: Apache-2.0 */
/* resource_policy.h - a secret's policy, compiled with AWS's refusals (spec/security.md 3.1). */
#pragma once
#include "api/op.h"
#include "auth/policy.h"

#define MSG_POLB "You can't attach a resource-based policy that allows broad access to the secret."

MUST_CHECK struct policy *resource_policy_compile(struct op_ctx *ctx, struct str text,
    struct err *e);
