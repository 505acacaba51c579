#include "entropy.h"

struct bits bits_refilled_slowly(struct bits bits) {
    while (bits.count < 56) {
        uint64_t byte = 0;
        if (bits.next < bits.end && *bits.next != 0xFF) {
            byte = *bits.next++;
        } else if (bits.end - bits.next >= 2 && bits.next[1] == 0) {
            byte = 0xFF;
            bits.next += 2;
        } else {
            bits.padding += 8;
        }
        bits.buffer |= byte << (56 - bits.count);
        bits.count += 8;
    }
    return bits;
}

unsigned huffman_find(const struct huffman *huffman, uint32_t ahead) {
    return codes_find(&huffman->codes, CIC_LOOKUP_BITS, ahead);
}

static void fill(uint16_t *lookup, unsigned lookup_bits, uint32_t code, unsigned length, uint8_t symbol) {
    if (length > lookup_bits) return;
    unsigned spare = lookup_bits - length;
    for (unsigned index = 0; index < 1u << spare; index++) {
        lookup[(code << spare) + index] = (uint16_t)codes_entry(length, symbol);
    }
}

bool codes_build(
    struct codes *codes, uint16_t *lookup, unsigned lookup_bits, const uint8_t *counts, const uint8_t *values,
    uint8_t largest
) {
    memset(lookup, 0, sizeof *lookup << lookup_bits);
    memcpy(codes->values, values, sizeof codes->values);
    uint32_t code = 0;
    unsigned used = 0;
    for (unsigned length = 1; length <= 16; length++) {
        codes->offset[length] = (int32_t)used - (int32_t)code;
        // No code may consist of ones only, so the code after the last must still fit.
        if (used + counts[length] > 256 || code + counts[length] >= 1u << length) return false;
        for (unsigned last = used + counts[length]; used < last; used++, code++) {
            if (values[used] > largest) return false;
            fill(lookup, lookup_bits, code, length, values[used]);
        }
        codes->limit[length] = code << (16 - length);
        code <<= 1;
    }
    return used > 0;
}

struct step {
    unsigned length, coefficients;
    bool ends;
};

/// The first AC symbol in these bits, of which `available` are known; false unless they contain its whole code.
static bool first_step(const struct huffman *huffman, unsigned index, unsigned available, struct step *step) {
    unsigned found = huffman->lookup[index];
    unsigned length = found & 63, run = found >> 10, size = found >> 6 & 15;
    if (found == 0 || length - size > available || (size == 0 && run != 0 && run != 15)) return false;
    step->length = length;
    step->ends = size == 0 && run == 0;
    step->coefficients = step->ends ? 0 : run + 1;
    return true;
}

/// As many symbols as the bits of a lookup contain completely. A block has at most 63 AC coefficients.
static struct step longest_skip(const struct huffman *huffman, unsigned index) {
    struct step all = {0}, step;
    while (!all.ends && all.length < CIC_LOOKUP_BITS) {
        unsigned rest = index << all.length & (CIC_LOOKUP_SIZE - 1);
        if (!first_step(huffman, rest, CIC_LOOKUP_BITS - all.length, &step)) break;
        if (all.length + step.length > CIC_LONGEST_SKIP || all.coefficients + step.coefficients > 63) break;
        all.length += step.length;
        all.coefficients += step.coefficients;
        all.ends = step.ends;
    }
    return all;
}

void skips_build(struct skips *skips, const struct huffman *huffman) {
    for (unsigned index = 0; index < CIC_LOOKUP_SIZE; index++) {
        struct step skip = longest_skip(huffman, index);
        unsigned added = skip.length == 0 ? CIC_SKIP_NOTHING : skip.coefficients + (skip.ends ? CIC_SKIP_ENDS : 0);
        skips->lookup[index] = (uint16_t)(skip.length | added << 6);
    }
}
