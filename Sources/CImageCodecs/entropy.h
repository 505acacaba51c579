#ifndef CIC_ENTROPY_H
#define CIC_ENTROPY_H

// Huffman decoding of a sequential JPEG's data (ITU-T T.81, annex F.2.2), made to pass over what isn't needed.
//
// Whoever reads here need not watch for the end: behind the last byte of a segment there are endless zeros, and
// `bits_overrun` tells afterwards whether any of them was taken for data.

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { CIC_LOOKUP_BITS = 12, CIC_LOOKUP_SIZE = 1 << CIC_LOOKUP_BITS };

// The loops are fast only with the bits in registers: everything is to be in one function.
#define CIC_INLINE static inline __attribute__((always_inline))

/// The bits up to the next marker. The upper `count` bits of `buffer` are valid, at most 63.
struct bits {
    uint64_t buffer;
    unsigned count;
    /// How many zeros were appended for want of data.
    unsigned padding;
    /// Not yet in the buffer; stays at a marker's 0xFF.
    const uint8_t *next;
    const uint8_t *end;
};

struct huffman {
    /// By the next bits: the length of the code and the value behind it | the symbol << 6; 0 where the code is longer,
    /// or is none.
    uint16_t lookup[CIC_LOOKUP_SIZE];
    /// For each length: the first 16 bits that are beyond its codes, and what to add to a code for its value's index.
    uint32_t limit[17];
    int32_t offset[17];
    uint8_t values[256];
};

/// By the next bits, what can be passed over at once: as many whole AC symbols, with the values behind them, as the
/// lookup tells. The length, at most CIC_LONGEST_SKIP | what to add to the coefficient's index << 6.
struct skips {
    uint16_t lookup[CIC_LOOKUP_SIZE];
};

enum {
    /// Three fit into one refill.
    CIC_LONGEST_SKIP = 18,
    /// Added where the block ends.
    CIC_SKIP_ENDS = 128,
    /// Added instead where a symbol has to be looked at by itself.
    CIC_SKIP_NOTHING = 64,
};

/// `counts[1...16]`: codes of each length; `values`: 256 of them. False for what is no proper code (annex C).
bool huffman_build(struct huffman *huffman, const uint8_t *counts, const uint8_t *values);
void skips_build(struct skips *skips, const struct huffman *huffman);

/// What a lookup of as many bits as there can be would give for the next 16; 0 for what is no code.
unsigned huffman_find(const struct huffman *huffman, uint32_t ahead);

/// Byte by byte: past stuffed zeros, up to a marker. By value, so that the caller's bits can stay in registers.
struct bits bits_refilled_slowly(struct bits bits);

CIC_INLINE bool has_ff(uint64_t bytes) {
    return (bytes & (~bytes - 0x0101010101010101u) & 0x8080808080808080u) != 0;
}

/// Afterwards there are 56 bits or more.
CIC_INLINE void bits_refill(struct bits *bits) {
    uint64_t bytes;
    if (bits->end - bits->next >= (ptrdiff_t)sizeof bytes) {
        memcpy(&bytes, bits->next, sizeof bytes);
        bytes = be64toh(bytes);
        if (__builtin_expect(!has_ff(bytes), 1)) {
            // What is beyond `count` gets into the buffer as well; the next refill puts the same there again.
            bits->buffer |= bytes >> bits->count;
            bits->next += (63 - bits->count) >> 3;
            bits->count |= 56;
            return;
        }
    }
    *bits = bits_refilled_slowly(*bits);
}

CIC_INLINE bool bits_overrun(const struct bits *bits) { return bits->padding > bits->count; }

CIC_INLINE void bits_drop(struct bits *bits, unsigned count) {
    bits->buffer <<= count;
    bits->count -= count;
}

/// The signed value of `size` bits, 0 to 15, at the front of these (RECEIVE and EXTEND of T.81).
CIC_INLINE int value_of(uint64_t buffer, unsigned size) {
    int value = (int)((buffer >> 1) >> (63 - size));
    int mask = (int)(buffer >> 63) - 1;
    return value - (mask & ((1 << size) - 1));
}

/// A symbol and the value behind it.
struct coded {
    /// -1 where there is no such code.
    int symbol;
    int value;
};

/// The next symbol, with as many bits for its value as its lower half says: 31 bits at the most, which must be there.
CIC_INLINE struct coded huffman_take(const struct huffman *huffman, struct bits *bits) {
    unsigned entry = huffman->lookup[bits->buffer >> (64 - CIC_LOOKUP_BITS)];
    if (__builtin_expect(entry == 0, 0)) entry = huffman_find(huffman, (uint32_t)(bits->buffer >> 48));
    if (entry == 0) return (struct coded){.symbol = -1};
    unsigned symbol = entry >> 6, size = symbol & 15;
    uint64_t buffer = bits->buffer;
    bits_drop(bits, entry & 63);
    int value = value_of(buffer << ((entry - size) & 63), size);
    return (struct coded){.symbol = (int)symbol, .value = value};
}

CIC_INLINE unsigned skips_next(const struct skips *skips, const struct bits *bits) {
    return skips->lookup[bits->buffer >> (64 - CIC_LOOKUP_BITS)];
}

#endif
