"""The engine: builds, starts and trains networks. No Qt; torch only where it computes."""
