"""What puts cloudsync where it runs; no part of what is installed."""
