"""The hall's first page: what do I owe, how much am I using, is my supply all right."""
