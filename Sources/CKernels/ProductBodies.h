// Matrix products, included once per instruction set and format; see Products.h for what they compute. The including
// file defines MULTIPLY(v), the instructions that multiply %[factor] with %[weight`v`] and add to %[sum`v`], 32 bits of
// each matrix at a time (one float32 or a pair of 16-bit elements); PRODUCT, the operand for a temporary register, if
// they need one; and SCALED, whether the sums are integers that have to be scaled.

#include "Vectors.h"

// How many floats of the left matrix are multiplied with one panel after another, and the minimum number of rows.
#define BLOCK_FLOATS (96 << 10)
#define MINIMUM_ROWS 56

// Registers: rows x vectors of sums, the vectors of one row of weights, one broadcast element, one product of pairs.
// UNROLLED steps along the depth are done at a time if the loop itself would cost time.
#if WIDTH == 16
#define MAXIMUM_ROWS(vectors) ((vectors) == 3 ? 9 : 14)
#define WIDEST(columns) ((columns) % 48 == 0 ? 3 : 2)
#define REGISTER "v"
#define UNROLLED 1
#else
#define MAXIMUM_ROWS(vectors) 6
#define WIDEST(columns) 2
#define REGISTER "x"
#define UNROLLED 2
#endif

#define FUSED(instruction, v) instruction " %[weight" v "], %[factor], %[sum" v "]\n\t"
#define SUM(v) [sum##v] "+" REGISTER(sums[v])
#define WEIGHT(v) [weight##v] REGISTER(weights[v])

// sums[0...] += *element * weights[0...]. In a single piece of assembly, because the compiler would otherwise load the
// elements of all rows in advance and run out of registers for the sums.
INLINE void NAME(multiply_row)(const float *element, const V *weights, V *sums, const ptrdiff_t vectors) {
    V factor;
    V product __attribute__((unused));
    switch (vectors) {
        case 1:
            __asm__ volatile("vbroadcastss %[element], %[factor]\n\t" MULTIPLY("0")
                             : SUM(0), [factor] "=&" REGISTER(factor) PRODUCT
                             : [element] "m"(*element), WEIGHT(0));
            break;
        case 2:
            __asm__ volatile("vbroadcastss %[element], %[factor]\n\t" MULTIPLY("0") MULTIPLY("1")
                             : SUM(0), SUM(1), [factor] "=&" REGISTER(factor) PRODUCT
                             : [element] "m"(*element), WEIGHT(0), WEIGHT(1));
            break;
        default:
            __asm__ volatile("vbroadcastss %[element], %[factor]\n\t" MULTIPLY("0") MULTIPLY("1") MULTIPLY("2")
                             : SUM(0), SUM(1), SUM(2), [factor] "=&" REGISTER(factor) PRODUCT
                             : [element] "m"(*element), WEIGHT(0), WEIGHT(1), WEIGHT(2));
    }
}

#if SCALED
typedef int32_t NAME(Sums) __attribute__((ext_vector_type(WIDTH), aligned(4)));
#endif

// The bias is already in the sums, except for integers.
INLINE V NAME(finished)(V sum, V scale, float rowScale, V bias) {
#if SCALED
    const V value = __builtin_convertvector(*(NAME(Sums) *)&sum, V) * scale;
    return __builtin_elementwise_fma(value, (V)(rowScale), bias);
#else
    return sum;
#endif
}

// Scales, adds the residual, clips and stores; `isPlain` says that there is no residual and that no column is missing.
INLINE void NAME(store_sums)(const CultivarProduct *p, const V *sums, ptrdiff_t row, ptrdiff_t column,
                             ptrdiff_t columns, const ptrdiff_t rows, const ptrdiff_t vectors, const int isPlain) {
    const ptrdiff_t step = p->outputStep;
    float *output = p->output + row * step + column;
    const float *residual = !isPlain && p->residual ? p->residual + row * step + column : NULL;
    const float *rowScales = SCALED && p->rowScales ? p->rowScales + row : NULL;
    const V low = (V)(p->low), high = (V)(p->high);
#pragma clang loop unroll(full)
    for (ptrdiff_t v = 0; v < vectors; v++) {
        const ptrdiff_t count = isPlain ? WIDTH : columns - v * WIDTH;
        const V scale = SCALED ? NAME(get)(p->columnScales + column + v * WIDTH, count) : (V)(1.0f);
        const V bias = SCALED && p->bias ? NAME(get)(p->bias + column + v * WIDTH, count) : (V)(0.0f);
#pragma clang loop unroll(full)
        for (ptrdiff_t r = 0; r < rows; r++) {
            const ptrdiff_t at = r * step + v * WIDTH;
            V sum = NAME(finished)(sums[r * vectors + v], scale, rowScales ? rowScales[r] : 1, bias);
            if (residual) sum += NAME(get)(residual + at, count);
            NAME(put)(output + at, NAME(minimum)(NAME(maximum)(sum, low), high), count);
        }
    }
}

