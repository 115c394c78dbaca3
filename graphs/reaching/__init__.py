"""Reach of accounts of four kinds, net reach of several together, and the estimators behind both."""
