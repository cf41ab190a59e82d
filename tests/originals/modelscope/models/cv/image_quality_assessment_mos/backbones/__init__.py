# @Time    : 2021/5/12 11:49 上午
# @Author  : shaoguowen
# @Email   : shaoguowen@tencent.com
# @FileName: __init__.py
# @Software: PyCharm

from .resnet import (resnet18, resnet34, resnet50, resnet101, resnet152,
                     resnext50_32x4d, resnext101_32x8d)
