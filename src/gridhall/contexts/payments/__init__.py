"""Money in: orders, receipts, refunds, late charges, reconciliation and smart fee control."""
