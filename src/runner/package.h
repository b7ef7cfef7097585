/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package.h - a function's zip file, unpacked as untrusted (spec/rotation.md 5.5).
 *
 * Refused: absolute names, "..", backslashes, control characters, names given twice, special files,
 * encrypted entries, links that leave the folder (the kernel follows each one to decide), more than
 * PACKAGE_MAX_BYTES once unpacked, counted as the bytes come out and not as the zip declares them.
 * Afterwards nothing is writable; execute bits are kept.
 * Threads: none; runs in a process of its own (package_cache.h).
 */
#pragma once
#include "base/err.h"
#include "base/str.h"

#define PACKAGE_MAX_BYTES (250LL * 1024 * 1024)
#define PACKAGE_MAX_ENTRIES 65536
#define PACKAGE_MAX_NAME 1024

/* Unpacks into the new folder `dest`; on failure what is there is of no use. The error is
 * ERR_LAMBDA_PARAMETER with AWS's text, the reason in `detail`. A `sha256` (hex) that is not the
 * zip's own is refused too; NULL asks for none. */
MUST_CHECK bool package_unpack(const char *zip, const char *sha256, const char *dest,
    struct err *e);
/* May an entry have this name? */
bool package_name_is_safe(struct str name);
/* Removes a folder and all below it, whatever its modes. */
MUST_CHECK bool package_remove(const char *dir, struct err *e);
