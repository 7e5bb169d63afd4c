"""Lists of a large shop under a steady load: latency, processor time and memory of a service."""
