"""Graphs as people and programs write them: what a text says, how it was read, and its key for a link. Without torch.

keys: a graph's text as a key. reading: which reader a text is for. One file a family of formats: tables (edge lists,
NCOL, CSV), neighbours (adjacency lists, LGL), printed and dictionaries (Python, JSON), matrix_market, pajek,
by_networkx (GraphML, GEXF, GML). given: what they all return.
"""
