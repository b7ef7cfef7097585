/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock.h - Landlock by system call, from ABI 1 on. Callable between fork and exec: no memory is
 * allocated. Results are 0 or a descriptor, or -1 with errno.
 */
#pragma once

enum landlock_allow {
	LANDLOCK_ALLOW_READ,	/* files and folders below: read, list, execute */
	LANDLOCK_ALLOW_WRITE,	/* and everything else */
	LANDLOCK_ALLOW_DEVICE,	/* this file: read and write */
};

/* 0 when the kernel has none. */
int landlock_abi(void);
int landlock_new(int abi);
/* A path that is not there is no error: it cannot be reached either. */
int landlock_allow(int rules, int abi, const char *path, enum landlock_allow what);
/* Closes the rules. Needs no_new_privs. */
int landlock_enter(int rules);
