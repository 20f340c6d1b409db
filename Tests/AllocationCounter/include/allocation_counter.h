// Counts the heap allocations of chosen threads: for tests of code that must make none.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations can be counted here: on Linux with glibc, whose functions can be called by another name.
bool allocation_counter_works(void);

/// Begins or ends counting what the calling thread allocates.
void allocation_counter_watch(bool watch);

/// Allocations of watched threads since the process began.
uint64_t allocation_counter_count(void);

#endif
