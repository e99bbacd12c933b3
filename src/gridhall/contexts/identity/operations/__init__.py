"""What can be done with identities: each function one transaction, recorded on the audit trail."""
