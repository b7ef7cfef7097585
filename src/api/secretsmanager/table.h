/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "api/op.h"

extern const struct op secretsmanager_ops[];
extern const struct service secretsmanager_service;
