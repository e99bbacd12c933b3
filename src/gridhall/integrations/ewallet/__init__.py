"""A utility's own e-wallet, such as 电e宝: a signed JSON protocol, written down in the README beside."""
