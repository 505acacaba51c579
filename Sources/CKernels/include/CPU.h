// What the CPU can do: the one place that asks it.

#ifndef CKERNELS_CPU_H
#define CKERNELS_CPU_H

/// The instruction sets for which code is compiled; each CPU that has one has those before it. Products are computed
/// with AVX2 and AVX-512 only.
typedef enum {
    CULTIVAR_BASELINE,
    CULTIVAR_AVX2,    // with FMA
    CULTIVAR_AVX512,  // with BW, CD, DQ and VL
} CultivarInstructionSet;

typedef struct {
    CultivarInstructionSet best;
    int hasBFloat16;  // AVX512_BF16
    int hasVNNI;      // AVX512_VNNI
} CultivarCPU;

/// What this CPU, and the system's saving of registers, allow. It is found out when the program starts.
CultivarCPU cultivar_cpu(void);

#endif
