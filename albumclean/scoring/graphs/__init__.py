"""The shipped networks as graphs that run on processors without PyTorch. Imports no torch."""
