/* Convolutions of many sizes in buffers that are just large enough, against direct sums: see test_build.py. */

#include "convolve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

size_t percept_scratch_tested(const struct convolution *);
void percept_convolve_tested(const struct convolution *, float *);
size_t percept_packed_tested(size_t, size_t, size_t);
void percept_pack_tested(const float *, size_t, size_t, size_t, float *);

static unsigned state = 1;

static size_t up_to(size_t most) {
    state = state * 1664525u + 1013904223u;
    return 1 + (state >> 8) % most;
}

/* `count` values that begin `odd` floats behind an aligned address. */
static float *values(size_t count, size_t odd, void **memory) {
    float *found = (float *)(*memory = malloc((count + odd) * sizeof(float))) + odd;
    for (size_t i = 0; i < count; i++) found[i] = (float)up_to(2000) / 1000 - 1;
    return found;
}

static double direct(const struct convolution *l, const float *weights, size_t n, size_t y, size_t x, size_t o) {
    double sum = l->bias[o];
    for (size_t i = 0; i < l->inputs; i++)
        for (size_t v = 0; v < 3; v++)
            for (size_t u = 0; u < 3; u++)
                if (x + u > 0 && x + u <= l->columns)
                    sum += (double)weights[(o * l->inputs + i) * 9 + 3 * v + u] *
                           l->window[n * l->window_picture + (y + v) * l->window_row +
                                     (x + u - 1) * l->window_column + i];
    return l->relu && sum < 0 ? 0 : sum;
}

int main(void) {
    const int count = 150;
    for (int round = 0; round < count; round++) {
        struct convolution l = {0};
        void *memory[6];
        l.pictures = up_to(2);
        l.rows = up_to(11);
        l.columns = up_to(round % 10 ? 13 : 90);
        l.inputs = up_to(round % 10 == 1 ? 300 : 24);
        l.outputs = up_to(round % 10 == 2 ? 200 : 40);
        l.tile = round % 2 ? 2 : 4;
        l.relu = round % 3 == 0;
        l.threads = up_to(4);
        if (round < 2) l.pictures = l.rows = l.columns = l.inputs = l.outputs = 1;
        l.window_column = l.inputs + up_to(3) - 1;
        l.window_row = l.columns * l.window_column;
        l.window_picture = (l.rows + 2) * l.window_row;
        l.out_column = l.outputs;
        l.out_row = l.columns * l.out_column;
        l.out_picture = l.rows * l.out_row;
        l.window = values(l.pictures * l.window_picture, up_to(4) - 1, &memory[0]);
        float *weights = values(l.outputs * l.inputs * 9, up_to(4) - 1, &memory[1]);
        float *packed = values(percept_packed_tested(l.inputs, l.outputs, l.tile), up_to(4) - 1, &memory[2]);
        l.bias = values(l.outputs, up_to(4) - 1, &memory[3]);
        l.out = values(l.pictures * l.out_picture, up_to(4) - 1, &memory[4]);
        float *scratch = values(percept_scratch_tested(&l), up_to(4) - 1, &memory[5]);
        percept_pack_tested(weights, l.inputs, l.outputs, l.tile, packed);
        l.kernels = packed;
        percept_convolve_tested(&l, scratch);
        for (int look = 0; look < 200; look++) {
            const size_t n = up_to(l.pictures) - 1, y = up_to(l.rows) - 1, x = up_to(l.columns) - 1;
            const size_t o = up_to(l.outputs) - 1;
            const double expected = direct(&l, weights, n, y, x, o);
            const double found = l.out[n * l.out_picture + y * l.out_row + x * l.out_column + o];
            if (!(fabs(found - expected) < 1e-3)) {
                printf("round %d: %g, not %g\n", round, found, expected);
                return 1;
            }
        }
        for (int i = 0; i < 6; i++) free(memory[i]);
    }
    printf("all of %d sizes\n", count);
    return 0;
}
