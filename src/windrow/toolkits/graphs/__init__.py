"""Algorithms on graphs: programs that place a graph once and run supersteps over its edges."""
