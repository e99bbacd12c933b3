"""Alipay: pages on computers and phones, and QR codes."""
