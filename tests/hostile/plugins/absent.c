/* SPDX-License-Identifier: Apache-2.0 */
/* The library that hostile_missing_library.so is linked to and that the loader does not find. */
#include <stdint.h>

int32_t a_function_that_nobody_has(void);
int32_t a_function_that_nobody_has(void) { return 1; }
