"""WeChat Pay, version 3: QR codes, inside WeChat, and from other browsers of phones."""