// Step `k` of the depth, counted from `base` and `line`.
INLINE void NAME(multiply)(const float *const *base, ptrdiff_t step, const float *line, const ptrdiff_t k, V *sums,
                           const ptrdiff_t rows, const ptrdiff_t vectors) {
    V weights[3];
#pragma clang loop unroll(full)
    for (ptrdiff_t v = 0; v < vectors; v++) weights[v] = NAME(load)(line + (k * vectors + v) * WIDTH);
#pragma clang loop unroll(full)
    for (ptrdiff_t r = 0; r < rows; r++)
        NAME(multiply_row)(base[r / 3] + r % 3 * step + k, weights, sums + r * vectors, vectors);
}

// `rows` rows of one panel, all sums in registers. Each pointer addresses three rows (x86 scales an index by 1 and 2),
// because there are fewer pointers than rows. The last panel may have fewer columns (`columns`) than its vectors hold.
// Meanwhile, part of the next panel is fetched into the cache, starting at `ahead`, in equal steps.
INLINE void NAME(tile)(const CultivarProduct *p, ptrdiff_t row, ptrdiff_t column, ptrdiff_t columns, const char *ahead,
                       ptrdiff_t aheadStep, const ptrdiff_t rows, const ptrdiff_t vectors) {
    V sums[14 * 3];
#pragma clang loop unroll(full)
    for (ptrdiff_t v = 0; v < vectors; v++) {
        V start = (V)(0.0f);
        if (!SCALED && p->bias) start = NAME(get)(p->bias + column + v * WIDTH, columns - v * WIDTH);
#pragma clang loop unroll(full)
        for (ptrdiff_t r = 0; r < rows; r++) sums[r * vectors + v] = start;
    }
    const ptrdiff_t step = p->inputStep;
    const float *panel = p->weights + column * p->weightDepth + p->weightStart * vectors * WIDTH;
    for (ptrdiff_t segment = 0; segment < p->segments; segment++) {
        const float *base[5], *line = panel + segment * p->weightSegmentStep * vectors * WIDTH;
#pragma clang loop unroll(full)
        for (ptrdiff_t b = 0; b < (rows + 2) / 3; b++)
            base[b] = p->input + segment * p->inputSegmentStep + (row + 3 * b) * step;
        const ptrdiff_t depth = p->segmentDepth;
        ptrdiff_t k = 0;
        for (; k + UNROLLED <= depth; k += UNROLLED) {
#pragma clang loop unroll(full)
            for (ptrdiff_t u = 0; u < UNROLLED; u++) {
                NAME(multiply)(base, step, line, u, sums, rows, vectors);
                __builtin_prefetch(ahead, 0, 2);
                ahead += aheadStep;
            }
#pragma clang loop unroll(full)
            for (ptrdiff_t b = 0; b < (rows + 2) / 3; b++) {
                base[b] += UNROLLED;
                __asm__("" : "+r"(base[b]));  // or the compiler derives one pointer from the other again and again
            }
            line += UNROLLED * vectors * WIDTH;
        }
        if (k < depth) NAME(multiply)(base, step, line, 0, sums, rows, vectors);
    }
    if (columns >= vectors * WIDTH && !p->residual)
        NAME(store_sums)(p, sums, row, column, columns, rows, vectors, 1);
    else
        NAME(store_sums)(p, sums, row, column, columns, rows, vectors, 0);
}

#define TILE(rows, vectors) \
    case rows: NAME(tile)(p, row, column, columns, ahead, aheadStep, rows, vectors); break;

