"""Distributions of many values as counts in honest bins, exact when merged.

A reading of a distribution is int32 [R, tensors, HEAD + BINS]: for each replica and tensor
(exponent k, index i of the first bin, number of values that are not finite, number of finite
values), then BINS counts. Bin j holds the values v with (i + j) 2^k <= v < (i + j + 1) 2^k. As
the edges are multiples of powers of two, the bins of any two readings merge into common ones
without moving a single value: contenders of any width share one axis exactly.
"""

HEAD = 4
BINS = 512
