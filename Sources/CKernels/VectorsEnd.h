// Undefines what Vectors.h has defined.

#undef V
#undef INLINE
