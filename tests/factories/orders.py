"""Orders in any state, made by the real actions: the smallest valid ones."""
