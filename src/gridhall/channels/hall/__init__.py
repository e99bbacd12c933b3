"""The business hall (网上营业厅): what customers see and do, on phones first. One package for each part of it."""
