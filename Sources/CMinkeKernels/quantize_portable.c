#include "quantize_rows.h"

#define QUANTIZE_ROW minke_quantize_row_portable
#include "quantize_rows.inc.h"
