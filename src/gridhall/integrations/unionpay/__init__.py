"""UnionPay's online gateway: cards of any bank, on a page of UnionPay."""
