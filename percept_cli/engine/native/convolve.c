/* 3x3 convolutions by Winograd's minimal filtering, for one set of instructions: see build.py.
 *
 * This file is compiled once for each set, with WIDTH floats to a vector, TILES_AT_ONCE rows of a product to a
 * register block and NAME(x) as x with the set's suffix. Everything works on blocks of output tiles that stay in
 * the cache: the windows of the tiles are transformed, multiplied by the kernels place by place, and transformed
 * back with bias and ReLU.
 *
 * Each output is computed by the same operations in the same order, whatever the size of the picture, the block,
 * the number of threads and its place in a batch: so its digits do not depend on them.
 */

#include "convolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#define LANES (2 * WIDTH) /* outputs of a register block */
#define OUTPUTS_AT_ONCE 64 /* per product with a block of tiles; a multiple of LANES */
/* So that a block's windows stay in the cache, and its kernels are used often enough once they are there. */
#define TILES_OF_A_BLOCK(inputs) ((inputs) < 256 ? 48 : 96)
#define TILES_AT_LEAST 24 /* else reading the kernels takes longer than using them */
/* Sums of so many products are made apart and then added up: with 512 channels that halves the rounding error. */
#define SUMMED_AT_ONCE 128
#define AHEAD (16 * LANES) /* floats of the kernels to ask for before they are needed */
#define MOST_THREADS 64
/* Rows of the scratch memory are no powers of two apart, which would share lines of the cache. */
#define GAP 16

typedef float vec __attribute__((vector_size(4 * WIDTH)));
typedef float anywhere __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias)); /* at any address */
typedef int bits __attribute__((vector_size(4 * WIDTH)));

#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define NOT_UNROLLED _Pragma("clang loop unroll(disable)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
/* Where addresses, worked out in advance for all rounds of a loop, would take longer than what the loop does. */
#define NOT_UNROLLED _Pragma("GCC unroll 1")
#endif

/* An address that is only asked for may lie behind the end, which as a pointer would be undefined. */
#define PREFETCH(from, floats) __builtin_prefetch((const void *)((uintptr_t)(from) + (floats) * sizeof(float)))

