"""Pre-training and fine-tuning of language models on a workspace's texts, graph and behaviour.

An extra: it needs PyTorch, and only ``tastegraph.pipeline`` imports it.
"""