static void NAME(tile1)(const CultivarProduct *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                        ptrdiff_t columns, const char *ahead, ptrdiff_t aheadStep) {
    switch (rows) {
        TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
#if WIDTH == 16
        TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1) TILE(13, 1) TILE(14, 1)
#endif
    }
}

static void NAME(tile2)(const CultivarProduct *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                        ptrdiff_t columns, const char *ahead, ptrdiff_t aheadStep) {
    switch (rows) {
        TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
#if WIDTH == 16
        TILE(7, 2) TILE(8, 2) TILE(9, 2) TILE(10, 2) TILE(11, 2) TILE(12, 2) TILE(13, 2) TILE(14, 2)
#endif
    }
}

#if WIDTH == 16
static void NAME(tile3)(const CultivarProduct *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                        ptrdiff_t columns, const char *ahead, ptrdiff_t aheadStep) {
    switch (rows) {
        TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3) TILE(9, 3)
    }
}
#endif

// Vectors of the panel at `column`.
INLINE ptrdiff_t NAME(panel_vectors)(ptrdiff_t columns, ptrdiff_t column) {
    const ptrdiff_t left = (columns - column + WIDTH - 1) / WIDTH, widest = WIDEST(columns);
    return left < widest ? left : widest;
}

// Rows [row, row + rows) in tiles of about equal height.
static void NAME(panel)(const CultivarProduct *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                        ptrdiff_t vectors) {
    const ptrdiff_t tiles = (rows + MAXIMUM_ROWS(vectors) - 1) / MAXIMUM_ROWS(vectors);
    const ptrdiff_t depth = p->segments * p->segmentDepth, aheadStep = vectors * WIDTH * 4 / tiles;
    const char *next = (const char *)(p->weights + (column + vectors * WIDTH) * p->weightDepth);
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
        const ptrdiff_t start = rows * tile / tiles, count = rows * (tile + 1) / tiles - start;
        const ptrdiff_t left = p->columns - column;
        const char *ahead = next + tile * aheadStep * depth;
        if (vectors == 1) NAME(tile1)(p, row + start, count, column, left, ahead, aheadStep);
        else if (vectors == 2) NAME(tile2)(p, row + start, count, column, left, ahead, aheadStep);
#if WIDTH == 16
        else NAME(tile3)(p, row + start, count, column, left, ahead, aheadStep);
#endif
    }
}

// One block of rows at a time is multiplied with every panel, so that both the block and the panel stay in the cache.
static void NAME(product)(const CultivarProduct *p) {
    const ptrdiff_t depth = p->segments * p->segmentDepth;
    const ptrdiff_t rowFloats = depth < p->inputStep ? depth : p->inputStep;
    const ptrdiff_t fitting = BLOCK_FLOATS / (rowFloats + 1);
    const ptrdiff_t blockRows = fitting < MINIMUM_ROWS ? MINIMUM_ROWS : fitting;
    for (ptrdiff_t row = 0; row < p->rows; row += blockRows) {
        const ptrdiff_t rows = p->rows - row < blockRows ? p->rows - row : blockRows;
        for (ptrdiff_t column = 0, vectors; column < p->columns; column += vectors * WIDTH) {
            vectors = NAME(panel_vectors)(p->columns, column);
            NAME(panel)(p, row, rows, column, vectors);
        }
    }
}

static __attribute__((unused)) void NAME(pack)(const float *matrix, ptrdiff_t depth, ptrdiff_t columns, float *packed) {
    for (ptrdiff_t column = 0, vectors; column < columns; column += vectors * WIDTH) {
        vectors = NAME(panel_vectors)(columns, column);
        for (ptrdiff_t k = 0; k < depth; k++)
            for (ptrdiff_t v = 0; v < vectors; v++, packed += WIDTH)
                NAME(store)(packed, NAME(get)(matrix + k * columns + column + v * WIDTH,
                                              columns - column - v * WIDTH));
    }
}

#undef BLOCK_FLOATS
#undef MINIMUM_ROWS
#undef TILE
#undef FUSED
#undef SUM
#undef WEIGHT
#undef MAXIMUM_ROWS
#undef WIDEST
#undef REGISTER
#undef UNROLLED
#include "VectorsEnd.h"