static inline vec load(const float *from) { return *(const anywhere *)from; }
static inline void store(float *to, vec value) { *(anywhere *)to = value; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t rounded_up(size_t a, size_t b) { return divided_up(a, b) * b; }

/* The transforms along one axis, as in winograd.py: F(4x4), points 0, +-3/4, +-3/2, and F(2x2), points 0, +-1. */

static const float A1 = 0.75f, A2 = 0.75f * 0.75f, A3 = 0.75f * 0.75f * 0.75f;
static const float B1 = 1.5f, B2 = 1.5f * 1.5f, B3 = 1.5f * 1.5f * 1.5f;
static const float A2B2 = 0.75f * 0.75f * 1.5f * 1.5f;

static inline void input_4(const vec d[6], vec out[6]) {
    vec even = d[4] - B2 * d[2], odd = d[3] - B2 * d[1];
    out[1] = even + A1 * odd;
    out[2] = even - A1 * odd;
    even = d[4] - A2 * d[2];
    odd = d[3] - A2 * d[1];
    out[3] = even + B1 * odd;
    out[4] = even - B1 * odd;
    out[0] = even - B2 * d[2] + A2B2 * d[0];
    out[5] = d[5] - A2 * d[3] - B2 * odd;
}

static inline void output_4(const vec p[6], vec out[4]) {
    vec near = p[1] + p[2], far = p[3] + p[4];
    out[0] = near + far + p[0];
    out[2] = A2 * near + B2 * far;
    near = p[1] - p[2];
    far = p[3] - p[4];
    out[1] = A1 * near + B1 * far;
    out[3] = A3 * near + B3 * far + p[5];
}

static inline void input_2(const vec d[4], vec out[4]) {
    out[0] = d[0] - d[2];
    out[1] = d[1] + d[2];
    out[2] = d[2] - d[1];
    out[3] = d[1] - d[3];
}

static inline void output_2(const vec p[4], vec out[2]) {
    out[0] = p[0] + p[1] + p[2];
    out[1] = p[1] - p[2] - p[3];
}

/* A picture's rows on their way into a layer, and how its windows lie in them. */
typedef struct {
    const struct convolution *layer;
    size_t side, places;            /* of a window */
    size_t tiles_across, tiles;     /* of one picture, of all */
    size_t block, blocks;           /* tiles of a block, blocks */
    size_t outputs, groups, group;  /* outputs, padded; groups of them, outputs of a group */
    size_t window_row, window_place, product_place; /* floats from one to the next in the scratch memory */
    size_t next;                    /* the next piece of work, for whoever is free */
} plan;

/* WIDTH channels of a window, transformed: side*side values, which lie `row` and `column` floats apart. */
static inline __attribute__((always_inline)) void transform_window(
    size_t m, const float *from, size_t row, size_t column, float *to, size_t place) {
    const size_t side = m + 2;
    vec half[6][6];
    NOT_UNROLLED
    for (size_t x = 0; x < side; x++, from += column) {
        vec d[6], t[6];
        for (size_t y = 0; y < side; y++) d[y] = load(from + y * row);
        if (m == 4) input_4(d, t); else input_2(d, t);
        for (size_t y = 0; y < side; y++) half[y][x] = t[y];
    }
    NOT_UNROLLED
    for (size_t y = 0; y < side; y++, to += side * place) {
        vec t[6];
        if (m == 4) input_4(half[y], t); else input_2(half[y], t);
        for (size_t x = 0; x < side; x++) store(to + x * place, t[x]);
    }
}

/* All channels of the window of one tile. */
static inline __attribute__((always_inline)) void transform_tile(
    size_t m, const plan *p, size_t tile, float *patch, float *to) {
    const struct convolution *l = p->layer;
    const size_t side = m + 2, per_picture = p->tiles / l->pictures;
    const size_t picture = tile / per_picture, within = tile % per_picture;
    const size_t top = within / p->tiles_across * m, left = within % p->tiles_across * m;
    const float *from = l->window + picture * l->window_picture + top * l->window_row;
    size_t row = l->window_row, column = l->window_column, whole = l->inputs / WIDTH * WIDTH;
    if (left > 0 && left + m < l->columns && top + side <= l->rows + 2) {
        from += (left - 1) * column;
    } else { /* zeros where there is no picture */
        const size_t padded = rounded_up(l->inputs, WIDTH);
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++) {
                float *pixel = patch + (y * side + x) * padded;
                const int inside = top + y < l->rows + 2 && left + x > 0 && left + x <= l->columns;
                if (inside) memcpy(pixel, from + y * row + (left + x - 1) * column, l->inputs * sizeof(float));
                memset(pixel + (inside ? l->inputs : 0), 0, (padded - (inside ? l->inputs : 0)) * sizeof(float));
            }
        from = patch;
        row = side * padded;
        column = padded;
        whole = padded;
    }
    for (size_t c = 0; c < whole; c += WIDTH) transform_window(m, from + c, row, column, to + c, p->window_place);
    if (whole < l->inputs) { /* the last channels, which fill no vector */
        float few[36 * WIDTH];
        memset(few, 0, sizeof few);
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++)
                memcpy(few + (y * side + x) * WIDTH, from + y * row + x * column + whole,
                       (l->inputs - whole) * sizeof(float));
        transform_window(m, few, side * WIDTH, WIDTH, to + whole, p->window_place);
    }
}

/* TILES_AT_ONCE x LANES of a product: sums over k of a[tile][k] * b[k][lane], added to what `out` has if `more`. */
static inline __attribute__((always_inline)) void multiply_block(
    const float *a, size_t a_row, const float *b, size_t count, float *out, size_t out_row, int more) {
    vec sums[TILES_AT_ONCE][2];
    for (size_t t = 0; t < TILES_AT_ONCE; t++) sums[t][0] = sums[t][1] = (vec){0};
    for (size_t k = 0; k < count; k++, b += LANES) {
        const vec left = load(b), right = load(b + WIDTH);
        PREFETCH(b, AHEAD);
        UNROLLED
        for (size_t t = 0; t < TILES_AT_ONCE; t++) {
            const float value = a[t * a_row + k];
            sums[t][0] += value * left;
            sums[t][1] += value * right;
        }
    }
    for (size_t t = 0; t < TILES_AT_ONCE; t++) {
        float *to = out + t * out_row;
        if (more) {
            sums[t][0] += load(to);
            sums[t][1] += load(to + WIDTH);
        }
        store(to, sums[t][0]);
        store(to + WIDTH, sums[t][1]);
    }
}

/* One place of the windows of a block of tiles, times its kernels for some outputs. */
static void multiply(const float *windows, size_t window_row, size_t tiles, const float *kernels, size_t inputs,
                     size_t outputs, float *products) {
    for (size_t t = 0; t < tiles; t += TILES_AT_ONCE)
        for (size_t o = 0; o < outputs; o += LANES)
            for (size_t k = 0; k < inputs; k += SUMMED_AT_ONCE)
                multiply_block(windows + t * window_row + k, window_row, kernels + o * inputs + k * LANES,
                               least(SUMMED_AT_ONCE, inputs - k), products + t * OUTPUTS_AT_ONCE + o,
                               OUTPUTS_AT_ONCE, k > 0);
}

