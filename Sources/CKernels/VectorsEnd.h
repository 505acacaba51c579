// Takes back what Vectors.h has defined.

#undef V
#undef INLINE
