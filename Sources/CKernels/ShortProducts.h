// Products of 16-bit elements; see Products.h.

#ifndef CKERNELS_SHORT_PRODUCTS_H
#define CKERNELS_SHORT_PRODUCTS_H

#include "Products.h"

void cultivar_short_product(CultivarInstructionSet set, const CultivarProduct *product);

#endif
