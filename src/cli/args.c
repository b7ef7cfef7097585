/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <getopt.h>
#include <string.h>

#define COMMON 6
#define OWN_MAX 8

static void
add_common(struct cli *c, struct flag out[COMMON])
{
	const struct flag common[COMMON] = { { "data", &c->data, NULL },
		{ "socket", &c->socket, NULL }, { "account", &c->account, NULL },
		{ "region", &c->region, NULL }, { "json", NULL, &c->json },
		{ "help", NULL, &c->help } };

	memcpy(out, common, sizeof(common));
}

static bool
parse(struct cli *c, int *argc, char ***argv, const struct flag *own, size_t n, const char *how)
{
	struct flag all[COMMON + OWN_MAX];
	struct option longs[COMMON + OWN_MAX + 1] = { { 0 } };
	int code, at = 0;

	add_common(c, all);
	for (size_t i = 0; i < n && i < OWN_MAX; i++)
		all[COMMON + i] = own[i];
	for (size_t i = 0; i < COMMON + n; i++)
		longs[i] = (struct option){ all[i].name,
			all[i].text != NULL ? required_argument : no_argument, NULL, 1 };
	optind = 0;		/* GNU: begin anew */
	opterr = 0;
	while ((code = getopt_long(*argc, *argv, how, longs, &at)) != -1) {
		const char *word = (*argv)[optind > 0 ? optind - 1 : 0];

		if (code == 'h')
			c->help = true;
		else if (code == ':')
			cli_usage(c, "%s needs a value", word);
		else if (code != 1)
			cli_usage(c, "there is no option %s here", word);
		if (code == ':' || code == '?')
			return false;
		if (code == 1 && all[at].text != NULL)
			*all[at].text = optarg;
		else if (code == 1)
			*all[at].given = true;
	}
	*argc -= optind;
	*argv += optind;
	return !c->help;
}

bool
args_parse(struct cli *c, int *argc, char ***argv, const struct flag *own, size_t n)
{
	return parse(c, argc, argv, own, n, ":h");
}

bool
args_parse_global(struct cli *c, int *argc, char ***argv)
{
	return parse(c, argc, argv, NULL, 0, "+:h");
}

bool
args_number(const struct cli *c, const char *name, const char *text, unsigned min, unsigned max,
    unsigned *out)
{
	unsigned long long v;

	if (text == NULL)
		return true;
	if (!str_to_u64(str_of(text), max, &v) || v < min) {
		cli_usage(c, "--%s must be a whole number from %u to %u, not '%s'", name, min, max,
		    text);
		return false;
	}
	*out = (unsigned)v;
	return true;
}
