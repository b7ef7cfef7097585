/* SPDX-License-Identifier: Apache-2.0 */
#include "api/lambda/code.h"

#include <stdio.h>
#include <zip.h>

#define MSG_UNZIP "Could not unzip uploaded file. Please check your file, then try to upload again."
#define MAX_ENTRIES 65536
#define MAX_NAME 1024

static bool
refuse(struct err *e, const char *name, const char *why)
{
	err_set(e, ERR_LAMBDA_PARAMETER, "%s", MSG_UNZIP);
	snprintf(e->detail, sizeof(e->detail), "'%.200s': %s", name, why);
	return false;
}

/* Relative, and no part of it leads up. */
static bool
is_name_sane(struct str name)
{
	struct str rest = name, part;

	if (name.n == 0 || name.n > MAX_NAME || name.p[0] == '/')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x20 || c == 0x7f || c == '\\')
			return false;
	}
	while (str_split(&rest, '/', &part)) {
		if (str_is(part, "..") || str_is(part, "."))
			return false;
	}
	return true;
}

static bool
check_entry(zip_t *zip, zip_uint64_t i, uint64_t *total, struct err *e)
{
	zip_stat_t st;

	if (zip_stat_index(zip, i, 0, &st) != 0 || !(st.valid & ZIP_STAT_NAME) ||
	    !(st.valid & ZIP_STAT_SIZE))
		return refuse(e, "entry", zip_strerror(zip));
	if (!is_name_sane(str_of(st.name)))
		return refuse(e, st.name, "not a name for a file of a package");
	if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
		return refuse(e, st.name, "encrypted");
	if ((st.valid & ZIP_STAT_COMP_METHOD) &&
	    !zip_compression_method_supported(st.comp_method, 0))
		return refuse(e, st.name, "compressed in an unknown way");
	if (st.size > CODE_MAX_UNZIPPED || (*total += st.size) > CODE_MAX_UNZIPPED)
		return err_set(e, ERR_LAMBDA_PARAMETER, "Unzipped size must be smaller than %d "
		    "bytes", CODE_MAX_UNZIPPED);
	return true;
}

static bool
check_entries(zip_t *zip, struct err *e)
{
	zip_int64_t n = zip_get_num_entries(zip, 0);
	uint64_t total = 0;

	if (n == 0)
		return err_set(e, ERR_LAMBDA_PARAMETER, "Uploaded file must be a non-empty zip");
	if (n < 0 || n > MAX_ENTRIES)
		return refuse(e, "package", "too many files");
	for (zip_uint64_t i = 0; i < (zip_uint64_t)n; i++) {
		if (!check_entry(zip, i, &total, e))
			return false;
	}
	return true;
}

bool
zip_check(struct str bytes, struct err *e)
{
	zip_source_t *source = zip_source_buffer_create(bytes.p, bytes.n, 0, NULL);
	zip_t *zip;
	bool ok;

	if (source == NULL)
		return err_internal(e, "libzip gave no source");
	zip = zip_open_from_source(source, ZIP_RDONLY, NULL);
	if (zip == NULL) {
		zip_source_free(source);
		return refuse(e, "package", "not a zip file");
	}
	ok = check_entries(zip, e);
	zip_discard(zip);	/* and the source */
	return ok;
}
