from .simple_head import SimpleHead
