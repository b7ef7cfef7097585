/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/exit_text.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* Lambda's platform is written in Go; these are Go's names. */
static const struct { int number; const char *name; } signals[] = {
	{ SIGHUP, "hangup" }, { SIGINT, "interrupt" }, { SIGQUIT, "quit" },
	{ SIGILL, "illegal instruction" }, { SIGTRAP, "trace/breakpoint trap" },
	{ SIGABRT, "aborted" }, { SIGBUS, "bus error" }, { SIGFPE, "floating point exception" },
	{ SIGKILL, "killed" }, { SIGUSR1, "user defined signal 1" },
	{ SIGSEGV, "segmentation fault" }, { SIGUSR2, "user defined signal 2" },
	{ SIGPIPE, "broken pipe" }, { SIGALRM, "alarm clock" }, { SIGTERM, "terminated" },
};

static const char *
signal_name(int number)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (signals[i].number == number)
			return signals[i].name;
	}
	return NULL;
}

void
exit_text(int status, char *out, size_t cap)
{
	const char *name = WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : NULL;

	if (name != NULL)
		snprintf(out, cap, "Runtime exited with error: signal: %s", name);
	else if (WIFSIGNALED(status))
		snprintf(out, cap, "Runtime exited with error: signal: signal %d", WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		snprintf(out, cap, "Runtime exited with error: exit status %d", WEXITSTATUS(status));
	else
		snprintf(out, cap, "Runtime exited without providing a reason");
}
