// OpenBLAS's C interface.

#include <cblas.h>
