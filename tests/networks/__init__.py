"""Which kernels?"""
