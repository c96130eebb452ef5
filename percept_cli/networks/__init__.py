"""Which kernels? Records of weights, installing, checking and loading them."""
