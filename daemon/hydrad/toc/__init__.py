"""Tactical Operations Center: the pure core that judges, routes and follows every act."""
