"""Simulated reach: how far a post spreads that an actor starts, by the independent cascade on the reshare graph.

`learning` makes probabilities of posts and interactions, `network` the graph of them, `estimate` the reach of all
actors and of sets of them, `monte_carlo` and `exact` the same by other ways, `rows` the rows of the reach table.
"""
