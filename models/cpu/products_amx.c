/* products_amx.c - the small products of attention in bf16 on the tiles of AMX: TDPBF16PS adds to 16 × 16 sums what 32
 * steps of k give (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18). At least eight
 * times the products of VDPBF16PS in the same time. */
#include "models/cpu/kernels.h"

#if defined __AMX_BF16__ || defined __AMXBF16__ /* gcc's name, and clang 14's */
#define DEPTH 32
#include "models/cpu/pairs_template.h"

/* Rows of a tile, its bytes in a row, and how many tiles there are. */
enum { TILE = 16, WIDE = 64, TILES = 8 };
/* The tiles: sums of two times two, A of two blocks of rows, B of two of columns. The instructions' names hold the
 * numbers, so the preprocessor has to know them. */
#define SUM00 0
#define SUM01 1
#define SUM10 2
#define SUM11 3
#define A0    4
#define A1    5
#define B0    6
#define B1    7

/* What LDTILECFG reads. */
struct tile_config {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16]; /* in a row of each tile */
    uint8_t rows[16];
};

static void configure(int low, int high)
{
    const int rows[TILES] = {low, low, high, high, low, high, TILE, TILE};
    struct tile_config config = {.palette = 1};
    for (int i = 0; i < TILES; i++) {
        config.bytes[i] = rows[i] ? WIDE : 0;
        config.rows[i] = (uint8_t)rows[i];
    }
    __asm__ volatile("" : : "r"(&config) : "memory"); /* gcc's intrinsics do not say what they read */
    _tile_loadconfig(&config);
}

/* Up to TILE rows of a panel's columns; with both, more of them, up to two times as many. */
static inline __attribute__((always_inline)) void gemm_tile(const uint16_t *a, int64_t lda, const uint32_t *panel,
                                                            int64_t k, float *c, int64_t ldc, const bool both)
{
    _tile_zero(SUM00);
    _tile_zero(SUM01);
    if (both) {
        _tile_zero(SUM10);
        _tile_zero(SUM11);
    }
    for (int64_t x = 0; x < k; x += DEPTH) {
        const uint32_t *b = panel + x / 2 * PANEL;
        _tile_loadd(A0, a + x, lda * 2);
        _tile_loadd(B0, b, PANEL * 4);
        _tile_loadd(B1, b + LANES, PANEL * 4);
        _tile_dpbf16ps(SUM00, A0, B0);
        _tile_dpbf16ps(SUM01, A0, B1);
        if (both) {
            _tile_loadd(A1, a + TILE * lda + x, lda * 2);
            _tile_dpbf16ps(SUM10, A1, B0);
            _tile_dpbf16ps(SUM11, A1, B1);
        }
    }
    _tile_stored(SUM00, c, ldc * 4);
    _tile_stored(SUM01, c + LANES, ldc * 4);
    if (both) {
        _tile_stored(SUM10, c + TILE * ldc, ldc * 4);
        _tile_stored(SUM11, c + TILE * ldc + LANES, ldc * 4);
    }
}

/* A row's sums do not depend on how many rows there are. */
static void gemm(const void *a, int64_t lda, const void *panels, int64_t k, float *c, int64_t ldc, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m; i += 2 * TILE) {
        const uint16_t *rows = (const uint16_t *)a + i * lda;
        const int low = m - i < TILE ? (int)(m - i) : TILE;
        const int high = m - i < 2 * TILE ? (int)(m - i) - low : TILE;
        configure(low, high);
        for (int64_t from = 0; from < n; from += PANEL) {
            const uint32_t *panel = (const uint32_t *)panels + from * k / 2;
            if (high)
                gemm_tile(rows, lda, panel, k, c + i * ldc + from, ldc, true);
            else
                gemm_tile(rows, lda, panel, k, c + i * ldc + from, ldc, false);
        }
    }
    _tile_release();
}

const struct cpu_products cpu_products_amx = {TENSOR_BF16, PANEL, DEPTH, pack_columns, pack_rows, gemm};
#else
typedef int not_for_this_processor;
#endif
