"""From determinants to lines: one module for each family of components, all working on columns of bills."""