/* The outputs of one tile, from `first` on, written where they belong. */
static inline __attribute__((always_inline)) void finish_tile(
    size_t m, const plan *p, size_t tile, const float *products, size_t first, size_t count) {
    const struct convolution *l = p->layer;
    const size_t side = m + 2, per_picture = p->tiles / l->pictures;
    const size_t picture = tile / per_picture, within = tile % per_picture;
    const size_t top = within / p->tiles_across * m, left = within % p->tiles_across * m;
    const size_t rows = least(m, l->rows - top), columns = least(m, l->columns - left);
    float *out = l->out + picture * l->out_picture + top * l->out_row + left * l->out_column + first;
    for (size_t o = 0; o < count; o += WIDTH) {
        const size_t there = least(WIDTH, count - o);
        vec half[6][4], bias = {0};
        memcpy(&bias, l->bias + first + o, there * sizeof(float));
        const float *from = products + o;
        NOT_UNROLLED
        for (size_t x = 0; x < side; x++, from += p->product_place) {
            vec d[6], t[4];
            for (size_t y = 0; y < side; y++) d[y] = load(from + y * side * p->product_place);
            if (m == 4) output_4(d, t); else output_2(d, t);
            for (size_t y = 0; y < m; y++) half[x][y] = t[y];
        }
        NOT_UNROLLED
        for (size_t y = 0; y < rows; y++) {
            vec d[6], t[4];
            for (size_t x = 0; x < side; x++) d[x] = half[x][y];
            if (m == 4) output_4(d, t); else output_2(d, t);
            for (size_t x = 0; x < columns; x++) {
                vec value = t[x] + bias;
                if (l->relu) value = (vec)((bits)value & ~(value < (vec){0})); /* NaN stays */
                float *to = out + y * l->out_row + x * l->out_column + o;
                if (there == WIDTH) store(to, value); else memcpy(to, &value, there * sizeof(float));
            }
        }
    }
}

/* One group of outputs of one block of tiles. */
static inline __attribute__((always_inline)) void make_block(
    size_t m, const plan *p, size_t block, size_t group, float *scratch) {
    const struct convolution *l = p->layer;
    const size_t side = m + 2, places = side * side;
    float *windows = scratch, *products = windows + places * p->window_place;
    float *patch = products + places * p->product_place;
    const size_t begin = block * p->block, tiles = least(p->block, p->tiles - begin);
    for (size_t t = 0; t < tiles; t++) transform_tile(m, p, begin + t, patch, windows + t * p->window_row);
    const size_t end = least((group + 1) * p->group, p->outputs);
    for (size_t first = group * p->group; first < end; first += OUTPUTS_AT_ONCE) {
        const size_t outputs = least(OUTPUTS_AT_ONCE, p->outputs - first); /* a multiple of LANES */
        const float *kernels = l->kernels + places * l->inputs * first;
        for (size_t place = 0; place < places; place++)
            multiply(windows + place * p->window_place, p->window_row, tiles,
                     kernels + place * l->inputs * outputs, l->inputs, outputs,
                     products + place * p->product_place);
        for (size_t t = 0; t < tiles; t++)
            finish_tile(m, p, begin + t, products + t * OUTPUTS_AT_ONCE, first, least(outputs, l->outputs - first));
    }
}

typedef struct {
    plan *plan;
    float *scratch;
} worker;

static void *work(void *of) {
    worker *w = of;
    plan *p = w->plan;
    for (;;) {
        const size_t next = __atomic_fetch_add(&p->next, 1, __ATOMIC_RELAXED);
        if (next >= p->blocks * p->groups) return NULL;
        if (p->layer->tile == 4)
            make_block(4, p, next / p->groups, next % p->groups, w->scratch);
        else
            make_block(2, p, next / p->groups, next % p->groups, w->scratch);
    }
}

/* How the work is divided, and what scratch memory each thread needs, in floats. */
static size_t divide(const struct convolution *l, plan *p) {
    p->layer = l;
    p->side = l->tile + 2;
    p->places = p->side * p->side;
    p->tiles_across = divided_up(l->columns, l->tile);
    p->tiles = l->pictures * p->tiles_across * divided_up(l->rows, l->tile);
    p->outputs = rounded_up(l->outputs, LANES);
    p->blocks = divided_up(p->tiles, TILES_OF_A_BLOCK(l->inputs));
    if (p->blocks >= l->threads)
        p->blocks = rounded_up(p->blocks, l->threads);
    else /* a small picture for all of them */
        p->blocks = least(l->threads, divided_up(p->tiles, TILES_AT_LEAST));
    /* Where there are fewer blocks than threads, each block is done by several, which share its outputs. */
    const size_t parts = divided_up(p->outputs, OUTPUTS_AT_ONCE);
    p->group = OUTPUTS_AT_ONCE * divided_up(parts, least(parts, divided_up(l->threads, p->blocks)));
    p->groups = divided_up(p->outputs, p->group);
    p->block = rounded_up(divided_up(p->tiles, p->blocks), TILES_AT_ONCE);
    p->blocks = divided_up(p->tiles, p->block);
    p->window_row = rounded_up(l->inputs, WIDTH) + GAP;
    p->window_place = p->block * p->window_row + GAP;
    p->product_place = p->block * OUTPUTS_AT_ONCE + GAP;
    return rounded_up(p->places * (p->window_place + p->product_place + rounded_up(l->inputs, WIDTH)), GAP);
}

