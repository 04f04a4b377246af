/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main() for a fuzz target that is not linked with libFuzzer: runs the target once on each
 * file, and on each file of each directory, that is named; without names on the target's
 * corpus in the source tree. Says which input it is at before running it, so that a crash
 * names its input.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static unsigned long inputs_run;

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return -1;
}

static int run_file(const char *path, size_t size_bytes)
{
	FILE *f = fopen(path, "rb");
	/* exactly as large as the input, so that the sanitizers see one byte too far */
	uint8_t *data = malloc(size_bytes ? size_bytes : 1);
	int ret = -1;

	if (f && data && fread(data, 1, size_bytes, f) == size_bytes) {
		fprintf(stderr, "%s (%zu bytes)\n", path, size_bytes);
		ret = LLVMFuzzerTestOneInput(data, size_bytes) == 0 ? 0 : -1;
		inputs_run++;
	} else {
		fail(path);
	}
	free(data);
	if (f)
		fclose(f);
	return ret;
}

static int skip_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int run_path(const char *path);

static int run_dir(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, skip_hidden, alphasort);
	int ret = 0;

	if (n < 0)
		return fail(path);
	for (int i = 0; i < n; i++) {
		char *sub = NULL;

		if (asprintf(&sub, "%s/%s", path, names[i]->d_name) < 0 || run_path(sub) != 0)
			ret = -1;
		free(sub);
		free(names[i]);
	}
	free(names);
	return ret;
}

static int run_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fail(path);
	return S_ISDIR(st.st_mode) ? run_dir(path) : run_file(path, (size_t)st.st_size);
}

/* tests/fuzz/fuzz_NAME stands for tests/fuzz/corpus/NAME in the source tree. */
static int run_corpus(const char *program)
{
	const char *srcdir = getenv("top_srcdir");
	const char *name = strrchr(program, '/');
	char *path = NULL;
	int ret;

	name = name ? name + 1 : program;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	if (asprintf(&path, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name) < 0)
		return -1;
	ret = run_path(path);
	free(path);
	return ret;
}

int main(int argc, char **argv)
{
	int ret = 0;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	if (argc < 2)
		ret = run_corpus(argv[0]);
	for (int i = 1; i < argc; i++)
		if (run_path(argv[i]) != 0)
			ret = -1;
	fprintf(stderr, "%lu inputs replayed\n", inputs_run);
	/* a corpus with nothing in it would be a test that cannot fail */
	return ret == 0 && inputs_run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
