"""The doors by which people and programs come in; each only translates, decisions live below."""
