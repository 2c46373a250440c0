"""The shared floor that ingress and workers stand on. No code of its own: see model, channels, stores, telemetry."""
