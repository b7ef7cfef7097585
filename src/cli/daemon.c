/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/client.h"

/* Advancing a clock over a year of rotations takes what it takes. */
#define PATIENCE_MS (24 * 3600 * 1000)
#define ANSWER_CAP ((size_t)256 * 1024 * 1024)

const char *
data_folder(const struct cli *c)
{
	const char *named[] = { c->data, getenv("PAWL_DATA"), getenv("STATE_DIRECTORY") };
	const char *home = getenv("HOME");
	const struct passwd *pw;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (named[i] != NULL && named[i][0] != '\0')
			return named[i];
	}
	if (home == NULL || home[0] == '\0') {
		pw = getpwuid(geteuid());
		home = pw != NULL ? pw->pw_dir : "/var/lib";
	}
	return arena_printf(c->arena, "%s/.local/share/pawl", home);
}

static const char *
socket_path(const struct cli *c)
{
	return c->socket != NULL ? c->socket :
	    arena_printf(c->arena, "%s/pawl.sock", data_folder(c));
}

static void
complain_unreachable(const char *path, const struct err *e)
{
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		cli_fail("%s: too long a path for a socket", path);
	else if (access(path, W_OK) != 0 && errno == EACCES)
		cli_fail("%s: %s; only root and the user that runs pawld may use it", path,
		    strerror(errno));
	else if (access(path, F_OK) != 0)
		cli_fail("%s: %s; is pawld running on this folder? (--data or $PAWL_DATA names it)",
		    path, strerror(errno));
	else if (e->sys == ECONNREFUSED)
		cli_fail("%s: nobody answers; pawld does not run any more", path);
	else
		cli_fail("%s: no answer (%s)", path, e->detail[0] != '\0' ? e->detail : e->msg);
}

static json_t *
read_answer(struct cli *c, const struct http_answer *answer)
{
	struct str body = arena_str(c->arena, buf_view(&answer->body)), message, detail;
	struct err e;
	json_t *doc = json_parse(c->arena, body, 0, &e);

	if (!json_is_object(doc)) {
		cli_fail("pawld's answer (status %d) is not understood", answer->status);
		return NULL;
	}
	if (answer->status == 200)
		return doc;
	message = json_member_str(doc, "Message");
	detail = json_member_str(doc, "Detail");
	cli_fail(STR_FMT "%s" STR_FMT, STR_ARG(message), detail.n > 0 ? ": " : "",
	    STR_ARG(detail));
	return NULL;
}

json_t *
daemon_ask(struct cli *c, const char *path, const struct buf *request)
{
	AUTO(http_client) *client = http_client_new();
	const struct header type = { STR_LIT("Content-Type"), STR_LIT("application/json") };
	const char *socket = socket_path(c);
	struct http_call call = { .method = "POST",
		.url = arena_printf(c->arena, "http://localhost%s", path), .headers = &type,
		.header_count = 1, .body = request == NULL ? STR_LIT("{}") : buf_view(request),
		.unix_path = socket, .total_ms = PATIENCE_MS, .max_body = ANSWER_CAP };
	struct http_answer answer = { 0 };
	struct err e;
	json_t *doc;

	if (!http_client_call(client, &call, &answer, &e)) {
		complain_unreachable(socket, &e);
		return NULL;
	}
	doc = read_answer(c, &answer);
	http_answer_free(&answer);
	return doc;
}

struct jsonw
request_open(const struct cli *c, struct buf *b)
{
	struct jsonw w = jsonw_on(b);

	jsonw_open(&w);
	if (c->account != NULL)
		jsonw_kz(&w, "Account", c->account);
	if (c->region != NULL)
		jsonw_kz(&w, "Region", c->region);
	return w;
}
