#include "allocation_counter.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1  // which replaces the same functions
#endif
#endif

static _Atomic uint64_t count;

uint64_t allocation_counter_count(void) { return atomic_load(&count); }

#if defined(__linux__) && defined(__GLIBC__) && !defined(HAS_SANITIZER)

/// Each thread for itself: tests run side by side, and those of others do not count.
static __thread bool watched __attribute__((tls_model("initial-exec")));

bool allocation_counter_works(void) { return true; }

void allocation_counter_watch(bool watch) { watched = watch; }

static void note(void) {
  if (watched) atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

// The C library's functions by their other names. Its `free` takes what they give, so that it need not be replaced.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t elements, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t elements, size_t size) {
  note();
  return __libc_calloc(elements, size);
}

void *realloc(void *memory, size_t size) {
  note();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  note();
  void *found = __libc_memalign(alignment, size);
  if (!found) return ENOMEM;
  *memory = found;
  return 0;
}

#else

bool allocation_counter_works(void) { return false; }

void allocation_counter_watch(bool watch) { (void)watch; }

#endif
