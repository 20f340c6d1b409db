#ifndef MINKE_START_H
#define MINKE_START_H

#include <stddef.h>

/// The word at `index` of the line that started this program, the program's own first; null past the last, and where
/// the system hands none to constructors. Valid as long as the process lives.
const char *_Nullable minke_start_word(size_t index);

#endif
