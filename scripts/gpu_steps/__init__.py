"""The steps of ``scripts.gpu_check``: each a function that measures something and says whether it is right."""
