"""A portfolio whose true costs and true frauds are known, written out as the files a client would send."""

from simulator.portfolio import Simulation, simulate

__all__ = ["Simulation", "simulate"]
