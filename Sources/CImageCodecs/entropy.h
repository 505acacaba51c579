#ifndef CIC_ENTROPY_H
#define CIC_ENTROPY_H

// Huffman decoding of a sequential JPEG's data (ITU-T T.81, annex F.2.2), which can skip data that isn't needed.
//
// Callers needn't check for the end: the last byte of a segment is followed by endless zeros, and `bits_overrun` says
// afterwards whether any of them was used as data.

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { CIC_LOOKUP_BITS = 12, CIC_LOOKUP_SIZE = 1 << CIC_LOOKUP_BITS };

// The loops are only fast with the bits in registers, so everything must be inlined into one function.
#define CIC_INLINE static inline __attribute__((always_inline))

/// The bits up to the next marker. The upper `count` bits of `buffer` are valid, at most 63.
struct bits {
    uint64_t buffer;
    unsigned count;
    /// How many zeros were appended for lack of data.
    unsigned padding;
    /// Not yet in the buffer; stays at a marker's 0xFF.
    const uint8_t *next;
    const uint8_t *end;
};

/// The codes of a table. A lookup beside them, of any number of bits, is indexed by the next bits and has an entry for
/// each code that isn't longer: the length of the code and its value | the symbol << 6; 0 if the code is longer or
/// invalid.
struct codes {
    /// For each length: the first 16 bits beyond its codes, and what to add to a code to get its value's index.
    uint32_t limit[17];
    int32_t offset[17];
    uint8_t values[256];
};

struct huffman {
    uint16_t lookup[CIC_LOOKUP_SIZE];
    struct codes codes;
};

/// Indexed by the next bits, what can be skipped at once: as many whole AC symbols with their values as the lookup
/// contains. The length, at most CIC_LONGEST_SKIP | what to add to the coefficient's index << 6.
struct skips {
    uint16_t lookup[CIC_LOOKUP_SIZE];
};

enum {
    /// Three fit into one refill.
    CIC_LONGEST_SKIP = 18,
    /// Added if the block ends.
    CIC_SKIP_ENDS = 128,
    /// Added instead if a symbol has to be decoded individually.
    CIC_SKIP_NOTHING = 64,
};

/// Fills codes and their lookup of `lookup_bits` bits. `counts[1...16]`: codes of each length; `values`: 256 of them.
/// False for an invalid code (annex C), or one with symbols above `largest`.
bool codes_build(
    struct codes *codes, uint16_t *lookup, unsigned lookup_bits, const uint8_t *counts, const uint8_t *values,
    uint8_t largest
);
void skips_build(struct skips *skips, const struct huffman *huffman);

static inline unsigned codes_entry(unsigned length, uint8_t symbol) {
    return (length + (symbol & 15)) | (unsigned)symbol << 6;
}

/// What `huffman->lookup` would give for the next 16 bits if it had that many; 0 for an invalid code.
unsigned huffman_find(const struct huffman *huffman, uint32_t ahead);

/// The same for any lookup, of `lookup_bits` bits: the code is known to be longer, or invalid.
static inline unsigned codes_find(const struct codes *codes, unsigned lookup_bits, uint32_t ahead) {
    for (unsigned length = lookup_bits + 1; length <= 16; length++) {
        if (ahead >= codes->limit[length]) continue;
        return codes_entry(length, codes->values[(int32_t)(ahead >> (16 - length)) + codes->offset[length]]);
    }
    return 0;
}

/// Byte by byte: skips stuffed zeros, stops at a marker. By value, so that the caller's bits can stay in registers.
struct bits bits_refilled_slowly(struct bits bits);

CIC_INLINE bool has_ff(uint64_t bytes) {
    return (bytes & (~bytes - 0x0101010101010101u) & 0x8080808080808080u) != 0;
}

/// Afterwards there are at least 56 bits.
CIC_INLINE void bits_refill(struct bits *bits) {
    uint64_t bytes;
    if (bits->end - bits->next >= (ptrdiff_t)sizeof bytes) {
        memcpy(&bytes, bits->next, sizeof bytes);
        bytes = be64toh(bytes);
        if (__builtin_expect(!has_ff(bytes), 1)) {
            // Bits beyond `count` get into the buffer as well; the next refill writes the same bits again.
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

/// A symbol and its value.
struct coded {
    /// -1 if there is no such code.
    int symbol;
    int value;
};

/// The next symbol, with as many bits for its value as its lower half says: 31 bits at most, which must be available.
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
