/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package_cache.h - unpacked packages by digest, <folder>/code/<sha256>/.
 *
 * A package is unpacked once, in a process of its own (a crash or a stall of the unzipping costs one
 * package, not the runner), next to its place and renamed into it, so a folder under code/ is always
 * whole. Starts empty: whatever an earlier run left is removed. Keeps the PACKAGES_KEPT used last.
 * Threads: the runner's loop.
 */
#pragma once
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define PACKAGES_KEPT 64

struct package_cache;
MUST_CHECK struct package_cache *package_cache_new(const char *folder, struct err *e);
void package_cache_free(struct package_cache *c);

enum package_state {
	PACKAGE_READY,
	PACKAGE_WAIT,		/* being unpacked; package_cache_reaped will tell */
	PACKAGE_FAILED,		/* could not even be started; e says why */
};
/* Asks for a package. READY and WAIT count as a use, to be given back by package_cache_release. */
enum package_state package_cache_get(struct package_cache *c, struct str sha256,
    struct str zip_path, struct err *e);
void package_cache_release(struct package_cache *c, struct str sha256);
/* The folder; the string lives as long as the use. */
const char *package_cache_path(const struct package_cache *c, struct str sha256);

/* A process of the runner ended: true when it was unpacking; then *out_sha256 names the package (64
 * bytes and a NUL), and on failure *out_ok is false and e says why. */
bool package_cache_reaped(struct package_cache *c, pid_t pid, int status, char out_sha256[65],
    bool *out_ok, struct err *e);
