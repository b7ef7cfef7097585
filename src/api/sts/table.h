/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "api/op.h"

extern const struct service sts_service;
