"""Texts as vectors and in words: encoders, ONNX, language-model clients, fine-tuning."""
