#include "transfer.h"

#include <string.h>

enum { LF = 0x0A, CR = 0x0D, MARKER = 0xFF };
enum { TEM = 0x01, SOF0 = 0xC0, RST0 = 0xD0, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, APP0 = 0xE0, APP15 = 0xEF, COM = 0xFE };

// MARK: - The file as a whole

static bool has_byte(const uint8_t *bytes, size_t count, int byte) { return memchr(bytes, byte, count) != NULL; }

/// Whether there is an LF that follows a CR (`wanted`), or one that doesn't.
static bool has_line_end(const uint8_t *bytes, size_t count, bool wanted) {
    const uint8_t *end = bytes + count;
    for (const uint8_t *next = bytes; (next = memchr(next, LF, (size_t)(end - next))); next++) {
        if ((next > bytes && next[-1] == CR) == wanted) return true;
    }
    return false;
}

// MARK: - Inside

/// Signs in the parts of the file that aren't text: metadata may have any line ends.
struct signs {
    /// LFs in the data of the scans.
    size_t line_ends;
    /// Which bytes are before an LF's CR, if it has one, and which after the LF: in repetitive data, one accident
    /// counts once.
    uint64_t before[4], behind[4];
    /// How often each byte is in the data of the scans.
    size_t histogram[256];
    /// The number of bytes in the scans' data.
    size_t count;
    /// Whether a segment is longer than it claims, by exactly the CRs before an LF in it.
    bool is_stretched;
    /// Whether a segment is shorter than it claims, by no more than its number of LFs.
    bool is_shrunk;
};

static void set_bit(uint64_t bits[4], uint8_t bit) { bits[bit / 64] |= 1ull << bit % 64; }

static unsigned bits_set(const uint64_t bits[4]) {
    unsigned count = 0;
    for (int index = 0; index < 4; index++) count += (unsigned)__builtin_popcountll(bits[index]);
    return count;
}

/// `data`: the data of a scan, up to a marker; its header is before them.
static void add_data(struct signs *signs, const uint8_t *data, const uint8_t *end) {
    for (const uint8_t *next = data; next < end; next++) {
        signs->histogram[*next]++;
        if (*next != LF) continue;
        signs->line_ends++;
        set_bit(signs->before, next[-1] == CR ? next[-2] : next[-1]);
        if (next + 1 < end) set_bit(signs->behind, next[1]);
    }
    signs->count += (size_t)(end - data);
}

static const uint8_t *next_marker(const uint8_t *from, const uint8_t *end, bool is_in_scan) {
    for (; end - from >= 2 && (from = memchr(from, MARKER, (size_t)(end - from) - 1)); from++) {
        bool is_of_scan = from[1] == 0 || (is_in_scan && from[1] >= RST0 && from[1] < RST0 + 8);
        if (from[1] != MARKER && !is_of_scan) return from;
    }
    return end;
}

static size_t stretches(const uint8_t *from, const uint8_t *end) {
    size_t count = 0;
    for (const uint8_t *next = from + 1; next < end; next++) count += next[0] == LF && next[-1] == CR;
    return count;
}

/// Where the next segment begins, if that is before the end that this one claims, by no more bytes than it has LFs;
/// otherwise null.
static const uint8_t *early_marker(const uint8_t *body, const uint8_t *behind, const uint8_t *end) {
    ptrdiff_t line_ends = 0;
    for (const uint8_t *next = body; next < behind; next++) line_ends += *next == LF;
    for (const uint8_t *next = behind - 1; behind - next <= line_ends && next > body; next--) {
        if (end - next < 4 || next[0] != MARKER || next[1] < SOF0 || next[1] == MARKER) continue;
        ptrdiff_t length = 2 + (next[2] << 8 | next[3]);
        if (end - next > length && next[length] == MARKER) return next;
    }
    return NULL;
}

/// Text may rightly have Windows line ends, and by mistake a byte too many at its end.
enum { PROVING_STRETCHES = 4 };

/// Segment by segment up to the end of the picture. If a segment's length is wrong, the next marker counts.
static void look_inside(struct signs *signs, const uint8_t *bytes, const uint8_t *end) {
    const uint8_t *marker = next_marker(bytes + 2, end, false);
    while (end - marker >= 4 && marker[1] != EOI) {
        uint8_t code = marker[1];
        const uint8_t *body = marker + 2;
        ptrdiff_t length = code == TEM || (code >= RST0 && code <= SOI) ? 0 : body[0] << 8 | body[1];
        const uint8_t *behind = length < end - body ? body + length : end;
        marker = next_marker(behind, end, code == SOS);
        bool may_be_text = (code >= APP0 && code <= APP15) || code == COM;
        if (code == SOS) {
            add_data(signs, behind, marker);
        } else if (length > 0 && marker > behind) {
            size_t more = (size_t)(marker - behind);
            bool is_enough = more >= (may_be_text ? PROVING_STRETCHES : 1);
            signs->is_stretched |= is_enough && more == stretches(body, marker);
            const uint8_t *early = early_marker(body, behind, end);
            signs->is_shrunk |= early != NULL;
            if (early) marker = early;
        }
    }
}

// MARK: - Signs

enum {
    /// How many LFs come after a CR; each is an accident of one in 256.
    LIKELY_PAIRS = 2, PROVING_PAIRS = 8,
    /// By chance, this many LFs without a CR before them happen once in 65,536 cases.
    LIKELY_LINE_ENDS = 2834,
};

/// Whether a byte is missing in such varied data that it is hardly chance.
static bool lacks(const struct signs *signs, uint8_t byte) {
    unsigned present = 0;
    for (int value = 0; value < 256; value++) present += signs->histogram[value] > 0;
    return signs->histogram[byte] == 0 && present >= 250 && signs->count >= 64 * 256;
}

static struct cic_transfer doubled(const struct signs *signs) {
    unsigned before = bits_set(signs->before), behind = bits_set(signs->behind);
    unsigned pairs = before < behind ? before : behind;
    return (struct cic_transfer){
        "LF to CR LF", signs->is_stretched || pairs >= LIKELY_PAIRS, signs->is_stretched || pairs >= PROVING_PAIRS};
}

struct cic_transfer cic_transfer_of_jpeg(const uint8_t *bytes, size_t count, bool is_damaged) {
    if (count < 4) return (struct cic_transfer){0};
    bool has_lone_lf = has_line_end(bytes, count, false), has_cr = has_byte(bytes, count, CR);
    if (has_lone_lf && has_cr && !is_damaged) return (struct cic_transfer){0};
    struct signs signs = {0};
    look_inside(&signs, bytes, bytes + count);
    if (!has_lone_lf && has_cr) {
        bool is_doubled = has_line_end(bytes, count, true);
        return is_doubled ? doubled(&signs) : (struct cic_transfer){"LF to CR", lacks(&signs, LF), false};
    }
    if (!has_cr && has_lone_lf) return (struct cic_transfer){"CR to LF", lacks(&signs, CR), false};
    if (has_cr && !has_line_end(bytes, count, true)) {
        bool has_many = signs.line_ends >= LIKELY_LINE_ENDS && bits_set(signs.before) >= 250;
        return (struct cic_transfer){"CR LF to LF", signs.is_shrunk || has_many, false};
    }
    return (struct cic_transfer){0};
}
