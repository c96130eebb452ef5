/* What a convolution is told: see convolve.c. */

#include <stddef.h>

#define PUBLIC __attribute__((visibility("default")))

struct convolution {
    /* pictures x (rows + 2) x columns x inputs: the rows of the output with one more above and below. Distances
       from one picture, row and column to the next are in floats; channels lie side by side. */
    const float *window;
    size_t window_picture, window_row, window_column;
    const float *kernels; /* packed */
    const float *bias;    /* outputs */
    float *out;           /* pictures x rows x columns x outputs */
    size_t out_picture, out_row, out_column;
    size_t pictures, rows, columns, inputs, outputs;
    size_t tile;    /* outputs per side of a tile, 2 or 4 */
    size_t relu;    /* whether negative values become 0 */
    size_t threads; /* at most, from 1 */
};
