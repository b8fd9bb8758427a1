"""The checks of the risk gate, by subject. Their order and the verdict are in `toc.risk`."""