PUBLIC size_t NAME(scratch)(const struct convolution *layer) {
    plan p;
    return divide(layer, &p) * layer->threads;
}

PUBLIC void NAME(convolve)(const struct convolution *layer, float *scratch) {
    plan p;
    const size_t each = divide(layer, &p);
    p.next = 0;
    worker workers[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    size_t started = 0, wanted = least(least(layer->threads, MOST_THREADS), p.blocks * p.groups);
    for (size_t i = 0; i < wanted; i++) workers[i] = (worker){&p, scratch + i * each};
    /* Signals are for the threads of the program. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started + 1 < wanted && !pthread_create(&threads[started], NULL, work, &workers[started + 1])) started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    work(&workers[0]); /* whatever threads there are: this one does what is left */
    for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

/* G g along one axis, for three values of each lane. */
static inline __attribute__((always_inline)) void transform_kernel(
    size_t m, const double (*g)[LANES], size_t from_one_to_next, double (*out)[LANES]) {
    const double a = 0.75, b = 1.5, aa = a * a, bb = b * b;
    const double na = 1 / (2 * aa * (aa - bb)), nb = 1 / (2 * bb * (bb - aa)), n0 = 1 / (aa * bb);
    const double *first = g[0], *second = g[from_one_to_next], *third = g[2 * from_one_to_next];
    for (size_t lane = 0; lane < LANES; lane++) {
        const double p = first[lane], q = second[lane], r = third[lane];
        if (m == 4) {
            out[0][lane] = p * n0;
            out[1][lane] = (p + a * q + aa * r) * na;
            out[2][lane] = (p - a * q + aa * r) * na;
            out[3][lane] = (p + b * q + bb * r) * nb;
            out[4][lane] = (p - b * q + bb * r) * nb;
            out[5][lane] = r;
        } else {
            out[0][lane] = p;
            out[1][lane] = (p + q + r) / 2;
            out[2][lane] = (p - q + r) / 2;
            out[3][lane] = r;
        }
    }
}

/* Kernels of one input for LANES outputs: `places` values of each lane, `place` floats apart. */
static inline __attribute__((always_inline)) void pack_kernel(
    size_t m, const float *kernels, size_t output, size_t lanes, float *out, size_t place) {
    const size_t side = m + 2;
    double g[9][LANES] = {{0}}, half[3 * 6][LANES], whole[6][LANES];
    for (size_t lane = 0; lane < lanes; lane++)
        for (size_t k = 0; k < 9; k++) g[k][lane] = kernels[lane * output + k];
    for (size_t x = 0; x < 3; x++) transform_kernel(m, g + x, 3, half + x * side);
    for (size_t y = 0; y < side; y++) {
        transform_kernel(m, half + y, side, whole);
        for (size_t x = 0; x < side; x++)
            for (size_t lane = 0; lane < LANES; lane++)
                out[(y * side + x) * place + lane] = (float)whole[x][lane];
    }
}

PUBLIC size_t NAME(packed)(size_t inputs, size_t outputs, size_t tile) {
    return (tile + 2) * (tile + 2) * inputs * rounded_up(outputs, LANES);
}

PUBLIC void NAME(pack)(const float *kernels, size_t inputs, size_t outputs, size_t tile, float *out) {
    const size_t side = tile + 2, places = side * side, padded = rounded_up(outputs, LANES);
    for (size_t first = 0; first < padded; first += LANES) {
        const size_t begin = first / OUTPUTS_AT_ONCE * OUTPUTS_AT_ONCE, there = least(OUTPUTS_AT_ONCE, padded - begin);
        float *group = out + places * inputs * begin + (first - begin) * inputs;
        const size_t lanes = least(LANES, outputs - first);
        for (size_t i = 0; i < inputs; i++) {
            const float *from = kernels + (first * inputs + i) * 9;
            if (tile == 4)
                pack_kernel(4, from, inputs * 9, lanes, group + i * LANES, inputs * there);
            else
                pack_kernel(2, from, inputs * 9, lanes, group + i * LANES, inputs * there);
        }
    }
}
