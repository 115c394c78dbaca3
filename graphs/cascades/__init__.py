"""Cascades: how an item spread from account to account, where the data credit the original only."""
