"""Lets every server trust the stand-in's certificate, among all those of certifi, as it trusts WeChat's in real life.

On the path only of the benchmark's servers: a bundle of one certificate would load a hundred times as fast.
"""

from __future__ import annotations

import os

import certifi

if "WECHAT_CA_BUNDLE" in os.environ:
    certifi.where = lambda: os.environ["WECHAT_CA_BUNDLE"]
