/* What a library was made of, and whether this processor and its system have the instructions of a set. */

#include "convolve.h"

#include <string.h>

/* A hash of the sources. */
PUBLIC const char *percept_stamp(void) { return STAMP; }

PUBLIC int percept_runs(const char *set) {
    if (!strcmp(set, "portable")) return 1;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!strcmp(set, "avx2")) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (!strcmp(set, "avx512")) return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
    if (!strcmp(set, "neon")) return 1;
#endif
    return 0;
}
