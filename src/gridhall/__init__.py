"""gridhall: the open-source platform on which a power-supply company serves its customers."""
