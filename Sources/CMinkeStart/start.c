// What has to be done before Swift's runtime starts, for a static program where there is no `/proc`, as in a new root
// directory: the runtime asks there where the program lies and how it was called.
#include "minke_start.h"

#if defined(__linux__)

#include <stdlib.h>
#include <unistd.h>

static int count;
static char **words;

/// Runs before the constructors of Swift's runtime, which have no priority. glibc hands constructors what `main` gets.
///
/// The runtime looks for tools beside itself, and ends the process where it cannot tell where it is; told where Swift's
/// root is, it does not look. Without `/proc` no such tool could work.
__attribute__((constructor(101))) static void prepare(int argc, char **argv) {
#if defined(__GLIBC__)
  count = argc;
  words = argv;
#else
  (void)argc;
  (void)argv;
#endif
  if (access("/proc/self/exe", F_OK) != 0) setenv("SWIFT_ROOT", "/", 0);
}

const char *minke_start_word(size_t index) { return words && index < (size_t)count ? words[index] : NULL; }

#else

const char *minke_start_word(size_t index) {
  (void)index;
  return NULL;
}

#endif
